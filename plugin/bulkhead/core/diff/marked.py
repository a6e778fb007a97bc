"""
A mark that stands for one pod: clusters in which policies treat what bears the mark as they treat the pod.

What a policy does to the pod and to pods that could exist can then be compared like everything else about pods that
could exist, although the pod's labels differ between the two sides.
"""

from collections.abc import Iterator
from enum import Enum

from bulkhead.core.diff.causes import ISOLATES, Cause
from bulkhead.core.kubernetes.cluster import Cluster, NamedPort, Pod
from bulkhead.core.kubernetes.networkpolicy import (
    EVERY_POD,
    Direction,
    IpBlock,
    NetworkPolicy,
    PodPeer,
    PolicyPort,
    PolicyRule,
    Requirement,
    Selector,
)
from bulkhead.core.kubernetes.selectors import matches
from bulkhead.core.possible.flow_class import DESTINATION, FlowClass, flow_class
from bulkhead.core.possible.named_ports import NAMED, resolved
from bulkhead.core.possible.rule_classes import RuleClass
from bulkhead.core.record import record, replaced
from bulkhead.core.sets import addresses, intervals
from bulkhead.core.sets.addresses import WHOLE, Family, spans_of
from bulkhead.core.sets.intervals import Spans
from bulkhead.core.sets.value_sets import only

_KEY = "*"
"""A label that Kubernetes does not allow, so that no policy asks for it."""

_MARKED = Selector(((_KEY, _KEY),), ())
_AT_END = f"{DESTINATION}.l:{_KEY}"
_UNMARKED = Requirement(_KEY, "NotIn", (_KEY,))
"""What is not marked, so that together with what is marked it is every pod."""


class Blocks(Enum):
    """
    Which ``ipBlock``s match a pod on the host network, whose node has one of several addresses.

    *SOME*: those with one of the addresses. *EVERY*: those with all of them. *BY_ADDRESS*: as they match any pod.
    """

    SOME = "some"
    EVERY = "every"
    BY_ADDRESS = "by-address"


_Numbered = tuple[tuple[int, PolicyRule], ...] | None
"""The rules of a direction, each with the number of the rule that it is made from."""


@record
class MarkedCluster:
    """
    A *cluster* with policies for the mark.

    *origins* has for each of its policies the number of the policy that it is made from, and the numbers of the rules
    that its ingress and egress rules are made from. *ports* are those of the pod.
    """

    cluster: Cluster
    origins: tuple[tuple[int, tuple[int, ...], tuple[int, ...]], ...]
    ports: tuple[NamedPort, ...] = ()

    def with_numbers(self, rule: RuleClass) -> Iterator[RuleClass]:
        """
        Yield the parts of *rule*, one of this cluster: for marked destinations with the numbers of named ports.

        Rules whose peers are pods have them already. This is about blocks and rules for every destination.
        """
        flows = rule.flows
        if _AT_END in flows.values or not any(axis.startswith(NAMED) for axis in flows.values):
            yield rule
            return
        yield replaced(rule, flows=flow_class({**flows.values, _AT_END: (True, frozenset((_KEY,)))}, flows.spans))
        marked = resolved(flow_class({**flows.values, _AT_END: only((_KEY,))}, flows.spans), self.ports)
        if marked:
            yield replaced(rule, flows=marked)

    def written(self, cause: Cause) -> Cause:
        """Return *cause*, a rule or a policy of this cluster, as one of the cluster that it is made from."""
        policy, ingress, egress = self.origins[cause.policy]
        rules = ingress if cause.direction is Direction.INGRESS else egress
        rule = ISOLATES if cause.rule == ISOLATES else rules[cause.rule]
        return Cause(cause.old, policy, rule, cause.direction)


def marked_cluster(cluster: Cluster, pod: Pod, blocks: Blocks = Blocks.BY_ADDRESS, family: Family = 4) -> MarkedCluster:
    """
    Return *cluster* with policies that treat marked pods like *pod*, and all other pods as before.

    *blocks* says which ``ipBlock``s match the address of its node, where *pod* is on the host network;
    the policies are those for addresses of *family* then.
    """
    if pod.host_network:
        pod = replaced(pod, ports=())  # to policies it is an address, which has no names
    nodes = intervals.intersect(spans_of(pod.addresses or cluster.nodes), (WHOLE[family],))
    found: list[NetworkPolicy] = []
    origins = []
    for number, policy in enumerate(cluster.policies):
        ingress, egress = (
            None if rules is None else tuple(_rules(rules, pod, is_end, blocks, nodes or (WHOLE[family],)))
            for rules, is_end in ((policy.ingress, False), (policy.egress, True))
        )
        made = [(_without_mark(policy.pods), ingress)]
        if policy.namespace == pod.namespace and not pod.host_network and matches(policy.pods, dict(pod.labels)):
            made.append((_MARKED, _resolved(ingress, pod)))
        for pods, rules in made:
            found.append(replaced(policy, pods=pods, ingress=_plain(rules), egress=_plain(egress)))
            origins.append((number, _numbers(rules), _numbers(egress)))
    return MarkedCluster(replaced(cluster, policies=tuple(found)), tuple(origins), pod.ports)


def is_marked(flows: FlowClass, end: str) -> bool:
    """Say whether what is at *end* of *flows* bears the mark."""
    return flows.values.get(f"{end}.l:{_KEY}") == only((_KEY,))


def unmarked(flows: FlowClass, end: str, namespace: str) -> FlowClass:
    """Return *flows* without a word about the mark; what bears it, at *end*, is in *namespace*."""
    values = {axis: values for axis, values in flows.values.items() if not axis.endswith(f".l:{_KEY}")}
    return flow_class({**values, f"{end}.ns": only((namespace,))}, flows.spans)


def _resolved(rules: _Numbered, pod: Pod) -> _Numbered:
    """Return ingress *rules* with the numbers of *pod* for the names of ports."""
    if rules is None:
        return None
    found = ((number, PolicyRule(rule.peers, _ports(rule.ports, pod))) for number, rule in rules)
    return tuple((number, rule) for number, rule in found if rule.ports != ())


def _plain(rules: _Numbered) -> tuple[PolicyRule, ...] | None:
    return None if rules is None else tuple(rule for _, rule in rules)


def _numbers(rules: _Numbered) -> tuple[int, ...]:
    return tuple(number for number, _ in rules or ())


def _without_mark(selector: Selector) -> Selector:
    return Selector(selector.labels, (*selector.expressions, _UNMARKED))


def _rules(
    rules: tuple[PolicyRule, ...], pod: Pod, is_end: bool, blocks: Blocks, nodes: Spans
) -> Iterator[tuple[int, PolicyRule]]:
    """
    Yield *rules* with peers for the mark, each with the number of the rule that it is made from.

    *is_end*: the peer is the destination, whose ports have the names. *nodes* are the addresses that the node may have.
    """
    for number, rule in enumerate(rules):
        if rule.peers is None:
            yield number, rule
            marked: tuple[PodPeer, ...] = (PodPeer(_MARKED, EVERY_POD),)
        else:
            pods = [peer for peer in rule.peers if isinstance(peer, PodPeer)]
            others = tuple(peer for peer in rule.peers if isinstance(peer, IpBlock))
            unmarked = tuple(PodPeer(_without_mark(peer.pods), peer.namespaces) for peer in pods)
            yield number, PolicyRule((*others, *unmarked), rule.ports)
            chosen = [peer for peer in pods if not pod.host_network and matches(peer.pods, dict(pod.labels))]
            marked = tuple(PodPeer(_MARKED, peer.namespaces) for peer in chosen)
            if pod.host_network and any(_matches(each, nodes, blocks) for each in others):
                marked += (PodPeer(_MARKED, EVERY_POD),)
        ports = _ports(rule.ports, pod) if is_end else rule.ports
        if marked and ports != ():
            yield number, PolicyRule(marked, ports)


def _matches(block: IpBlock, nodes: Spans, blocks: Blocks) -> bool:
    """Say whether *block* matches the address of a node that has one of *nodes*."""
    found = addresses.block(block.cidr, block.excluded)
    if blocks is Blocks.SOME:
        return bool(intervals.intersect(found, nodes))
    return blocks is Blocks.EVERY and not intervals.subtract(nodes, found)


def _ports(ports: tuple[PolicyPort, ...] | None, pod: Pod) -> tuple[PolicyPort, ...] | None:
    """Return *ports* with the numbers of *pod* for the names."""
    if ports is None:
        return None
    found: list[PolicyPort] = []
    for port in ports:
        if isinstance(port.port, str):
            wanted = port.port, port.protocol
            found += [
                PolicyPort(each.protocol, each.number, None)
                for each in pod.ports
                if (each.name, each.protocol) == wanted
            ]
        else:
            found.append(port)
    return tuple(found)

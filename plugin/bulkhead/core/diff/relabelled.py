"""
Pods whose own labels or ports change, so that policies that stay the same mean something else for them.

What changes between two pods that are given is found by comparing them. This finds what changes between such a pod
and pods that could exist: both clusters are given a mark that stands for the pod, as it is labelled on either side.
"""

from collections.abc import Iterator

from bulkhead.core.diff.possible_changes import possible_changes
from bulkhead.core.engine.semantics import Semantics
from bulkhead.core.kubernetes.cluster import Cluster, Pod
from bulkhead.core.kubernetes.networkpolicy import (
    EVERY_POD,
    NetworkPolicy,
    PodPeer,
    PolicyPort,
    PolicyRule,
    Requirement,
    Selector,
)
from bulkhead.core.kubernetes.selectors import matches
from bulkhead.core.possible.flow_class import OUTSIDES
from bulkhead.core.record import record, replaced
from bulkhead.core.sets.value_sets import only

_KEY = "*"
"""A label that Kubernetes does not allow, so that no policy asks for it."""

_MARKED = Selector(((_KEY, _KEY),), ())
_UNMARKED = Requirement(_KEY, "DoesNotExist", ())

_MOST = 20
"""Kinds of changed pods that are looked at. Of any more it is said that they may open traffic."""


@record
class RelabelledPods:
    """
    The pods of *names*, whose labels or ports change: what *opens* and *closes* between them and pods that could exist.

    With *decided* false it is not known what does.
    """

    names: tuple[str, ...]
    opens: bool
    closes: bool
    decided: bool


def relabelled_pods(
    before: Cluster, after: Cluster, semantics: tuple[Semantics, Semantics]
) -> tuple[RelabelledPods, ...]:
    """Return the pods whose own change opens or closes traffic with pods that could exist."""
    alike: dict[tuple[object, object], tuple[Pod, Pod, list[str]]] = {}
    meanings: dict[object, object] = {}
    for old, new in _changed(before, after):
        for pod in (old, new):
            if (pod.namespace, _looks(pod)) not in meanings:
                meanings[pod.namespace, _looks(pod)] = _meaning(pod, before, after)
        key = meanings[old.namespace, _looks(old)], meanings[new.namespace, _looks(new)]
        if key[0] != key[1]:
            alike.setdefault(key, (old, new, []))[2].append(f"{new.namespace}/{new.owner[1]}")
    found = []
    for number, (old, new, names) in enumerate(alike.values()):
        each = _judged(old, new, before, after, semantics) if number < _MOST else (True, True, False)
        if any(each[:2]) or not each[2]:
            found.append(RelabelledPods(tuple(sorted(set(names))), *each))
    return tuple(found)


def _changed(before: Cluster, after: Cluster) -> Iterator[tuple[Pod, Pod]]:
    """Yield pods of the same workload on both sides with other labels or ports."""
    known: dict[object, dict[object, Pod]] = {}
    for pod in before.pods:
        known.setdefault(pod.owner, {}).setdefault(_looks(pod), pod)
    for pod in after.pods:
        others = known.get(pod.owner, {})
        if others and _looks(pod) not in others:
            yield next(iter(others.values())), pod


def _looks(pod: Pod) -> object:
    return pod.labels, pod.host_network, frozenset(pod.ports)


def _meaning(pod: Pod, *clusters: Cluster) -> tuple[object, ...]:
    """Return what the policies of *clusters* say about *pod*: equal for pods that they do not tell apart."""
    labels = dict(pod.labels)
    policies = [policy for cluster in clusters for policy in cluster.policies]
    chosen = frozenset(each for each in policies if each.namespace == pod.namespace and matches(each.pods, labels))
    rules = [rule for policy in policies for rule in (*(policy.ingress or ()), *(policy.egress or ()))]
    selectors = {peer.pods for rule in rules for peer in rule.peers or () if isinstance(peer, PodPeer)}
    names = {port.port for rule in rules for port in rule.ports or () if isinstance(port.port, str)}
    ports = frozenset((each.name, each.protocol, each.number) for each in pod.ports if each.name in names)
    return pod.namespace, pod.host_network, chosen, frozenset(s for s in selectors if matches(s, labels)), ports


def _judged(
    old: Pod, new: Pod, before: Cluster, after: Cluster, semantics: tuple[Semantics, Semantics]
) -> tuple[bool, bool, bool]:
    """Return whether traffic of the pod opens, whether some closes, and whether that is decided."""
    changes = [
        each
        for each in possible_changes(_marked(before, old), _marked(after, new), semantics)
        if OUTSIDES not in (each.flows.values.get("s.kind"), each.flows.values.get("d.kind"))
        and any(
            each.flows.values.get(f"{end}.l:{_KEY}") == only((_KEY,))
            and _may_be_in(each.flows.values.get(f"{end}.ns"), old.namespace)
            for end in "sd"
        )
    ]
    decided = all(each.decided for each in changes)
    return any(each.opens for each in changes), any(not each.opens for each in changes), decided


def _may_be_in(names: tuple[bool, frozenset[object]] | None, namespace: str) -> bool:
    return names is None or (namespace in names[1]) is not names[0]


def _marked(cluster: Cluster, pod: Pod) -> Cluster:
    """Return *cluster* with policies that treat what is marked as they treat *pod*, and nothing else otherwise."""
    found: list[NetworkPolicy] = []
    for policy in cluster.policies:
        ingress = None if policy.ingress is None else tuple(_rules(policy.ingress, pod, is_end=False))
        egress = None if policy.egress is None else tuple(_rules(policy.egress, pod, is_end=True))
        found.append(_policy(policy, _without_mark(policy.pods), ingress, egress))
        if policy.namespace == pod.namespace and not pod.host_network and matches(policy.pods, dict(pod.labels)):
            resolved = None if ingress is None else tuple(PolicyRule(r.peers, _ports(r.ports, pod)) for r in ingress)
            own = None if resolved is None else tuple(rule for rule in resolved if rule.ports != ())
            found.append(_policy(policy, _MARKED, own, egress))
    return replaced(cluster, policies=tuple(found))


def _policy(
    policy: NetworkPolicy,
    pods: Selector,
    ingress: tuple[PolicyRule, ...] | None,
    egress: tuple[PolicyRule, ...] | None,
) -> NetworkPolicy:
    return replaced(policy, pods=pods, ingress=ingress, egress=egress)


def _without_mark(selector: Selector) -> Selector:
    return Selector(selector.labels, (*selector.expressions, _UNMARKED))


def _rules(rules: tuple[PolicyRule, ...], pod: Pod, is_end: bool) -> Iterator[PolicyRule]:
    """Yield *rules* with peers for the mark. *is_end*: the peer is the destination, whose ports have the names."""
    for rule in rules:
        if rule.peers is None:
            yield rule
            marked: tuple[PodPeer, ...] = (PodPeer(_MARKED, EVERY_POD),)
        else:
            pods = [peer for peer in rule.peers if isinstance(peer, PodPeer)]
            others = tuple(peer for peer in rule.peers if not isinstance(peer, PodPeer))
            unmarked = tuple(PodPeer(_without_mark(peer.pods), peer.namespaces) for peer in pods)
            yield PolicyRule((*others, *unmarked), rule.ports)
            chosen = [peer for peer in pods if not pod.host_network and matches(peer.pods, dict(pod.labels))]
            marked = tuple(PodPeer(_MARKED, peer.namespaces) for peer in chosen)
        ports = _ports(rule.ports, pod) if is_end else rule.ports
        if marked and ports != ():
            yield PolicyRule(marked, ports)


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

"""
What the policies of a cluster select and allow, as classes of flows.

Two kinds of facts are no constraint on one flow but are decided by the pods of a cluster.  They are axes too:

=============================  =====================================================================
``?named:GROUP:PROTOCOL/NAME``   the port is one that the destination calls NAME, as GROUP looks it up
``?unheld:GROUP:PROTOCOL/NAME``  no pod of GROUP calls a port NAME, so that kube-router drops the name
=============================  =====================================================================

By the specification a name is looked up on the destination, and GROUP is empty.  What
kube-router does is in ``engine/kube_router.py``; the functions here follow each deviation.

Policies that are equal except for their namespace are read once.
"""

from collections.abc import Iterator

from bulkhead.core.engine.endpoint_classes import port_set_of
from bulkhead.core.engine.semantics import Deviation, Semantics
from bulkhead.core.kubernetes.cluster import Cluster
from bulkhead.core.kubernetes.networkpolicy import Direction, NetworkPolicy, PodPeer, PolicyRule, Selector
from bulkhead.core.possible.flow_class import (
    DESTINATION,
    PODS,
    PORT,
    SAME,
    SOURCE,
    YES,
    FlowClass,
    FlowSpace,
    flow_class,
    intersect,
    settled,
)
from bulkhead.core.possible.peer_classes import EVERYONE, Constraints, PeerClass, PeerReader
from bulkhead.core.record import record
from bulkhead.core.sets import intervals, ports
from bulkhead.core.sets.intervals import Spans
from bulkhead.core.sets.value_sets import only

BOTH = (Direction.EGRESS, Direction.INGRESS)

END = {Direction.EGRESS: SOURCE, Direction.INGRESS: DESTINATION}
"""The end of a flow that the policies of a direction select."""


@record
class SubjectClass:
    """The flows of the pods that *policies*, by their place in the cluster, select and isolate."""

    flows: FlowClass
    policies: tuple[int, ...]


@record
class RuleClass:
    """
    Flows that one *rule* of *policies* allows: by its place in its direction, by their place in the cluster.

    *written* is the direction that the rule is written in: kube-router lets it work in the other one too.
    """

    flows: FlowClass
    policies: tuple[int, ...]
    rule: int
    written: Direction


@record
class PortClass:
    """Ports of a rule: *spans*, ``None`` for every port, where the *facts*, axes, hold."""

    spans: Spans | None
    facts: tuple[str, ...] = ()


EVERY_PORT = (PortClass(None),)

_LOOKED_UP_BY_GROUP = {Deviation.SHARED_PORTS, Deviation.SIDECAR_NAMES, Deviation.UNMATCHED_NAME}


class RuleReader:
    """Reads the policies of *cluster* over *space* by *semantics*; *groups* numbers what looks names up."""

    def __init__(self, cluster: Cluster, space: FlowSpace, semantics: Semantics, groups: dict[object, int]) -> None:
        self.policies, self.space, self.deviations = cluster.policies, space, semantics.deviations
        self.groups = groups
        self.peers = PeerReader(cluster, space, semantics)
        alike: dict[object, list[int]] = {}
        for number, policy in enumerate(cluster.policies):
            alike.setdefault((policy.pods, policy.ingress, policy.egress), []).append(number)
        self.alike = list(alike.values())

    def subjects(self, direction: Direction) -> list[SubjectClass]:
        """Return the flows of the pods that are isolated in *direction*, a class for each selector."""
        found: dict[Selector, list[int]] = {}
        for numbers in self.alike:
            policy = self.policies[numbers[0]]
            if _rules(policy, direction) is not None:
                found.setdefault(policy.pods, []).extend(numbers)
        return [
            SubjectClass(flow_class(values, {}), tuple(numbers))
            for selector, numbers in found.items()
            if (values := self.subject(selector, numbers, END[direction])) is not None
        ]

    def subject(self, selector: Selector, numbers: list[int], end: str) -> Constraints | None:
        """Return the constraints on the pods at *end* that *selector* selects in the policies' namespaces."""
        pods = self.peers.pods(selector)
        if pods is None:
            return None
        names = only(self.policies[number].namespace for number in numbers)
        return _at(end, {"kind": PODS, "ns": names, **pods})

    def rules(self, direction: Direction) -> list[RuleClass]:
        """Return what every rule allows in *direction*."""
        return [each for numbers in self.alike for each in self._rules_of(numbers, direction)]

    def _rules_of(self, numbers: list[int], direction: Direction) -> Iterator[RuleClass]:
        yield from self.written(numbers, direction)
        policy = self.policies[numbers[0]]
        if Deviation.BOTH_DIRECTIONS in self.deviations and policy.ingress and policy.egress is not None:
            yield from self.both_directions(numbers, direction, Direction.INGRESS)
        if Deviation.BOTH_DIRECTIONS in self.deviations and policy.egress and policy.ingress is not None:
            yield from self.both_directions(numbers, direction, Direction.EGRESS)

    def both_directions(self, numbers: list[int], direction: Direction, written: Direction) -> Iterator[RuleClass]:
        """Yield what the rules *written* in the other direction allow in *direction*: see ``kube_router``."""
        subject = self.subject(self.policies[numbers[0]].pods, numbers, END[direction])
        if written is direction or subject is None:
            return
        for each in self.written(numbers, written):
            found = intersect(each.flows, flow_class({**subject, SAME: YES}, {}))
            if found:
                yield RuleClass(found, each.policies, each.rule, written)

    def written(self, numbers: list[int], direction: Direction) -> Iterator[RuleClass]:
        """Yield what the rules of the policies *numbers*, which are alike, allow in *direction*."""
        policy = self.policies[numbers[0]]
        subject = self.subject(policy.pods, numbers, END[direction])
        for number, rule in enumerate(_rules(policy, direction) or ()) if subject is not None else ():
            for peer, those in self.matches(direction, policy, rule):
                for opened in those:
                    found = _flows(direction, subject or {}, peer, opened)
                    if found:
                        yield RuleClass(found, tuple(numbers), number, direction)

    def matches(
        self, direction: Direction, policy: NetworkPolicy, rule: PolicyRule
    ) -> Iterator[tuple[PeerClass, tuple[PortClass, ...]]]:
        """Yield the ends that *rule* of *policy* matches, with the ports that it opens for them."""
        egress = direction is Direction.EGRESS
        if rule.peers is None:
            own_namespace = egress and Deviation.NAME_TO_EVERYONE in self.deviations
            found = self.ports(rule, self.group("home") if own_namespace else self.group_of(direction, policy, rule))
            for peer in EVERYONE:
                yield peer, found if own_namespace else _meant(peer, found, egress)
            return
        group = self.group_of(direction, policy, rule)
        found = self.ports(rule, group)
        for peer in self.peers.selecting(rule):
            yield peer, found + self.unmatched_name(rule, group)
        nameless = egress and Deviation.NAME_TO_ADDRESSES in self.deviations
        for peer in self.peers.blocks(rule):
            yield peer, tuple(each for each in found if not each.facts) if nameless else _meant(peer, found, egress)

    def group_of(self, direction: Direction, policy: NetworkPolicy, rule: PolicyRule) -> str:
        """Return what looks up the names of *rule*: the specification on every pod, kube-router on some."""
        if not self.deviations & _LOOKED_UP_BY_GROUP:
            return ""
        if direction is Direction.INGRESS:
            return self.group((direction, policy.pods))
        return self.group((direction, frozenset(peer for peer in rule.peers or () if isinstance(peer, PodPeer))))

    def group(self, key: object) -> str:
        """Return the number of a group, the same on both sides of a comparison."""
        return str(self.groups.setdefault(key, len(self.groups)))

    def ports(self, rule: PolicyRule, group: str) -> tuple[PortClass, ...]:
        """Return the ports of *rule*, its names looked up by *group*."""
        if rule.ports is None:
            return EVERY_PORT
        numbers = _numbers(rule)
        named = tuple(
            PortClass(ports.between(port.protocol).spans, (f"?named:{group}:{port.protocol}/{port.port}",))
            for port in rule.ports
            if isinstance(port.port, str)
        )
        return (PortClass(numbers), *named) if numbers else named

    def unmatched_name(self, rule: PolicyRule, group: str) -> tuple[PortClass, ...]:
        """Return every port, where no pod of *group* has a port of one of the names of *rule*: see ``kube_router``."""
        if Deviation.UNMATCHED_NAME not in self.deviations or not rule.ports or _numbers(rule):
            return ()
        return (PortClass(None, tuple(f"?unheld:{group}:{port.protocol}/{port.port}" for port in rule.ports)),)


def _rules(policy: NetworkPolicy, direction: Direction) -> tuple[PolicyRule, ...] | None:
    return policy.ingress if direction is Direction.INGRESS else policy.egress


def _numbers(rule: PolicyRule) -> Spans:
    """Return the ports of *rule* that are no names."""
    return intervals.merge(
        span for port in rule.ports or () if not isinstance(port.port, str) for span in port_set_of(port).spans
    )


def _meant(peer: PeerClass, found: tuple[PortClass, ...], egress: bool) -> tuple[PortClass, ...]:
    """Return the ports that mean something at *peer*: an address has no names."""
    return tuple(each for each in found if not each.facts) if egress and peer.is_outside else found


def _at(end: str, constraints: Constraints) -> Constraints:
    return {f"{end}.{axis}": values for axis, values in constraints.items()}


def _flows(direction: Direction, subject: Constraints, peer: PeerClass, opened: PortClass) -> FlowClass | None:
    other = SOURCE if direction is Direction.INGRESS else DESTINATION
    values = subject | _at(other, dict(peer.constraints)) | dict.fromkeys(opened.facts, YES)
    if peer.is_own:
        values[SAME] = YES
    spans = {}
    if peer.addresses is not None:
        spans[f"{other}.ip"] = peer.addresses
    if opened.spans is not None:
        spans[PORT] = opened.spans
    return settled(values, spans)

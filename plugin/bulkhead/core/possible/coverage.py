"""
Which rules of a cluster allow nothing that other rules do not allow as well, for every pod that could exist.

A rule is covered if every flow that it allows is allowed by other rules of the same direction on the same pod.
Then that pod is isolated without the rule too, so the traffic is the same without it.  Only policies of one namespace
select the same pods; each namespace is decided on its own.
"""

from collections.abc import Iterator, Sequence

from bulkhead.core.engine.semantics import Deviation, Semantics
from bulkhead.core.kubernetes.cluster import Cluster, Pod
from bulkhead.core.kubernetes.networkpolicy import Direction, IpBlock, NetworkPolicy
from bulkhead.core.possible.candidates import ClassIndex, members_of
from bulkhead.core.possible.flow_class import FlowClass, FlowSpace, settled
from bulkhead.core.possible.rule_classes import BOTH, END, RuleClass, RuleReader
from bulkhead.core.record import record
from bulkhead.core.sets import addresses, intervals
from bulkhead.core.sets.addresses import WHOLE
from bulkhead.core.sets.intervals import Spans
from bulkhead.core.sets.value_sets import only

STEPS = 20_000
"""Comparisons of two classes that one rule may take: about a tenth of a second."""


@record
class RuleKey:
    """A rule: its *policy* by its place in the cluster, the *direction* that it is written in, its place there."""

    policy: int
    direction: Direction
    rule: int


@record
class Covered:
    """
    Whether other rules allow everything that some rules allow.

    *by* are those that do, empty where none do or where nothing is allowed in the first place.  With *decided*
    false it took too many steps to find out.
    """

    by: tuple[RuleKey, ...] = ()
    decided: bool = True


@record
class _FlowPart:
    """A class of *flows* that the rule of *key* allows in *direction*."""

    key: RuleKey
    direction: Direction
    flows: FlowClass


class RuleCoverage:
    """
    Decides for *cluster* whether rules are covered, however one of *readings* is what holds.

    *readings* are the semantics that policies may be read by: a rule is covered where it is under each of them.
    *steps* is how many comparisons one class of flows may take.
    """

    def __init__(self, cluster: Cluster, readings: Sequence[Semantics], steps: int = STEPS) -> None:
        self.steps = steps
        self.policies: dict[str, list[int]] = {}
        for number, policy in enumerate(cluster.policies):
            self.policies.setdefault(policy.namespace, []).append(number)
        self.readings = [
            _CoverageReading(cluster, possible_space(cluster, family, each), each)
            for each in readings
            for family in families_of(cluster)
        ]

    def namespace(self, name: str) -> "NamespaceCoverage":
        """Return the rules of the policies in the namespace *name*."""
        return NamespaceCoverage(name, self.policies.get(name, []), self.readings, self.steps)


class NamespaceCoverage:
    """Decides whether rules of one namespace are covered by its other rules, those that are ``gone`` left out."""

    def __init__(self, name: str, policies: Sequence[int], readings: "Sequence[_CoverageReading]", steps: int) -> None:
        self.inside = [_NamespaceReading(each, name, policies, steps) for each in readings]

    def covered(self, rules: Sequence[RuleKey]) -> Covered:
        """Say whether other rules allow all that *rules* allow together."""
        by: dict[RuleKey, None] = {}
        for reading in self.inside:
            found = reading.covered(rules, by)
            if not found.decided or (not found.by and reading.allows(rules)):
                return found
            by |= dict.fromkeys(found.by)
        return Covered(tuple(by))

    def remove(self, rules: Sequence[RuleKey]) -> None:
        """Leave *rules* out from now on."""
        for reading in self.inside:
            reading.remove(rules)


class _CoverageReading:
    """The classes of flows that rules of a cluster allow in a *space*, as one semantics reads them."""

    def __init__(self, cluster: Cluster, space: FlowSpace, semantics: Semantics) -> None:
        self.space = space
        reader = RuleReader(cluster, space, semantics, {})
        self.classes: dict[int, list[tuple[Direction, RuleClass]]] = {}
        for direction in BOTH:
            for each in reader.rules(direction):
                for number in each.policies:
                    self.classes.setdefault(number, []).append((direction, each))

    def parts(self, namespace: str, policies: Sequence[int]) -> Iterator[_FlowPart]:
        """Yield what each rule of *policies* allows its pods in *namespace*."""
        own = only((namespace,))
        for number in policies:
            for direction, each in self.classes.get(number, ()):
                flows = settled({**each.flows.values, f"{END[direction]}.ns": own}, dict(each.flows.spans))
                if flows is not None:
                    yield _FlowPart(RuleKey(number, each.written, each.rule), direction, flows)


class _NamespaceReading:
    """What the rules of one namespace allow under one semantics."""

    def __init__(self, reading: _CoverageReading, name: str, policies: Sequence[int], steps: int) -> None:
        self.space, self.steps = reading.space, steps
        self.parts = list(reading.parts(name, policies))
        self.of: dict[RuleKey, int] = {}
        self.within = dict.fromkeys(BOTH, 0)
        for number, part in enumerate(self.parts):
            self.of[part.key] = self.of.get(part.key, 0) | 1 << number
            self.within[part.direction] |= 1 << number
        self.index = ClassIndex([part.flows for part in self.parts])
        self.left = self.index.every

    def remove(self, rules: Sequence[RuleKey]) -> None:
        self.left &= ~self._of(rules)

    def allows(self, rules: Sequence[RuleKey]) -> bool:
        return bool(self._of(rules))

    def covered(self, rules: Sequence[RuleKey], first: dict[RuleKey, None]) -> Covered:
        """Say which rules allow all that *rules* allow, one of *first* where any does alone."""
        mine = self._of(rules)
        by: dict[RuleKey, None] = {}
        for number in members_of(mine):
            part = self.parts[number]
            others = self.index.meeting(part.flows) & self.left & ~mine & self.within[part.direction]
            found = self._by(part.flows, [self.parts[other] for other in members_of(others)], {**by, **first})
            if not found.by:
                return found
            by |= dict.fromkeys(found.by)
        return Covered(tuple(by))

    def _of(self, rules: Sequence[RuleKey]) -> int:
        found = 0
        for each in rules:
            found |= self.of.get(each, 0)
        return found

    def _by(self, flows: FlowClass, others: list[_FlowPart], first: dict[RuleKey, None]) -> Covered:
        alone = [other.key for other in others if self.space.contains(other.flows, flows)]
        if alone:
            return Covered((next((key for key in alone if key in first), alone[0]),))
        return self._together(flows, others) if len(others) > 1 else Covered()

    def _together(self, flows: FlowClass, others: list[_FlowPart]) -> Covered:
        """Say whether *others* together allow all of *flows*; each of them alone does not."""
        taken: dict[RuleKey, None] = {}
        pieces, steps = [(flows, 0)], 0
        while pieces:
            piece, at = pieces.pop()
            while at < len(others):
                steps += 1
                rest = self.space.subtract(piece, others[at].flows)
                if rest != [piece]:
                    break
                at += 1
            if at == len(others):
                return Covered()
            if steps > self.steps:
                return Covered((), False)
            taken[others[at].key] = None
            pieces += [(each, at + 1) for each in rest]
        return Covered(tuple(taken))


def families_of(cluster: Cluster) -> tuple[int, ...]:
    """Return the families that pods of *cluster* may have addresses of: both, except where only IPv4 is mentioned."""
    networks = (*cluster.networks, *(text for pod in cluster.pods for text in pod.addresses))
    texts = [*networks, *(block.cidr for policy in cluster.policies for block in _blocks(policy))]
    return addresses.FAMILIES if not cluster.networks or any(":" in text for text in texts) else (4,)


def _blocks(policy: NetworkPolicy) -> Iterator[IpBlock]:
    for rule in policy.rules:
        yield from (peer for peer in rule.peers or () if isinstance(peer, IpBlock))


def possible_space(cluster: Cluster, family: int, semantics: Semantics) -> FlowSpace:
    """
    Return the flows of *family* that are possible in *cluster*.

    Pods have addresses of the cluster's networks, those that exist also their own; where no network is known, any
    address.  An end outside may have an address of the networks of pods too: each node has one there.
    """
    whole = (WHOLE[family],)
    known = intervals.intersect(_spans(cluster.networks), whole)
    if known:
        own = intervals.merge(span for pod in cluster.pods for span in _addresses(pod))
        known = intervals.union(known, intervals.intersect(own, whole))
    never = _spans(cluster.services) if Deviation.SERVICE_ADDRESS in semantics.deviations else ()
    return FlowSpace(family, known or whole, intervals.subtract(whole, never))


def _addresses(pod: Pod) -> Iterator[tuple[int, int]]:
    for text in () if pod.host_network else pod.addresses:
        yield addresses.network(text) if "/" in text else (addresses.address(text),) * 2


def _spans(networks: tuple[str, ...]) -> Spans:
    return intervals.merge(addresses.network(text) for text in networks)

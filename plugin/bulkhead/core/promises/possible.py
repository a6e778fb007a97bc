"""
Checks whether a promise holds for every endpoint that could exist.
"""

import itertools
from collections.abc import Iterable, Iterator

from bulkhead.core.engine.endpoint_space import MemberIndex
from bulkhead.core.engine.endpoint_terms import EndpointSelection, single_address
from bulkhead.core.engine.matching_rules import MatchingRule
from bulkhead.core.engine.reachability import FamilyReachability, Reachability
from bulkhead.core.engine.semantics import Semantics
from bulkhead.core.kubernetes.cluster import Cluster, Pod, PolicyIndex
from bulkhead.core.kubernetes.networkpolicy import Direction
from bulkhead.core.kubernetes.selectors import Members
from bulkhead.core.possible.flow_class import (
    DESTINATION,
    OUTSIDES,
    PODS,
    PORT,
    SOURCE,
    FlowClass,
    FlowSpace,
    flow_class,
    flow_space,
    intersect,
    is_outside,
    merged,
)
from bulkhead.core.possible.members import is_labelled, members_at
from bulkhead.core.possible.named_ports import resolved
from bulkhead.core.possible.rule_classes import END
from bulkhead.core.possible.search import PossibleFlows, Steps, TooManySteps
from bulkhead.core.promises.check import Breach, Promise, has_family
from bulkhead.core.promises.ends import EndReader, NamedEnd
from bulkhead.core.record import record
from bulkhead.core.sets import addresses, intervals, ports, value_sets
from bulkhead.core.sets.addresses import WHOLE, Family
from bulkhead.core.sets.intervals import Spans
from bulkhead.core.sets.partition import indices
from bulkhead.core.sets.value_sets import EVERY

_MOST_BREACHES = 1_000
"""Breaches between given endpoints that are looked at to find whether they show a class of flows."""

_MOST_PIECES = 200
"""Parts of a class of flows that given endpoints do not show; with more it is said as a whole."""

_MOST_CLASSES = 100
"""Classes of flows that are looked for where a promise is broken."""


@record
class PossibleBreach:
    """
    Every flow of *flows*, over *space*, is not as promised.

    Where it is open, a rule of each direction by which it passes, ``None`` where no policy isolates the end.
    *refused* are the directions that do not allow a flow of *flows*, where it is refused, and *isolating* the policies
    that isolate its ends in these directions; in both, where each direction allows some of the flows.
    """

    space: FlowSpace
    flows: FlowClass
    egress: MatchingRule | None = None
    ingress: MatchingRule | None = None
    refused: tuple[Direction, ...] = ()
    isolating: tuple[PolicyIndex, ...] = ()


@record
class PossibleOutcome:
    """*breaches* are what no endpoint that is given shows.  *hard*: policies that make it too hard to decide."""

    breaches: tuple[PossibleBreach, ...] = ()
    hard: tuple[int, ...] = ()


class PossibleChecker:
    """Checks promises against every endpoint that could exist, not only those of *answer*, which is of *cluster*."""

    def __init__(
        self, cluster: Cluster, semantics: Semantics, templates: bool, unreal: Spans, answer: Reachability
    ) -> None:
        self.cluster, self.answer = cluster, answer
        self.steps = Steps()
        self.known: dict[tuple[Family, Family, str, MemberIndex], list[FlowClass]] = {}
        self.sides: list[tuple[PossibleFlows, EndReader]] = []
        for family in addresses.FAMILIES:
            space = flow_space(family, addresses.spans_of(cluster.networks), unreal)
            flows = PossibleFlows(cluster, space, semantics, {})
            self.sides.append((flows, EndReader(cluster, space, semantics, templates)))

    def check(self, promise: Promise, known: Iterable[Breach]) -> PossibleOutcome:
        """
        Return how *promise* is broken where none of the *known* breaches shows it.

        What is promised open has to be so over a family that both ends have: IPv4, where that is not known.
        """
        checks = [_Check(flows, ends, promise, self.steps) for flows, ends in self.sides]
        outcomes = [each.outcome() for each in checks]
        if promise.allowed:
            first, other = outcomes
            have_both = checks[1].is_asked and self.have_both_families(promise)
            if have_both and not other.hard and not any(map(_between_pods, other.breaches)):
                first = _without_pods(first)
            has_ipv4 = has_family(self.cluster, Pod("", ""), 4)
            if has_ipv4 and checks[0].is_asked:
                other = _without_pods(other) if _names_ipv6(promise) else PossibleOutcome((), other.hard)
            outcomes = [first if has_ipv4 else _without_pods(first), other]
        return PossibleOutcome(
            tuple(_without_copies(each for one in outcomes for each in one.breaches if not self.is_shown(each, known))),
            tuple(dict.fromkeys(number for each in outcomes for number in each.hard)),
        )

    def have_both_families(self, promise: Promise) -> bool:
        """Say whether every pod that *promise* names has addresses of both families."""
        chosen = (*promise.sources, *promise.destinations)
        pods = [pod for each in chosen for pod in each.pods]
        if any(each.whole or each.peer or not each.pods for each in chosen) or self.sides[0][1].templates:
            pods.append(Pod("", ""))
        return all(has_family(self.cluster, pod, family) for pod in pods for family in addresses.FAMILIES)

    def is_shown(self, breach: PossibleBreach, known: Iterable[Breach]) -> bool:
        """Say whether the *known* breaches between given endpoints show every flow of *breach*."""
        rest = [breach.flows]
        for each in itertools.islice(known, _MOST_BREACHES):
            for number, layer in self.layers(breach):
                if each.layer == number and len(rest) <= _MOST_PIECES:
                    for shown in self.flows_of(layer, breach.space, each):
                        rest = [piece for one in rest for piece in breach.space.subtract(one, shown)]
            if not rest:
                return True
        return False

    def flows_of(self, layer: FamilyReachability, space: FlowSpace, breach: Breach) -> Iterator[FlowClass]:
        """Yield the flows of *space* that *breach* of *layer* is about."""
        ends = ((SOURCE, breach.source), (DESTINATION, breach.destination))
        for one, other in itertools.product(*(self.flows_at(layer, space, end, member) for end, member in ends)):
            found = intersect(one, other)
            if found:
                yield flow_class(found.values, {**found.spans, PORT: breach.ports.spans})

    def flows_at(self, layer: FamilyReachability, space: FlowSpace, end: str, member: MemberIndex) -> list[FlowClass]:
        """Return the flows of *space* that have *member* of *layer* at *end*."""
        key = space.family, layer.space.family, end, member
        if key not in self.known:
            reader = next(ends for _, ends in self.sides if ends.space is space)
            each = layer.space.classes[member]
            pods = [found.flows for found in reader.given(end, each.pods)]
            self.known[key] = list(dict.fromkeys((*pods, *reader.outside(end, each.addresses.spans))))
        return self.known[key]

    def given(self, breach: PossibleBreach, end: str) -> tuple[Pod, ...]:
        """Return the given pods that belong to *end* of *breach*."""
        found: dict[Pod, None] = {}
        for _, layer in self.layers(breach):
            for member in indices(_members(layer, breach, end)):
                pods = layer.space.classes[member].pods
                found.update(dict.fromkeys(pod for pod in pods if is_labelled(breach.flows, end, pod)))
        return tuple(found)

    def layers(self, breach: PossibleBreach) -> Iterator[tuple[int, FamilyReachability]]:
        """Yield the indexes of the layers with the address family of *breach*; all where it has no addresses."""
        is_anywhere = set(breach.flows.spans) <= {PORT} and not is_outside(breach.flows)
        for number, layer in enumerate(self.answer.layers):
            if is_anywhere or layer.space.family == breach.space.family:
                yield number, layer


def _names_ipv6(promise: Promise) -> bool:
    chosen = (*promise.sources, *promise.destinations)
    return any(intervals.intersect(each.addresses, (WHOLE[6],)) for each in chosen)


def _between_pods(breach: PossibleBreach) -> bool:
    return not is_outside(breach.flows)


def _without_pods(outcome: PossibleOutcome) -> PossibleOutcome:
    """Return *outcome* without what it says of connections between pods."""
    return PossibleOutcome(tuple(each for each in outcome.breaches if not _between_pods(each)), outcome.hard)


def _members(layer: FamilyReachability, breach: PossibleBreach, end: str) -> Members:
    """Return the members of *layer* that can be at *end* of *breach*, whatever the labels of their pods are."""
    values = {axis: each for axis, each in breach.flows.values.items() if not axis.startswith(f"{end}.l:")}
    return members_at(layer.space, flow_class(values, breach.flows.spans), breach.space, end)


def _without_copies(found: Iterable[PossibleBreach]) -> Iterator[PossibleBreach]:
    """Yield *found* without those over IPv6 that are the same over IPv4 and about all addresses."""
    known = set()
    for each in found:
        key = each.flows.values, each.flows.spans.get(PORT)
        if each.space.family == 4:
            known.add(key)
        if each.space.family == 4 or key not in known or any(axis != PORT for axis in each.flows.spans):
            yield each


class _Check:
    """One promise over one address family."""

    def __init__(self, flows: PossibleFlows, ends: EndReader, promise: Promise, steps: Steps) -> None:
        self.flows, self.ends, self.promise, self.steps = flows, ends, promise, steps
        self.space = flows.space
        self.is_asked = False

    def outcome(self) -> PossibleOutcome:
        """Return what is not as promised."""
        self.steps.begin()
        found: list[FlowClass] = []
        pending: list[FlowClass] = []
        hard: tuple[int, ...] = ()
        try:
            for base, end in self.asked():
                self.is_asked = True
                pending = [base]
                for each in self.wrong(base):
                    rest = resolved(each, end.ports)
                    found += [rest] if rest else []
                if len(found) > _MOST_CLASSES:
                    break
        except TooManySteps:
            hard = () if found else self.policies(pending)
        return PossibleOutcome(tuple(map(self.breach, merged(self.space, found))), hard)

    def policies(self, pending: list[FlowClass]) -> tuple[int, ...]:
        """Return the policies that say something of the flows *pending*."""
        found: set[int] = set()
        for direction in _BOTH:
            selected = [(each.flows, each.policies) for each in self.flows.subjects[direction]]
            matched = [(each.flows, each.policies) for each in self.flows.rules[direction]]
            for flows, numbers in (*selected, *matched):
                found.update(numbers if any(intersect(flows, each) for each in pending) else ())
        return tuple(sorted(found))

    def asked(self) -> Iterator[tuple[FlowClass, NamedEnd]]:
        """Yield the flows that the promise is about, with its end at the destination."""
        asked = self.promise.asked
        spans = {} if asked == ports.EVERY else {PORT: asked.spans}
        for one in self.every(SOURCE, self.promise.sources, self.promise.others == "sources"):
            for other in self.every(DESTINATION, self.promise.destinations, self.promise.others == "destinations"):
                if OUTSIDES == one.flows.values.get("s.kind") == other.flows.values.get("d.kind"):
                    continue
                if self.promise.allowed and other.node and one.flows.spans.get("s.ip") == _point(other.node):
                    continue  # a node always reaches its own pods
                self.steps.take(1)
                both = intersect(one.flows, other.flows)
                if both:
                    yield flow_class(both.values, {**both.spans, **spans}), other

    def every(self, end: str, chosen: tuple[EndpointSelection, ...], others: bool) -> list[NamedEnd]:
        """Return what *chosen* name at *end*; with *others* every endpoint there is."""
        if others:
            return [NamedEnd(flow_class({f"{end}.kind": kind}, {})) for kind in (PODS, OUTSIDES)]
        nodes = frozenset(filter(None, map(single_address, self.promise.sources)))
        return self.ends.every(end, chosen, nodes if end == DESTINATION else frozenset())

    def wrong(self, base: FlowClass) -> Iterator[FlowClass]:
        """Yield the flows of *base* that are not as promised."""
        if self.promise.allowed:
            for direction in Direction:
                for isolated in self.flows.isolated(direction, base, self.steps):
                    yield from self.flows.not_matched(direction, isolated, self.steps)
            return
        end = SOURCE if self.promise.others == "sources" else DESTINATION
        first = Direction.INGRESS if end == SOURCE else Direction.EGRESS
        for entering in self.flows.permitted(first, base, self.steps):
            for each in self.others(end, entering) if self.promise.others else (entering,):
                yield from self.flows.permitted(first.opposite, each, self.steps)

    def others(self, end: str, flows: FlowClass) -> list[FlowClass]:
        """Return the part of *flows*, which a rule lets through, whose *end* is not named."""
        named = self.promise.sources if end == SOURCE else self.promise.destinations
        rest = [flows]
        for other in self.ends.excepted(end, named, flows):
            self.steps.take(len(rest))
            rest = [piece for each in rest for piece in self.space.subtract(each, other)]
        return rest

    def breach(self, flows: FlowClass) -> PossibleBreach:
        """Return *flows* with what lets them pass or refuses them."""
        if not self.promise.allowed:
            egress, ingress = (self.rule(each, flows) for each in _BOTH)
            return PossibleBreach(self.space, flows, egress, ingress)
        refused = tuple(
            each
            for each in _BOTH
            if any(intersect(subject.flows, flows) for subject in self.flows.subjects[each])
            and not any(self.space.contains(rule.flows, flows) for rule in self.flows.rules[each])
        )
        isolating = (number for each in refused or _BOTH for number in self.isolating(each, flows))
        return PossibleBreach(self.space, flows, refused=refused, isolating=tuple(dict.fromkeys(isolating)))

    def isolating(self, direction: Direction, flows: FlowClass) -> Iterator[PolicyIndex]:
        """Yield the policies that isolate the end of some of *flows* in *direction*."""
        names = flows.values.get(f"{END[direction]}.ns", EVERY)
        for each in self.flows.subjects[direction]:
            if intersect(each.flows, flows):
                for number in each.policies:
                    if value_sets.holds(names, self.ends.cluster.policies[number].namespace):
                        yield number

    def rule(self, direction: Direction, flows: FlowClass) -> MatchingRule | None:
        """Return a rule by which some of *flows* pass in *direction*; ``None`` where no policy isolates their end."""
        names = flows.values.get(f"{END[direction]}.ns")
        for each in self.flows.rules[direction]:
            if intersect(each.flows, flows):
                numbers = [
                    number
                    for number in each.policies
                    if names is None or (self.ends.cluster.policies[number].namespace in names[1]) is not names[0]
                ]
                return MatchingRule((numbers or each.policies)[0], each.rule, each.written is not direction)
        return None


def _point(address: str) -> Spans:
    at = addresses.address(address)
    return ((at, at),)


_BOTH = (Direction.EGRESS, Direction.INGRESS)

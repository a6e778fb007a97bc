"""
Findings about pods that could exist, in addition to those about the pods that are given.
"""

from collections.abc import Callable, Iterable, Iterator

from bulkhead.core.diff.causes import Cause
from bulkhead.core.diff.compare import Difference
from bulkhead.core.diff.findings import FindingEndpoints, TrafficFinding
from bulkhead.core.diff.grades import Grade, towards
from bulkhead.core.diff.implied import GivenChanges, by_namespaces
from bulkhead.core.diff.possible_changes import PossibleChange
from bulkhead.core.possible.described import PortFact, facts_of, pods_at
from bulkhead.core.possible.flow_class import DESTINATION, OUTSIDES, PORT, SOURCE, FlowClass, is_outside
from bulkhead.core.record import record, replaced
from bulkhead.core.sets import addresses
from bulkhead.core.sets.addresses import AddressSet
from bulkhead.core.sets.intervals import merge
from bulkhead.core.sets.ports import EVERY as EVERY_PORT
from bulkhead.core.sets.ports import PortSet


def possible_findings(
    difference: Difference, changes: Iterable[PossibleChange], are_given: bool, fold: bool
) -> tuple[TrafficFinding, ...]:
    """
    Return findings for *changes*: openings first, the most serious first.

    *are_given*: the pods of *difference* are real.  With *fold* what they show already is left out.
    """
    given = GivenChanges(difference)
    decided = list(without_copies([change for change in changes if change.decided]))
    wanted = [part for change in decided for part in given.not_shown(change)] if fold else decided
    writer = _PossibleFindings(given, difference, are_given)
    found = [each for change in wanted for each in writer.findings(change)]
    for same in (_same_destinations, _same_sources):
        found = _merged(found, same)
    return tuple(sorted((each.finding() for each in found), key=lambda each: each.order))


def are_shown(difference: Difference, changes: Iterable[PossibleChange]) -> bool:
    """Say whether findings about given pods of *difference* represent any of *changes*, which then have no finding."""
    given = GivenChanges(difference)
    return any(
        given.shows(change.of(flows))
        for change in changes
        if change.decided
        for flows, _ in by_namespaces(change.flows)
    )


def without_copies(changes: list[PossibleChange]) -> Iterator[PossibleChange]:
    """Yield *changes* without those over IPv6 that are the same over IPv4 and about all addresses."""
    known = {_anywhere(each) for each in changes if each.space.family == 4}
    for each in changes:
        if each.space.family == 4 or _anywhere(each) not in known or _has_addresses(each.flows):
            yield each


def _has_addresses(flows: FlowClass) -> bool:
    """Say whether an end of *flows* is described by addresses, which differ between the families."""
    return is_outside(flows) or any(axis != PORT for axis in flows.spans)


def _anywhere(change: PossibleChange) -> tuple[object, ...]:
    return change.opens, change.flows.values, change.flows.spans.get(PORT)


@record
class _Draft:
    """A finding that may still be merged with others that differ in one end only."""

    opens: bool
    grades: tuple[Grade, ...]
    sources: FindingEndpoints
    destinations: FindingEndpoints
    ports: PortSet
    facts: tuple[PortFact, ...]
    in_part: bool
    family: int
    causes: tuple[Cause, ...]

    def finding(self) -> TrafficFinding:
        """Return the finding."""
        return TrafficFinding(
            self.opens,
            self.grades,
            self.sources,
            self.destinations,
            self.ports,
            (),
            self.causes,
            self.facts,
            self.in_part,
            self.family == 6,
        )


class _PossibleFindings:
    """Describes classes of flows."""

    def __init__(self, given: GivenChanges, difference: Difference, are_given: bool) -> None:
        self.given, self.are_given = given, are_given
        clusters = difference.before.cluster, difference.after.cluster
        self.own = AddressSet(merge(addresses.network(text) for each in clusters for text in each.nodes))

    def findings(self, change: PossibleChange) -> Iterator[_Draft]:
        """Yield *change* by its kinds: within a namespace, across namespaces, or with an address outside."""
        for flows, grade in kinds_of(change.flows):
            part = change.of(flows)
            sources, destinations = self.end(part, SOURCE), self.end(part, DESTINATION)
            yield _Draft(
                change.opens,
                (grade,) if grade is not None else towards(destinations.addresses, self.own),
                sources,
                destinations,
                PortSet(flows.spans.get(PORT, EVERY_PORT.spans)),
                facts_of(flows),
                change.is_part,
                self.family(part),
                change.causes,
            )

    def end(self, change: PossibleChange, end: str) -> FindingEndpoints:
        """Return what is at *end* of *change*."""
        if change.flows.values.get(f"{end}.kind") == OUTSIDES:
            return FindingEndpoints(addresses=AddressSet(change.space.spans_of(change.flows, f"{end}.ip")))
        exist = bool(self.given.members(change, end)) if self.are_given else None
        return FindingEndpoints(possible=(pods_at(change.flows, end, exist),))

    def family(self, change: PossibleChange) -> int:
        """Return 6 where *change* is about pods with an IPv6 address, else 4."""
        return change.space.family


def kinds_of(flows: FlowClass) -> Iterator[tuple[FlowClass, Grade | None]]:
    """Yield the parts of *flows* of one grade each; ``None``: the addresses outside decide."""
    is_from_outside = flows.values.get("s.kind") == OUTSIDES
    for part, same in by_namespaces(flows):
        if same is None:
            yield part, Grade.OUTSIDE if is_from_outside else None
        else:
            yield part, Grade.WITHIN if same else Grade.ACROSS


def _same_destinations(each: _Draft) -> tuple[object, ...]:
    return each.opens, each.grades, each.destinations, each.ports, each.facts, each.in_part, each.family, each.causes


def _same_sources(each: _Draft) -> tuple[object, ...]:
    return each.opens, each.grades, each.sources, each.ports, each.facts, each.in_part, each.family, each.causes


def _merged(drafts: list[_Draft], same: Callable[[_Draft], object]) -> list[_Draft]:
    """Return *drafts* with those put together that have everything in common which *same* returns."""
    found: dict[object, _Draft] = {}
    for each in drafts:
        key = (each,) if Grade.WITHIN in each.grades else same(each)
        known = found.get(key)
        found[key] = each if known is None else _both(known, each)
    return list(found.values())


def _both(left: _Draft, right: _Draft) -> _Draft:
    return replaced(
        left, sources=_all(left.sources, right.sources), destinations=_all(left.destinations, right.destinations)
    )


def _all(left: FindingEndpoints, right: FindingEndpoints) -> FindingEndpoints:
    possible = tuple(dict.fromkeys((*left.possible, *right.possible)))
    return FindingEndpoints(addresses=addresses.union(left.addresses, right.addresses), possible=possible)

"""
Decides whether a change between given pods shows what a class of flows says about pods that could exist.
"""

from collections.abc import Iterator

from bulkhead.core.diff.compare import Difference, TrafficChange
from bulkhead.core.diff.possible_changes import PossibleChange
from bulkhead.core.engine.endpoint_space import EndpointSpace
from bulkhead.core.kubernetes.selectors import Members
from bulkhead.core.possible.flow_class import (
    DESTINATION,
    NO,
    OUTSIDES,
    PORT,
    SAME,
    SOURCE,
    YES,
    FlowClass,
    is_outside,
    merged,
    settled,
)
from bulkhead.core.possible.members import members_at
from bulkhead.core.sets import intervals, value_sets
from bulkhead.core.sets.intervals import Spans
from bulkhead.core.sets.ports import EVERY
from bulkhead.core.sets.value_sets import EVERY as EVERY_VALUE
from bulkhead.core.sets.value_sets import only


class GivenChanges:
    """The changes between given pods of *difference*."""

    def __init__(self, difference: Difference) -> None:
        self.layers = {
            old.space.family: (number, (old.space, new.space))
            for number, (old, new) in enumerate(zip(difference.before.layers, difference.after.layers, strict=True))
        }
        self.by_namespace: dict[int, dict[str, Members]] = {
            number: _by_namespace(*both) for number, both in self.layers.values()
        }
        self.changes: dict[int, list[TrafficChange]] = {}
        for change in difference.changes:
            self.changes.setdefault(change.layer, []).append(change)

    def members(self, change: PossibleChange, end: str) -> Members:
        """Return the members that can be at *end* of *change*, before or after."""
        found = 0
        for space in self.layers[change.space.family][1] if change.space.family in self.layers else ():
            found |= members_at(space, change.flows, change.space, end)
        return found

    def not_shown(self, change: PossibleChange) -> list[PossibleChange]:
        """
        Return the parts of *change* that given endpoints do not show.

        Where a class has several label values or namespaces, each of them has to be shown, and so have traffic within
        a namespace and traffic across namespaces.
        """
        pending: list[FlowClass] = [flows for flows, _ in by_namespaces(change.flows)]
        rest: list[FlowClass] = []
        checks = _MOST_CHECKS
        while pending:
            flows = pending.pop()
            checks -= 1
            if checks < 0 or not self.shows(change.of(flows)):
                rest.append(flows)
            elif axis := _several(flows):
                values = sorted(flows.values[axis][1], key=str)
                parts = (settled({**flows.values, axis: only((value,))}, dict(flows.spans)) for value in values)
                pending += [part for part in parts if part]
        return [change.of(flows) for flows in merged(change.space, rest)]

    def shows(self, change: PossibleChange) -> bool:
        """
        Say whether given endpoints show *change*: the same effect on all its ports, on a given pod at each end.

        Where an end is outside, all its addresses have to be there. Addresses outside show no pods, which may have
        them where the networks of pods are not known: traffic with these has another grade.
        """
        if change.space.family not in self.layers:
            return False
        sources, destinations = self.members(change, SOURCE), self.members(change, DESTINATION)
        some, others = 0, 0
        for here, there in self._alike(change, sources, destinations):
            some |= here
            others |= there
        return _is_shown(change.flows, SOURCE, sources, some) and _is_shown(
            change.flows, DESTINATION, destinations, others
        )

    def _alike(
        self, change: PossibleChange, sources: Members, destinations: Members
    ) -> Iterator[tuple[Members, Members]]:
        """Yield the ends, among *sources* and *destinations*, of each given change with the effect of *change*."""
        named = any(axis.startswith("?named:") and values == YES for axis, values in change.flows.values.items())
        wanted = change.flows.spans.get(PORT, EVERY.spans)
        number, _ = self.layers[change.space.family]
        for each in self.changes.get(number, ()):
            affected = (each.opens if change.opens else each.closes).spans
            here, there = each.sources & sources, each.destinations & destinations
            if here and there and _holds(affected, wanted, named):
                yield from _pairs(change.flows, self.by_namespace[number], here, there)


def by_namespaces(flows: FlowClass) -> Iterator[tuple[FlowClass, bool | None]]:
    """
    Yield the parts of *flows* within a namespace (True) and across namespaces (False).

    ``None``: an end is outside.
    """
    if is_outside(flows):
        yield flows, None
        return
    wanted = flows.values.get(SAME, only((True, False)))
    names = value_sets.intersect(flows.values.get("s.ns", EVERY_VALUE), flows.values.get("d.ns", EVERY_VALUE))
    for is_same, same in ((True, YES), (False, NO)):
        if not value_sets.holds(wanted, is_same):
            continue
        if value_sets.is_empty(names):
            if not is_same:
                yield flows, False
        elif found := settled({**flows.values, SAME: same}, dict(flows.spans)):
            yield found, is_same


def _by_namespace(*spaces: EndpointSpace) -> dict[str, Members]:
    """Return the members of each namespace, on either side."""
    found: dict[str, Members] = {}
    for space in spaces:
        for name, bits in space.by_namespace.items():
            found[name] = found.get(name, 0) | bits
    return found


def _pairs(
    flows: FlowClass, by_namespace: dict[str, Members], here: Members, there: Members
) -> Iterator[tuple[Members, Members]]:
    """
    Yield *here* and *there*, or where *flows* are within a namespace or across namespaces, a part that is so.

    Between pods one such part is enough to show them.
    """
    same = flows.values.get(SAME)
    if same is None:
        yield here, there
        return
    excluded, names = flows.values.get("s.ns", EVERY_VALUE)
    for name in by_namespace if excluded else names:
        namespace = by_namespace.get(str(name), 0)
        others = there & namespace if same == YES else there & ~namespace
        if here & namespace and others:
            yield here & namespace, others
            return


_MOST_CHECKS = 2_000
"""Parts of one class that are looked at; what is not looked at counts as not shown."""


def _several(flows: FlowClass) -> str:
    """Return an axis of names or labels on which *flows* has several values; empty where there is none."""
    for axis, values in flows.values.items():
        if axis[0] in "sd" and axis[1:] != ".kind" and not values[0] and len(values[1]) > 1:
            return axis
    return ""


def _holds(affected: Spans, wanted: Spans, named: bool) -> bool:
    """Say whether *affected* contains the ports *wanted*; for a named port, one of its numbers."""
    return bool(intervals.intersect(affected, wanted)) if named else not intervals.subtract(wanted, affected)


def _is_shown(flows: FlowClass, end: str, wanted: Members, found: Members) -> bool:
    is_outside = flows.values.get(f"{end}.kind") == OUTSIDES
    return bool(found) and not (is_outside and wanted & ~found)

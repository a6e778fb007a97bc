"""
Classes of flows: all flows whose ends and port meet some constraints, each on an axis of its own.

A flow has these axes.  *E* is ``s`` for its source and ``d`` for its destination.

===================  ==========================================================================
``E.kind``           ``POD``, or ``OUTSIDE``: an address, those of nodes and host networks too
``E.ns``             the name of the pod's namespace
``E.n:KEY``          the value of that namespace's label KEY, ``None`` where it has none
``E.l:KEY``          the value of the pod's label KEY, ``None`` where it has none
``E.ip``             the address
``port``             the port of the destination, with its protocol
``=ns``              whether both pods are in one namespace
``?...``             a fact that only the pods of a cluster decide (see ``rule_classes``)
===================  ==========================================================================

Where a class has no constraint on an axis, every value is in it.  The space is infinite, but
a policy constrains few axes, so intersection is cheap and a difference splits only on the
axes that the two classes have in common with a decision.  No list of all classes is made.
"""

from collections.abc import Mapping

from bulkhead.core.record import FrozenMap, record
from bulkhead.core.sets import intervals, value_sets
from bulkhead.core.sets.addresses import WHOLE
from bulkhead.core.sets.intervals import Spans
from bulkhead.core.sets.ports import EVERY as EVERY_PORT
from bulkhead.core.sets.value_sets import ValueSet, only

POD = "pod"
OUTSIDE = "outside"
PODS, OUTSIDES = only((POD,)), only((OUTSIDE,))

SOURCE, DESTINATION = "s", "d"
SAME = "=ns"
PORT = "port"
YES, NO = only((True,)), only((False,))
_FACTS = "=?"
"""The first characters of the axes that are true or false."""

_KINDS = only((POD, OUTSIDE))
_BOTH = only((True, False))


@record
class FlowClass:
    """The flows that meet every constraint: *values* by axis, and *spans* for addresses and ports."""

    values: Mapping[str, ValueSet]
    spans: Mapping[str, Spans]


def flow_class(values: Mapping[str, ValueSet], spans: Mapping[str, Spans]) -> FlowClass:
    """Return the class with these constraints."""
    return FlowClass(FrozenMap(values), FrozenMap(spans))


def is_disjoint(left: FlowClass, right: FlowClass) -> bool:
    """Say whether an axis shows that no flow is in both. Where none does, ``intersect`` decides."""
    mine = left.values
    for axis, wanted in right.values.items():
        found = mine.get(axis)
        if found is not None:
            if found[0]:
                if not wanted[0] and wanted[1] <= found[1]:
                    return True
            elif wanted[0]:
                if found[1] <= wanted[1]:
                    return True
            elif found[1].isdisjoint(wanted[1]):
                return True
    for axis, spans in right.spans.items():
        known = left.spans.get(axis)
        if known is not None and known != spans and not intervals.intersect(known, spans):
            return True
    return False


def intersect(left: FlowClass, right: FlowClass) -> FlowClass | None:
    """Return the flows in both classes; ``None`` where there is none."""
    if is_disjoint(left, right):
        return None
    values, spans = dict(left.values), dict(left.spans)
    for axis, wanted in right.values.items():
        found = values.get(axis)
        values[axis] = wanted if found is None or found == wanted else value_sets.intersect(found, wanted)
    for axis, wide in right.spans.items():
        known = spans.get(axis)
        spans[axis] = wide if known is None or known == wide else intervals.intersect(known, wide)
    return settled(values, spans)


def is_outside(flows: FlowClass) -> bool:
    """Say whether an end of *flows* is addresses outside."""
    return OUTSIDES in (flows.values.get("s.kind"), flows.values.get("d.kind"))


def settled(values: dict[str, ValueSet], spans: dict[str, Spans]) -> FlowClass | None:
    """Return the class of these constraints, with what follows from them; ``None`` where they contradict each other."""
    same = values.get(SAME)
    here, there = values.get("s.ns"), values.get("d.ns")
    is_one = here is not None and here == there and not here[0] and len(here[1]) == 1
    if same == NO and is_one:
        return None
    if (same == YES or is_one) and not _in_one_namespace(values):
        return None
    for axis in values:
        if axis.startswith("?unheld:") and values[axis] == YES and values.get(f"?named:{axis[8:]}") == YES:
            return None
    mine = spans.get("s.ip")
    if mine is not None and len(mine) == 1 and mine[0][0] == mine[0][1] and mine == spans.get("d.ip"):
        return None  # two ends never have one address
    return flow_class(values, spans)


def _in_one_namespace(values: dict[str, ValueSet]) -> bool:
    """Give both ends the constraints on the namespace of either; False where they contradict each other."""
    if OUTSIDES in (values.get("s.kind"), values.get("d.kind")):
        return False
    for axis in [axis for axis in values if axis[1:4] in (".ns", ".n:")]:
        other = f"{'d' if axis[0] == 's' else 's'}{axis[1:]}"
        found = value_sets.intersect(values[axis], values.get(other, value_sets.EVERY))
        if value_sets.is_empty(found):
            return False
        values[axis] = values[other] = found
    return True


@record
class FlowSpace:
    """The flows of one address *family*: *pods* may have these addresses, and *outside* ends those."""

    family: int
    pods: Spans
    outside: Spans

    def addresses(self, kind: str) -> Spans:
        """Return the addresses that an end of *kind* may have."""
        return self.pods if kind == POD else self.outside

    def spans_of(self, flows: FlowClass, axis: str) -> Spans:
        """Return the addresses or ports of *flows*, whose kinds are known, on *axis*."""
        found = flows.spans.get(axis)
        if found is not None:
            return found
        if axis == PORT:
            return EVERY_PORT.spans
        return self.outside if flows.values.get(f"{axis[0]}.kind") == OUTSIDES else self.pods

    def subtract(self, left: FlowClass, right: FlowClass) -> list[FlowClass]:
        """Return disjoint classes of the flows in *left*, whose kinds are known, that are not in *right*."""
        common = intersect(left, right)
        if common is None:
            return [left]
        found = []
        values, spans = dict(left.values), dict(left.spans)
        for axis in right.values:
            mine = values.get(axis, _whole_axis(axis))
            rest = value_sets.subtract(mine, right.values[axis])
            if not value_sets.is_empty(rest):
                found.append(settled({**values, axis: rest}, dict(spans)))
            values[axis] = value_sets.intersect(mine, right.values[axis])
        for axis in right.spans:
            known = self.spans_of(left, axis)
            apart = intervals.subtract(known, right.spans[axis])
            if apart:
                found.append(settled(dict(values), {**spans, axis: apart}))
            spans[axis] = intervals.intersect(known, right.spans[axis])
        return [piece for piece in found if piece is not None]

    def contains(self, outer: FlowClass, inner: FlowClass) -> bool:
        """Say whether every flow of *inner* is in *outer*, as far as each axis alone shows it."""
        for axis, wanted in outer.values.items():
            if not value_sets.is_empty(value_sets.subtract(inner.values.get(axis, _whole_axis(axis)), wanted)):
                return False
        return not any(intervals.subtract(self.spans_of(inner, axis), spans) for axis, spans in outer.spans.items())


def _whole_axis(axis: str) -> ValueSet:
    if axis[0] in _FACTS:
        return _BOTH
    return _KINDS if axis[1:] == ".kind" else value_sets.EVERY


def flow_space(family: int, networks: Spans, never: Spans = ()) -> FlowSpace:
    """
    Return the flows of *family* where pods have addresses in *networks*; with none of it, pods may have any.

    No end outside has an address in *never*.
    """
    whole = (WHOLE[family],)
    known = intervals.intersect(networks, whole)
    outside = intervals.subtract(intervals.subtract(whole, known), never)
    return FlowSpace(family, known or whole, outside)


def merged(space: FlowSpace, flows: list[FlowClass]) -> list[FlowClass]:
    """Return classes of the same flows as *flows*, fewer: those that differ on one axis only are one."""
    flows = list(dict.fromkeys(map(_source_alone, flows)))
    size = 0
    while size != len(flows):
        size = len(flows)
        for axis in sorted({axis for each in flows for axis in each.values if axis[1:] != ".kind"}):
            flows = _merged_values(flows, axis)
        for axis in sorted({axis for each in flows for axis in each.spans}):
            flows = _merged_spans(space, flows, axis)
    flows = [found for each in flows if (found := settled(dict(each.values), dict(each.spans)))]
    return [
        each
        for number, each in enumerate(flows)
        if not any(
            space.contains(other, each) and (at < number or not space.contains(each, other))
            for at, other in enumerate(flows)
            if at != number
        )
    ]


def _source_alone(flows: FlowClass) -> FlowClass:
    """Return the same class; where both ends are in one namespace, with the constraints on it at the source only."""
    if flows.values.get(SAME) != YES:
        return flows
    return flow_class({key: value for key, value in flows.values.items() if key[:4] not in _THERE}, flows.spans)


_THERE = ("d.ns", "d.n:")


def _merged_values(flows: list[FlowClass], axis: str) -> list[FlowClass]:
    found: dict[FlowClass, ValueSet] = {}
    for each in flows:
        rest = flow_class({key: value for key, value in each.values.items() if key != axis}, each.spans)
        mine = each.values.get(axis, _whole_axis(axis))
        found[rest] = value_sets.union(found[rest], mine) if rest in found else mine
    return [
        rest if union == _whole_axis(axis) else flow_class({**rest.values, axis: union}, rest.spans)
        for rest, union in found.items()
    ]


def _merged_spans(space: FlowSpace, flows: list[FlowClass], axis: str) -> list[FlowClass]:
    found: dict[FlowClass, Spans] = {}
    for each in flows:
        rest = flow_class(each.values, {key: value for key, value in each.spans.items() if key != axis})
        mine = space.spans_of(each, axis)
        found[rest] = intervals.union(found[rest], mine) if rest in found else mine
    return [
        rest if union == space.spans_of(rest, axis) else flow_class(rest.values, {**rest.spans, axis: union})
        for rest, union in found.items()
    ]

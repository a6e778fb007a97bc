"""A change by every reading of ``policyTypes`` that are not written."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from bulkhead.analysis.changes.comparison import ComparedSides, Comparison
from bulkhead.analysis.changes.unwritten_types import Types, TypesReading, UnwrittenTypes, unwritten_types
from bulkhead.core.kubernetes.networkpolicy import retyped
from bulkhead.core.record import replaced


def compare_readings(sides: ComparedSides, compare: Callable[[ComparedSides], Comparison]) -> Comparison:
    """
    Return what *compare* finds of *sides* by every reading of ``policyTypes`` that are not written.

    Several such policies are read in the same way at a time: that they are named says that any of them may differ.
    """
    unwritten = unwritten_types(sides.before.cluster.policies, sides.after.cluster.policies)
    found = compare(sides)
    if not unwritten:
        return found
    first = set(found.findings)
    others = set()
    for number in range(1, max(len(each.readings) for each in unwritten)):
        other = compare(_read(sides, unwritten, number))
        others |= {replaced(each, causes=()) for each in other.findings}
        _add(found, other)
    found.unwritten = unwritten
    found.by_reading = {
        each: reading
        for each in found.findings
        for reading in [_reading(each in first, replaced(each, causes=()) in others)]
        if reading
    }
    found.notes += _notes(sides, unwritten)
    return found


def _reading(is_now: bool, is_earlier: bool) -> TypesReading | None:
    """Return the only reading by which a finding holds, ``None`` where it holds by both."""
    return None if is_now and is_earlier else TypesReading.SET_NOW if is_now else TypesReading.SET_EARLIER


def _add(found: Comparison, other: Comparison) -> None:
    """Add to *found* what *other* finds, and no finding for a second time with other causes."""
    shown = {replaced(each, causes=()) for each in found.findings}
    other.findings = tuple(each for each in other.findings if replaced(each, causes=()) not in shown)
    found.relabelled = tuple(dict.fromkeys((*found.relabelled, *other.relabelled)))
    found.add(other)


def _read(sides: ComparedSides, unwritten: tuple[UnwrittenTypes, ...], number: int) -> ComparedSides:
    """Return *sides* by reading *number* of each of the policies *unwritten*, the last one that it has at the most."""
    types = {(each.namespace, each.name): each.readings[min(number, len(each.readings) - 1)] for each in unwritten}
    inputs = []
    for at, side in enumerate((sides.before, sides.after)):
        policies = tuple(
            retyped(each, types[key][at]) if (key := (each.namespace, each.name)) in types else each
            for each in side.cluster.policies
        )
        inputs.append(replace(side, cluster=replaced(side.cluster, policies=policies)))
    return replace(sides, before=inputs[0], after=inputs[1])


def _notes(sides: ComparedSides, unwritten: tuple[UnwrittenTypes, ...]) -> Iterator[str]:
    after = {(each.namespace, each.name): each for each in sides.after.cluster.policies}
    for each in unwritten:
        policy = after[each.namespace, each.name]
        place = sides.after.rules.policy(policy).location
        title = f"{each.title} ({place.file}:{place.line})" if place.line else each.title
        said = " or ".join(f"{_spelled(was)} before and {_spelled(now)} after" for was, now in each.readings)
        hint = "" if policy.has_types else "; write `policyTypes`"
        yield f"{title}: an update keeps `policyTypes` of the object in the cluster; judged as {said}{hint}"


def _spelled(types: Types) -> str:
    return f"[{', '.join(each.value.capitalize() for each in types)}]"

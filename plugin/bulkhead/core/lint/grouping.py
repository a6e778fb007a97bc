"""Findings at their places, told once each: what is true for many namespaces at one line is one finding."""

from collections.abc import Iterable

from bulkhead.core.diagnostics import Location
from bulkhead.core.lint.acceptance import UNUSED
from bulkhead.core.lint.finding import CheckResult, LintFinding, Severity
from bulkhead.core.record import record


@record
class FindingGroup:
    """A *finding* and where it is."""

    location: Location
    finding: LintFinding


def grouped(found: Iterable[tuple[Location, LintFinding]], heeded: frozenset[Location]) -> tuple[FindingGroup, ...]:
    """
    Return *found* in file order, findings that differ in their namespaces only as one.

    An acceptance that is of use to one namespace of many (*heeded*) is not unused.
    """
    alike: dict[tuple[object, ...], list[tuple[Location, LintFinding]]] = {}
    for place, finding in found:
        if finding.check is not UNUSED or place not in heeded:
            one = finding.found
            key = place, finding.check.id, one.message, one.hint, one.facts, finding.accepted
            alike.setdefault(key, []).append((place, finding))
    return tuple(sorted(map(_together, alike.values()), key=_order))


def worst(found: Iterable[FindingGroup]) -> Severity | None:
    """Return the worst severity among *found*, ``None`` where there is nothing."""
    order = list(Severity)
    return min((each.finding.severity for each in found), key=order.index, default=None)


def _together(alike: list[tuple[Location, LintFinding]]) -> FindingGroup:
    place, first = alike[0]
    names = {name for _, finding in alike for name in finding.found.namespaces}
    one = first.found
    found = CheckResult(one.at, one.message, one.hint, tuple(sorted(names)), one.facts)
    return FindingGroup(place, LintFinding(first.check, found, first.accepted))


def _order(each: FindingGroup) -> tuple[object, ...]:
    return *each.location.order, each.finding.check.id, each.finding.found.message

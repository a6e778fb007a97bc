"""Findings at their places, each once: what is true for many namespaces is one finding, at one place or at many."""

from collections import Counter
from collections.abc import Iterable, Iterator

from bulkhead.core.diagnostics import Location
from bulkhead.core.lint.acceptance import UNUSED
from bulkhead.core.lint.finding import CheckResult, LintFinding, Severity
from bulkhead.core.record import record


@record
class FindingGroup:
    """A *finding* and where it is: at *location*, the first place in file order, and at the *others*."""

    location: Location
    finding: LintFinding
    others: tuple[Location, ...] = ()

    @property
    def places(self) -> tuple[Location, ...]:
        """Every place of the finding."""
        return (self.location, *self.others)


def grouped(found: Iterable[tuple[Location, LintFinding]], heeded: frozenset[Location]) -> tuple[FindingGroup, ...]:
    """
    Return *found* in file order, findings that differ only in their namespaces and places as one.

    Findings of one namespace at different places stay apart, also where they read alike.
    An acceptance that suppresses a finding of one of many namespaces (*heeded*) is not unused.
    """
    alike: dict[tuple[object, ...], list[tuple[Location, LintFinding]]] = {}
    for place, finding in found:
        if finding.check is not UNUSED or place not in heeded:
            one = finding.found
            key = place, finding.check.id, one.message, one.hint, one.facts, finding.accepted
            alike.setdefault(key, []).append((place, finding))
    return tuple(sorted(_across(sorted(map(_together, alike.values()), key=_order)), key=_order))


def found_by_either(one: tuple[FindingGroup, ...], other: tuple[FindingGroup, ...]) -> tuple[FindingGroup, ...]:
    """Return the findings of *one*, and those of *other* that *one* has not, in file order."""
    known = {(each.location, each.finding.check.id, each.finding.found.message) for each in one}
    more = (each for each in other if (each.location, each.finding.check.id, each.finding.found.message) not in known)
    return tuple(sorted((*one, *more), key=_order))


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


def _across(found: list[FindingGroup]) -> Iterator[FindingGroup]:
    """Yield *found* with those as one that say the same of different namespaces, wherever each is written."""
    alike: dict[tuple[object, ...], list[FindingGroup]] = {}
    counts: Counter[tuple[object, ...]] = Counter()
    for each in found:
        one = each.finding.found
        says = each.finding.check.id, one.message, one.hint, one.facts, each.finding.accepted
        names = [(says, name) for name in one.namespaces]
        time = max((counts[name] for name in names), default=0)  # the second time in a namespace is another finding
        counts.update({name: time + 1 - counts[name] for name in names})
        alike.setdefault((says, time) if names else (says, each.location), []).append(each)
    for those in alike.values():
        merged = _together([(each.location, each.finding) for each in those])
        yield FindingGroup(merged.location, merged.finding, tuple(each.location for each in those[1:]))


def _order(each: FindingGroup) -> tuple[object, ...]:
    return *each.location.order, each.finding.check.id, each.finding.found.message

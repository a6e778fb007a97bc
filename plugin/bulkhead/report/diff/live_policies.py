"""Policies of a running cluster that the overlays do not render: what stays, what is pruned, and how to delete it."""

import shlex
from collections.abc import Iterable

from bulkhead.analysis.changes.live_policies import LivePolicy
from bulkhead.core.record import record
from bulkhead.report.layout.cut import Cut

_SHOWN = 20
_NAMES = 6


@record
class LiveSection:
    """A *title*, and the policies below it: each with what to know of it and the command to delete it, or empty."""

    title: str
    entries: tuple[tuple[str, str], ...]


def delete_command(found: LivePolicy) -> str:
    """Return the command that deletes *found*, safe to paste; ``""`` where it is pruned anyway or not to be deleted."""
    if not found.stays or not (found.ours or found.listed):
        return ""
    return shlex.join(["kubectl", "delete", "networkpolicy", "-n", found.policy.namespace, found.policy.name])


def live_headline(found: Iterable[LivePolicy]) -> str:
    """Return how many policies stay in the namespaces of the overlays, or ``""`` where none does."""
    number = sum(each.stays and (each.ours or each.listed) for each in found)
    if not number:
        return ""
    return f"{number} {'POLICY STAYS' if number == 1 else 'POLICIES STAY'} that the overlays do not render"


def live_sections(found: Iterable[LivePolicy], cut: Cut) -> tuple[LiveSection, ...]:
    """Return *found* for people, in sections of at most some entries each."""
    found = tuple(found)
    stay = [each for each in found if each.stays and (each.ours or each.listed)]
    pruned = [each for each in found if not each.stays]
    foreign = [_name(each) for each in found if each.stays and not each.ours and not each.listed]
    sections = []
    if stay:
        title = "STAYS: the overlays do not render it, and what it allows adds up"
        sections.append(_section(title, [(_described(each), delete_command(each)) for each in stay], cut))
    if pruned:
        sections.append(_section("PRUNED by the delivery", [(_name(each), "") for each in pruned], cut))
    if foreign:
        names = cut.row(foreign, _NAMES)
        sections.append(LiveSection("STAYS in namespaces that the overlays do not list", ((names, ""),)))
    return tuple(sections)


def live_json(found: LivePolicy) -> dict[str, object]:
    """Return *found* for other programs."""
    return {
        "namespace": found.policy.namespace,
        "name": found.policy.name,
        "ours": found.ours,
        "listed": found.listed,
        "stays": found.stays,
        "keptBy": found.kept_by or None,
        "delete": delete_command(found) or None,
    }


def _section(title: str, entries: list[tuple[str, str]], cut: Cut) -> LiveSection:
    shown, more = cut.first(entries, _SHOWN)
    return LiveSection(title, (*shown, *([(f"and {more} more", "")] if more else [])))


def _name(found: LivePolicy) -> str:
    return f"{found.policy.namespace}/{found.policy.name}"


def _described(found: LivePolicy) -> str:
    if found.kept_by:
        return f"{_name(found)} (from overlays before; not pruned: {found.kept_by})"
    if found.ours:
        return f"{_name(found)} (from overlays before)"
    return f"{_name(found)} (not from overlays)"

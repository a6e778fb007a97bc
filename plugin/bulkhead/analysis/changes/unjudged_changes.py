"""
Policies of kinds that are not judged, before and after.

What they do to traffic is not known, so each change of one is reported.
"""

from collections.abc import Iterable
from enum import Enum

from bulkhead.core.kubernetes.evidence import UnjudgedPolicy
from bulkhead.core.record import record


class UnjudgedEvent(Enum):
    """What becomes of a policy that is not judged."""

    APPEARS = "appears"
    GOES = "goes"
    CHANGES = "changes"


@record
class UnjudgedChange:
    """A *policy* that is not judged, and its change: the *event*."""

    policy: UnjudgedPolicy
    event: UnjudgedEvent


def unjudged_changes(before: Iterable[UnjudgedPolicy], after: Iterable[UnjudgedPolicy]) -> tuple[UnjudgedChange, ...]:
    """Return every policy that is on one side only, or not the same on both, sorted by kind, namespace and name."""
    old, new = _by_identity(before), _by_identity(after)
    found = []
    for identity in sorted(old.keys() | new.keys()):
        was, now = old.get(identity, ()), new.get(identity, ())
        if was != now:
            event = UnjudgedEvent.CHANGES if was and now else UnjudgedEvent.APPEARS if now else UnjudgedEvent.GOES
            found.append(UnjudgedChange((now or was)[0], event))
    return tuple(found)


def after_delivery(dump: Iterable[UnjudgedPolicy], rendered: Iterable[UnjudgedPolicy]) -> tuple[UnjudgedPolicy, ...]:
    """Return what a cluster has after a delivery: what is *rendered*, and what was there and is not rendered."""
    rendered = tuple(rendered)
    replaced = {each.identity for each in rendered}
    return (*rendered, *(each for each in dump if each.identity not in replaced))


def _by_identity(found: Iterable[UnjudgedPolicy]) -> dict[tuple[str, str, str], tuple[UnjudgedPolicy, ...]]:
    known: dict[tuple[str, str, str], tuple[UnjudgedPolicy, ...]] = {}
    for each in sorted(found, key=lambda one: one.content):
        known[each.identity] = (*known.get(each.identity, ()), each)
    return known

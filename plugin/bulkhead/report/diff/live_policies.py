"""Policies of a running cluster that do not become what the overlays render: what stays, and how to repair that."""

import shlex
from collections.abc import Iterable, Iterator

from bulkhead.analysis.changes.kept_fields import KeptField, KeptPart
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


def live_headlines(found: Iterable[LivePolicy], kept: Iterable[KeptField]) -> Iterator[str]:
    """Yield how many policies stay in the namespaces of the overlays, and of how many others a part is *kept*."""
    number = sum(each.stays and (each.ours or each.listed) for each in found)
    if number:
        yield f"{number} {'POLICY STAYS' if number == 1 else 'POLICIES STAY'} that the overlays do not render"
    names = {each.name: False for each in kept} | {each.name: True for each in kept if each.sure}
    for sure, verb in ((True, "KEEP"), (False, "MAY KEEP")):
        number = sum(each is sure for each in names.values())
        if number:
            title = f"{number} {'POLICY' if number == 1 else 'POLICIES'} {verb}{'S' if sure and number == 1 else ''}"
            yield f"{title} what the overlays do not render"


def live_sections(found: Iterable[LivePolicy], kept: Iterable[KeptField], cut: Cut) -> tuple[LiveSection, ...]:
    """Return *found*, and what is *kept* of other policies, for people, in sections of at most some entries each."""
    found = tuple(found)
    stay = [each for each in found if each.stays and (each.ours or each.listed)]
    pruned = [each for each in found if not each.stays]
    foreign = [_name(each) for each in found if each.stays and not each.ours and not each.listed]
    sections = []
    if stay:
        title = "STAYS: the overlays do not render it, and what it allows adds up"
        sections.append(_section(title, [(_described(each), delete_command(each)) for each in stay], cut))
    for title, fields in _by_title(kept).items():
        sections.append(_section(title, [(_kept(each), each.repair) for each in fields], cut))
    if pruned:
        sections.append(_section("PRUNED by the delivery", [(_name(each), "") for each in pruned], cut))
    if foreign:
        names = cut.row(foreign, _NAMES)
        sections.append(LiveSection("STAYS in namespaces that the overlays do not list", ((names, ""),)))
    return tuple(sections)


_STAYS = "KEPT as it is in the cluster: a delivery removes only what it wrote itself"
_MAY_STAY = (
    "KEPT if somebody else wrote it, which the dump does not say (`kubectl get --show-managed-fields` does); "
    "judged with it and without it"
)
_MERGED = "KEPT by `kubectl apply` without `--server-side`, which merges it; judged with it and without it"
_MARKED = "KEPT as it is in the cluster: Flux leaves out what has such a mark"


def _by_title(kept: Iterable[KeptField]) -> dict[str, list[KeptField]]:
    found: dict[str, list[KeptField]] = {}
    for each in kept:
        title = (
            _MARKED if each.mark else _MERGED if each.part is KeptPart.SELECTOR else _STAYS if each.sure else _MAY_STAY
        )
        found.setdefault(title, []).append(each)
    return found


def _kept(field: KeptField) -> str:
    return f"{field.name}: {field.mark or field.part.value}"


def kept_json(field: KeptField) -> dict[str, object]:
    """Return *field* for other programs."""
    return {
        "namespace": field.live.namespace,
        "name": field.live.name,
        "part": field.part.name.lower(),
        "sure": field.sure,
        "keptBy": field.mark or None,
        "repair": field.repair,
    }


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

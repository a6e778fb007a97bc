"""
A comparison of what the folders of overlays render by themselves, added to that of what their roots build.

An ApplicationSet delivers each folder by itself. What opens or closes with either delivery is reported.
"""

from collections.abc import Iterable
from dataclasses import replace

from bulkhead.analysis.analysis_input import AnalysisInput
from bulkhead.analysis.changes.comparison import ComparedSides, Comparison, with_networks
from bulkhead.analysis.changes.kept_policies import kept_settings
from bulkhead.core.diff.causes import Cause
from bulkhead.core.record import replaced

EITHER = (
    "the root changes what its folders render, or adds to it, and an ApplicationSet delivers each folder of `overlays` "
    "by itself: what opens or closes with either delivery is shown"
)


def own_delivery(side: AnalysisInput) -> AnalysisInput | None:
    """Return what the folders of *side* render by themselves; ``None`` where a verdict cannot depend on it."""
    own = _own(side)
    return None if side.own is None or _facts(own) == _facts(side) else replace(own, semantics=side.semantics)


def differs_by_folder(side: AnalysisInput) -> bool:
    """Say whether the folders of *side* render by themselves anything else that a verdict depends on."""
    return own_delivery(side) is not None


def own_sides(sides: ComparedSides) -> ComparedSides | None:
    """Return *sides* as their folders render them by themselves; ``None`` where that is what the roots build."""
    if sides.before.own is None and sides.after.own is None:
        return None
    before, after = _own(sides.before), _own(sides.after)
    if _facts(before) == _facts(sides.before) and _facts(after) == _facts(sides.after):
        return None
    return replace(sides, before=before, after=after)


def _own(side: AnalysisInput) -> AnalysisInput:
    own = side.own
    return side if own is None else replace(own, profile=side.profile, cluster=with_networks(own.cluster, side.cluster))


def _facts(side: AnalysisInput) -> tuple[object, ...]:
    """Return all that a verdict about *side* depends on and that a root can change."""
    policies = frozenset(policy.as_written for policy in side.cluster.policies)
    known = (side.things, side.known_namespaces or (), side.unjudged)
    return policies, frozenset(kept_settings(side)), *map(frozenset, known)


def add_own(found: Comparison, own: Comparison) -> None:
    """Add to *found* what *own* finds, the comparison of the same sides as their folders render them by themselves."""
    before, was = _with_policies(found.before, own.before)
    after, now = _with_policies(found.after, own.after)

    def known(causes: Iterable[Cause]) -> tuple[Cause, ...]:
        return tuple(replaced(each, policy=(was if each.old else now)[each.policy]) for each in causes)

    found.before, found.after = before, after
    readings = {replaced(each, causes=known(each.causes)): reading for each, reading in own.by_reading.items()}
    found.by_reading |= {each: reading for each, reading in readings.items() if each not in found.findings}
    own.findings = tuple(replaced(each, causes=known(each.causes)) for each in own.findings)
    own.possible = tuple(replaced(each, causes=known(each.causes)) for each in own.possible)
    own.relabelled = tuple(
        replaced(each, findings=tuple(replaced(one, causes=known(one.causes)) for one in each.findings))
        for each in own.relabelled
    )
    shown = {replaced(each, causes=()) for each in found.findings}
    own.findings = tuple(each for each in own.findings if replaced(each, causes=()) not in shown)
    found.relabelled = tuple(dict.fromkeys((*found.relabelled, *own.relabelled)))
    found.unwritten = tuple(dict.fromkeys((*found.unwritten, *own.unwritten)))
    found.add(own)
    found.notes.append(EITHER)


def _with_policies(side: AnalysisInput, own: AnalysisInput) -> tuple[AnalysisInput, list[int]]:
    """Return *side* with the policies and unjudged policies of both, and the new index of each policy of *own*."""
    policies = list(side.cluster.policies)
    index = {policy.as_written: number for number, policy in enumerate(policies)}
    for policy in own.cluster.policies:
        if index.setdefault(policy.as_written, len(policies)) == len(policies):
            policies.append(policy)
    both = replace(
        side, cluster=replaced(side.cluster, policies=tuple(policies)), unjudged=(*side.unjudged, *own.unjudged)
    )
    return both, [index[policy.as_written] for policy in own.cluster.policies]

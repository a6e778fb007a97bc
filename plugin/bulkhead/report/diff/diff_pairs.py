"""
Changed pairs: a bare JSON list with one entry for each pair of workloads or address ranges that a change affects.

``[{"src", "dst", "before", "after"}]``. Pods of one workload that do not all have the same change have entries of
their own, ``namespace/pod[Pod]``, and so has each address ``family``. A workload is paired with itself where its
replicas are affected. A change for pods that could exist has ``before`` and ``after`` null, the ports that it
``opens`` or ``closes``, and what it ``says`` of them in words. ``notDecided`` is how many causes were not decided.
"""

import json
from collections.abc import Iterator
from itertools import product

from bulkhead.analysis.changes.comparison import Comparison
from bulkhead.core.diff.compare import Difference
from bulkhead.core.diff.findings import TrafficFinding
from bulkhead.core.engine.reachability import FamilyReachability
from bulkhead.core.kubernetes.cluster import Pod
from bulkhead.core.record import record
from bulkhead.core.sets.partition import indices
from bulkhead.core.sets.ports import PortSet
from bulkhead.report.diff.diff_rows import DiffRow, diff_summary
from bulkhead.report.layout.cut import EVERYTHING
from bulkhead.report.layout.style import Style
from bulkhead.report.reach.pairs import Entry, entries_text, names_of, owner_name


def diff_report(comparison: Comparison, _style: Style) -> str:
    """Write every change that *comparison* finds: of pairs, and of pods that could exist."""
    entries = [entry for each in comparison.differences for entry in changed_pairs(each)]
    rows = diff_summary(comparison, "", EVERYTHING).rows
    entries += [
        _possible(finding, row) for finding, row in zip(comparison.findings, rows, strict=True) if finding.is_possible
    ]
    if comparison.undecided:
        entries.append(_entry("", "") | {"notDecided": len(comparison.undecided)})
    return entries_text(list({json.dumps(entry): entry for entry in entries}.values()))


def _entry(source: str, destination: str) -> Entry:
    return {"src": source, "dst": destination, "before": None, "after": None}


def _possible(finding: TrafficFinding, row: DiffRow) -> Entry:
    effect = "opens" if finding.opens else "closes"
    return _entry(row.sources, row.destinations) | {effect: str(finding.ports), "says": row.ports}


def changed_pairs(difference: Difference) -> list[Entry]:
    """Return the pairs of *difference* whose connection is not the same before and after, sorted."""
    changed: dict[tuple[str, str], list[_Part]] = {}
    owners = [_owners(*layers) for layers in _layers(difference)]
    for change in difference.changes:
        known = owners[change.layer]
        for source in indices(change.sources):
            for destination in indices(change.destinations):
                part = _Part(change.layer, source, destination, change.before, change.after)
                for pair in product(known.names[source], known.names[destination]):
                    if not _is_itself(known, pair, source, destination):
                        changed.setdefault(pair, []).append(part)
    return [entry for pair in sorted(changed) for entry in _entries(pair, changed[pair], owners)]


@record
class _Part:
    """What changes of a pair between two members of one layer."""

    layer: int
    source: int
    destination: int
    before: PortSet
    after: PortSet


@record
class _Owners:
    """
    The workloads and address ranges of one layer over both sides, by member.

    *names* and *pods* are those of each member, *places* are the members of each name.
    """

    family: int
    names: tuple[tuple[str, ...], ...]
    pods: tuple[tuple[Pod, ...], ...]
    places: dict[str, tuple[int, ...]]


def _layers(difference: Difference) -> Iterator[tuple[FamilyReachability, FamilyReachability]]:
    return zip(difference.before.layers, difference.after.layers, strict=True)


def _owners(old: FamilyReachability, new: FamilyReachability) -> _Owners:
    both = list(zip(old.space.classes, new.space.classes, strict=True))
    names = tuple(tuple(sorted({*names_of(one), *names_of(other)})) for one, other in both)
    places: dict[str, tuple[int, ...]] = {}
    for member, those in enumerate(names):
        for name in those:
            places[name] = (*places.get(name, ()), member)
    pods = tuple(tuple(dict.fromkeys((*one.pods, *other.pods))) for one, other in both)
    return _Owners(old.space.family, names, pods, places)


def _entries(pair: tuple[str, str], parts: list[_Part], owners: list[_Owners]) -> Iterator[Entry]:
    """
    Yield one entry for *pair* where all of its pods, over all families, have the same change.

    Else one for each pair of pods and each family that has a change: a connection that another pod keeps hides none.
    """
    if len({(part.before, part.after) for part in parts}) == 1 and len(parts) == _count(pair, owners):
        yield _entry(*pair) | {"before": str(parts[0].before), "after": str(parts[0].after)}
        return
    found: dict[str, Entry] = {}
    for part in parts:
        known = owners[part.layer]
        ends = [_within(known, *end) for end in zip(pair, (part.source, part.destination), strict=True)]
        for source, destination in product(*ends):
            if source != destination or source == pair[0]:
                entry = _entry(source, destination) | {"before": str(part.before), "after": str(part.after)}
                entry |= {"family": known.family} if len(owners) > 1 else {}
                found[json.dumps(entry)] = entry
    yield from (found[key] for key in sorted(found))


def _count(pair: tuple[str, str], owners: list[_Owners]) -> int:
    """Return how many pairs of members, over all families, are of *pair*."""
    return sum(
        not _is_itself(known, pair, source, destination)
        for known in owners
        for source, destination in product(*(known.places.get(name, ()) for name in pair))
    )


def _within(known: _Owners, name: str, member: int) -> list[str]:
    """Return what *name* is called at *member*: the pods that are there, where others of it are elsewhere."""
    if len(known.places[name]) == 1:
        return [name]
    return sorted({f"{pod.namespace}/{pod.name}[Pod]" for pod in known.pods[member] if owner_name(pod) == name})


def _is_itself(known: _Owners, pair: tuple[str, str], source: int, destination: int) -> bool:
    """Say whether *pair* is one pod at both ends: it reaches itself, whatever policies say."""
    if source != destination or pair[0] != pair[1]:
        return False
    pods = [pod for pod in known.pods[source] if owner_name(pod) == pair[0]]
    return len({pod.name for pod in pods}) == 1 and not pods[0].is_template

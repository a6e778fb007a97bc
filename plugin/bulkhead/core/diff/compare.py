"""
``diff``: which traffic opens and which closes between two clusters.
"""

from collections.abc import Iterator

from bulkhead.core.engine.endpoint_classes import Side
from bulkhead.core.engine.reachability import FamilyReachability, Parts, Reachability, port_set
from bulkhead.core.engine.semantics import API, Semantics
from bulkhead.core.engine.solve import compare
from bulkhead.core.kubernetes.cluster import Cluster, Pod
from bulkhead.core.record import record
from bulkhead.core.sets import ports
from bulkhead.core.sets.partition import indices
from bulkhead.core.sets.ports import PortSet


@record
class TrafficChange:
    """
    From each of *sources* to each of *destinations*, *before* was open and *after* is.

    The members are those of the *layer*-th layer of both answers.  It speaks of pairs of
    different pods.  A member without pods on one side does not exist there.
    """

    layer: int
    sources: int
    destinations: int
    before: PortSet
    after: PortSet

    @property
    def opens(self) -> PortSet:
        """The ports that were closed and are open."""
        return ports.subtract(self.after, self.before)

    @property
    def closes(self) -> PortSet:
        """The ports that were open and are closed."""
        return ports.subtract(self.before, self.after)


@record
class Difference:
    """
    What *changes* between *before* and *after*: each pair of members at most once, and only if its ports differ.

    In both answers the same place means the same member.
    """

    before: Reachability
    after: Reachability
    changes: tuple[TrafficChange, ...]


def compare_clusters(
    before: Cluster, after: Cluster, semantics: Semantics = API, then: Semantics | None = None
) -> Difference:
    """
    Return the traffic that opens and closes from *before* to *after*, read by *semantics*, *after* by *then* if given.

    Pods of a workload represent each other: a replica that comes, goes or is renamed changes
    nothing, unless it is treated differently than the other pods were.
    """
    old, new = compare(_aligned(before, after, semantics, semantics if then is None else then))
    changes = [
        change
        for number, (left, right) in enumerate(zip(old.layers, new.layers, strict=True))
        for change in _changes(number, left, right)
    ]
    return Difference(old, new, tuple(changes))


def _aligned(before: Cluster, after: Cluster, semantics: Semantics, then: Semantics) -> list[Side]:
    pairs: list[tuple[Pod | None, Pod | None]] = []
    left, right = _by_owner(before), _by_owner(after)
    for owner in sorted(left.keys() | right.keys()):
        pairs += _matched(left.get(owner, []), right.get(owner, []))
    return [
        Side(before, tuple(pod for pod, _ in pairs), semantics),
        Side(after, tuple(pod for _, pod in pairs), then),
    ]


def _by_owner(cluster: Cluster) -> dict[tuple[str, str, str], list[Pod]]:
    found: dict[tuple[str, str, str], list[Pod]] = {}
    for pod in cluster.pods:
        found.setdefault(pod.owner, []).append(pod)
    return found


def _matched(left: list[Pod], right: list[Pod]) -> Iterator[tuple[Pod | None, Pod | None]]:
    """Yield the pods of one workload in pairs: by name, then in order, one that is left over with any fellow."""
    if left == right:
        yield from zip(left, right, strict=True)
        return
    named = {pod.name: pod for pod in right}
    yield from ((pod, named[pod.name]) for pod in left if pod.name in named)
    known = {pod.name for pod in left}
    gone = [pod for pod in left if pod.name not in named]
    come = [pod for pod in right if pod.name not in known]
    for at in range(max(len(gone), len(come))):
        yield _fellow(gone, left, at), _fellow(come, right, at)


def _fellow(unmatched: list[Pod], workload: list[Pod], at: int) -> Pod | None:
    return unmatched[at] if at < len(unmatched) else workload[0] if workload else None


def _changes(number: int, before: FamilyReachability, after: FamilyReachability) -> Iterator[TrafficChange]:
    rows: dict[tuple[int, int], int] = {}
    left, right = _row_of(before), _row_of(after)
    for member in range(len(left)):
        rows[left[member], right[member]] = rows.get((left[member], right[member]), 0) | 1 << member
    every = before.space.present | after.space.present
    merged: dict[tuple[tuple[int, int, int], ...], int] = {}
    for (one, other), sources in rows.items():
        changed = _changed(_parts(before, one, every), _parts(after, other, every))
        merged[changed] = merged.get(changed, 0) | sources
    for changed, sources in merged.items():
        for was, now, destinations in changed:
            for some, others in _without_self(before, after, sources, destinations):
                yield TrafficChange(number, some, others, port_set(before, was), port_set(after, now))


def _row_of(layer: FamilyReachability) -> list[int]:
    """Return for each member the place of its row; -1 where it reaches nothing."""
    found = [-1] * len(layer.space.classes)
    for number, row in enumerate(layer.rows):
        for member in indices(row.sources):
            found[member] = number
    return found


def _parts(layer: FamilyReachability, row: int, every: int) -> Parts:
    """Return the parts of a row, with those destinations that it does not reach."""
    parts = layer.rows[row].parts if row >= 0 else ()
    for _, destinations in parts:
        every &= ~destinations
    return ((0, every), *parts)


def _changed(before: Parts, after: Parts) -> tuple[tuple[int, int, int], ...]:
    found: dict[tuple[int, int], int] = {}
    for was, those in before:
        for now, these in after:
            destinations = those & these if was != now else 0
            if destinations:
                found[was, now] = found.get((was, now), 0) | destinations
    return tuple((was, now, destinations) for (was, now), destinations in sorted(found.items()))


def _without_self(
    before: FamilyReachability, after: FamilyReachability, sources: int, destinations: int
) -> Iterator[tuple[int, int]]:
    """
    Yield *sources* and *destinations* so that every member has another at the other end.

    A single pod at both ends reaches itself, always.  Several such pods reach each other.
    """
    alone = sum(1 << member for member in indices(sources & destinations) if _is_single(before, after, member))
    if not alone or alone & (alone - 1):
        yield sources, destinations
        return
    for some, others in ((sources & ~alone, destinations), (alone, destinations & ~alone)):
        if some and others:
            yield some, others


def _is_single(before: FamilyReachability, after: FamilyReachability, member: int) -> bool:
    pods = [set(layer.space.classes[member].pods) for layer in (before, after)]
    return all(len(those) <= 1 and not any(pod.is_template for pod in those) for those in pods)

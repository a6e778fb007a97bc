"""
Compares two clusters: which traffic opens and which closes.
"""

from collections.abc import Iterator

from bulkhead.core.engine.endpoint_classes import Side
from bulkhead.core.engine.endpoint_space import MemberIndex, PortCells
from bulkhead.core.engine.reachability import FamilyReachability, Parts, Reachability, port_set
from bulkhead.core.engine.replicas import Owner
from bulkhead.core.engine.semantics import API, Semantics
from bulkhead.core.engine.solve import compare
from bulkhead.core.kubernetes.cluster import Cluster, Pod
from bulkhead.core.kubernetes.selectors import Members
from bulkhead.core.record import record
from bulkhead.core.sets import ports
from bulkhead.core.sets.partition import indices
from bulkhead.core.sets.ports import PortSet


@record
class TrafficChange:
    """
    From each of *sources* to each of *destinations*, the ports *before* were open, and the ports *after* are open.

    *layer* is the index of the layer, in both answers, that has the members. The change is about pairs of different
    pods. A member that has no pods on one side does not exist on that side.
    """

    layer: int
    sources: Members
    destinations: Members
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

    Both answers have the same members.
    """

    before: Reachability
    after: Reachability
    changes: tuple[TrafficChange, ...]


def compare_clusters(
    before: Cluster, after: Cluster, semantics: Semantics = API, semantics_after: Semantics | None = None
) -> Difference:
    """
    Return the traffic that opens and closes from *before* to *after*.

    Policies are read by *semantics*, those of *after* by *semantics_after* if it is given. The pods of a workload
    represent each other: a replica that is added, removed or renamed changes nothing, unless policies treat it
    differently from the other pods. A workload that gets another kind is the same workload.
    """
    old, new = compare(_aligned(before, after, semantics, semantics if semantics_after is None else semantics_after))
    changes = [
        change
        for number, (left, right) in enumerate(zip(old.layers, new.layers, strict=True))
        for change in _changes(number, left, right)
    ]
    return Difference(old, new, tuple(changes))


def _aligned(before: Cluster, after: Cluster, semantics: Semantics, semantics_after: Semantics) -> list[Side]:
    pairs: list[tuple[Pod | None, Pod | None]] = []
    left, right = _by_workload(before, after)
    for owner in sorted(left.keys() | right.keys()):
        pairs += _matched(left.get(owner, []), right.get(owner, []))
    return [
        Side(before, tuple(pod for pod, _ in pairs), semantics),
        Side(after, tuple(pod for _, pod in pairs), semantics_after),
    ]


def _by_workload(before: Cluster, after: Cluster) -> tuple[dict[Owner, list[Pod]], dict[Owner, list[Pod]]]:
    """Return the pods of each workload on both sides; what has another kind on each side is one of no kind."""
    left, right = _by_owner(before), _by_owner(after)
    gone, new = left.keys() - right.keys(), right.keys() - left.keys()
    changed = {owner[:2] for owner in gone} & {owner[:2] for owner in new}
    for side, owners in ((left, gone), (right, new)):
        for owner in sorted(owners):
            if owner[:2] in changed:
                side.setdefault((*owner[:2], ""), []).extend(side.pop(owner))
    return left, right


def _by_owner(cluster: Cluster) -> dict[Owner, list[Pod]]:
    found: dict[Owner, list[Pod]] = {}
    for pod in cluster.pods:
        found.setdefault(pod.owner, []).append(pod)
    return found


def _matched(left: list[Pod], right: list[Pod]) -> Iterator[tuple[Pod | None, Pod | None]]:
    """Yield the pods of one workload in pairs: by name, then in order; a pod without a pair, with any other pod."""
    if left == right:
        yield from zip(left, right, strict=True)
        return
    known, named = _numbered(left), _numbered(right)
    yield from ((pod, named[key]) for key, pod in known.items() if key in named)
    removed = [pod for key, pod in known.items() if key not in named]
    added = [pod for key, pod in named.items() if key not in known]
    for number in range(max(len(removed), len(added))):
        yield _counterpart(removed, left, number), _counterpart(added, right, number)


def _numbered(pods: list[Pod]) -> dict[tuple[str, int], Pod]:
    """Return *pods* by name, and by number among those of one name: templates that stand for different pods."""
    found: dict[tuple[str, int], Pod] = {}
    seen: dict[str, int] = {}
    for pod in pods:
        number = seen[pod.name] = seen.get(pod.name, -1) + 1
        found[pod.name, number] = pod
    return found


def _counterpart(unmatched: list[Pod], workload: list[Pod], number: int) -> Pod | None:
    return unmatched[number] if number < len(unmatched) else workload[0] if workload else None


def _changes(number: int, before: FamilyReachability, after: FamilyReachability) -> Iterator[TrafficChange]:
    rows: dict[tuple[int, int], Members] = {}
    left, right = _row_by_member(before), _row_by_member(after)
    for member in range(len(left)):
        rows[left[member], right[member]] = rows.get((left[member], right[member]), 0) | 1 << member
    every = before.space.present | after.space.present
    merged: dict[tuple[tuple[PortCells, PortCells, Members], ...], Members] = {}
    for (one, other), sources in rows.items():
        changed = _changed(_parts(before, one, every), _parts(after, other, every))
        merged[changed] = merged.get(changed, 0) | sources
    for changed, sources in merged.items():
        for was, now, destinations in changed:
            for some, others in _without_self(before, after, sources, destinations):
                yield TrafficChange(number, some, others, port_set(before, was), port_set(after, now))


def _row_by_member(layer: FamilyReachability) -> list[int]:
    """Return for each member the index of its row; -1 where it reaches nothing."""
    found = [-1] * len(layer.space.classes)
    for number, row in enumerate(layer.rows):
        for member in indices(row.sources):
            found[member] = number
    return found


def _parts(layer: FamilyReachability, row: int, every: Members) -> Parts:
    """Return the parts of *row*, and a part for the destinations of *every* that it does not reach."""
    parts = layer.rows[row].parts if row >= 0 else ()
    for _, destinations in parts:
        every &= ~destinations
    return ((0, every), *parts)


def _changed(before: Parts, after: Parts) -> tuple[tuple[PortCells, PortCells, Members], ...]:
    """Return the destinations, by what was and is open to them, of *before* and *after*: both have the same ones."""
    found: dict[tuple[PortCells, PortCells], Members] = {}
    same = dict(after)
    for was, those in before:
        rest = those & ~same.get(was, 0)
        for now, these in after if rest else ():
            destinations = rest & these
            if destinations:
                found[was, now] = destinations
                rest ^= destinations
                if not rest:
                    break
    return tuple((was, now, destinations) for (was, now), destinations in sorted(found.items()))


def _without_self(
    before: FamilyReachability, after: FamilyReachability, sources: Members, destinations: Members
) -> Iterator[tuple[Members, Members]]:
    """
    Yield *sources* and *destinations* in parts in which no pod is the only source and the only destination.

    A pod always reaches itself, so such a pair does not change. Several single pods reach each other.
    """
    single = sum(1 << member for member in indices(sources & destinations) if _is_single(before, after, member))
    if not single or single & (single - 1):
        yield sources, destinations
        return
    for some, others in ((sources & ~single, destinations), (single, destinations & ~single)):
        if some and others:
            yield some, others


def _is_single(before: FamilyReachability, after: FamilyReachability, member: MemberIndex) -> bool:
    pods = [set(layer.space.classes[member].pods) for layer in (before, after)]
    return all(len(those) <= 1 and not any(pod.is_template for pod in those) for those in pods)

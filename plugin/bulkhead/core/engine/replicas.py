"""
Workloads of which policies treat some pods differently than others.
"""

from collections.abc import Iterable, Iterator

from bulkhead.core.engine.reachability import FamilyReachability, Reachability
from bulkhead.core.sets.partition import indices

Owner = tuple[str, str, str]
"""Namespace, name and kind of a workload: see ``Pod.owner``."""


def treated_differently(answers: Iterable[Reachability]) -> frozenset[Owner]:
    """
    Return the workloads whose pods are not treated alike: some have other allowed ports than the rest.

    Such pods are no replicas that represent each other: a report names each by its own name.
    """
    return frozenset(owner for answer in answers for layer in answer.layers for owner in _of_layer(layer))


def _of_layer(layer: FamilyReachability) -> Iterator[Owner]:
    places: dict[Owner, list[int]] = {}
    for place, member in enumerate(layer.space.classes):
        for owner in {pod.owner for pod in member.pods}:
            places.setdefault(owner, []).append(place)
    several = {owner: those for owner, those in places.items() if len(those) > 1}
    looked_at = 0
    for those in several.values():
        looked_at |= sum(1 << place for place in those)
    rows: dict[int, int] = {}
    columns: dict[int, list[tuple[int, int]]] = {}
    for number, row in enumerate(layer.rows if several else ()):
        rows.update(dict.fromkeys(indices(row.sources & looked_at), number))
        for port_cells, destinations in row.parts:
            for place in indices(destinations & looked_at):
                columns.setdefault(place, []).append((number, port_cells))
    for owner, those in several.items():
        if len({(rows.get(place, -1), tuple(columns.get(place, ()))) for place in those}) > 1:
            yield owner

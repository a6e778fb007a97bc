"""
Finds the workloads whose pods the policies treat differently.
"""

from collections.abc import Iterable, Iterator

from bulkhead.core.engine.endpoint_space import MemberIndex, PortCells
from bulkhead.core.engine.reachability import FamilyReachability, Reachability
from bulkhead.core.kubernetes.selectors import Members
from bulkhead.core.sets.partition import indices

Owner = tuple[str, str, str]
"""Namespace, name and kind of a workload: see ``Pod.owner``."""


def treated_differently(answers: Iterable[Reachability]) -> frozenset[Owner]:
    """
    Return the workloads whose pods the policies treat differently: some have other allowed ports than the rest.

    Such pods do not represent each other, and a report names each by its own name.
    """
    return frozenset(owner for answer in answers for layer in answer.layers for owner in _of_layer(layer))


def _of_layer(layer: FamilyReachability) -> Iterator[Owner]:
    members: dict[Owner, list[MemberIndex]] = {}
    for member, each in enumerate(layer.space.classes):
        for owner in {pod.owner for pod in each.pods}:
            members.setdefault(owner, []).append(member)
    several = {owner: those for owner, those in members.items() if len(those) > 1}
    looked_at: Members = 0
    for those in several.values():
        looked_at |= sum(1 << member for member in those)
    rows: dict[MemberIndex, int] = {}
    columns: dict[MemberIndex, list[tuple[int, PortCells]]] = {}
    for number, row in enumerate(layer.rows if several else ()):
        rows.update(dict.fromkeys(indices(row.sources & looked_at), number))
        for port_cells, destinations in row.parts:
            for member in indices(destinations & looked_at):
                columns.setdefault(member, []).append((number, port_cells))
    for owner, those in several.items():
        if len({(rows.get(member, -1), tuple(columns.get(member, ()))) for member in those}) > 1:
            yield owner

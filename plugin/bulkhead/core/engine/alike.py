"""
Groups of members that are alike: an answer stays the same where two of them change places.
"""

from collections import Counter
from collections.abc import Hashable, Sequence

from bulkhead.core.engine.reachability import FamilyReachability
from bulkhead.core.sets.partition import indices

Cell = frozenset[int]
"""What is between two groups: bit sets of atoms, one for each set of ports that some pair has; 0 for none open."""

_MOST = 30_000_000
"""Comparisons of a set of destinations with a group: about ten seconds."""


def group_cells(layer: FamilyReachability, groups: Sequence[int], alone: int) -> list[tuple[Cell, ...]] | None:
    """
    Return a row for each of *groups*, disjoint bit sets of members: what is between it and each of *groups*.

    *alone* are members that are one pod: such a pod and itself are no pair. Nor are two addresses, so their cell is
    empty. Returns ``None`` where it takes too many steps.
    """
    row_of = {place: number for number, row in enumerate(layer.rows) for place in indices(row.sources)}
    if sum(len(row.parts) for row in layer.rows) * len(groups) > _MOST:
        return None
    outside = layer.universe.outside
    known: dict[int, tuple[Cell, ...]] = {}
    found = []
    for number, group in enumerate(groups):
        rows = {row_of.get(place, -1) for place in indices(group)}
        cells: list[Cell] = [frozenset()] * len(groups)
        for row in rows:
            if row not in known:
                known[row] = tuple(_cell(layer, row, other) for other in groups)
            cells = [
                one if one is other or one == other else one | other
                for one, other in zip(cells, known[row], strict=True)
            ]
        cells[number] = _own(layer, row_of, group, alone)
        if group & outside:
            cells = [frozenset() if other & outside else cell for cell, other in zip(cells, groups, strict=True)]
        found.append(tuple(cells))
    return found


def _cell(layer: FamilyReachability, row: int, others: int) -> Cell:
    """Return what is between the members of *row* (-1: those that reach nothing) and *others*."""
    found = set()
    for atoms, those in layer.rows[row].parts if row >= 0 else ():
        if those & others:
            found.add(atoms)
            others &= ~those
    return frozenset((*found, 0)) if others else frozenset(found)


def _own(layer: FamilyReachability, row_of: dict[int, int], group: int, alone: int) -> Cell:
    found: set[int] = set()
    for place in indices(group):
        others = group & ~(1 << place & alone)
        if others:
            found |= _cell(layer, row_of.get(place, -1), others)
    return frozenset(found)


def alike(cells: Sequence[Sequence[Hashable]], apart: Sequence[bool]) -> list[list[int]]:
    """
    Return the numbers of groups that are alike, in order of their first; those *apart* are alike with none.

    Two are alike if what is between each of them and any third one is the same in both directions, if it is the same
    within each, and the same from one to the other as back.

    >>> alike([["x", "-", "y"], ["-", "x", "y"], ["-", "-", "z"]], [False, False, False])
    [[0, 1], [2]]
    """
    columns = list(zip(*cells, strict=True))
    buckets: dict[Hashable, list[list[int]]] = {}
    found: list[list[int]] = []
    for number, row in enumerate(cells):
        if apart[number]:
            found.append([number])
            continue
        key = row[number], frozenset(Counter(row).items()), frozenset(Counter(columns[number]).items())
        classes = buckets.setdefault(key, [])
        fitting = next((each for each in classes if _are_twins(cells, columns, each[0], number)), None)
        if fitting is None:
            fitting = []
            classes.append(fitting)
            found.append(fitting)
        fitting.append(number)
    return sorted(found)


def _are_twins(
    cells: Sequence[Sequence[Hashable]], columns: Sequence[Sequence[Hashable]], one: int, other: int
) -> bool:
    if cells[one][one] != cells[other][other] or cells[one][other] != cells[other][one]:
        return False
    return all(
        left[at] == right[at]
        for left, right in ((cells[one], cells[other]), (columns[one], columns[other]))
        for at in range(len(left))
        if at not in (one, other)
    )

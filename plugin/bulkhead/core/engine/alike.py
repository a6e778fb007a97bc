"""
Finds groups of members that are alike: the answer stays the same if two of them are exchanged.
"""

from collections import Counter
from collections.abc import Hashable, Iterator, Sequence

from bulkhead.core.engine.reachability import FamilyReachability
from bulkhead.core.record import record
from bulkhead.core.sets.partition import indices

Cell = frozenset[int]
"""What is between two groups: bit sets of port cells, one for each set of ports that some pair has; 0 for none open."""

_MOST = 30_000_000
"""Steps of a grouping: about ten seconds."""


_FEW = 4
"""So many groups, or parts, are looked at one after the other."""


@record
class GroupCells:
    """*rows* has a row for each group and a column for each group: the place in *kinds* of what is between the two."""

    kinds: tuple[Cell, ...]
    rows: list[list[int]]


@record
class _Sparse:
    """What is between some sources and each group: *usual*, except where *others* has the group's number."""

    usual: Cell
    others: dict[int, Cell]


def group_cells(layer: FamilyReachability, groups: Sequence[int], alone: int) -> GroupCells | None:
    """
    Return what is between each two of *groups*, disjoint bit sets of members.

    *alone* are members that are one pod: such a pod and itself are no pair. Two addresses are no pair, so their cell is
    empty. Returns ``None`` where it takes too many steps.
    """
    every = sum(groups)
    parts = [_every_part(row.parts, every) for row in layer.rows] + [[(0, every)]]
    if sum(_steps(each, len(groups)) for each in parts) > _MOST:
        return None
    row_of = {member: number for number, row in enumerate(layer.rows) for member in indices(row.sources)}
    outer = [number for number, group in enumerate(groups) if group & layer.space.outside]
    known: dict[int, _Sparse] = {}
    kinds: dict[Cell, int] = {}
    rows = []
    for number, group in enumerate(groups):
        sources = {row_of.get(member, -1) for member in indices(group)}
        for row in sources - known.keys():
            known[row] = _sparse(parts[row], groups)
        found = _together([known[row] for row in sources])
        others = {**found.others, number: _own(parts, row_of, group, alone)}
        if number in outer:
            others.update(dict.fromkeys(outer, frozenset()))
        cells = [kinds.setdefault(found.usual, len(kinds))] * len(groups)
        for at, cell in others.items():
            cells[at] = kinds.setdefault(cell, len(kinds))
        rows.append(cells)
    return GroupCells(tuple(kinds), rows)


_Part = tuple[int, int]


def _every_part(parts: Sequence[_Part], every: int) -> list[_Part]:
    """Return *parts* of *every* destination, with what is in none of them; the largest is the first."""
    found = []
    rest = every
    for port_cells, those in parts:
        found.append((port_cells, those & every))
        rest &= ~those
    return sorted([*found, (0, rest)], key=lambda part: -part[1].bit_count())


def _steps(parts: Sequence[_Part], groups: int) -> int:
    """Return how much work ``_sparse`` is."""
    return len(parts) * min(groups, sum(those.bit_count() for _, those in parts[1:]))


def _sparse(parts: Sequence[_Part], groups: Sequence[int]) -> _Sparse:
    """Return what is open from sources with the destinations *parts* to each of *groups*."""
    usual, rest = parts[0][0], sum(those for _, those in parts[1:])
    others = [(number, group) for number, group in enumerate(groups) if not group or group & rest]
    return _Sparse(frozenset((usual,)), dict(_cells(parts, others)))


def _cells(parts: Sequence[_Part], groups: Sequence[tuple[int, int]]) -> Iterator[tuple[int, Cell]]:
    """
    Yield for each of *groups*, a number and its members, what is open from sources with the destinations *parts*.

    Most parts are of few groups: the groups are halved, each half with the parts that it meets.
    """
    if len(groups) <= _FEW or len(parts) <= _FEW:
        yield from ((number, _cell(parts, group)) for number, group in groups)
        return
    middle = len(groups) // 2
    for half in (groups[:middle], groups[middle:]):
        members = 0
        for _, group in half:
            members |= group
        yield from _cells([(cells, both) for cells, those in parts if (both := those & members)], half)


def _together(rows: Sequence[_Sparse]) -> _Sparse:
    """Return what is between the sources of all *rows* and each group."""
    if len(rows) == 1:
        return rows[0]
    usual: Cell = frozenset[int]().union(*(row.usual for row in rows))
    places = {member for row in rows for member in row.others}
    return _Sparse(
        usual,
        {member: frozenset[int]().union(*(row.others.get(member, row.usual) for row in rows)) for member in places},
    )


def _cell(parts: Sequence[_Part], others: int) -> Cell:
    """Return what is open from sources with the destinations *parts* to *others*."""
    found = []
    for port_cells, those in parts:
        both = those & others
        if both:
            found.append(port_cells)
            others ^= both
            if not others:
                break
    return frozenset(found)


def _own(parts: Sequence[Sequence[_Part]], row_of: dict[int, int], group: int, alone: int) -> Cell:
    by_row: dict[int, int] = {}
    for member in indices(group):
        row = row_of.get(member, -1)
        by_row[row] = by_row.get(row, 0) | 1 << member
    found: set[int] = set()
    for row, sources in by_row.items():
        is_one_pod = not sources & (sources - 1) and sources & alone
        others = group & ~sources if is_one_pod else group
        if others:
            found |= _cell(parts[row], others)
    return frozenset(found)


def alike(cells: Sequence[Sequence[Hashable]], apart: Sequence[bool], most: int | None = None) -> list[list[int]]:
    """
    Return the numbers of groups that are alike, in order of their first; those *apart* are alike with none.

    Where it would be more than *most* lists, *most* and one more are found and the remaining groups are in none.

    Two are alike if what is between each of them and any third one is the same in both directions, if it is the same
    within each, and the same from one to the other as back.

    >>> alike([["x", "-", "y"], ["-", "x", "y"], ["-", "-", "z"]], [False, False, False])
    [[0, 1], [2]]
    """
    columns = list(map(list, zip(*cells, strict=True)))
    buckets: dict[Hashable, list[list[int]]] = {}
    found: list[list[int]] = []
    for number, row in enumerate(cells):
        if most is not None and len(found) > most:
            break
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
    first, last = sorted((one, other))
    stretches = slice(first), slice(first + 1, last), slice(last + 1, None)
    return all(lines[one][at] == lines[other][at] for lines in (cells, columns) for at in stretches)

"""
Partitions of members by the ports that are open to them.
"""

from collections.abc import Iterable, Iterator, Sequence

from bulkhead.core.engine.endpoint_space import PortCells
from bulkhead.core.kubernetes.selectors import Members

Opened = tuple[PortCells, Members]
"""Ports that are opened, and the members for which they are."""

_FEW = 12
"""So many sets of members are added one after the other."""

_PROBE = 16
"""Members are split where a slice of this part of them meets few of the sets."""


def opened_parts(start: dict[PortCells, Members], opened: Iterable[Opened]) -> dict[PortCells, Members]:
    """
    Return *start*, disjoint sets of members by what is open to them, with *opened* added to it.

    Members of one namespace are next to each other. So most sets of *opened* meet few others: the stretches of members
    that they span are taken one by one, and halved until few sets are left in each part.

    >>> opened_parts({0: 0b111}, [(1, 0b011), (2, 0b110)])
    {1: 1, 3: 2, 2: 4}
    """
    merged: dict[PortCells, Members] = {}
    for port_cells, members in opened:
        merged[port_cells] = merged.get(port_cells, 0) | members
    found = dict(start)
    for first, end, those in _stretches(merged.items()):
        mask = (1 << end) - (1 << first)
        inside: dict[PortCells, Members] = {}
        for port_cells, some in start.items():
            piece = some & mask
            if piece:
                inside[port_cells] = piece >> first
                found[port_cells] ^= piece
        for port_cells, some in _split(inside, those, end - first, 0).items():
            found[port_cells] = found.get(port_cells, 0) | some << first
    return _kept(found.items())


def _stretches(opened: Iterable[Opened]) -> Iterator[tuple[int, int, list[Opened]]]:
    """Yield the stretches of members that *opened* spans, disjoint, each with its part of *opened* from its start."""
    spans = sorted((_lowest(some), some.bit_length(), cells, some) for cells, some in opened if some)
    waiting: list[Opened] = []
    first = end = 0
    for low, high, port_cells, some in spans:
        if waiting and low >= end:
            yield first, end, [(cells, those >> first) for cells, those in waiting]
            waiting = []
        first, end = (first, max(end, high)) if waiting else (low, high)
        waiting.append((port_cells, some))
    if waiting:
        yield first, end, [(cells, those >> first) for cells, those in waiting]


def _lowest(members: Members) -> int:
    return (members & -members).bit_length() - 1


def _split(
    start: dict[PortCells, Members], opened: Sequence[Opened], width: int, depth: int
) -> dict[PortCells, Members]:
    if len(opened) <= _FEW or width < _PROBE or (depth % 4 == 0 and _is_entangled(opened, width)):
        return _added(start, opened)
    half = width // 2
    low = (1 << half) - 1
    found = _split(_kept((cells, some & low) for cells, some in start.items()), *_below(opened, low, half), depth + 1)
    above = [(port_cells, high) for port_cells, some in opened if (high := some >> half)]
    upper = _kept((cells, some >> half) for cells, some in start.items())
    for port_cells, some in _split(upper, above, width - half, depth + 1).items():
        found[port_cells] = found.get(port_cells, 0) | some << half
    return found


def _below(opened: Sequence[Opened], low: Members, half: int) -> tuple[list[Opened], int]:
    return [(port_cells, those) for port_cells, some in opened if (those := some & low)], half


def _kept(parts: Iterable[Opened]) -> dict[PortCells, Members]:
    return {port_cells: members for port_cells, members in parts if members}


def _is_entangled(opened: Sequence[Opened], width: int) -> bool:
    """Say whether a narrow slice in the middle meets many of *opened*: halves would too."""
    size = max(1, width // _PROBE)
    middle = ((1 << size) - 1) << width // 2
    return sum(1 for _, some in opened if some & middle) * 4 > len(opened)


def _added(start: dict[PortCells, Members], opened: Iterable[Opened]) -> dict[PortCells, Members]:
    parts = start
    for port_cells, members in opened:
        following: dict[PortCells, Members] = {}
        for already, those in parts.items():
            wider = already | port_cells
            inside = those & members if wider != already else 0
            if not inside:
                following[already] = following[already] | those if already in following else those
                continue
            following[wider] = following.get(wider, 0) | inside
            if inside != those:
                following[already] = following.get(already, 0) | those & ~inside
        parts = following
    return dict(parts)

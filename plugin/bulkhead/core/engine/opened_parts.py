"""
Partitions of members by the ports that are open to them.
"""

from collections.abc import Iterable, Sequence

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

    Members of one namespace are next to each other. So most sets of *opened* meet few others: the members are
    halved until few sets are left in each part.

    >>> opened_parts({0: 0b111}, [(1, 0b011), (2, 0b110)])
    {1: 1, 3: 2, 2: 4}
    """
    merged: dict[PortCells, Members] = {}
    for port_cells, members in opened:
        merged[port_cells] = merged.get(port_cells, 0) | members
    width = max((members.bit_length() for members in start.values()), default=0)
    return _split(start, list(merged.items()), width, 0)


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

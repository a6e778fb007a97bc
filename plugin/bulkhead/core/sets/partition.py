"""
Partitions of an axis into cells: the parts that given sets distinguish.

There are very many ports and addresses, and few kinds of them: those that no policy distinguishes are
one cell.  A set over cells is an integer used as a bitset, so that set algebra on anything
that policies can say is exact and costs one machine operation per 30 cells.
"""

from bisect import bisect_right
from collections.abc import Iterable

from bulkhead.core.record import record
from bulkhead.core.sets import intervals
from bulkhead.core.sets.intervals import Span, Spans


@record
class Partition:
    """
    A partition of an axis.

    *starts* are the places where a stretch begins, *kinds* the cell of each stretch (-1:
    outside the axis), *regions* the spans of each cell.
    """

    starts: tuple[int, ...]
    kinds: tuple[int, ...]
    regions: tuple[Spans, ...]

    @property
    def every(self) -> int:
        """The bitset of all cells."""
        return (1 << len(self.regions)) - 1


_FEW = 64
"""So many sets around a stretch are kept by their numbers: of thousands of sets most stretches are in few."""


def split(whole: Spans, sets: Iterable[Spans]) -> Partition:
    """Return the coarsest partition of *whole* in which each of *sets* is a union of cells."""
    turns: dict[int, list[int]] = {}
    for place, spans in enumerate([whole, *sorted(set(sets))]):
        for first, last in spans:
            turns.setdefault(first, []).append(place)
            turns.setdefault(last + 1, []).append(place)
    starts = sorted(turns)
    known: dict[frozenset[int] | int, int] = {}
    around: set[int] = set()  # the sets that a stretch is in, and the same as a bit set
    inside = 0
    kinds: list[int] = []
    regions: list[list[Span]] = []
    for start, following in zip(starts, [*starts[1:], None], strict=True):
        for place in turns[start]:
            around ^= {place}
            inside ^= 1 << place
        if following is None or not inside & 1:
            kinds.append(-1)
            continue
        cell = known.setdefault(frozenset(around) if len(around) <= _FEW else inside, len(known))
        if cell == len(regions):
            regions.append([(start, following - 1)])
        else:
            regions[cell].append((start, following - 1))
        kinds.append(cell)
    return Partition(tuple(starts), tuple(kinds), tuple(intervals.merge(region) for region in regions))


def locate(cells: Partition, point: int) -> int:
    """Return the cell that contains *point*, -1 where the axis does not contain it."""
    at = bisect_right(cells.starts, point) - 1
    return cells.kinds[at] if at >= 0 else -1


def covered(cells: Partition, spans: Spans) -> int:
    """Return the bit set of the cells with a part in *spans*; exactly its cells, for a set of the partition."""
    found = 0
    for first, last in spans:
        at = max(0, bisect_right(cells.starts, first) - 1)
        while at < len(cells.starts) and cells.starts[at] <= last:
            if cells.kinds[at] >= 0:
                found |= 1 << cells.kinds[at]
            at += 1
    return found


def spans(cells: Partition, bitset: int) -> Spans:
    """Return the spans of all cells in *bitset*: the inverse of ``covered``."""
    return intervals.merge(span for cell in indices(bitset) for span in cells.regions[cell])


def bitset_of(places: Iterable[int]) -> int:
    """
    Return the bit set with ones at *places*: the inverse of ``indices``.

    Adding one bit after the other would copy the whole set each time.

    >>> bitset_of([4, 1, 2]) == 0b10110
    True
    """
    digits = bytearray()
    for place in places:
        at = place >> 3
        if at >= len(digits):
            digits.extend(bytes(at + 1 - len(digits)))
        digits[at] |= 1 << (place & 7)
    return int.from_bytes(digits, "little")


def indices(bitset: int) -> list[int]:
    """
    Return the indexes of the ones in *bitset*, ascending.

    >>> indices(0b10110)
    [1, 2, 4]
    """
    if not bitset:
        return []
    shift = (bitset & -bitset).bit_length() - 1  # most sets are narrow and far from zero: look at their width only
    return [shift + place for place, digit in enumerate(bin(bitset >> shift)[:1:-1]) if digit == "1"]

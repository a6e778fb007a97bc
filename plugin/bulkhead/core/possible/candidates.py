"""
An index that finds the classes of flows that may meet a given one, without comparing it with each of them.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence

from bulkhead.core.possible.flow_class import FlowClass
from bulkhead.core.sets.intervals import Spans
from bulkhead.core.sets.partition import bitset_of
from bulkhead.core.sets.value_sets import Value

ClassSet = int
"""A bit set of the classes of an index."""

_BUCKETS = 256
"""Parts of an axis of addresses or ports that the index distinguishes."""

_MOST_VALUES = 16
"""A class with more values than these on an axis is not looked up by them: it meets most others."""


class ClassIndex:
    """Finds the *classes* that may meet another class: a superset of those that do, axis by axis."""

    def __init__(self, classes: Sequence[FlowClass]) -> None:
        self.every: ClassSet = (1 << len(classes)) - 1
        having: dict[str, dict[Value, list[int]]] = {}
        bound: dict[str, list[int]] = {}
        spans: dict[str, dict[int, Spans]] = {}
        for number, each in enumerate(classes):
            for axis, (excluded, values) in each.values.items():
                if not excluded and len(values) <= _MOST_VALUES:
                    bound.setdefault(axis, []).append(number)
                    found = having.setdefault(axis, {})
                    for value in values:
                        found.setdefault(value, []).append(number)
            for axis, those in each.spans.items():
                spans.setdefault(axis, {})[number] = those
        self.having: dict[str, dict[Value, ClassSet]] = {
            axis: {value: bitset_of(numbers) for value, numbers in found.items()} for axis, found in having.items()
        }
        self.bound: dict[str, ClassSet] = {axis: bitset_of(numbers) for axis, numbers in bound.items()}
        self.among: dict[tuple[str, frozenset[Value]], ClassSet] = {}
        self.spans = {axis: _SpanIndex(those) for axis, those in spans.items()}

    def meeting(self, flows: FlowClass) -> ClassSet:
        """Return the classes of which no single axis shows that they have no flow in common with *flows*."""
        found = self.every
        for axis, (excluded, values) in flows.values.items():
            if not excluded and axis in self.bound:
                found &= self._having_some(axis, values) | ~self.bound[axis]
        for axis, spans in flows.spans.items():
            if axis in self.spans:
                found &= self.spans[axis].meeting(spans, found)
        return found

    def _having_some(self, axis: str, values: frozenset[Value]) -> ClassSet:
        """Return the classes that have one of *values* on *axis*; the answer for many values is kept."""
        if (axis, values) in self.among:
            return self.among[axis, values]
        having, found = self.having[axis], 0
        for value in values if len(values) <= len(having) else having.keys() & values:
            found |= having.get(value, 0)
        if len(values) > _MOST_VALUES:
            self.among[axis, values] = found
        return found


class _SpanIndex:
    """
    The same for one axis of addresses or ports, cut into parts of which each begins about as many spans.

    *spans* are those of classes by their numbers.
    """

    def __init__(self, spans: dict[int, Spans]) -> None:
        starts = sorted({first for those in spans.values() for first, _ in those})
        self.starts = starts[:: len(starts) // _BUCKETS + 1]
        buckets: list[list[int]] = [[] for _ in range(len(self.starts) + 1)]
        bound: list[int] = []
        for number, those in spans.items():
            touched = self._touched(those)
            if len(touched) * 2 <= len(buckets) or len(buckets) < 4:
                bound.append(number)
                for bucket in touched:
                    buckets[bucket].append(number)
        self.bound: ClassSet = bitset_of(bound)
        self.buckets: list[ClassSet] = [bitset_of(numbers) for numbers in buckets]

    def _touched(self, spans: Spans) -> set[int]:
        found: set[int] = set()
        for first, last in spans:
            found.update(range(bisect_right(self.starts, first), bisect_right(self.starts, last) + 1))
        return found

    def meeting(self, spans: Spans, wanted: ClassSet) -> ClassSet:
        """Return the classes that may have a part of *spans*, at the least all of them that are *wanted*."""
        found = ~self.bound
        for bucket in self._touched(spans):
            found |= self.buckets[bucket]
            if not wanted & ~found:
                break
        return found


def members_of(classes: ClassSet) -> Iterable[int]:
    """Yield the numbers of *classes*, ascending: fast where there are few."""
    while classes:
        lowest = classes & -classes
        yield lowest.bit_length() - 1
        classes ^= lowest

"""
Sets of integers as sorted spans: the one algebra beneath port sets and address sets.

A span is ``(first, last)``, both included.  Canonical: sorted, disjoint, never adjacent, so
that equal sets are equal tuples.  Every function takes and returns canonical spans, except
``merge``, which makes them.
"""

from bisect import bisect_right
from collections.abc import Iterable

Span = tuple[int, int]
Spans = tuple[Span, ...]


def merge(spans: Iterable[Span]) -> Spans:
    """
    Return the canonical form of *spans*, which may overlap and be in any order.

    >>> merge([(5, 9), (1, 2), (3, 4), (8, 12)])
    ((1, 12),)
    """
    merged: list[Span] = []
    for first, last in sorted(spans):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(merged[-1][1], last))
        else:
            merged.append((first, last))
    return tuple(merged)


def union(left: Spans, right: Spans) -> Spans:
    """Return the integers in *left*, in *right*, or in both."""
    return merge(left + right)


def intersect(left: Spans, right: Spans) -> Spans:
    """Return the integers in both *left* and *right*."""
    common: list[Span] = []
    i = j = 0
    while i < len(left) and j < len(right):
        first, last = max(left[i][0], right[j][0]), min(left[i][1], right[j][1])
        if first <= last:
            common.append((first, last))
        if left[i][1] < right[j][1]:
            i += 1
        else:
            j += 1
    return tuple(common)


def subtract(left: Spans, right: Spans) -> Spans:
    """
    Return the integers in *left* that are not in *right*.

    >>> subtract(((80, 90),), ((82, 85),))
    ((80, 81), (86, 90))
    """
    rest: list[Span] = []
    at = 0
    for first, last in left:
        at = max(at, bisect_right(right, (first,)) - 1) if right else 0
        while at < len(right) and right[at][1] < first:
            at += 1
        following = at  # the next span of *left* may begin within the last span of *right* that this one meets
        while following < len(right) and right[following][0] <= last:
            gone_from, gone_to = right[following]
            if gone_from > first:
                rest.append((first, gone_from - 1))
            first = gone_to + 1
            following += 1
        if first <= last:
            rest.append((first, last))
    return tuple(rest)


def holds(spans: Spans, point: int) -> bool:
    """Say whether *point* is in *spans*."""
    at = bisect_right(spans, (point, _ABOVE)) - 1
    return at >= 0 and spans[at][1] >= point


_ABOVE = 1 << 200
"""Larger than any member: every span that starts at a point sorts before ``(point, _ABOVE)``."""

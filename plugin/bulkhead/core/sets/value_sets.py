"""
Sets of label values or names, finite or with a finite complement. ``None`` is a label that is absent.

A set is finite, or everything except finitely many values.  As there is always one more name
or label value than anybody mentions, a set of the second form is never empty.
"""

from collections.abc import Iterable

Value = str | bool | None

ValueSet = tuple[bool, frozenset[Value]]
"""Whether the values are excluded, and the values: ``(False, {a})`` is only a, ``(True, {a})`` everything except a."""

EVERY: ValueSet = (True, frozenset())
ABSENT: ValueSet = (False, frozenset((None,)))
PRESENT: ValueSet = (True, frozenset((None,)))


def only(values: Iterable[Value]) -> ValueSet:
    """Return the set of *values*."""
    return False, frozenset(values)


def intersect(left: ValueSet, right: ValueSet) -> ValueSet:
    """
    Return the values in both *left* and *right*.

    >>> intersect((True, frozenset("a")), only("ab")) == only("b")
    True
    """
    if not left[0]:
        return False, left[1] - right[1] if right[0] else left[1] & right[1]
    if not right[0]:
        return False, right[1] - left[1]
    return True, left[1] | right[1]


def subtract(left: ValueSet, right: ValueSet) -> ValueSet:
    """Return the values in *left* that are not in *right*."""
    return intersect(left, (not right[0], right[1]))


def union(left: ValueSet, right: ValueSet) -> ValueSet:
    """Return the values in *left*, in *right*, or in both."""
    excluded, values = intersect((not left[0], left[1]), (not right[0], right[1]))
    return not excluded, values


def is_empty(values: ValueSet) -> bool:
    """Say whether there is no value in *values*."""
    return not values[0] and not values[1]


def holds(values: ValueSet, value: Value) -> bool:
    """Say whether *value* is one of *values*."""
    return (value in values[1]) is not values[0]

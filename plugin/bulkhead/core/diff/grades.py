"""
Five grades of how serious opened traffic is, by its source and destination.
"""

from enum import Enum

from bulkhead.core.sets import addresses
from bulkhead.core.sets.addresses import AddressSet
from bulkhead.core.sets.ranges import PRIVATE


class Grade(Enum):
    """What an opened flow is, the most serious first."""

    INTERNET = "internet"
    OUTSIDE = "outside"
    ACROSS = "across"
    PRIVATE = "private"
    WITHIN = "within"

    @property
    def message(self) -> str:
        """The grade in words, to be written after ``traffic``."""
        return _WORDS[self]


_WORDS = {
    Grade.INTERNET: "to the internet",
    Grade.OUTSIDE: "from outside the cluster",
    Grade.ACROSS: "across namespaces",
    Grade.PRIVATE: "to private networks",
    Grade.WITHIN: "within a namespace",
}


def in_order(found: "set[Grade] | frozenset[Grade]") -> tuple[Grade, ...]:
    """Return the grades of *found*, the most serious first."""
    return tuple(grade for grade in Grade if grade in found)


def towards(reached: AddressSet, own: AddressSet) -> tuple[Grade, ...]:
    """
    Return the grades of traffic from a pod to the outside addresses *reached*.

    *own* are the cluster's own networks: private, whatever their addresses are.

    >>> [grade.value for grade in towards(AddressSet(addresses.block("0.0.0.0/0")), AddressSet(()))]
    ['internet', 'private']
    """
    near = addresses.union(PRIVATE, own)
    found = set()
    if addresses.subtract(reached, near).spans:
        found.add(Grade.INTERNET)
    if addresses.intersect(reached, near).spans:
        found.add(Grade.PRIVATE)
    return in_order(found)

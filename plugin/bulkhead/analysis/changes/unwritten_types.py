"""
Policies whose ``policyTypes`` are not written on a side, and the readings of them by which a change is judged.

The API server sets ``policyTypes`` when an object without them is created, and not when it is updated: an object that
had no egress rules then is not for egress, whatever rules it gets later, and one that had some stays for egress without
any. Where ``policyTypes`` that were written go, a delivery may remove them, so that they are set again, or leave them.
So what the object in the cluster has depends on its history, and each possibility is a reading.
"""

from collections.abc import Iterable, Iterator
from enum import Enum

from bulkhead.core.kubernetes.networkpolicy import Direction, NetworkPolicy
from bulkhead.core.record import record

Types = tuple[Direction, ...]
"""The directions of ``policyTypes``."""

_BOTH = (Direction.INGRESS, Direction.EGRESS)
_PolicyKey = tuple[str, str]


class TypesReading(Enum):
    """Whether ``policyTypes`` that are not written are taken as the API server sets them now, or set them earlier."""

    SET_NOW = "created"
    SET_EARLIER = "updated"


@record
class UnwrittenTypes:
    """
    A policy whose ``policyTypes`` are not written on both sides, and that does not have the same ones on both.

    *readings* are those that it can have before and after; first as the API server sets them for either text.
    """

    namespace: str
    name: str
    readings: tuple[tuple[Types, Types], ...]

    @property
    def title(self) -> str:
        """Namespace and name of the policy."""
        return f"{self.namespace}/{self.name}"


def unwritten_types(before: Iterable[NetworkPolicy], after: Iterable[NetworkPolicy]) -> tuple[UnwrittenTypes, ...]:
    """Return the policies on both sides for which it depends on the object in the cluster what they isolate."""
    old, new = _by_name(before), _by_name(after)
    found = []
    for key in sorted(old.keys() & new.keys()):
        readings = tuple(dict.fromkeys(_readings(old[key], new[key])))
        if len(readings) > 1:
            found.append(UnwrittenTypes(*key, readings))
    return tuple(found)


def _by_name(policies: Iterable[NetworkPolicy]) -> dict[_PolicyKey, NetworkPolicy]:
    """Return *policies* by namespace and name, without those whose name the API server completes: they are created."""
    return {(each.namespace, each.name): each for each in policies if not each.name.endswith("-")}


def _readings(before: NetworkPolicy, after: NetworkPolicy) -> Iterator[tuple[Types, Types]]:
    was, now = before.types, after.types
    yield was, now
    if before.has_types and not after.has_types:
        yield was, was
    elif after.has_types and not before.has_types:
        yield _BOTH if was != _BOTH else (Direction.INGRESS,), now
    elif not after.has_types and was != now:
        yield was, was
        yield now, now

"""
What of an object is true where it is applied, and not dumped from a cluster.

Anybody can write a `status` or a `uid` into a manifest. Who applies it ignores the one and refuses the other.
"""

from bulkhead.core.kubernetes.cluster import Namespace, Pod
from bulkhead.core.record import replaced
from bulkhead.io.manifests.object_reader import ReadObject, Thing


def has_status(found: ReadObject) -> bool:
    """Say whether *found* is a pod of which an address, the address of its node or its end is written."""
    return found.finished or any(_knows(thing, found.node) for thing in found.things)


def as_applied(found: ReadObject) -> ReadObject:
    """
    Return *found* without what only a cluster knows.

    That is: addresses, that a pod has ended, that a server stored it, who wrote its fields, and all labels of a pod.
    """
    things = tuple(_as_applied(thing, found.node, found.kind == "Pod") for thing in found.things)
    is_same = not found.finished and all(one is other for one, other in zip(things, found.things, strict=True))
    return found if is_same and not found.live else replaced(found, finished=False, things=things, live=None)


def _as_applied(thing: Thing, node: str, is_pod: bool) -> Thing:
    if isinstance(thing, Namespace) and (thing.stored or thing.applied is not None):
        return replaced(thing, stored=False, applied=None)
    if isinstance(thing, Pod) and (is_pod or _knows(thing, node)):
        return replaced(thing, addresses=(), node=node, applied=is_pod)
    return thing


def _knows(thing: Thing, node: str) -> bool:
    """Say whether *thing* is a pod with facts of its status. *node* is the one that it asks for."""
    return isinstance(thing, Pod) and bool(thing.addresses or thing.node != node)

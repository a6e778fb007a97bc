"""What imported policies promise, as far as their rules alone show it."""

from collections.abc import Iterable

from bulkhead.core.kubernetes.cluster import policies_by_namespace
from bulkhead.core.kubernetes.networkpolicy import EVERY_POD, Direction, IpBlock, NetworkPolicy, PodPeer
from bulkhead.core.record import record
from bulkhead.core.sets import addresses
from bulkhead.core.sets.addresses import AddressSet
from bulkhead.core.sets.ranges import PRIVATE


@record
class ClosedToInternet:
    """No pod of *namespace* has traffic of *direction* with the internet."""

    namespace: str
    direction: Direction


def closed_to_internet(policies: Iterable[NetworkPolicy]) -> tuple[ClosedToInternet, ...]:
    """
    Return the namespaces whose pods *policies* keep from the internet, by namespace and direction.

    One policy isolates every pod of the namespace, and all peers of the direction are pods or private addresses. Other
    namespaces may be closed too.
    """
    return tuple(
        ClosedToInternet(str(namespace), direction)
        for namespace, own in sorted(policies_by_namespace(policies).items())
        for direction in Direction
        if _is_closed(own, direction)
    )


def _is_closed(policies: Iterable[NetworkPolicy], direction: Direction) -> bool:
    isolates_all = False
    for policy in policies:
        isolates_all |= policy.pods == EVERY_POD and policy.of(direction) is not None
        for rule in policy.of(direction) or ():
            if rule.peers is None or not all(map(_is_inside, rule.peers)):
                return False
    return isolates_all


def _is_inside(peer: IpBlock | PodPeer) -> bool:
    """Say whether *peer* has no public address."""
    if isinstance(peer, PodPeer):
        return True
    return not addresses.subtract(AddressSet(addresses.block(peer.cidr)), PRIVATE).spans

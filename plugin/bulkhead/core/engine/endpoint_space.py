"""
The endpoint space of one address family: everything that can send or receive, in classes.

Pods that no policy distinguishes are one *member*: same namespace, same labels as far as
selectors mention them, same named ports as far as rules mention them, addresses in the same
cell.  The addresses outside are members too, one a cell.  A set of members is an integer.
"""

from collections.abc import Mapping

from bulkhead.core.kubernetes.cluster import Endpoint, Pod
from bulkhead.core.kubernetes.selectors import Index, Members
from bulkhead.core.record import record
from bulkhead.core.sets import addresses, intervals, partition
from bulkhead.core.sets.addresses import AddressSet, Family
from bulkhead.core.sets.intervals import Spans
from bulkhead.core.sets.partition import Partition

MemberIndex = int
"""The index of an endpoint class in ``EndpointSpace.classes``; its bit in a set of members."""

PortCells = int
"""A bit set of the cells of ``EndpointSpace.port_cells``."""

AddressCells = int
"""A bit set of the cells of ``EndpointSpace.address_cells``."""


@record
class EndpointClass:
    """*pods* that no policy distinguishes, or *addresses* outside the cluster that none does."""

    pods: tuple[Pod, ...] = ()
    addresses: AddressSet = AddressSet(())


@record
class EndpointSpace:
    """
    The members of one family and how to find sets of them.

    *present*, *hosts* and *outside* are all members, those on the host network and those
    that are outside addresses.  *labels* and *namespaces* index the others by their own
    and their namespace's labels, *by_namespace* by the name of the namespace.  *named* gives for a port's name and
    protocol the numbers it has and who has it so.  *by_cell* are bit sets of address
    cells with the pods that ``ipBlock`` finds there (see ``located``).  *nodes* pairs the
    host network's members on a node with the pods of that node.  *by_pod* gives a pod's member.
    """

    family: Family
    classes: tuple[EndpointClass, ...]
    port_cells: Partition
    address_cells: Partition
    present: Members
    hosts: Members
    outside: Members
    labels: Index
    namespaces: Index
    by_namespace: Mapping[str, Members]
    named: Mapping[tuple[str, str], tuple[tuple[int, Members], ...]]
    by_cell: tuple[tuple[AddressCells, Members], ...]
    nodes: tuple[tuple[Members, Members], ...]
    by_pod: Mapping[Pod, MemberIndex]


ANYWHERE = -1
"""The cells of a pod whose address is not known: only a block of all addresses certainly matches it."""


def located(space: EndpointSpace, spans: Spans, everywhere: AddressCells = 0) -> Members:
    """
    Return the members that an ``ipBlock`` of the addresses *spans* matches.

    *everywhere* are the address cells in which any pod may be; 0: all.

    A pod whose network alone is known is matched by any block that contains a part of the network:
    some pods of the network are. If the network is not known either, only a block of all addresses matches the pod.
    """
    block = partition.covered(space.address_cells, spans)
    found = block << first_outside(space)
    whole = everywhere or space.address_cells.every
    for where, members in space.by_cell:
        if block & whole == whole if where == ANYWHERE else block & where:
            found |= members
    return found


def first_outside(space: EndpointSpace) -> MemberIndex:
    """Return the index of the first member outside the cluster: there is one for each address cell, in their order."""
    return len(space.classes) - len(space.address_cells.regions)


def outside_members(space: EndpointSpace, spans: Spans) -> Members:
    """Return the members outside the cluster that any address of *spans* belongs to."""
    own = intervals.intersect(spans, (addresses.WHOLE[space.family],))
    return partition.covered(space.address_cells, own) << first_outside(space)


def member_of(space: EndpointSpace, endpoint: Endpoint) -> MemberIndex | None:
    """Return the member that *endpoint* belongs to; ``None`` where it has no address of this family."""
    if isinstance(endpoint, Pod):
        return space.by_pod.get(endpoint)
    at = addresses.address(endpoint.address)
    if addresses.family(at) != space.family:
        return None
    return first_outside(space) + partition.locate(space.address_cells, at)

"""
``sift``: what of an answer lies between some sources and some destinations, as rectangles; and by groups.
"""

from collections.abc import Iterator, Sequence

from bulkhead.core.engine.endpoint_space import EndpointSpace, outside_members
from bulkhead.core.engine.endpoint_terms import EndpointSelection
from bulkhead.core.engine.reachability import FamilyReachability, Rectangle, port_set, rectangles
from bulkhead.core.record import record
from bulkhead.core.sets import ports
from bulkhead.core.sets.partition import indices
from bulkhead.core.sets.ports import PortSet


@record
class Connections:
    """
    Everything between two groups: each set of ports that some pair has, the empty one included.

    No set at all: there is no pair.
    """

    found: frozenset[PortSet]


def members(space: EndpointSpace, chosen: EndpointSelection) -> int:
    """Return the members of *space* that *chosen* names: all that any of its pods and addresses belong to."""
    found = 0
    for pod in chosen.pods:
        member = space.by_pod.get(pod)
        found |= 0 if member is None else 1 << member
    return found | outside_members(space, chosen.addresses)


def query(
    layer: FamilyReachability, sources: int, destinations: int, asked: PortSet = ports.EVERY
) -> Iterator[Rectangle]:
    """Yield what is allowed from *sources* to *destinations* on any of the ports *asked* for."""
    for each in rectangles(layer):
        here, there = each.sources & sources, each.destinations & destinations
        opened = ports.intersect(each.ports, asked) if here and there else ports.NONE
        if opened.spans:
            yield Rectangle(here, there, opened)


def connections(layer: FamilyReachability, groups: Sequence[int], alone: int) -> Iterator[tuple[Connections, ...]]:
    """
    Yield for each of *groups* of members what is between it and each of *groups*, as destinations.

    *alone* are members that are one pod: such a pod and itself are no pair.  Nor are two addresses.
    """
    outside = layer.space.outside
    parts = {member: row.parts for row in layer.rows for member in indices(row.sources)}
    spelt: dict[int, PortSet] = {}
    for group in groups:
        found: list[set[int]] = [set() for _ in groups]
        for member in indices(group):
            here = 1 << member
            barred = (outside if outside & here else 0) | (here & alone)
            for number, other in enumerate(groups):
                rest = other & ~barred
                for port_cells, those in parts.get(member, ()):
                    if rest & those:
                        found[number].add(port_cells)
                        rest &= ~those
                if rest:
                    found[number].add(0)
        for port_cells in {port_cells for each in found for port_cells in each} - spelt.keys():
            spelt[port_cells] = port_set(layer, port_cells)
        yield tuple(Connections(frozenset(spelt[port_cells] for port_cells in each)) for each in found)

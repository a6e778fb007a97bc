"""What is allowed between some sources and some destinations."""

from collections.abc import Iterator

from bulkhead.core.engine.endpoint_space import EndpointSpace, outside_members
from bulkhead.core.engine.endpoint_terms import EndpointSelection
from bulkhead.core.engine.reachability import FamilyReachability, Rectangle, rectangles
from bulkhead.core.kubernetes.selectors import Members
from bulkhead.core.sets import ports
from bulkhead.core.sets.ports import PortSet


def members(space: EndpointSpace, chosen: EndpointSelection) -> Members:
    """Return the members of *space* with any of the pods and addresses of *chosen*."""
    found = 0
    for pod in chosen.pods:
        member = space.by_pod.get(pod)
        found |= 0 if member is None else 1 << member
    return found | outside_members(space, chosen.addresses)


def query(
    layer: FamilyReachability, sources: Members, destinations: Members, asked: PortSet = ports.EVERY
) -> Iterator[Rectangle]:
    """Yield what is allowed from *sources* to *destinations* on any of the ports *asked* for."""
    for each in rectangles(layer):
        some, others = each.sources & sources, each.destinations & destinations
        opened = ports.intersect(each.ports, asked) if some and others else ports.NONE
        if opened.spans:
            yield Rectangle(some, others, opened)

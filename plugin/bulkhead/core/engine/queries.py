"""What is allowed between some sources and some destinations."""

from collections.abc import Iterator

from bulkhead.core.engine.endpoint_space import EndpointSpace, outside_members
from bulkhead.core.engine.endpoint_terms import EndpointSelection
from bulkhead.core.engine.reachability import FamilyReachability, Rectangle, port_set
from bulkhead.core.kubernetes.cluster import Pod
from bulkhead.core.kubernetes.selectors import Members
from bulkhead.core.sets import intervals, ports
from bulkhead.core.sets.addresses import WHOLE
from bulkhead.core.sets.ports import PortSet


def members(space: EndpointSpace, chosen: EndpointSelection) -> Members:
    """Return the members of *space* with any of the pods and addresses of *chosen*, pods with such an address too."""
    found = 0
    for pod in (*chosen.pods, *holders_in(space, chosen)):
        member = space.by_pod.get(pod)
        found |= 0 if member is None else 1 << member
    return found | outside_members(space, chosen.addresses)


def holders_in(space: EndpointSpace, chosen: EndpointSelection) -> tuple[Pod, ...]:
    """Return the pods that have an address which *chosen* names, if it names addresses of the family of *space*."""
    spans = intervals.union(chosen.addresses, chosen.of_pods)
    return chosen.holders if intervals.intersect(spans, (WHOLE[space.family],)) else ()


def named_pods(space: EndpointSpace, chosen: EndpointSelection) -> set[Pod]:
    """
    Return the pods that *chosen* names, those without a known address too if one of its addresses may be theirs.

    Which addresses of such a pod are named is decided for pods that could exist.
    """
    unknown = [pod for pod in chosen.candidates if not pod.addresses]
    return {*chosen.pods, *holders_in(space, chosen), *unknown}


def query(
    layer: FamilyReachability, sources: Members, destinations: Members, asked: PortSet = ports.EVERY
) -> Iterator[Rectangle]:
    """Yield what is allowed from *sources* to *destinations* on any of the ports *asked* for."""
    for row in layer.rows:
        some = row.sources & sources
        for port_cells, reached in row.parts if some else ():
            others = reached & destinations
            opened = ports.intersect(port_set(layer, port_cells), asked) if others else ports.NONE
            if opened.spans:
                yield Rectangle(some, others, opened)

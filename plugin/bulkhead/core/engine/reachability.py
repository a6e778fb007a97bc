"""
Which endpoints reach which others on which ports.

The answer is stored as rows: sources that reach the same destinations on the same ports have one row. The rows of two
clusters over one endpoint space are equal exactly if the clusters allow the same traffic. Rows are about pairs of
different pods; a pod always reaches itself. A member outside the cluster is its addresses without those of nodes,
because a node always reaches its own pods.
"""

from collections.abc import Iterator

from bulkhead.core.engine.endpoint_classes import NODE_PORTS
from bulkhead.core.engine.endpoint_space import EndpointSpace, MemberIndex, PortCells, member_of
from bulkhead.core.engine.rule_effects import PolicyEffect
from bulkhead.core.engine.semantics import Deviation, IpBlockMode, Semantics
from bulkhead.core.kubernetes.cluster import Cluster, Endpoint, External, Flow, Pod, PolicyIndex
from bulkhead.core.kubernetes.networkpolicy import Direction
from bulkhead.core.kubernetes.selectors import Members
from bulkhead.core.record import record
from bulkhead.core.sets import addresses, partition, ports
from bulkhead.core.sets.addresses import Family
from bulkhead.core.sets.intervals import holds
from bulkhead.core.sets.ports import PortSet

Parts = tuple[tuple[PortCells, Members], ...]
"""Disjoint sets of destinations, each with the port cells that are open to it; ascending by port cells."""


@record
class SourceRow:
    """What each of *sources* reaches: for each part a set of port cells and the destinations that it is open to."""

    sources: Members
    parts: Parts


@record
class FamilyReachability:
    """
    The answer for one address family.

    *effects* is what each policy of the cluster allows, in their order, and after that what the enforcer adds.
    *ingress* and *egress* have for each member the indexes of those in *effects* that isolate it.
    """

    space: EndpointSpace
    effects: tuple[PolicyEffect, ...]
    ingress: tuple[tuple[int, ...], ...]
    egress: tuple[tuple[int, ...], ...]
    rows: tuple[SourceRow, ...]


@record
class Rectangle:
    """Every one of *sources* reaches every one of *destinations*, another pod or address, on exactly *ports*."""

    sources: Members
    destinations: Members
    ports: PortSet


@record
class Reachability:
    """Who reaches whom in *cluster* under *semantics*: a layer for each address family."""

    cluster: Cluster
    semantics: Semantics
    layers: tuple[FamilyReachability, ...]

    @property
    def mode(self) -> IpBlockMode:
        """What an ``ipBlock`` was taken to match."""
        return self.semantics.mode


def isolating(layer: FamilyReachability, member: MemberIndex, direction: Direction) -> tuple[PolicyIndex, ...]:
    """Return the policies that isolate *member* in *direction*."""
    found = layer.ingress[member] if direction is Direction.INGRESS else layer.egress[member]
    effects = layer.effects
    return tuple(number for number in found if effects[number].policy == number)


def rectangles(layer: FamilyReachability) -> Iterator[Rectangle]:
    """Yield all that is allowed in *layer*, each pair of members at most once."""
    for row in layer.rows:
        for port_cells, destinations in row.parts:
            yield Rectangle(row.sources, destinations, port_set(layer, port_cells))


def port_set(layer: FamilyReachability, port_cells: PortCells) -> PortSet:
    """Return the ports of the *port_cells* of *layer*."""
    return PortSet(partition.spans(layer.space.port_cells, port_cells))


def open_ports(answer: Reachability, source: Endpoint, destination: Endpoint) -> PortSet:
    """Return the ports of *destination* that are open to *source*, over any address family that both have."""
    found = ports.NONE
    for layer in answer.layers:
        found = ports.union(found, _open_in(answer, layer, source, destination))
    return found


def family_ports(answer: Reachability, source: Endpoint, destination: Endpoint, family: Family) -> PortSet:
    """Return the same for one address *family*; no ports where the answer does not have the family."""
    layers = [layer for layer in answer.layers if layer.space.family == family]
    return _open_in(answer, layers[0], source, destination) if layers else ports.NONE


def allows(answer: Reachability, flow: Flow) -> bool:
    """Say whether *flow* is allowed in *answer*."""
    opened = open_ports(answer, flow.source, flow.destination)
    return holds(opened.spans, ports.point(flow.protocol, flow.port))


def _open_in(answer: Reachability, layer: FamilyReachability, source: Endpoint, destination: Endpoint) -> PortSet:
    here, there = member_of(layer.space, source), member_of(layer.space, destination)
    if here is None or there is None:
        return ports.NONE
    if exempt(source, destination):
        return ports.EVERY
    parts = next((row.parts for row in layer.rows if row.sources >> here & 1), ())
    opened = port_set(layer, next((port_cells for port_cells, those in parts if those >> there & 1), 0))
    return ports.union(opened, open_anyway(answer.semantics, source, destination))


def open_anyway(semantics: Semantics, source: Endpoint, destination: Endpoint) -> PortSet:
    """
    Return the ports that the enforcer opens from *source* to the outside address *destination*, whatever policies say.

    They are the node ports of the node that the pod *source* runs on, where *destination* is the address of that node.
    Pods on the network of that node are members (see ``kube_router.own_node_ports``).
    """
    if Deviation.NODE_PORTS not in semantics.deviations or not isinstance(source, Pod) or source.host_network:
        return ports.NONE
    return NODE_PORTS if isinstance(destination, External) and is_at(source.node, destination) else ports.NONE


def is_at(node: str, external: External) -> bool:
    """Say whether *node* is an address, and that of *external*."""
    return addresses.is_address(node) and addresses.address(external.address) == addresses.address(node)


def exempt(source: Endpoint, destination: Endpoint) -> str:
    """Say why no policy can refuse the flow: a pod reaches itself, a node its own pods. Empty: policies decide."""
    if source == destination:
        return "itself"
    if isinstance(destination, External) or destination.host_network or not destination.node:
        return ""
    if isinstance(source, Pod):
        own = source.host_network and source.node == destination.node
    else:
        own = is_at(destination.node, source)
    return "its own node" if own else ""


def open_pairs(layer: FamilyReachability) -> int:
    """Return how many ordered pairs of pods have any port open between them, a pod and itself included."""
    sizes = [len(member.pods) for member in layer.space.classes]
    inside = layer.space.present & ~layer.space.outside
    total = 0
    for row in layer.rows:
        reached = 0
        for _, destinations in row.parts:
            reached |= destinations
        weight = sum(sizes[at] for at in partition.indices(reached & inside))
        sources = partition.indices(row.sources & inside)
        total += weight * sum(sizes[at] for at in sources)
        total += sum(sizes[at] for at in sources if not reached >> at & 1)
    return total


def class_count(answer: Reachability) -> int:
    """Return how many endpoint classes *answer* distinguishes: the most of one address family."""
    return max((len(layer.space.classes) for layer in answer.layers), default=0)

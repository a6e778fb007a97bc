"""
The answer: who reaches whom on which ports, and by whose leave.

It is kept as rows: sources that reach the same destinations on the same ports share one row.
The form is canonical: two clusters over one universe behave alike exactly if their rows are
equal.  Rows speak of pairs of different pods; a pod always reaches itself.
"""

from bulkhead.core import cells
from bulkhead.core.cluster import Cluster
from bulkhead.core.grants import Granted
from bulkhead.core.ports import PortSet
from bulkhead.core.survey import IpBlockMode
from bulkhead.core.universe import Universe
from bulkhead.core.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

Parts = tuple[tuple[int, int], ...]
"""Disjoint sets of destinations, each with the port atoms that are open to it; ascending by atoms."""


@value
class Row:
    """What each of *sources* reaches: for each part a set of port atoms and the destinations that it is open to."""

    sources: int
    parts: Parts


@value
class Layer:
    """
    The answer for one address family.

    *granted* is what each policy of the cluster grants, in its order.  *ingress* and
    *egress* give for each member the policies that isolate it, by their place.
    """

    universe: Universe
    granted: tuple[Granted, ...]
    ingress: tuple[tuple[int, ...], ...]
    egress: tuple[tuple[int, ...], ...]
    rows: tuple[Row, ...]


@value
class Rectangle:
    """Every one of *sources* reaches every one of *destinations*, another pod or address, on exactly *ports*."""

    sources: int
    destinations: int
    ports: PortSet


@value
class Reachability:
    """Who reaches whom in *cluster*: a layer for each address family."""

    cluster: Cluster
    mode: IpBlockMode
    layers: tuple[Layer, ...]


def rectangles(layer: Layer) -> "Iterator[Rectangle]":
    """Yield all that is allowed in *layer*, each pair of members at most once."""
    for row in layer.rows:
        for atoms, destinations in row.parts:
            yield Rectangle(row.sources, destinations, port_set(layer, atoms))


def port_set(layer: Layer, atoms: int) -> PortSet:
    """Return the ports of the *atoms* of *layer*."""
    return PortSet(cells.gather(layer.universe.atoms, atoms))


def open_pairs(layer: Layer) -> int:
    """Return how many ordered pairs of pods have any port open between them, a pod and itself included."""
    sizes = [len(member.pods) for member in layer.universe.members]
    inside = layer.universe.present & ~layer.universe.outside
    total = 0
    for row in layer.rows:
        reached = 0
        for _, destinations in row.parts:
            reached |= destinations
        weight = sum(sizes[at] for at in cells.members(reached & inside))
        sources = cells.members(row.sources & inside)
        total += weight * sum(sizes[at] for at in sources)
        total += sum(sizes[at] for at in sources if not reached >> at & 1)
    return total

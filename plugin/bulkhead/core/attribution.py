"""
By whose leave: which rules of which policies open each port between two members.

Complete and minimal: every rule that alone opens a port on a side is named for it, no other.
"""

from bulkhead.core.cells import members
from bulkhead.core.ports import PortSet
from bulkhead.core.reachability import Layer, port_set
from bulkhead.core.semantics import Deviation
from bulkhead.core.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


@value
class Leave:
    """
    A *rule* of ``ingress`` or ``egress`` of a *policy*, both by their place: in the policy, in the cluster.

    *crossed*: it is a rule of the other direction.  The policy ``NOBODY`` is no policy: the enforcer's own leave.
    """

    policy: int
    rule: int
    crossed: bool = False


@value
class Share:
    """
    On *ports*, the rules that let the source go out (*egress*) and the destination let it in (*ingress*).

    A side that no policy isolates is open without any; see the layer's ``egress`` and ``ingress``.
    *departs* are the deviations of the enforcer for which the specification says otherwise.
    """

    ports: PortSet
    egress: tuple[Leave, ...]
    ingress: tuple[Leave, ...]
    departs: tuple[Deviation, ...] = ()


def leaving(layer: Layer, source: int, destination: int) -> "Iterator[tuple[Leave, int]]":
    """Yield the rules by which *source* may go out to *destination*, with the port atoms that each opens."""
    for number in layer.egress[source]:
        granted = layer.granted[number]
        for grant in granted.egress or ():
            atoms = _opened(grant.ports, destination) if grant.peers >> destination & 1 else 0
            if atoms:
                yield Leave(granted.policy, grant.rule, granted.crossed), atoms


def entering(layer: Layer, source: int, destination: int) -> "Iterator[tuple[Leave, int]]":
    """Yield the rules by which *destination* lets *source* in, with the port atoms that each opens."""
    for number in layer.ingress[destination]:
        granted = layer.granted[number]
        for grant in granted.ingress or ():
            atoms = _opened(grant.ports, destination) if grant.peers >> source & 1 else 0
            if atoms:
                yield Leave(granted.policy, grant.rule, granted.crossed), atoms


def _opened(ports: tuple[tuple[int, int], ...], destination: int) -> int:
    found = 0
    for atoms, having in ports:
        if having >> destination & 1:
            found |= atoms
    return found


def attribute(layer: Layer, source: int, destination: int) -> tuple[Share, ...]:
    """
    Return every port between two members, in shares that the same rules open.

    It speaks of two different pods; refused ports are there too, with what is missing left empty.
    """
    out, into = list(leaving(layer, source, destination)), list(entering(layer, source, destination))
    shares: dict[tuple[tuple[Leave, ...], tuple[Leave, ...]], int] = {}
    for atom in members(layer.universe.atoms.every):
        known = _those(out, atom), _those(into, atom)
        shares[known] = shares.get(known, 0) | 1 << atom
    return tuple(Share(port_set(layer, atoms), *known) for known, atoms in shares.items())


def _those(leaves: list[tuple[Leave, int]], atom: int) -> tuple[Leave, ...]:
    return tuple(dict.fromkeys(leave for leave, atoms in leaves if atoms >> atom & 1))

"""
Which rules allow traffic: which rules of which policies open each port between two members.

Complete and minimal: every rule that alone opens a port on a side is named for it, no other.
"""

from collections.abc import Iterator

from bulkhead.core.engine.reachability import FamilyReachability, port_set
from bulkhead.core.engine.semantics import Deviation
from bulkhead.core.record import record
from bulkhead.core.sets.partition import indices
from bulkhead.core.sets.ports import PortSet


@record
class MatchingRule:
    """
    A *rule* of ``ingress`` or ``egress`` of a *policy*, both by their place: in the policy, in the cluster.

    *crossed*: it is a rule of the other direction.  The policy ``NOBODY`` is no policy: the enforcer's own leave.
    """

    policy: int
    rule: int
    crossed: bool = False


@record
class PortVerdict:
    """
    On *ports*, the rules that let the source go out (*egress*) and the destination let it in (*ingress*).

    A side that no policy isolates is open without any; see the layer's ``egress`` and ``ingress``.
    *departs* are the deviations of the enforcer for which the specification says otherwise.
    """

    ports: PortSet
    egress: tuple[MatchingRule, ...]
    ingress: tuple[MatchingRule, ...]
    departs: tuple[Deviation, ...] = ()


def egress_rules(layer: FamilyReachability, source: int, destination: int) -> Iterator[tuple[MatchingRule, int]]:
    """Yield the rules by which *source* may go out to *destination*, with the port cells that each opens."""
    for number in layer.egress[source]:
        granted = layer.granted[number]
        for grant in granted.egress or ():
            port_cells = _opened(grant.ports, destination) if grant.peers >> destination & 1 else 0
            if port_cells:
                yield MatchingRule(granted.policy, grant.rule, granted.crossed), port_cells


def ingress_rules(layer: FamilyReachability, source: int, destination: int) -> Iterator[tuple[MatchingRule, int]]:
    """Yield the rules by which *destination* lets *source* in, with the port cells that each opens."""
    for number in layer.ingress[destination]:
        granted = layer.granted[number]
        for grant in granted.ingress or ():
            port_cells = _opened(grant.ports, destination) if grant.peers >> source & 1 else 0
            if port_cells:
                yield MatchingRule(granted.policy, grant.rule, granted.crossed), port_cells


def _opened(ports: tuple[tuple[int, int], ...], destination: int) -> int:
    found = 0
    for port_cells, having in ports:
        if having >> destination & 1:
            found |= port_cells
    return found


def port_verdicts(layer: FamilyReachability, source: int, destination: int) -> tuple[PortVerdict, ...]:
    """
    Return every port between two members, in shares that the same rules open.

    It speaks of two different pods; refused ports are there too, with what is missing left empty.
    """
    out, into = list(egress_rules(layer, source, destination)), list(ingress_rules(layer, source, destination))
    shares: dict[tuple[tuple[MatchingRule, ...], tuple[MatchingRule, ...]], int] = {}
    for port_cell in indices(layer.space.port_cells.every):
        known = _those(out, port_cell), _those(into, port_cell)
        shares[known] = shares.get(known, 0) | 1 << port_cell
    return tuple(PortVerdict(port_set(layer, port_cells), *known) for known, port_cells in shares.items())


def _those(leaves: list[tuple[MatchingRule, int]], port_cell: int) -> tuple[MatchingRule, ...]:
    return tuple(dict.fromkeys(leave for leave, port_cells in leaves if port_cells >> port_cell & 1))

"""
Which rules allow traffic: which rules of which policies open each port between two members.

The list is complete and minimal: it has every rule that opens a port for a direction on its own, and no other rule.
"""

from collections.abc import Iterator

from bulkhead.core.engine.endpoint_space import MemberIndex, PortCells
from bulkhead.core.engine.reachability import FamilyReachability, port_set
from bulkhead.core.engine.rule_effects import OpenedPorts, PolicyEffect, RuleEffect
from bulkhead.core.engine.semantics import Deviation
from bulkhead.core.kubernetes.cluster import PolicyIndex, RuleIndex
from bulkhead.core.record import record
from bulkhead.core.sets.partition import indices
from bulkhead.core.sets.ports import PortSet


@record
class MatchingRule:
    """
    A *rule* of ``ingress`` or ``egress`` of a *policy*.

    *crossed*: it is a rule of the other direction. The policy ``NOBODY`` is no policy: the enforcer allows it itself.
    """

    policy: PolicyIndex
    rule: RuleIndex
    crossed: bool = False


@record
class PortVerdict:
    """
    The rules that allow *ports* out of the source (*egress*) and into the destination (*ingress*).

    A direction in which no policy isolates the pod is open without any rule; see ``egress`` and ``ingress`` of the
    layer. *deviations* are those of the enforcer because of which it decides differently from the specification.
    """

    ports: PortSet
    egress: tuple[MatchingRule, ...]
    ingress: tuple[MatchingRule, ...]
    deviations: tuple[Deviation, ...] = ()


def egress_rules(
    layer: FamilyReachability, source: MemberIndex, destination: MemberIndex
) -> Iterator[tuple[MatchingRule, PortCells]]:
    """Yield the rules that allow *source* to connect to *destination*, with the port cells that each opens."""
    for number in layer.egress[source]:
        policy = layer.effects[number]
        yield from _opening(policy, policy.egress or (), destination, destination)


def ingress_rules(
    layer: FamilyReachability, source: MemberIndex, destination: MemberIndex
) -> Iterator[tuple[MatchingRule, PortCells]]:
    """Yield the rules that let *source* in to *destination*, with the port cells that each opens."""
    for number in layer.ingress[destination]:
        policy = layer.effects[number]
        yield from _opening(policy, policy.ingress or (), source, destination)


def _opening(
    policy: PolicyEffect, rules: tuple[RuleEffect, ...], peer: MemberIndex, destination: MemberIndex
) -> Iterator[tuple[MatchingRule, PortCells]]:
    for rule in rules:
        port_cells = _opened(rule.ports, destination) if rule.peers >> peer & 1 else 0
        if port_cells:
            yield MatchingRule(policy.policy, rule.rule, policy.crossed), port_cells


def _opened(ports: OpenedPorts, destination: MemberIndex) -> PortCells:
    found = 0
    for port_cells, having in ports:
        if having >> destination & 1:
            found |= port_cells
    return found


def port_verdicts(layer: FamilyReachability, source: MemberIndex, destination: MemberIndex) -> tuple[PortVerdict, ...]:
    """
    Return a verdict for every port between two members, one for all ports that the same rules open.

    The members are taken as two different pods. Ports that are denied have a verdict too, without a rule where none
    allows them.
    """
    egress = list(egress_rules(layer, source, destination))
    ingress = list(ingress_rules(layer, source, destination))
    verdicts: dict[tuple[tuple[MatchingRule, ...], tuple[MatchingRule, ...]], PortCells] = {}
    for port_cell in indices(layer.space.port_cells.every):
        rules = _rules_for(egress, port_cell), _rules_for(ingress, port_cell)
        verdicts[rules] = verdicts.get(rules, 0) | 1 << port_cell
    return tuple(PortVerdict(port_set(layer, port_cells), *rules) for rules, port_cells in verdicts.items())


def _rules_for(rules: list[tuple[MatchingRule, PortCells]], port_cell: int) -> tuple[MatchingRule, ...]:
    return tuple(dict.fromkeys(rule for rule, port_cells in rules if port_cells >> port_cell & 1))

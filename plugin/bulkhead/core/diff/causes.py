"""
Finds causes: the rules and policies that make the difference between two answers.

A connection opens because of a rule that is new, or because no policy isolates a side any more. It closes because
a rule is gone, or because a policy isolates a side now. Only the side that refuses the connection has causes: a
rule that is new where the connection was allowed already is not one.
"""

from collections.abc import Iterable, Iterator
from functools import cached_property

from bulkhead.core.engine.endpoint_space import PortCells
from bulkhead.core.engine.reachability import FamilyReachability
from bulkhead.core.engine.rule_effects import ANY, NOBODY, OpenedPorts, PolicyEffect, RuleEffect
from bulkhead.core.kubernetes.cluster import PolicyIndex, RuleIndex
from bulkhead.core.kubernetes.networkpolicy import Direction, NetworkPolicy
from bulkhead.core.kubernetes.selectors import Members
from bulkhead.core.record import record
from bulkhead.core.sets.partition import indices

ISOLATES: RuleIndex = -1
"""Instead of the index of a rule: the policy is a cause because it isolates its pods."""


@record
class Cause:
    """
    A policy, by its index in the cluster of one side, and the index of its *rule* of *direction*, or ``ISOLATES``.

    *old*: the side is the one before the change.
    """

    old: bool
    policy: PolicyIndex
    rule: RuleIndex
    direction: Direction


@record
class _Effect:
    """What a rule allows *subjects* in *direction*: peers and ports as in :class:`RuleEffect`."""

    direction: Direction
    subjects: Members
    peers: Members
    ports: OpenedPorts


@record
class _Refused:
    """*subjects* to which the same rules apply, and what is denied to them: sets of peers by port cells."""

    direction: Direction
    subjects: Members
    peers: OpenedPorts


class CauseFinder:
    """
    Finds what allows traffic in *there* that is refused in *here*, whose policies are *policies*.

    *old*: *there* is the side before the change.
    """

    def __init__(
        self, here: FamilyReachability, there: FamilyReachability, policies: tuple[NetworkPolicy, ...], old: bool
    ) -> None:
        self.here, self.there, self.policies, self.old = here, there, policies, old

    @cached_property
    def every(self) -> list[tuple[Cause, _Effect]]:
        """What the rules of *there* allow, with the cause that each of them is."""
        return list(_effects(self.there, self.old))

    @cached_property
    def new(self) -> list[tuple[Cause, _Effect]]:
        """Those that *here* does not have. Where nothing opens, nobody asks for them."""
        known = {effect for _, effect in _effects(self.here, self.old)}
        return [(cause, effect) for cause, effect in self.every if effect not in known]

    @cached_property
    def freed(self) -> dict[Direction, Members]:
        """The members that a policy isolates in *here* only, by direction."""
        return {each: _isolated(self.here, each) & ~_isolated(self.there, each) for each in Direction}

    def of(self, sources: Members, destinations: Members, port_cells: PortCells) -> frozenset[Cause]:
        """Return why any of *sources* reaches any of *destinations* on any of the port *port_cells* in *there* only."""
        refused = [
            *self._refused(Direction.EGRESS, sources, destinations, port_cells),
            *self._refused(Direction.INGRESS, destinations, sources, port_cells),
        ]
        found = {
            cause
            for each in refused
            for cause, effect in self.new
            if any(_allows(effect, each.direction, each.subjects, peers, some) for some, peers in each.peers)
        }
        found |= {cause for each in refused for cause in self._isolating(each.direction, each.subjects)}
        return frozenset(found or self._allowing(sources, destinations, port_cells))

    def _allowing(self, sources: Members, destinations: Members, port_cells: PortCells) -> Iterator[Cause]:
        """Yield every rule that allows the traffic: the pods changed, and no policy did."""
        for cause, effect in self.every:
            ends = (sources, destinations) if effect.direction is Direction.EGRESS else (destinations, sources)
            if _allows(effect, effect.direction, *ends, port_cells):
                yield cause

    def _refused(
        self, direction: Direction, subjects: Members, peers: Members, port_cells: PortCells
    ) -> Iterator[_Refused]:
        """Yield what *here* denies to *subjects* in *direction*, once for all that have the same rules."""
        for those, rules in self._alike(direction, subjects & _isolated(self.here, direction)):
            rest = {port_cells: peers}
            for rule in rules:
                for opened, having in rule.ports:
                    if direction is Direction.EGRESS:
                        rest = _without(rest, opened, rule.peers & having)
                    elif having & those:
                        rest = _without(rest, opened, rule.peers)
            if rest:
                yield _Refused(direction, those, tuple(rest.items()))

    def _alike(self, direction: Direction, subjects: Members) -> Iterator[tuple[Members, tuple[RuleEffect, ...]]]:
        """Yield *subjects* in parts, each with the rules of *direction* that apply to all members of the part."""
        layer = self.here
        isolating = layer.egress if direction is Direction.EGRESS else layer.ingress
        parts: dict[tuple[int, ...], int] = {}
        for member in indices(subjects):
            parts[isolating[member]] = parts.get(isolating[member], 0) | 1 << member
        for numbers, those in parts.items():
            rules = tuple(rule for number in numbers for rule in _rules(layer.effects[number], direction) or ())
            named = {having for rule in rules for _, having in rule.ports if having != ANY}
            for part in _split(those, named if direction is Direction.INGRESS else ()):
                yield part, rules

    def _isolating(self, direction: Direction, subjects: Members) -> Iterator[Cause]:
        """Yield per namespace a policy that isolates *subjects* free in *there*, one without rules if there is one."""
        freed = subjects & self.freed[direction]
        best: dict[str, tuple[bool, int]] = {}
        for number, effect in enumerate(self.here.effects if freed else ()):
            rules = _rules(effect, direction)
            if effect.policy == number and rules is not None and effect.subjects & freed:
                namespace = self.policies[number].namespace
                best[namespace] = min(best.get(namespace, (True, number)), (bool(rules), number))
        yield from (Cause(not self.old, number, ISOLATES, direction) for _, number in best.values())


def _rules(effect: PolicyEffect, direction: Direction) -> tuple[RuleEffect, ...] | None:
    return effect.ingress if direction is Direction.INGRESS else effect.egress


def _effects(layer: FamilyReachability, old: bool) -> Iterator[tuple[Cause, _Effect]]:
    for policy in layer.effects:
        for direction in Direction:
            own = direction.opposite if policy.crossed else direction
            for rule in _rules(policy, direction) or () if policy.policy != NOBODY else ():
                cause = Cause(old, policy.policy, rule.rule, own)
                yield cause, _Effect(direction, policy.subjects, rule.peers, rule.ports)


def _allows(effect: _Effect, direction: Direction, subjects: Members, peers: Members, port_cells: PortCells) -> bool:
    """Say whether *effect* lets any of *subjects* connect in *direction* with any of *peers* on any of *port_cells*."""
    if effect.direction is not direction or not (effect.subjects & subjects and effect.peers & peers):
        return False
    destinations = effect.peers & peers if direction is Direction.EGRESS else effect.subjects & subjects
    return any(opened & port_cells and having & destinations for opened, having in effect.ports)


def _isolated(layer: FamilyReachability, direction: Direction) -> Members:
    """Return the members that a policy isolates in *direction*."""
    found = 0
    for effect in layer.effects:
        if effect.policy != NOBODY and _rules(effect, direction) is not None:
            found |= effect.subjects
    return found


def _without(rest: dict[PortCells, Members], port_cells: PortCells, peers: Members) -> dict[PortCells, Members]:
    """Return *rest*, sets of peers by port cells, without *peers* on *port_cells*."""
    found: dict[PortCells, Members] = {}
    for some, those in rest.items():
        for part, left in ((some & port_cells, those & ~peers), (some & ~port_cells, those)):
            if part and left:
                found[part] = found.get(part, 0) | left
    return found


def _split(members: Members, sets: Iterable[Members]) -> list[Members]:
    """Return *members* in parts; each part is wholly inside or outside each of *sets*."""
    parts = [members] if members else []
    for each in sets:
        parts = [part for whole in parts for part in (whole & each, whole & ~each) if part]
    return parts

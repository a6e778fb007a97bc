"""
Because of what: the rules that make the difference between two answers.

A flow opens by a rule that is new, or because nothing isolates a side any more; it closes by
a rule that is gone, or because something isolates a side now.
"""

from bulkhead.core.engine.reachability import FamilyReachability
from bulkhead.core.engine.rule_effects import NOBODY
from bulkhead.core.kubernetes.networkpolicy import NetworkPolicy
from bulkhead.core.record import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

ISOLATES = -1
"""In place of a rule: the policy matters because it isolates its pods, not for what it allows."""


@record
class Cause:
    """
    A policy, by its place in the cluster on one side, and the place of its *rule*, or ``ISOLATES``.

    *old* says that it is the side before.  *ingress* says which direction the rule is of.
    """

    old: bool
    policy: int
    rule: int
    ingress: bool


_Rule = tuple[int, int, bool]
"""The place of a policy, of a rule in it, and whether it is one of ``ingress``."""

_Effect = tuple[bool, int, int, tuple[tuple[int, int], ...]]


class CauseFinder:
    """
    What lets traffic through in *there* and not in *here*, whose policies are *policies*.

    *old* says that *there* is the side before.
    """

    def __init__(
        self, here: FamilyReachability, there: FamilyReachability, policies: tuple[NetworkPolicy, ...], old: bool
    ) -> None:
        self.here, self.policies, self.old = here, policies, old
        every = list(_effects(there))
        known = {effect for _, effect in _effects(here)}
        self.new = [(reason, effect) for reason, effect in every if effect not in known]
        self.every = every
        self.freed = tuple(_isolated(here, ingress) & ~_isolated(there, ingress) for ingress in (False, True))

    def of(self, sources: int, destinations: int, atoms: int) -> "frozenset[Cause]":
        """Return why any of *sources* gets through to any of *destinations* on any of the port *atoms*."""
        found = set(self._rules(self.new, sources, destinations, atoms))
        found |= set(self._isolating(False, sources & self.freed[0]))
        found |= set(self._isolating(True, destinations & self.freed[1]))
        return frozenset(found or self._rules(self.every, sources, destinations, atoms))

    def _rules(
        self, rules: "list[tuple[_Rule, _Effect]]", sources: int, destinations: int, atoms: int
    ) -> "Iterator[Cause]":
        for (policy, rule, own), (ingress, subjects, peers, ports) in rules:
            subject, peer = (destinations, sources) if ingress else (sources, destinations)
            if (
                subjects & subject
                and peers & peer
                and any(opened & atoms and having & destinations for opened, having in ports)
            ):
                yield Cause(self.old, policy, rule, own)

    def _isolating(self, ingress: bool, freed: int) -> "Iterator[Cause]":
        """Yield for each namespace with pods in *freed* the plainest policy that isolates them on the other side."""
        best: dict[str, tuple[bool, int]] = {}
        for number, granted in enumerate(self.here.granted if freed else ()):
            grants = granted.ingress if ingress else granted.egress
            if granted.policy == number and grants is not None and granted.subjects & freed:
                namespace = self.policies[number].namespace
                best[namespace] = min(best.get(namespace, (True, number)), (bool(grants), number))
        yield from (Cause(not self.old, number, ISOLATES, ingress) for _, number in best.values())


def _effects(layer: FamilyReachability) -> "Iterator[tuple[_Rule, _Effect]]":
    for granted in layer.granted:
        for ingress, grants in ((False, granted.egress), (True, granted.ingress)):
            for grant in grants or () if granted.policy != NOBODY else ():
                rule = granted.policy, grant.rule, ingress is not granted.crossed
                yield rule, (ingress, granted.subjects, grant.peers, grant.ports)


def _isolated(layer: FamilyReachability, ingress: bool) -> int:
    found = 0
    for granted in layer.granted:
        if (granted.ingress if ingress else granted.egress) is not None:
            found |= granted.subjects
    return found

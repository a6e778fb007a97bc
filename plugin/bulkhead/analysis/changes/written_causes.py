"""
Causes of a change as written rules: which rule was changed, how, and in which line.

A cause of ``core/diff`` names a policy and a rule of one side. Here the same rule is looked up on the other side as
well: a rule that still exists was narrowed, it is not gone; a rule with the same text changed through something
that it refers to, a named peer, a network or the pods that it is for.
"""

from collections.abc import Iterator
from enum import Enum

from bulkhead.analysis.analysis_input import AnalysisInput
from bulkhead.analysis.ranges_update import change
from bulkhead.analysis.rule_sources import RuleSources, WrittenRule
from bulkhead.core.diagnostics import NOWHERE, Location, Path
from bulkhead.core.diff.causes import ISOLATES, Cause
from bulkhead.core.diff.rule_pairs import rule_pairs
from bulkhead.core.expansion.peers import Peers
from bulkhead.core.kubernetes.networkpolicy import Direction, NetworkPolicy
from bulkhead.core.language.resources import ClusterProfile, Rule
from bulkhead.core.language.scalars import Name
from bulkhead.core.record import record


class Change(Enum):
    """What happened to a rule, or to the isolation by a policy."""

    ADDED = "rule"
    GONE = "rule gone:"
    NARROWED = "rule narrowed:"
    ISOLATED = "isolated for"
    FREED = "no longer isolated for"


@record
class WrittenCause:
    """
    What *change* was made to which *rule* of *direction*, and where it is written.

    *through* is what the rule refers to and what changed in its place, empty where the rule itself did:
    ``peer `nas```, `` `github` ranges: 12 blocks added, 3 removed``. *is_before*: the location is on the side before.
    """

    change: Change
    direction: Direction
    rule: str
    why: str
    location: Location
    through: str = ""
    is_before: bool = False


class WrittenCauses:
    """Looks up causes in the two sides of a comparison."""

    def __init__(self, before: AnalysisInput, after: AnalysisInput) -> None:
        self.sides = before, after
        self._policies = [
            {(policy.namespace, policy.name): policy for policy in side.cluster.policies} for side in self.sides
        ]

    def of(self, cause: Cause, opens: bool) -> WrittenCause:
        """Return *cause* of something that opens, or closes, as it is written."""
        side = self.sides[not cause.old]
        policy = side.cluster.policies[cause.policy]
        if cause.rule == ISOLATES:
            return self._isolation(policy, cause, opens)
        written = side.rules.rule(policy, cause.direction, cause.rule)
        same = self._counterpart(policy, cause, written)
        if same is None:
            change = Change.ADDED if opens else Change.GONE
            return _cause(change, cause.direction, written, policy, written.location, is_before=cause.old)
        newer = written if side is self.sides[1] else same
        through, where = self._reference(policy.namespace, written, same)
        change = Change.ADDED if opens else Change.NARROWED
        return _cause(change, cause.direction, newer, policy, where if where.file else newer.location, through)

    def _isolation(self, policy: NetworkPolicy, cause: Cause, opens: bool) -> WrittenCause:
        """Return the policy of the newer side that still has the rule."""
        sides = [number for number in (1, 0) if (policy.namespace, policy.name) in self._policies[number]]
        number = sides[0]
        policy = self._policies[number][policy.namespace, policy.name]
        written = self.sides[number].rules.policy(policy)
        change = Change.FREED if opens else Change.ISOLATED
        return WrittenCause(change, cause.direction, policy.name, "", written.location, is_before=number == 0)

    def _counterpart(self, policy: NetworkPolicy, cause: Cause, written: WrittenRule) -> WrittenRule | None:
        """Return the same rule on the other side: at its path in the overlay, or in the policy of the same name."""
        other = self.sides[cause.old]
        if written.rule is not None and other.rules.namespaces:
            return other.rules.declared(policy.namespace, written.path)
        there = self._policies[cause.old].get((policy.namespace, policy.name))
        if there is None:
            return None
        found = rule_pairs(policy.of(cause.direction) or (), there.of(cause.direction) or ()).get(cause.rule)
        return None if found is None else other.rules.rule(there, cause.direction, found)

    def _reference(self, namespace: str, one: WrittenRule, other: WrittenRule) -> tuple[str, Location]:
        """Return what differs though the text of both rules is the same, and its place after the change."""
        if one.rule is None or one.rule != other.rule:
            return "", NOWHERE
        before, after = (side.profile for side in self.sides)
        rules = self.sides[1].rules
        for name in _changed_peers(one.rule, before, after):
            return f"peer `{name}`", rules.peer(name)
        for provider, said in _changed_ranges(one.rule, before, after):
            return f"`{provider}` ranges: {said}", rules.ranges(provider)
        for network in _changed_networks(one.rule, before, after):
            return f"network `{network}`", rules.profile(("spec", "networks", network))
        workload = one.path[:3] if one.path[1:2] == ("workloads",) else ()
        if workload and self._selects_other_pods(namespace, workload):
            return f"workload `{workload[-1]}`", rules.field(namespace, (*workload, "pods"))
        return "", NOWHERE

    def _selects_other_pods(self, namespace: str, workload: Path) -> bool:
        found = [_workload_pods(side.rules, namespace, str(workload[-1])) for side in self.sides]
        return found[0] != found[1]


def _cause(
    change: Change,
    direction: Direction,
    written: WrittenRule,
    policy: NetworkPolicy,
    where: Location,
    through: str = "",
    is_before: bool = False,
) -> WrittenCause:
    name = written.name if written.rule else policy.name
    return WrittenCause(change, direction, name, " ".join(written.why.split()), where, through, is_before)


def _workload_pods(rules: RuleSources, namespace: str, workload: str) -> object:
    resource = rules.namespaces.get(namespace)
    found = resource.spec.workloads.get(Name(workload)) if resource else None
    return found.pods if found else None


def _changed_peers(rule: Rule, before: ClusterProfile | None, after: ClusterProfile | None) -> Iterator[str]:
    """Yield the named peers that *rule* leads to and whose definition differs between the two profiles."""
    if before is None or after is None:
        return
    old, new = before.spec.peers, after.spec.peers
    reached = {name for peer in rule.peers for profile in (before, after) for name in Peers(profile).reached(peer)}
    yield from (str(name) for name in sorted(reached) if old.get(name) != new.get(name))


def _changed_ranges(
    rule: Rule, before: ClusterProfile | None, after: ClusterProfile | None
) -> Iterator[tuple[str, str]]:
    """Yield the providers that *rule* leads to and whose pinned ranges differ, each with what changed."""
    if before is None or after is None:
        return
    found = {str(peer.ranges) for peer in Peers(after).written_out(rule.peers) if peer.ranges is not None}
    for name in sorted(found & before.ranges.keys() & after.ranges.keys()):
        if before.ranges[name].sets != after.ranges[name].sets:
            yield name, str(change(before.ranges[name], after.ranges[name]))


def _changed_networks(rule: Rule, before: ClusterProfile | None, after: ClusterProfile | None) -> Iterator[str]:
    """Yield the networks that *rule* leads to and whose addresses differ between the two profiles."""
    if before is None or after is None:
        return
    found = {network for peer in Peers(after).written_out(rule.peers) for network in peer.network or ()}
    for network in sorted(found, key=lambda each: each.value):
        if before.spec.networks.of(network) != after.spec.networks.of(network):
            yield network.value

"""
From a rule of a policy to the rule that a person wrote: its name, its reason, its line.
"""

from bulkhead.analysis.analysis_input import AnalysisInput
from bulkhead.core.diagnostics import NOWHERE, Location, Path
from bulkhead.core.engine.matching_rules import MatchingRule
from bulkhead.core.engine.rule_effects import NOBODY
from bulkhead.core.kubernetes.networkpolicy import Direction
from bulkhead.core.language.resources import Rule, SegmentedNamespace
from bulkhead.core.record import record


@record
class WrittenRule:
    """
    What a person wrote, and what it became.

    *policy* is ``namespace/name`` of the NetworkPolicy, *rule* the rule's name, with the
    workload's before it, or its place in the policy (``ingress[0]``) where the policy itself is
    what was written.  *why* is empty where there is none.
    *policy* is empty where the enforcer lets something through by itself.
    """

    policy: str
    rule: str
    why: str = ""
    location: Location = NOWHERE


class RuleSources:
    """Finds what was written in the overlays of *situation*; elsewhere it names the policy."""

    def __init__(self, situation: AnalysisInput) -> None:
        self.situation = situation
        self.paths: dict[tuple[str, str], tuple[Path, ...]] = {}
        self.namespaces: dict[str, SegmentedNamespace] = {}
        self.folders: dict[str, str] = {}
        for folder, overlay in (situation.loaded.overlays if situation.loaded else {}).items():
            for policy, paths in zip(overlay.policies, overlay.origins, strict=True):
                self.paths[policy.namespace, policy.name] = paths
            for namespace in overlay.namespaces:
                self.namespaces[namespace.namespace] = namespace
                self.folders[namespace.namespace] = folder

    def rule(self, leave: MatchingRule, direction: Direction) -> WrittenRule:
        """Return the rule at *leave*, by which ``ingress`` or ``egress`` passes."""
        if leave.policy == NOBODY:
            return WrittenRule("", "node ports of its own node")
        if leave.crossed:
            direction = direction.opposite
        policy = self.situation.cluster.policies[leave.policy]
        key = policy.namespace, policy.name
        title = "/".join(key)
        places = self.situation.origins.get(key, ())
        at = leave.rule + (len(policy.ingress or ()) if direction is Direction.EGRESS else 0)
        if key not in self.paths or at >= len(places):
            return WrittenRule(title, f"{direction}[{leave.rule}]")
        path = self.paths[key][at]
        why = _written(self.namespaces[policy.namespace], path).why or ""
        return WrittenRule(title, _named(path), str(why), places[at])

    def policy(self, number: int) -> str:
        """Return the name of a policy without its namespace."""
        return self.situation.cluster.policies[number].name


def _named(path: Path) -> str:
    """Return ``rule`` or ``workload.rule``."""
    return f"{path[2]}.{path[-1]}" if path[1] == "workloads" else str(path[-1])


def _written(namespace: SegmentedNamespace, path: Path) -> Rule:
    """Return the rule at *path*: ``spec``, the workload where there is one, direction, name."""
    spec = namespace.spec
    holder = spec.workloads[path[2]] if path[1] == "workloads" else spec  # type: ignore[index]
    found: Rule = getattr(holder, str(path[-2]))[path[-1]]
    return found

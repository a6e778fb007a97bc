"""The files of a tree that says what imported policies say."""

from collections.abc import Iterator, Mapping

from bulkhead.analysis.importing.imported_facts import ImportedFacts
from bulkhead.core.importing.imported_namespaces import (
    ImportedNamespace,
    ImportedPods,
    RawPolicy,
    Standard,
    aligned,
    isolation_of,
)
from bulkhead.core.importing.imported_rules import ImportedRule, Written, written_peer, written_selector
from bulkhead.core.kubernetes.networkpolicy import Direction
from bulkhead.core.language.resources import EVERYONE, Isolation, NamespaceSpec
from bulkhead.core.record import replaced
from bulkhead.io.resources.encode import encode
from bulkhead.io.resources.overlay_text import kustomization_text, policies_text, resource_text
from bulkhead.io.yaml.nodes import Raw

Spec = dict[str, Raw]
RuleKey = tuple[Direction, str]


class OverlayWriter:
    """
    Writes overlays on a base with the rules *standard*, in which peers have *names*.

    *exact*: directions that are open stay open. *base* is the name of the base's SegmentedNamespace, *pattern* what it
    says where it exists.
    """

    def __init__(
        self,
        standard: Standard,
        names: Mapping[Written, str],
        exact: bool,
        base: str = "standard",
        pattern: NamespaceSpec | None = None,
    ) -> None:
        self.standard, self.names, self.exact, self.base = standard, names, exact, base
        self.pattern_there = pattern or NamespaceSpec()

    def profile(self, facts: ImportedFacts) -> str:
        """Return the ClusterProfile with the named peers."""
        peers: Spec = {name: encode(written_peer(peer)) for peer, name in sorted(self.names.items(), key=_by_name)}
        spec: Spec = {"enforcer": facts.enforcer.value}
        if facts.networks:
            spec["networks"] = {
                name: found[0] if len(found) == 1 else list(found) for name, found in facts.networks.items()
            }
        if peers:
            spec["peers"] = peers
        comment = "\n".join(("The facts of the cluster, and the peers by name.", *facts.sources))
        return resource_text("ClusterProfile", "cluster", spec, comment)

    def pattern(self) -> str:
        """Return the SegmentedNamespace of the base: the standard pattern."""
        comment = "The standard pattern. An overlay adds a rule by naming it, and removes it with null."
        return resource_text("SegmentedNamespace", self.base, self.rules(self.standard), comment)

    def overlay(self, namespace: ImportedNamespace) -> dict[str, str]:
        """Return the files of the overlay for *namespace* by name."""
        spec = self.difference(namespace)
        resources, files = ["../../base"], {}
        if namespace.raw:
            resources.append("policies.yaml")
            files["policies.yaml"] = policies_text(
                (each.policy, f"An overlay cannot say this: {' '.join(each.reason.split())}")
                for each in self.renamed_raw(namespace)
            )
        if spec:
            files["rules.yaml"] = resource_text("SegmentedNamespace", self.base, spec)
        patches = ["rules.yaml"] if spec else []
        files["kustomization.yaml"] = kustomization_text(resources, namespace.name, patches)
        return files

    def renamed_raw(self, namespace: ImportedNamespace) -> Iterator[RawPolicy]:
        """Yield the raw policies, with another name where a rule's policy may have the name."""
        for each in namespace.raw:
            if "allow-" in each.policy.name or "default-deny" in each.policy.name:
                yield replaced(each, policy=replaced(each.policy, name=f"{each.policy.name[:240]}-as-it-was"))
            else:
                yield each

    def difference(self, namespace: ImportedNamespace) -> Spec:
        """Return what an overlay says that differs from the standard pattern."""
        if not namespace.every.isolated and not namespace.workloads and self.exact:
            return {**self._without(), "unprotected": "no rules of this project: policies.yaml has its policies"}
        wanted = aligned(namespace, self.standard)
        spec: Spec = {}
        isolation = namespace.isolation if self.exact else Isolation.BOTH
        if isolation is not self.pattern_there.isolation:
            spec["isolation"] = isolation.value
        for direction in Direction:
            changed = self._changed(direction, wanted)
            if changed is not False:
                spec[direction.value] = changed
        workloads = {
            self._workload_name(namespace.names[pods]): self.workload(
                written, namespace.every.isolated, encode(written_selector(pods))
            )
            for pods, written in namespace.workloads.items()
        }
        kept: Spec = {str(name): None for name in self.pattern_there.workloads}
        kept |= {name: each for name, each in sorted(workloads.items()) if each is not None}
        if kept:
            spec["workloads"] = kept
        return spec

    def _workload_name(self, name: str) -> str:
        """Return *name*, or another one where the base has a workload of that name, which would be merged into it."""
        return f"{name[:50]}-imported" if name in self.pattern_there.workloads else name

    def _without(self) -> Spec:
        parts = [each.value for each in Direction if any(key[0] is each for key in self.standard)]
        return dict.fromkeys([*parts, *(["workloads"] if self.pattern_there.workloads else [])])

    def _changed(self, direction: Direction, wanted: Mapping[RuleKey, ImportedRule]) -> Raw:
        """Return the rules of *direction* that are not as in the standard; ``False`` where there are none."""
        mine = {name: rule for (side, name), rule in wanted.items() if side is direction}
        theirs = {name: rule for (side, name), rule in self.standard.items() if side is direction}
        if theirs and not mine:
            return None
        changed: Spec = {}
        for name, rule in sorted(mine.items()):
            if name not in theirs:
                changed[name] = self.rule(rule)
            elif rule.reason and rule.reason != theirs[name].reason:
                changed[name] = {"why": rule.reason}
        changed |= {name: None for name in sorted(theirs) if name not in mine}
        return changed or False

    def workload(self, pods: ImportedPods, isolated: set[Direction], selector: Raw) -> Raw:
        """Return a workload; ``None`` where it says nothing besides what all pods have."""
        spec: Spec = {"pods": selector}
        ruled = {direction for direction, _ in pods.rules}
        around = isolated if self.exact else set(Direction)
        alone = pods.isolated - ruled - around
        if alone:
            spec["isolation"] = isolation_of(alone).value
        spec |= self.rules(pods.rules)
        return spec if len(spec) > 1 else None

    def rules(self, rules: Mapping[RuleKey, ImportedRule]) -> Spec:
        """Return *rules* by direction and name."""
        spec: Spec = {}
        for direction in Direction:
            found: Spec = {name: self.rule(rule) for (side, name), rule in sorted(rules.items()) if side is direction}
            if found:
                spec[direction.value] = found
        return spec

    def rule(self, rule: ImportedRule) -> Spec:
        """Return one rule as a person writes it."""
        end = "from" if rule.direction is Direction.INGRESS else "to"
        peers: list[Raw] = [str(EVERYONE)] if rule.peers is None else [self.peer(each) for each in rule.peers]
        made: Spec = {end: peers[0] if len(peers) == 1 else peers}
        if rule.ports is not None:
            made["ports"] = encode(rule.ports)
        made["why"] = rule.reason or f"imported from {rule.origin}"
        for key in ("owner", "until", "labels", "annotations"):
            value = getattr(rule, key)
            if value:
                made[key] = encode(value)
        return made

    def peer(self, peer: Written) -> Raw:
        """Return the name of *peer*, or the peer written out."""
        return self.names[peer] if peer in self.names else encode(written_peer(peer))


def _by_name(entry: tuple[Written, str]) -> str:
    return entry[1]

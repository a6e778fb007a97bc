"""
Tries a suggestion before it is shown: its text is read like a file, and the engine decides about the connection again.

A suggestion is not shown if it does not allow the connection, is not valid, or isolates pods that no policy isolated
before.
"""

from collections.abc import Iterable

from bulkhead.analysis.analysis_input import AnalysisInput
from bulkhead.analysis.shared_chains import shares_a_chain
from bulkhead.analysis.suggestions.merge_patch import merged
from bulkhead.core.engine.endpoint_terms import EndpointSelection
from bulkhead.core.engine.solve import reach
from bulkhead.core.expansion.expand import expand
from bulkhead.core.explanation.pair import all_allowed, explain_pairs
from bulkhead.core.kubernetes.networkpolicy import Direction, NetworkPolicy
from bulkhead.core.kubernetes.selectors import matches
from bulkhead.core.language.resources import API_VERSION, SegmentedNamespace
from bulkhead.core.record import replaced
from bulkhead.core.sets.ports import PortSet
from bulkhead.io.manifests.manifest_files import policies_in
from bulkhead.io.resources.decode import decode
from bulkhead.io.resources.encode import encode
from bulkhead.io.yaml.nodes import InvalidYaml, Raw, documents


class SuggestionTrial:
    """Tries suggestions for allowing the ports *asked* between *ends* in *found*."""

    def __init__(self, found: AnalysisInput, ends: tuple[EndpointSelection, EndpointSelection], asked: PortSet) -> None:
        self.found, self.ends, self.asked = found, ends, asked

    def rules_work(self, added: Iterable[tuple[str, str]]) -> bool:
        """Say whether the rules *added*, as (namespace, YAML text of a SegmentedNamespace), allow the connection."""
        policies = self.found.cluster.policies
        for namespace, text in added:
            old = [each for each in policies if each.namespace == namespace and self.found.rules.knows(each)]
            new = self._expanded(namespace, text)
            if new is None or len(old) != self._rendered(namespace):
                return False  # an outer kustomization changes what the overlay renders
            policies = (*(each for each in policies if each not in old), *new)
        return self._allowed(policies)

    def policies_work(self, text: str) -> bool:
        """Say whether the NetworkPolicies of *text* allow the connection and isolate no further pods."""
        added, problems = policies_in(text)
        if problems or any(self._isolates_more(policy) for policy in added):
            return False
        names = [(each.namespace, each.name) for each in (*self.found.cluster.policies, *added)]
        return len(set(names)) == len(names) and self._allowed(self.found.cluster.policies + added)

    def _allowed(self, policies: tuple[NetworkPolicy, ...]) -> bool:
        if any(shares_a_chain(policies, self.found.semantics)):
            return False  # which of two policies counts would change from one synchronisation to the next
        cluster = replaced(self.found.cluster, policies=policies)
        answer = reach(cluster, self.found.semantics)
        return all_allowed(explain_pairs(answer, *self.ends, self.asked, self.found.loaded is not None), self.asked)

    def _rendered(self, namespace: str) -> int:
        """Return how many policies the overlay of *namespace* renders for it."""
        overlays = self.found.loaded.overlays if self.found.loaded else {}
        folder = self.found.rules.folders[namespace]
        return sum(policy.namespace == namespace for policy in overlays[folder].policies)

    def _expanded(self, namespace: str, text: str) -> tuple[NetworkPolicy, ...] | None:
        """Return the policies of *namespace* with *text* merged into its overlay's; ``None`` where it is not valid."""
        overlays = self.found.loaded.overlays if self.found.loaded else {}
        overlay = overlays[self.found.rules.folders[namespace]]
        try:
            (document,) = documents(text)
        except (InvalidYaml, ValueError):
            return None
        spec = document.value.get("spec") if isinstance(document.value, dict) else None
        patched = merged(encode(self.found.rules.namespaces[namespace].spec), spec)
        metadata: dict[str, Raw] = {"name": namespace, "namespace": namespace}
        made, problems = decode(
            {"apiVersion": API_VERSION, "kind": "SegmentedNamespace", "metadata": metadata, "spec": patched}
        )
        if problems or not isinstance(made, SegmentedNamespace) or overlay.profile is None:
            return None
        result = expand(overlay.profile, [made])
        return None if result.problems else result.policies

    def _isolates_more(self, added: NetworkPolicy) -> bool:
        """Say whether *added* selects a pod that no policy isolates in a direction of *added*."""
        policies = [each for each in self.found.cluster.policies if each.namespace == added.namespace]
        return any(
            not any(each.of(direction) is not None and matches(each.pods, dict(pod.labels)) for each in policies)
            for direction in Direction
            if added.of(direction) is not None
            for pod in self.found.cluster.pods
            if pod.namespace == added.namespace and matches(added.pods, dict(pod.labels))
        )

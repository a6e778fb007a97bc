"""
Suggests what to add so that a connection is allowed: rules for an overlay, or NetworkPolicies.

Every text is tried before it is returned: see ``suggestion_trial.py``.
"""

from collections.abc import Iterable, Mapping

from bulkhead.analysis.analysis_input import AnalysisInput
from bulkhead.analysis.suggestions.rule_snippet import NoSuggestion, rule_snippet
from bulkhead.analysis.suggestions.suggested_peers import SuggestedPeers
from bulkhead.analysis.suggestions.suggested_rules import RefusedPair, SuggestedRules
from bulkhead.analysis.suggestions.suggestion_trial import SuggestionTrial
from bulkhead.analysis.suggestions.unique_names import UniqueNames
from bulkhead.core.engine.endpoint_terms import EndpointSelection
from bulkhead.core.explanation.missing import missing_policies
from bulkhead.core.kubernetes.cluster import External, Flow
from bulkhead.core.kubernetes.networkpolicy import Direction, IpBlock, NetworkPolicy, PodPeer
from bulkhead.core.language.scalars import Port
from bulkhead.core.sets import ports
from bulkhead.io.rendered.write_networkpolicy import document

MOST_RULES = 8
"""More rules or policies than this are not suggested: part of what is needed would not allow the connection."""


class Suggestion:
    """Writes what allows *port* between *ends*, as they were named; *peers* are those of the profile."""

    def __init__(
        self,
        found: AnalysisInput,
        peers: Mapping[str, tuple[IpBlock | PodPeer, ...]],
        ends: tuple[EndpointSelection, EndpointSelection],
        port: Port,
    ) -> None:
        self.found, self.port, self.ends = found, port, ends
        self.trial = SuggestionTrial(found, ends, ports.between(port.protocol, port.first, port.last))
        self.names = UniqueNames()
        self.peers = SuggestedPeers(found, peers)

    def texts(self, refused: Iterable[RefusedPair]) -> list[tuple[str, str]]:
        """Return (where it belongs, YAML) for each file; nothing where no text was found that works."""
        return self._policies(refused) if self.found.loaded is None else self._rules(refused)

    def _rules(self, refused: Iterable[RefusedPair]) -> list[tuple[str, str]]:
        """Return the rules for overlays."""
        needed = SuggestedRules(self.found, self.peers, self.names, self.port).needed(refused, self.ends)
        if not 0 < sum(map(len, needed.values())) <= MOST_RULES:
            return []
        try:
            written = {namespace: rule_snippet(self.found, namespace, rules) for namespace, rules in needed.items()}
        except NoSuggestion:
            return []
        works = self.trial.rules_work((namespace, text) for namespace, (_, text) in written.items())
        return list(written.values()) if works else []

    def _policies(self, refused: Iterable[RefusedPair]) -> list[tuple[str, str]]:
        """Return the NetworkPolicies for manifests."""
        found: dict[NetworkPolicy, None] = {}
        for each in refused:
            source, destination = each.pair.source.first, each.pair.destination.first
            flow = Flow(source, destination, self.port.protocol, self.port.first)
            sides = (Direction.EGRESS, each.egress), (Direction.INGRESS, each.ingress)
            refusing = {direction for direction, refuses in sides if refuses}
            mode = self.found.semantics.mode
            block = self.peers.block(self.ends[0] if isinstance(source, External) else self.ends[1])
            for policy in missing_policies(flow, each.pair.family, mode, refusing, self.port.last, block):
                found[policy] = None
        text = "---\n".join(document(self._renamed(policy)) for policy in found)
        return [("manifests", text)] if 0 < len(found) <= MOST_RULES and self.trial.policies_work(text) else []

    def _renamed(self, policy: NetworkPolicy) -> NetworkPolicy:
        """Return *policy* with a name that no policy of its namespace has."""
        taken = {each.name for each in self.found.cluster.policies if each.namespace == policy.namespace}
        name = self.names.free(("policy", policy.namespace), policy.name, taken)
        return NetworkPolicy(policy.namespace, name, policy.pods, policy.ingress, policy.egress)

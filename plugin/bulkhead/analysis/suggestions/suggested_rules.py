"""Which rules of an overlay allow a connection."""

from collections.abc import Iterable

from bulkhead.analysis.analysis_input import AnalysisInput
from bulkhead.analysis.suggestions.flow_yaml import flow_yaml
from bulkhead.analysis.suggestions.suggested_peers import SuggestedPeers, named_workloads
from bulkhead.analysis.suggestions.unique_names import UniqueNames, rule_name
from bulkhead.core.engine.endpoint_terms import EndpointSelection
from bulkhead.core.explanation.missing import stable_selector
from bulkhead.core.explanation.pair import ExplainedEndpoint, PairExplanation
from bulkhead.core.kubernetes.cluster import Pod
from bulkhead.core.kubernetes.networkpolicy import Direction
from bulkhead.core.language.scalars import Port
from bulkhead.core.record import record
from bulkhead.core.sets.port_spelling import in_rule


@record
class RefusedPair:
    """A *pair* that is refused: by the *egress* of its source, by the *ingress* of its destination, or by both."""

    pair: PairExplanation
    egress: bool
    ingress: bool


@record
class SuggestedRule:
    """A rule to add: its *peer* and its *ports*, for a *workload* (empty: for the whole namespace) of *pods* if new."""

    namespace: str
    workload: str
    pods: str
    direction: Direction
    name: str
    peer: str
    ports: str


class SuggestedRules:
    """Finds the rules of overlays that allow *port*, with names from *names*."""

    def __init__(self, found: AnalysisInput, peers: SuggestedPeers, names: UniqueNames, port: Port) -> None:
        self.found, self.peers, self.names, self.port = found, peers, names, port

    def needed(
        self, refused: Iterable[RefusedPair], ends: tuple[EndpointSelection, EndpointSelection]
    ) -> dict[str, list[SuggestedRule]]:
        """Return the rules to add by namespace; none for a namespace whose rules are not in an overlay."""
        rules: dict[str, dict[SuggestedRule, None]] = {}
        for each in refused:
            source, destination = each.pair.source, each.pair.destination
            sides = [
                (Direction.EGRESS, each.egress, source, destination, ends[1]),
                (Direction.INGRESS, each.ingress, destination, source, ends[0]),
            ]
            for direction, refuses, subject, other, chosen in sides:
                made = self._rule(direction, subject, other, chosen) if refuses else None
                if made:
                    rules.setdefault(made.namespace, {})[made] = None
        return {namespace: _not_covered(list(found)) for namespace, found in sorted(rules.items())}

    def _rule(
        self, direction: Direction, subject: ExplainedEndpoint, other: ExplainedEndpoint, chosen: EndpointSelection
    ) -> SuggestedRule | None:
        """Return the rule for one side; ``None`` where the side has no overlay, or no peer can name the other end."""
        pod = subject.first
        if not isinstance(pod, Pod) or pod.namespace not in self.found.rules.namespaces:
            return None
        peer, name = self.peers.peer(pod.namespace, other, chosen)
        if not peer:
            return None
        workload, pods = self.workload(pod)
        written = in_rule(self.port.protocol, self.port.first, self.port.last)
        span = written.partition("/")[0]
        key = (pod.namespace, workload, direction.value, peer)
        free = self.names.of(key, key[:3], name, self._taken(pod.namespace, workload, direction), span)
        return SuggestedRule(pod.namespace, workload, pods, direction, free, peer, written)

    def _taken(self, namespace: str, workload: str, direction: Direction) -> set[str]:
        """Return the names of the rules that exist."""
        spec = self.found.rules.namespaces[namespace].spec
        holder = dict(named_workloads(spec.workloads)).get(workload) if workload else spec
        return set(map(str, getattr(holder, direction.value))) if holder else set()

    def workload(self, pod: Pod) -> tuple[str, str]:
        """Return the workload whose rules are for *pod*, and its selector where the workload is new."""
        if not pod.labels:
            return "", ""
        workloads = self.found.rules.namespaces[pod.namespace].spec.workloads
        known = self.peers.workload_of(pod)
        if known:
            return known[0], ""
        pods = flow_yaml(dict(stable_selector(pod).labels))
        key = (pod.namespace, pods)
        return self.names.of(key, key[:1], rule_name(pod.name), set(map(str, workloads))), pods


def _not_covered(rules: list[SuggestedRule]) -> list[SuggestedRule]:
    """Return *rules* without those of workloads that the same rule for the whole namespace covers."""
    whole = {(rule.direction, rule.peer, rule.ports) for rule in rules if not rule.workload}
    return [rule for rule in rules if not rule.workload or (rule.direction, rule.peer, rule.ports) not in whole]

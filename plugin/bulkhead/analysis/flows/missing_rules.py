"""
The rules that would allow observed traffic that the overlays deny.

They are as narrow as the records: the labels of the workload, the address, the ports that were seen. Consecutive ports
become a range. `OverlayEdit` writes them; who writes them tries them (:func:`still_denied`).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timezone

from bulkhead.analysis.analysis_input import AnalysisInput
from bulkhead.analysis.editing.overlay_edit import OverlayEdit
from bulkhead.analysis.editing.rule_edits import NotAllowed, RuleRequest, edits_for
from bulkhead.analysis.flows.judge_flows import JudgedFlow, judge_flows
from bulkhead.analysis.suggestions.suggested_peers import SuggestedPeers, named_workloads
from bulkhead.analysis.suggestions.suggested_rules import RefusedPair, SuggestedRule, SuggestedRules
from bulkhead.analysis.suggestions.unique_names import UniqueNames
from bulkhead.core.diagnostics import Path
from bulkhead.core.engine.endpoint_terms import EndpointSelection, block_spans
from bulkhead.core.expansion.peers import selector
from bulkhead.core.explanation.missing import stable_selector
from bulkhead.core.explanation.pair import ExplainedEndpoint
from bulkhead.core.flows.flow_evidence import FlowEvidence
from bulkhead.core.flows.flow_table import FlowEnd, FlowRow, FlowTable
from bulkhead.core.flows.fold import Seen
from bulkhead.core.flows.set_apart import set_apart
from bulkhead.core.kubernetes.cluster import Cluster, Labels, Pod
from bulkhead.core.kubernetes.networkpolicy import IpBlock, PodPeer
from bulkhead.core.kubernetes.selectors import matches
from bulkhead.core.language.scalars import Port
from bulkhead.core.record import record, replaced
from bulkhead.core.sets import intervals, ports
from bulkhead.core.sets.port_spelling import in_rule
from bulkhead.core.sets.ports import PortSet
from bulkhead.core.sets.ranges import PUBLIC
from bulkhead.io.editing.edited_text import NotEditable
from bulkhead.io.editing.field_edits import FieldEdit

NO_OVERLAY = "no overlay is for a namespace that denies it, or no peer of a rule can name the other end"

Peers = Mapping[str, tuple[IpBlock | PodPeer, ...]]


@record
class MissingRule:
    """A *rule* to add, and how often the connections that need it were *seen*."""

    rule: SuggestedRule
    seen: Seen


@record
class MissingRules:
    """
    The *rules* that the rows *allowed* need, and their files as *texts* by path.

    *apart* are rows that no rule is written for, *by_hand* rows that no overlay can allow so, each with the reason.
    """

    rules: tuple[MissingRule, ...] = ()
    allowed: tuple[FlowRow, ...] = ()
    texts: Mapping[str, str] | None = None
    apart: tuple[tuple[FlowRow, str], ...] = ()
    by_hand: tuple[tuple[FlowRow, str], ...] = ()


def missing_rules(judged: AnalysisInput, flows: Iterable[JudgedFlow], peers: Peers, generalise: bool) -> MissingRules:
    """
    Return the rules of overlays that allow those of *flows* that the policies of *judged* deny.

    *generalise*: an address in a named peer of *peers* is named by that peer, which may have other addresses too.
    """
    denied = [each for each in flows if each.is_allowed is False]
    apart = set_apart(each.row for each in denied)
    wanted = [each for each in denied if each.row not in apart]
    by_hand: dict[FlowRow, str] = {}
    while True:
        plan = _Plan(judged, peers, generalise)
        needs = {each.row: plan.needs(each) for each in wanted}
        by_hand |= {row: NO_OVERLAY for row, keys in needs.items() if not keys}
        refused, texts = plan.written({row: keys for row, keys in needs.items() if keys})
        if not refused:
            break
        by_hand |= {row: refused[key] for row, keys in needs.items() for key in keys or () if key in refused}
        wanted = [each for each in wanted if each.row not in by_hand]
    kept = {row: keys for row, keys in needs.items() if keys}
    return MissingRules(tuple(plan.rules(kept)), tuple(kept), texts, tuple(apart.items()), tuple(by_hand.items()))


def still_denied(after: AnalysisInput, rows: Iterable[FlowRow], inventories: Sequence[Cluster]) -> list[FlowRow]:
    """Return the *rows* that the policies of *after* do not allow."""
    _, flows = judge_flows(FlowTable(tuple(rows), FlowEvidence()), after, inventories)
    return [each.row for each in flows if each.is_allowed is not True]


_Namespace = str


class _Plan:
    """Collects the rules that rows need; rules that differ only in their ports become one."""

    def __init__(self, judged: AnalysisInput, peers: Peers, generalise: bool) -> None:
        self._judged, self._generalise = judged, generalise
        self._peers, self._names = SuggestedPeers(judged, peers), UniqueNames()
        self._ports: dict[SuggestedRule, PortSet] = {}
        self._labels: dict[Pod, Labels] = {}

    def needs(self, flow: JudgedFlow) -> tuple[SuggestedRule, ...] | None:
        """Return the rules, without ports, that *flow* needs; ``None`` where a side that denies it can have none."""
        row = flow.row
        ends = self._chosen(row.source), self._chosen(row.destination)
        suggested = SuggestedRules(self._judged, self._peers, self._names, Port.parse(_spelled(row)))
        found: dict[SuggestedRule, None] = {}
        for pair in flow.explanations:
            named = replaced(
                pair,
                source=self._named(pair.source, row.source),
                destination=self._named(pair.destination, row.destination),
            )
            for verdict in pair.denied:
                sides = [(not pair.egress_allows(verdict), False), (False, not pair.ingress_allows(verdict))]
                for egress, ingress in sides:
                    if not (egress or ingress):
                        continue
                    needed = suggested.needed([RefusedPair(named, egress, ingress)], ends)
                    if not needed:
                        return None
                    found |= {replaced(each, ports=""): None for rules in needed.values() for each in rules}
        asked = ports.between(row.protocol, row.port, row.port)
        for key in found:
            self._ports[key] = ports.union(self._ports.get(key, ports.NONE), asked)
        return tuple(found) or None

    def _chosen(self, end: FlowEnd) -> EndpointSelection:
        return EndpointSelection(end.name, peer=end.peer if self._is_general(end.peer) else "")

    def _is_general(self, peer: str) -> bool:
        """Say whether rules may name *peer* for one of its addresses; a peer that contains the internet is too wide."""
        if not self._generalise or peer not in self._peers.peers:
            return False
        spans = block_spans(self._peers.peers[peer])
        return not any(intervals.subtract((span,), spans) == () for span in (PUBLIC[0], PUBLIC[-1]))

    def _named(self, end: ExplainedEndpoint, seen: FlowEnd) -> ExplainedEndpoint:
        """Return *end* as rules name it: by its workload, and by labels that the next rollout keeps."""
        pod = end.first
        if not isinstance(pod, Pod):
            return end
        if pod not in self._labels:
            self._labels[pod] = self._workload_labels(pod) or stable_selector(pod).labels
        labels = self._labels[pod]
        return replaced(end, first=replaced(pod, name=seen.workload or pod.name, labels=labels))

    def _workload_labels(self, pod: Pod) -> Labels:
        """Return the labels of the overlay's workload that selects *pod* and no pod of another workload."""
        resource = self._judged.rules.namespaces.get(pod.namespace)
        for _, workload in named_workloads(resource.spec.workloads if resource else {}):
            wanted = selector(workload.pods)
            own = [each for each in self._judged.cluster.pods if each.namespace == pod.namespace]
            alike = {each.owner for each in own if matches(wanted, dict(each.labels))}
            if wanted.labels and not wanted.expressions and matches(wanted, dict(pod.labels)) and alike == {pod.owner}:
                return wanted.labels
        return ()

    def rules(self, needs: Mapping[FlowRow, tuple[SuggestedRule, ...] | None]) -> Iterator[MissingRule]:
        """Yield the rules of *needs* with their ports, in order of their namespaces and names."""
        seen: dict[SuggestedRule, Seen] = {}
        for row, keys in needs.items():
            for key in keys or ():
                seen[key] = seen[key].plus(row.seen) if key in seen else row.seen
        for key in sorted(seen, key=lambda each: (each.namespace, each.workload, each.direction.value, each.name)):
            yield MissingRule(replaced(key, ports=_listed(self._ports[key])), seen[key])

    def written(
        self, needs: Mapping[FlowRow, tuple[SuggestedRule, ...] | None]
    ) -> tuple[dict[SuggestedRule, str], dict[str, str]]:
        """Return the rules that cannot be written, each with the reason, and else the texts of the files by path."""
        by_namespace: dict[_Namespace, list[MissingRule]] = {}
        for each in self.rules(needs):
            by_namespace.setdefault(each.rule.namespace, []).append(each)
        texts: dict[str, str] = {}
        refused: dict[SuggestedRule, str] = {}
        for namespace, rules in by_namespace.items():
            try:
                texts.update(OverlayEdit(self._judged, namespace, texts).written(self._edits(namespace, rules)))
            except (NotAllowed, NotEditable) as error:
                refused |= {replaced(each.rule, ports=""): error.message for each in rules}
        return refused, texts

    def _edits(self, namespace: str, rules: Iterable[MissingRule]) -> list[FieldEdit]:
        edits: dict[Path, FieldEdit] = {}
        for each in rules:
            for edit in edits_for(self._judged, namespace, [each.rule], RuleRequest({"why": evidence_text(each.seen)})):
                edits.setdefault(edit.path, edit)
        return list(edits.values())


def evidence_text(seen: Seen) -> str:
    """Return what is written as the reason of a rule: how often it was needed, and when last."""
    times = "once" if seen.count == 1 else f"{seen.count:,} times"
    if seen.last is None:
        return f"Observed {times}, at a time that the records do not say"
    return f"Observed {times}, last on {_day(seen.last)}"


def _day(seconds: float) -> str:
    return datetime.fromtimestamp(int(seconds), timezone.utc).strftime("%Y-%m-%d")


def _spelled(row: FlowRow) -> str:
    return in_rule(row.protocol, row.port, row.port)


def _listed(found: PortSet) -> str:
    spans = [(*ports.place(low), ports.place(high)[1]) for low, high in found.spans]
    spelled = [in_rule(protocol, first, last) for protocol, first, last in spans]
    return spelled[0] if len(spelled) == 1 else f"[{', '.join(spelled)}]"

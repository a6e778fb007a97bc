"""The verdict of the policies of an input about each row of observed traffic."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from bulkhead.analysis.analysis_input import AnalysisInput
from bulkhead.core.engine.endpoint_space import member_of
from bulkhead.core.engine.reachability import FamilyReachability, Reachability
from bulkhead.core.engine.replicas import Owner
from bulkhead.core.engine.solve import reach
from bulkhead.core.explanation.pair import ExplainedEndpoint, PairExplanation, explain_pair
from bulkhead.core.flows.flow_table import EndKind, FlowEnd, FlowRow, FlowTable
from bulkhead.core.kubernetes.cluster import Cluster, External, Pod
from bulkhead.core.kubernetes.controller_labels import with_controller_labels
from bulkhead.core.kubernetes.networkpolicy import NAMESPACE_NAME, NetworkPolicy, PodPeer
from bulkhead.core.record import record, replaced
from bulkhead.core.sets.ports import PortSet, point

NO_PODS = "no end is a pod of this cluster: no policy decides it"
NO_LABELS = "the labels of the pod are not known"
NO_NAMESPACE_LABELS = "the labels of the namespace are not known, and a policy selects namespaces by labels"
NO_FAMILY = "the ends have no addresses of one family"


@record
class JudgedFlow:
    """
    A *row* with the *explanation* of each address family in which the policies decide it.

    *undecided* says why there is none; *is_allowed* is ``None`` then.
    """

    row: FlowRow
    explanations: tuple[PairExplanation, ...]
    undecided: str = ""

    @property
    def is_allowed(self) -> bool | None:
        """Whether the policies allow the connection; ``None`` where that is not decided."""
        if self.undecided:
            return None
        return all(bool(each.open_ports.spans) for each in self.explanations)


def judge_flows(
    table: FlowTable, given: AnalysisInput, inventories: Sequence[Cluster] = ()
) -> tuple[AnalysisInput, tuple[JudgedFlow, ...]]:
    """
    Return the input that was judged, with the pods of *table* and *inventories*, and each row with its verdict.

    The policies are those of *given*. A pod that only a record names is judged by the labels that the record has.
    """
    judged = replace(given, cluster=_cluster(table, given, inventories))
    answer = reach(judged.cluster, judged.semantics)
    judge = _Judge(judged.cluster, answer, _known_namespaces(given, inventories))
    return judged, tuple(judge.of(row) for row in table.rows)


def _cluster(table: FlowTable, given: AnalysisInput, inventories: Sequence[Cluster]) -> Cluster:
    kept = () if given.loaded is not None else given.cluster.pods
    inventory = [pod for each in inventories for pod in each.pods]
    named = [end.pod for row in table.rows for end in (row.source, row.destination) if end.pod]
    pods = tuple(dict.fromkeys((*kept, *inventory, *named)))
    namespaces = {each.name: each for each in given.cluster.namespaces}
    namespaces |= {each.name: each for found in inventories for each in found.namespaces}
    cluster = replaced(given.cluster, pods=pods, namespaces=tuple(namespaces.values()))
    return with_controller_labels(cluster, cluster.policies)


def _known_namespaces(given: AnalysisInput, inventories: Sequence[Cluster]) -> frozenset[str] | None:
    """Return the namespaces whose labels are known; ``None`` where no policy asks for labels."""
    if not any(_asks_for_labels(each) for each in given.cluster.policies):
        return None
    own = given.cluster.namespaces if given.known_namespaces is None else given.known_namespaces
    return frozenset(each.name for each in (*own, *(each for found in inventories for each in found.namespaces)))


def _asks_for_labels(policy: NetworkPolicy) -> bool:
    selectors = [
        peer.namespaces
        for rule in policy.rules
        for peer in rule.peers or ()
        if isinstance(peer, PodPeer) and peer.namespaces is not None
    ]
    keys = {key for each in selectors for key, _ in each.labels}
    return bool({*keys, *(one.key for each in selectors for one in each.expressions)} - {NAMESPACE_NAME})


class _Judge:
    """Asks the engine about rows."""

    def __init__(self, cluster: Cluster, answer: Reachability, known: frozenset[str] | None) -> None:
        self._answer, self._known = answer, known
        self._pods = {self._identity(pod): pod for pod in cluster.pods}
        self._sizes: Counter[Owner] = Counter(pod.owner for pod in cluster.pods)

    def of(self, row: FlowRow) -> JudgedFlow:
        """Return *row* with its verdict."""
        ends = row.source, row.destination
        for end in ends:
            if reason := self._unknown(end):
                return JudgedFlow(row, (), reason)
        if not any(end.kind is EndKind.WORKLOAD for end in ends):
            return JudgedFlow(row, (), NO_PODS)
        at = point(row.protocol, row.port)
        asked = PortSet(((at, at),))
        found = []
        for layer in self._answer.layers:
            source, destination = (self._end(layer, end) for end in ends)
            if source and destination:
                found.append(explain_pair(layer, source, destination, asked, self._answer.semantics))
        return JudgedFlow(row, tuple(found), "" if found else NO_FAMILY)

    def _unknown(self, end: FlowEnd) -> str:
        if end.kind is EndKind.UNRESOLVED:
            return end.reason
        if end.kind is not EndKind.WORKLOAD:
            return ""
        if end.pod is None:
            return NO_LABELS
        is_known = self._known is None or end.namespace in self._known
        return "" if is_known else NO_NAMESPACE_LABELS

    def _end(self, layer: FamilyReachability, end: FlowEnd) -> ExplainedEndpoint | None:
        pod = self._pods.get(self._identity(end.pod)) if end.pod else None
        endpoint = pod or External(end.address)
        member = member_of(layer.space, endpoint)
        if member is None:
            return None
        is_several = pod is not None and self._sizes[pod.owner] != 1
        return ExplainedEndpoint(member, (end.name,), endpoint, is_several, (pod,) if pod else ())

    @staticmethod
    def _identity(pod: Pod) -> tuple[object, ...]:
        return pod.namespace, pod.name, pod.kind, pod.workload, pod.addresses

"""
What the ends of a promise name among all endpoints that could exist.

==========================  ===================================================================================
``shop``                    every pod that could be in the namespace
``*``                       every pod that could be in any namespace
``shop/web`` of overlays    every pod of the namespace with the labels by which the overlays select it
``shop/*`` of overlays      every pod of the namespace that is none of those
``*/*`` of overlays         every pod of a namespace that the overlays do not list
``shop/web`` of manifests   pods with its labels, as far as a policy asks for them, its address and its ports
``peer=lan``                what the selectors and addresses of the named peer match
``192.168.1.0/24``          these addresses outside; of the pod network: every pod that could have one
==========================  ===================================================================================
"""

from collections.abc import Iterable, Iterator

from bulkhead.core.engine.endpoint_classes import distinguished_spans
from bulkhead.core.engine.endpoint_terms import ANY, EndpointSelection
from bulkhead.core.engine.semantics import Semantics
from bulkhead.core.kubernetes.cluster import Cluster, NamedPort, Pod
from bulkhead.core.kubernetes.networkpolicy import NAMESPACE_NAME, PodPeer, PolicyRule
from bulkhead.core.possible.flow_class import OUTSIDES, PODS, FlowClass, FlowSpace, flow_class
from bulkhead.core.possible.peer_classes import Constraints, PeerReader
from bulkhead.core.record import record
from bulkhead.core.sets import intervals, partition
from bulkhead.core.sets.addresses import WHOLE, spans_of
from bulkhead.core.sets.intervals import Spans
from bulkhead.core.sets.value_sets import only


@record
class NamedEnd:
    """
    The *flows* of one end of a promise, and the *ports* of its pods; ``None`` where they may have any.

    *node* is the address of the node that they run on, if that was asked for.
    """

    flows: FlowClass
    ports: tuple[NamedPort, ...] | None = None
    node: str = ""


class EndReader:
    """
    Reads ends of promises as classes of flows of *space*.

    *templates*: each pod of *cluster* represents every pod with its labels, because no workload is known. So does each
    possible pod of manifests.
    """

    def __init__(self, cluster: Cluster, space: FlowSpace, semantics: Semantics, templates: bool) -> None:
        self.cluster, self.space, self.templates = cluster, space, templates
        self.peers = PeerReader(cluster, space, semantics)
        family = space.family
        self.cells = partition.split((WHOLE[family],), set(distinguished_spans(cluster, family, semantics)))
        rules = [rule for each in cluster.policies for rule in each.rules]
        self.keys = _keys(cluster, rules)
        self.has_names = any(isinstance(port.port, str) for rule in rules for port in rule.ports or ())
        self.listed = {pod.namespace for pod in cluster.pods if ANY not in pod.namespace}
        self.named: dict[str, set[tuple[tuple[str, str], ...]]] = {}
        for pod in cluster.pods:
            if pod.labels and (templates or pod.is_possible):
                self.named.setdefault(pod.namespace, set()).add(pod.labels)

    def every(self, end: str, chosen: Iterable[EndpointSelection], nodes: frozenset[str]) -> list[NamedEnd]:
        """Return what all of *chosen* name at *end*, the pods of each of *nodes* by themselves."""
        return list(dict.fromkeys(found for each in chosen for found in self.end(end, each, nodes)))

    def end(self, end: str, chosen: EndpointSelection, nodes: frozenset[str]) -> Iterator[NamedEnd]:
        """Yield what *chosen* names at *end*."""
        addressed = (*self.outside(end, chosen.addresses), *self.held(end, chosen.of_pods))
        for flows in (*self.by_name(end, chosen), *addressed):
            yield NamedEnd(flows)
        if not chosen.whole and not chosen.peer:
            yield from self.given(end, chosen.pods, nodes)

    def by_name(self, end: str, chosen: EndpointSelection) -> Iterator[FlowClass]:
        """Yield the pods of whole namespaces, and those that a named peer selects."""
        if chosen.whole:
            names = [name for name in chosen.whole if ANY not in name]
            yield _at(end, {"kind": PODS} if ANY in chosen.whole else {"kind": PODS, "ns": only(names)})
        for peer in chosen.selectors:
            for found in self.peers.pod_peer(peer):
                yield _at(end, dict(found.constraints))

    def outside(self, end: str, spans: Spans) -> Iterator[FlowClass]:
        """Yield the addresses *spans* as an end outside."""
        found = intervals.intersect(spans, self.space.outside)
        if found:
            yield _at(end, {"kind": OUTSIDES}, found)

    def held(self, end: str, spans: Spans) -> Iterator[FlowClass]:
        """Yield every pod that could have one of the addresses *spans*."""
        found = intervals.intersect(spans, self.space.pods)
        if found:
            yield _at(end, {"kind": PODS}, found)

    def given(self, end: str, pods: Iterable[Pod], nodes: frozenset[str] = frozenset()) -> Iterator[NamedEnd]:
        """Yield what each of *pods* represents."""
        for pod in pods:
            if self.templates or pod.is_possible:
                yield from map(NamedEnd, self.template(end, pod))
            elif pod.host_network:
                yield from map(NamedEnd, self.host(end, pod))
            elif where := self.cells_of(pod):
                wanted = {f"l:{key}": only((dict(pod.labels).get(key),)) for key in self.keys}
                spans = None if where == self.space.pods else where
                ports = pod.ports if self.has_names else ()
                yield NamedEnd(
                    _at(end, {"kind": PODS, "ns": only((pod.namespace,)), **wanted}, spans),
                    ports,
                    pod.node if pod.node in nodes else "",
                )

    def host(self, end: str, pod: Pod) -> Iterator[FlowClass]:
        """Yield the addresses that *pod*, which is on the host network, may have: any one where none is known."""
        known = spans_of(pod.addresses or self.cluster.nodes)
        yield from self.outside(end, known or self.space.outside)

    def cells_of(self, pod: Pod) -> Spans:
        """Return the addresses that no rule distinguishes from those of *pod*: all of pods where it has none."""
        whole = (WHOLE[self.space.family],)
        own = intervals.intersect(spans_of(pod.addresses), whole) if pod.addresses else self.space.pods
        known = intervals.intersect(own, self.space.pods) or own
        if not pod.addresses:
            return known
        return partition.spans(self.cells, partition.covered(self.cells, known)) if known else ()

    def template(self, end: str, pod: Pod) -> Iterator[FlowClass]:
        """Yield every pod that an endpoint of overlays represents."""
        wanted: Constraints = {"kind": PODS, **self.namespace(pod.namespace)}
        if pod.labels:
            yield _at(end, {**wanted, **{f"l:{key}": only((text,)) for key, text in pod.labels}})
            return
        rest = [_at(end, wanted)]
        for labels in self.named.get(pod.namespace, ()):
            other = _at(end, {f"l:{key}": only((text,)) for key, text in labels})
            rest = [piece for each in rest for piece in self.space.subtract(each, other)]
        yield from rest

    def namespace(self, name: str) -> Constraints:
        """Return the constraints on the namespace that overlays call *name*: ``*`` is any that they do not list."""
        if ANY not in name:
            return {"ns": only((name,))}
        labels = next((each.labels for each in self.cluster.namespaces if each.name == name), ())
        wanted: Constraints = {f"n:{key}": only((text,)) for key, text in labels if key != NAMESPACE_NAME}
        return wanted or {"ns": (True, frozenset(self.listed))}

    def excepted(self, end: str, chosen: Iterable[EndpointSelection], flows: FlowClass) -> Iterator[FlowClass]:
        """
        Yield what of *flows*, which rules let through, is meant where *chosen* are named.

        A pod of manifests is meant by the labels that the rule asks for, if one of them is a label of the pod;
        else by all its labels.  Where the rule asks for an address, that of the pod is the pod's alone.
        """
        unknown = not self.cluster.networks
        for each in chosen:
            yield from self.by_name(end, each)
            yield from self.outside(end, each.addresses)
            yield from self.held(end, each.of_pods)
            if unknown and each.addresses:
                yield _at(end, {"kind": PODS}, each.addresses)
            for pod in () if each.whole or each.peer else each.pods:
                if pod.host_network:
                    yield from self.outside(end, spans_of(pod.addresses or self.cluster.nodes))
                elif self.templates:
                    yield from (found.flows for found in self.given(end, (pod,)))
                else:
                    yield from self.meant(end, pod, flows)

    def meant(self, end: str, pod: Pod, flows: FlowClass) -> Iterator[FlowClass]:
        """Yield what *pod* of manifests means among *flows*."""
        labels, prefix = dict(pod.labels), f"{end}.l:"
        asked = {axis[len(prefix) :]: values for axis, values in flows.values.items() if axis.startswith(prefix)}
        is_named = any(
            not values[0] and None not in values[1] and labels.get(key) in values[1] for key, values in asked.items()
        )
        wanted = {key: labels.get(key) for key in asked} if is_named else labels
        if wanted:
            own = {f"l:{key}": only((text,)) for key, text in wanted.items()}
            yield _at(end, {"kind": PODS, "ns": only((pod.namespace,)), **own})
        spans = spans_of(pod.addresses)
        if spans and f"{end}.ip" in flows.spans:
            yield _at(end, {"kind": PODS}, spans)


def _keys(cluster: Cluster, rules: Iterable[PolicyRule]) -> tuple[str, ...]:
    """Return the label keys of pods that a selector of *cluster* asks for."""
    selectors = {policy.pods for policy in cluster.policies}
    selectors.update(peer.pods for rule in rules for peer in rule.peers or () if isinstance(peer, PodPeer))
    found = {key for each in selectors for key, _ in each.labels}
    return tuple(sorted(found.union(one.key for each in selectors for one in each.expressions)))


def _at(end: str, constraints: Constraints, spans: Spans | None = None) -> FlowClass:
    values = {f"{end}.{axis}": each for axis, each in constraints.items()}
    return flow_class(values, {} if spans is None else {f"{end}.ip": spans})

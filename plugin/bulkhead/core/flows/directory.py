"""Which endpoint an address or a name in a record is: by an inventory, and by the networks and peers of the profile."""

from collections.abc import Mapping, Sequence

from bulkhead.core.flows.flow_table import EndKind, FlowEnd
from bulkhead.core.flows.observation import ObservedEnd
from bulkhead.core.kubernetes.cluster import Labels, Pod
from bulkhead.core.sets import addresses
from bulkhead.core.sets.intervals import Spans, holds

_Name = tuple[str, str]

POD_NETWORK = "an address of the pod network that no pod of the inventory has"
SERVICE = "an address of a Service: the record does not say which pod answered"
REUSED = "an address that pods of several workloads have in the inventories"
NAMELESS = "the record has neither an address nor a pod"
BAD_ADDRESS = "what the record names as an address is none"


class Directory:
    """
    The endpoints by address and by name.

    *inventories* are the pods of one or more dumps; *pods* and *services* are the networks of pods and of Services,
    *peers* the addresses of each named peer.
    """

    def __init__(
        self,
        inventories: Sequence[Sequence[Pod]],
        pods: Spans = (),
        services: Spans = (),
        peers: Mapping[str, Spans] | None = None,
    ) -> None:
        self._pod_network, self._services = pods, services
        self._peers = sorted((peers or {}).items(), key=lambda each: (_size(each[1]), each[0]))
        self._by_address: dict[str, list[Pod]] = {}
        self._by_name: dict[_Name, list[Pod]] = {}
        self._nodes: set[str] = set()
        self._known: dict[ObservedEnd, FlowEnd] = {}
        for pod in (pod for pods_then in inventories for pod in pods_then):
            self._add(pod)

    def _add(self, pod: Pod) -> None:
        if addresses.is_address(pod.node):
            self._nodes.add(_canonical(pod.node))
        for name in {pod.name, pod.workload or pod.name, workload_of(pod)}:
            self._by_name.setdefault((pod.namespace, name), []).append(pod)
        if pod.host_network:
            self._nodes.update(_canonical(each) for each in pod.addresses if addresses.is_address(each))
            return
        for each in pod.addresses:
            if addresses.is_address(each):
                self._by_address.setdefault(_canonical(each), []).append(pod)

    def resolve(self, end: ObservedEnd) -> FlowEnd:
        """Return the endpoint that *end* is; what cannot be known for certain is not resolved."""
        found = self._known.get(end)
        if found is None:
            found = self._known[end] = self._named(end) if end.namespace else self._at(end.address)
        return found

    def _named(self, end: ObservedEnd) -> FlowEnd:
        """Return the workload that a record names; its labels come from the record, else from the inventory."""
        known = self._by_name.get((end.namespace, end.pod)) or self._by_name.get((end.namespace, end.workload)) or []
        if not end.pod and not end.workload:
            return FlowEnd(EndKind.UNRESOLVED, address=f"{end.namespace}/", reason=NAMELESS)
        workload = end.workload or (workload_of(known[0]) if known else "") or end.pod
        if end.labels is not None:
            pod = known[0] if known and set(end.labels) >= set(known[0].labels) else _made(end, workload)
            return FlowEnd(EndKind.WORKLOAD, end.namespace, workload, pod)
        alike = {(pod.labels, pod.host_network) for pod in known}
        return FlowEnd(EndKind.WORKLOAD, end.namespace, workload, known[0] if len(alike) == 1 else None)

    def _at(self, text: str) -> FlowEnd:
        if not text:
            return FlowEnd(EndKind.UNRESOLVED, reason=NAMELESS)
        if not addresses.is_address(text):
            return FlowEnd(EndKind.UNRESOLVED, address=text, reason=BAD_ADDRESS)
        number, address = addresses.address(text), _canonical(text)
        if pods := self._by_address.get(address):
            if len({(pod.owner, pod.labels) for pod in pods}) > 1:
                return FlowEnd(EndKind.UNRESOLVED, address=address, reason=REUSED)
            return FlowEnd(EndKind.WORKLOAD, pods[0].namespace, workload_of(pods[0]), pods[0])
        peer = next((name for name, spans in self._peers if holds(spans, number)), "")
        if address in self._nodes:
            return FlowEnd(EndKind.NODE, address=address, peer=peer)
        for network, reason in ((self._services, SERVICE), (self._pod_network, POD_NETWORK)):
            if holds(network, number):
                return FlowEnd(EndKind.UNRESOLVED, address=address, reason=reason)
        return FlowEnd(EndKind.ADDRESS, address=address, peer=peer)


def workload_of(pod: Pod) -> str:
    """Return the name of the workload of *pod*: of a ReplicaSet that a Deployment made, the Deployment's."""
    name = pod.workload or pod.name
    template = dict(pod.labels).get("pod-template-hash", "")
    return name.removesuffix(f"-{template}") if pod.kind == "ReplicaSet" and template else name


def _made(end: ObservedEnd, workload: str) -> Pod:
    """Return a pod with the labels that the record has."""
    labels: Labels = end.labels or ()
    owner = workload if end.pod and workload != end.pod else ""
    return Pod(end.namespace, end.pod or workload, end.kind or "Pod", owner, labels)


def _canonical(text: str) -> str:
    return addresses.spell_address(addresses.address(text))


def _size(spans: Spans) -> int:
    return sum(last - first + 1 for first, last in spans)

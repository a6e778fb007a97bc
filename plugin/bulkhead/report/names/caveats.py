"""
Notes about addresses: the address of a Service is replaced, and the address of a node may belong to the pod's own node.
"""

from collections.abc import Callable, Iterator

from bulkhead.analysis.analysis_input import AnalysisInput
from bulkhead.core.engine.endpoint_classes import NODE_PORTS
from bulkhead.core.engine.endpoint_terms import EndpointSelection, single_address
from bulkhead.core.engine.semantics import Deviation
from bulkhead.core.kubernetes.cluster import Pod
from bulkhead.core.language.resources import NetworkName
from bulkhead.core.language.scalars import Cidr
from bulkhead.core.sets import addresses, intervals, ports
from bulkhead.core.sets.intervals import Spans
from bulkhead.core.sets.ports import PortSet


def caveats(
    found: AnalysisInput, source: EndpointSelection, destination: EndpointSelection, asked: PortSet
) -> tuple[str, ...]:
    """Return what the enforcer does beyond the answer that depends on what is not known."""
    deviations = found.semantics.deviations
    notes = []
    if Deviation.SERVICE_ADDRESS in deviations and _meets(found, NetworkName.LOAD_BALANCERS, destination.addresses):
        notes.append(
            f"{destination.text} {_is_or_has(destination)} the address of a LoadBalancer: where this cluster serves "
            "it, it is replaced by that of a pod before policies look. What counts then are the rules for the pods "
            "behind it."
        )
    has_unknown_node = any(isinstance(pod, Pod) and not pod.node and not pod.host_network for pod in source.pods)
    if (
        Deviation.NODE_PORTS in deviations
        and has_unknown_node
        and _meets(found, NetworkName.NODES, destination.addresses)
        and ports.intersect(asked, NODE_PORTS).spans
    ):
        notes.append(
            f"Where {_own_node(destination)} the node that the pod runs on, its ports 30000-32767 are open to the pod, "
            "TCP and UDP, whatever the policies say."
        )
    if _meets(found, NetworkName.NODES, source.addresses) and any(map(_may_run_at(source), _pods(destination))):
        notes.append(f"Where {_own_node(source)} the node that the pod runs on, it always reaches the pod.")
    return tuple(notes)


def _is_or_has(chosen: EndpointSelection) -> str:
    return "is" if single_address(chosen) else "contains"


def _own_node(nodes: EndpointSelection) -> str:
    return f"{nodes.text} is" if single_address(nodes) else f"an address of {nodes.text} is that of"


def _pods(chosen: EndpointSelection) -> Iterator[Pod]:
    """Yield the pods that policies select among those that *chosen* names."""
    yield from (pod for pod in (*chosen.pods, *chosen.holders, *chosen.candidates) if not pod.host_network)


def _may_run_at(nodes: EndpointSelection) -> Callable[[Pod], bool]:
    """Return what says if a pod may run on one of *nodes*; where both are known the verdict says it."""
    point = single_address(nodes)

    def may(pod: Pod) -> bool:
        if not addresses.is_address(pod.node):
            return True
        at = addresses.address(pod.node)
        return not point and intervals.holds(nodes.addresses, at)

    return may


def _meets(found: AnalysisInput, name: NetworkName, spans: Spans) -> bool:
    known: tuple[Cidr, ...] = (found.profile.spec.networks.of(name) if found.profile else None) or ()
    return any(intervals.intersect(spans, (addresses.network(str(cidr)),)) for cidr in known)

"""
What no policy tells of an address: that a Service's is replaced, and that a pod's node may be at the other end.
"""

from bulkhead.core import addresses, intervals, ports
from bulkhead.core.cluster import Pod
from bulkhead.core.endpoints import Chosen
from bulkhead.core.intervals import Spans
from bulkhead.core.notation import Cidr
from bulkhead.core.ports import PortSet
from bulkhead.core.resources import NetworkName
from bulkhead.core.semantics import Deviation
from bulkhead.core.survey import NODE_PORTS
from bulkhead.situation import Situation


def replaced(found: Situation, destination: Chosen) -> tuple[str, ...]:
    """Return that *destination* is a Service's address, where the enforcer never sees one; else nothing."""
    if Deviation.SERVICE_ADDRESS not in found.semantics.deviations:
        return ()
    services = intervals.merge(addresses.network(cidr) for cidr in found.cluster.services)
    if not destination.addresses or intervals.subtract(destination.addresses, services):
        return ()
    return (
        f"{destination.text} is the address of a Service: it is replaced by that of a pod, or of a node, before "
        "policies look, and the port by theirs. What counts are the rules for these: ask for the pods behind it.",
    )


def untold(found: Situation, source: Chosen, destination: Chosen, asked: PortSet) -> tuple[str, ...]:
    """Return what the enforcer does beyond the answer that depends on what is not known."""
    deviations = found.semantics.deviations
    notes = []
    if Deviation.SERVICE_ADDRESS in deviations and _meets(found, NetworkName.LOAD_BALANCERS, destination.addresses):
        notes.append(
            f"{destination.text} is the address of a LoadBalancer: where this cluster serves it, it is replaced by "
            "that of a pod before policies look. What counts then are the rules for the pods behind it."
        )
    homeless = any(isinstance(pod, Pod) and not pod.node and not pod.host_network for pod in source.pods)
    if (
        Deviation.NODE_PORTS in deviations
        and homeless
        and _meets(found, NetworkName.NODES, destination.addresses)
        and ports.intersect(asked, NODE_PORTS).spans
    ):
        notes.append(
            f"Where {destination.text} is the node that the pod runs on, its ports 30000-32767 are open to the pod, "
            "TCP and UDP, whatever the policies say."
        )
    return tuple(notes)


def _meets(found: Situation, name: NetworkName, spans: Spans) -> bool:
    known: tuple[Cidr, ...] = (found.profile.spec.networks.of(name) if found.profile else None) or ()
    return any(intervals.intersect(spans, (addresses.network(str(cidr)),)) for cidr in known)

"""A fact about a cluster with its source, and all facts that a dump gives."""

from bulkhead.analysis.detection.dump_objects import DumpObject
from bulkhead.analysis.detection.enforcers import enforcer
from bulkhead.analysis.detection.fact import Fact, Missing, Selected
from bulkhead.analysis.detection.networks import load_balancers, node_network, pod_network, service_network
from bulkhead.analysis.detection.services import api_server, dns, ingress_controllers, prometheus
from bulkhead.core.language.resources import Enforcer
from bulkhead.core.record import record

_NEEDED = {
    "Node": "the networks of nodes and pods, and the distribution",
    "Service": "the network of Services, the cluster's DNS, addresses of load balancers",
    "Pod": "ports that have names, and arguments of the control plane",
    "DaemonSet": "the enforcer",
    "Deployment": "ingress controllers",
    "StatefulSet": "Prometheus",
}


@record
class ClusterFacts:
    """
    What a dump says. *networks* are CIDRs by the name that the profile has for them, each with its source.

    *unknown* says what could not be detected, and why. *dns_ports* are written as in a rule.
    """

    enforcer: Fact
    networks: dict[str, Fact]
    dns: Fact
    dns_peers: tuple[Selected, ...]
    dns_ports: tuple[str, ...]
    api_server: Fact | None
    ingress: tuple[Selected, ...]
    prometheus: tuple[Selected, ...]
    unknown: tuple[str, ...]

    def semantics(self) -> Enforcer:
        """Return what a profile calls the enforcer."""
        return Enforcer(self.enforcer.values[0])

    def facts(self) -> list[Fact]:
        """Return every fact, in the order of a report."""
        selected = [Fact(each.what, (str(each),), each.source) for each in (*self.ingress, *self.prometheus)]
        api = [self.api_server] if self.api_server else []
        return [self.enforcer, *self.networks.values(), self.dns, *api, *selected]


def cluster_facts(objects: tuple[DumpObject, ...]) -> ClusterFacts:
    """Return what *objects* say about their cluster; what they do not say is listed."""
    kinds = {each.kind for each in objects}
    unknown = [
        f"the dump has no {kind}: {lost} could not be detected" for kind, lost in _NEEDED.items() if kind not in kinds
    ]
    found_enforcer = enforcer(objects)
    networks: dict[str, Fact] = {}
    for name, found in (
        ("pods", pod_network(objects)),
        ("services", service_network(objects)),
        ("nodes", node_network(objects)),
        ("loadBalancers", load_balancers(objects)),
    ):
        if isinstance(found, Missing):
            unknown += [found.why] if found.why else []
        else:
            networks[name] = found
    dns_fact, peers, ports = dns(objects, found_enforcer.values[0] == Enforcer.CILIUM.value)
    api = api_server(objects)
    if api is None:
        unknown.append("the API server's addresses: add `endpointslices` to the dump")
    ingress, scraper = ingress_controllers(objects), prometheus(objects)
    unknown += [] if ingress else ["no ingress controller was recognised"]
    unknown += [] if scraper else ["no Prometheus was recognised"]
    return ClusterFacts(found_enforcer, networks, dns_fact, peers, ports, api, ingress, scraper, tuple(unknown))

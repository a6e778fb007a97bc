"""
The reference cluster with workloads: two nodes, pods in every namespace, and hosts outside the cluster.

Addresses are those of the cluster's own description.  The pods of a namespace are spread over both nodes, so that
traffic within it crosses them, and each node's enforcer has its part.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from enforcement.lab import ONE, TWO, Object, Probe
from enforcement.objects import namespace, pod, service
from reference import PROTECTED, UNPROTECTED

NODES = (ONE, TWO)
HOSTS = {
    "lan": ("192.168.1.10",),
    "nas": ("192.168.30.5",),
    "proxmox": ("192.168.20.50",),  # in the nodes' subnet, no node
    "internet": ("203.0.113.7",),
    "unserved": ("10.43.200.53",),  # in the range of Services, and no Service's
}
NAME = "app.kubernetes.io/name"

INFRASTRUCTURE = {
    "kube-system": {"traefik": {NAME: "traefik"}, "coredns": {"k8s-app": "kube-dns"}, "metrics-server": {}},
    "default": {"cluster-dashboard": {"app": "cluster-dashboard"}},
    "authentik": {"authentik": {NAME: "authentik"}},
    "scratch": {"app": {NAME: "app"}},  # nobody has heard of it
}
WORKLOADS = {
    "monitoring": {"prometheus": {NAME: "prometheus"}, "grafana": {NAME: "grafana"}},
    "media": {
        "jellyfin": {NAME: "jellyfin"},
        "jellyseerr": {NAME: "jellyseerr"},
        "postgresql": {NAME: "postgresql"},
        "redis": {NAME: "redis"},
        "import-job": {"batch.kubernetes.io/job-name": "import"},
    },
}
STANDARD = {"app": {NAME: "app"}, "db": {NAME: "db"}}

SERVING = {  # the ports that matter: what a workload serves; every pod also serves 443 and 8080
    "kube-system/coredns": ((53, "UDP"), (53, "TCP")),
    "kube-system/metrics-server": ((53, "UDP"),),
    "authentik/authentik": ((9443, "TCP"),),
    "media/jellyfin": ((8096, "TCP"),),
    "media/postgresql": ((5432, "TCP"),),
    "media/redis": ((6379, "TCP"),),
}
EVERY_POD = ((443, "TCP"), (8080, "TCP"))
OUTSIDE = {  # 30080 is a port of the range that Services take on nodes
    "lan": ((443, "TCP"), (8123, "TCP"), (53, "UDP")),
    "nas": ((443, "TCP"), (2049, "TCP")),
    "proxmox": ((443, "TCP"), (9100, "TCP")),
    "internet": ((443, "TCP"), (443, "UDP"), (587, "TCP"), (80, "TCP"), (53, "UDP")),
    "unserved": ((53, "UDP"), (53, "TCP")),
    ONE.name: ((22, "TCP"), (443, "TCP"), (6443, "TCP"), (30080, "TCP")),
    TWO.name: ((22, "TCP"), (443, "TCP"), (6443, "TCP"), (30080, "TCP")),
}
SERVICES = [
    service("kube-system", "kube-dns", ["10.43.0.10"], {"k8s-app": "kube-dns"}, (53, 53, "UDP"), (53, 53, "TCP")),
    service("default", "kubernetes", ["10.43.0.1"], {"component": "apiserver"}, (443, 6443, "TCP")),
    service("media", "postgresql", ["10.43.7.7"], {NAME: "postgresql"}, (5432, 5432, "TCP")),
    service(
        "authentik", "authentik", ["10.43.8.8"], {NAME: "authentik"}, (443, 9443, "TCP"), balancer=["192.168.20.200"]
    ),
]
FRONTS = {
    "service:kube-system/kube-dns": ("kube-system/coredns", {(53, "UDP"): 53, (53, "TCP"): 53}),
    "service:default/kubernetes": ("default/apiserver", {(443, "TCP"): 6443}),
    "service:media/postgresql": ("media/postgresql", {(5432, "TCP"): 5432}),
    "service:authentik/authentik": ("authentik/authentik", {(443, "TCP"): 9443}),
    "balancer:authentik/authentik": ("authentik/authentik", {(443, "TCP"): 9443}),
}
"""What a probe to a Service becomes, as the filter sees it: who is behind it, at which port."""


@dataclass(frozen=True)
class Placed:
    """A pod of the cluster: its name (``namespace/name``) and its manifest."""

    name: str
    manifest: Object


def workloads() -> dict[str, dict[str, dict[str, str]]]:
    """Return the labels of every pod with a network of its own, by namespace and name."""
    protected = {space: WORKLOADS.get(space, STANDARD) for space in PROTECTED}
    unprotected = {space: {"app": STANDARD["app"]} for space in UNPROTECTED}
    return {**INFRASTRUCTURE, **protected, **unprotected}


def pods() -> Iterator[Placed]:
    """Yield the pods: in turn on one node and the other, and the API server on the first node's own network."""
    (own,) = ONE.addresses
    apiserver = pod("default", "apiserver", own, labels={"component": "apiserver"}, node=own, host_network=True)
    yield Placed("default/apiserver", apiserver)
    number = 10
    for space, named in workloads().items():
        for at, (name, labels) in enumerate(named.items()):
            node = NODES[at % 2]
            number += 1
            address = f"10.42.{at % 2}.{number}"
            yield Placed(f"{space}/{name}", pod(space, name, address, labels=labels, node=node.addresses[0]))


def objects() -> list[Object]:
    """Return the manifests of the cluster, without policies."""
    spaces = [namespace(space) for space in workloads()]
    return [*spaces, *(each.manifest for each in pods()), *SERVICES]


def probes() -> list[Probe]:
    """Return every pair of who is there, on the ports that matter."""
    inside = [each.name for each in pods() if each.name != "default/apiserver"]
    found = [
        Probe(source, target, port, protocol)
        for target in inside
        for port, protocol in (*EVERY_POD, *SERVING.get(target, ()))
        for source in (*inside, *HOSTS, ONE.name, TWO.name)
        if source != target
    ]
    out = {**OUTSIDE, f"bridge:{ONE.name}": ((22, "TCP"),), f"bridge:{TWO.name}": ((22, "TCP"),)}
    found += [Probe(source, to, port, way) for to, open_ in out.items() for port, way in open_ for source in inside]
    for front, (backend, ports) in FRONTS.items():
        found += [Probe(source, front, *given) for given in ports for source in inside if source != backend]
    return found

"""Manifests in a few words, for clusters of the lab."""

from collections.abc import Mapping, Sequence

from enforcement.lab import Object


def namespace(name: str, labels: Mapping[str, str] | None = None) -> Object:
    """Return a namespace."""
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": dict(labels or {})}}


def pod(
    space: str,
    name: str,
    *addresses: str,
    labels: Mapping[str, str] | None = None,
    ports: Sequence[tuple[str, int, str]] = (),
    node: str = "",
    host_network: bool = False,
) -> Object:
    """
    Return a pod, labelled by its name unless *labels* are given.

    *ports* are name, number and protocol; *node* is its node's address.
    """
    containers = [{"name": n, "containerPort": number, "protocol": protocol} for n, number, protocol in ports]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "namespace": space,
            "labels": dict({"app.kubernetes.io/name": name} if labels is None else labels),
        },
        "spec": {"hostNetwork": host_network, "containers": [{"name": "main", "image": "none", "ports": containers}]},
        "status": {"podIPs": [{"ip": ip} for ip in addresses], **({"hostIP": node} if node else {})},
    }


def service(
    space: str,
    name: str,
    cluster: Sequence[str],
    selector: Mapping[str, str],
    *ports: tuple[int, int, str],
    balancer: Sequence[str] = (),
    node_ports: Sequence[int] = (),
) -> Object:
    """Return a Service; *ports* are its port, the pod's port and the protocol, *node_ports* go with them in order."""
    given = [
        {"name": f"p{at}", "port": port, "targetPort": to, "protocol": p} for at, (port, to, p) in enumerate(ports)
    ]
    for one, node_port in zip(given, node_ports, strict=False):
        one["nodePort"] = node_port
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": space},
        "spec": {"clusterIPs": list(cluster), "selector": dict(selector), "ports": given},
        "status": {"loadBalancer": {"ingress": [{"ip": ip} for ip in balancer]}},
    }


def policy(space: str, name: str, spec: Mapping[str, object]) -> Object:
    """Return a NetworkPolicy; with no ``podSelector`` it is for all pods."""
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name, "namespace": space},
        "spec": {"podSelector": {}, **spec},
    }

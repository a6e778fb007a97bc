"""What most namespaces talk to: the cluster's DNS, the API server, ingress controllers, Prometheus."""

from collections.abc import Iterator

from bulkhead.analysis.detection.dump_objects import DumpObject, at, listed, texts
from bulkhead.analysis.detection.fact import Fact, Selected
from bulkhead.analysis.detection.networks import internal_addresses

_NAME = "app.kubernetes.io/name"
_INGRESS = (
    "traefik", "ingress-nginx", "rke2-ingress-nginx", "nginx-ingress", "haproxy-ingress", "kubernetes-ingress",
    "kong", "contour", "envoy", "cloudflared",
)  # fmt: skip
_DNS_SERVICES = (
    ("kube-system", "kube-dns"),
    ("kube-system", "rke2-coredns-rke2-coredns"),
    ("kube-system", "coredns"),
    ("openshift-dns", "dns-default"),
)
_NODE_LOCAL = "169.254.20.10/32"
_WORKLOADS = ("Deployment", "DaemonSet", "StatefulSet")


def dns(objects: tuple[DumpObject, ...], is_cilium: bool) -> tuple[Fact, tuple[Selected, ...], tuple[str, ...]]:
    """Return where names are resolved: the fact, the pods, and the ports that a rule has to open."""
    service = next(
        (each for each in objects if each.kind == "Service" and (each.namespace, each.name) in _DNS_SERVICES), None
    )
    labels = service.labels("spec", "selector") if service else {}
    if service is None or not labels:
        usual = Selected("DNS", "kube-dns", "kube-system", (("k8s-app", "kube-dns"),), "")
        fact = Fact("DNS", (str(usual),), "no Service for it was recognised; these labels are usual", is_guess=True)
        return fact, (usual,), ("53/UDP", "53")
    found = Selected("DNS", "kube-dns", service.namespace, tuple(sorted(labels.items())), str(service))
    ports = list(dict.fromkeys(["53/UDP", "53", *_target_ports(service, objects, labels)]))
    local = next((each for each in objects if each.kind == "DaemonSet" and each.name == "node-local-dns"), None)
    source = f"selector of {service}"
    if local:
        source += f"; {local} answers at {_NODE_LOCAL.removesuffix('/32')}"
        source += ", which no ipBlock of Cilium matches: it needs a CiliumLocalRedirectPolicy" if is_cilium else ""
    values = (f"{found}, ports {', '.join(ports)}", *([_NODE_LOCAL] if local and not is_cilium else []))
    return Fact("DNS", values, source), (found,), tuple(ports)


def has_node_local_dns(fact: Fact) -> bool:
    """Say whether *fact*, about DNS, names the address of node-local-dns."""
    return _NODE_LOCAL in fact.values


def _target_ports(service: DumpObject, objects: tuple[DumpObject, ...], labels: dict[str, str]) -> Iterator[str]:
    """Yield the ports of the pods to which port 53 of *service* leads, as a rule writes them."""
    for port in listed(service.at("spec", "ports")):
        target, protocol = at(port, "targetPort"), at(port, "protocol") or "TCP"
        if at(port, "port") != 53 or protocol not in ("TCP", "UDP"):
            continue
        numbers = [target] if isinstance(target, int) else _named(objects, service.namespace, labels, target)
        yield from (f"{number}/UDP" if protocol == "UDP" else str(number) for number in numbers)


def _named(objects: tuple[DumpObject, ...], namespace: str, labels: dict[str, str], name: object) -> Iterator[int]:
    for each in objects:
        if each.kind == "Pod" and each.namespace == namespace and labels.items() <= each.labels().items():
            for container in listed(each.at("spec", "containers")):
                for port in listed(at(container, "ports")):
                    number = at(port, "containerPort")
                    if at(port, "name") == name and isinstance(number, int):
                        yield number


def api_server(objects: tuple[DumpObject, ...]) -> Fact | None:
    """Return the addresses behind the Service `kubernetes`, as `address:port`; of control-plane nodes as a guess."""
    for each in objects:
        if each.namespace == "default" and each.name == "kubernetes" and each.kind in ("EndpointSlice", "Endpoints"):
            found = tuple(dict.fromkeys(_endpoints(each)))
            if found:
                return Fact("API server", found, str(each))
    nodes = [
        each for each in objects if each.kind == "Node" and "node-role.kubernetes.io/control-plane" in each.labels()
    ]
    guessed = tuple(f"{address}:6443" for each in nodes for address in internal_addresses(each) if ":" not in address)
    if guessed:
        return Fact("API server", guessed, "control-plane nodes, with the usual port", is_guess=True)
    return None


def _endpoints(found: DumpObject) -> Iterator[str]:
    if found.kind == "EndpointSlice":
        ports = [at(port, "port") for port in listed(found.at("ports"))]
        addresses = [text for each in listed(found.at("endpoints")) for text in texts(at(each, "addresses"))]
        yield from (f"{address}:{port}" for address in addresses for port in ports if ":" not in address)
        return
    for subset in listed(found.at("subsets")):
        addresses = [text for each in listed(at(subset, "addresses")) for text in texts(at(each, "ip"))]
        ports = [at(port, "port") for port in listed(at(subset, "ports"))]
        yield from (f"{address}:{port}" for address in addresses for port in ports if ":" not in address)


def ingress_controllers(objects: tuple[DumpObject, ...]) -> tuple[Selected, ...]:
    """Return the ingress controllers that are recognised by their label."""
    return tuple(_recognised(objects, "ingress controller", _INGRESS))


def prometheus(objects: tuple[DumpObject, ...]) -> tuple[Selected, ...]:
    """Return each Prometheus that is recognised by its label."""
    return tuple(_recognised(objects, "Prometheus", ("prometheus",)))


def _recognised(objects: tuple[DumpObject, ...], what: str, names: tuple[str, ...]) -> Iterator[Selected]:
    seen: set[tuple[str, str]] = set()
    for each in objects:
        is_pod = each.kind == "Pod"
        if not (is_pod or each.kind in _WORKLOADS):
            continue
        place = () if is_pod else ("spec", "template")
        name = each.labels(*place, "metadata", "labels").get(_NAME, "")
        if name not in names or (each.namespace, name) in seen:
            continue
        seen.add((each.namespace, name))
        peer = name if sum(other == name for _, other in seen) == 1 else f"{each.namespace}-{name}"
        host = each.at(*place, "spec", "hostNetwork") is True
        yield Selected(what, peer, each.namespace, ((_NAME, name),), str(each), host)

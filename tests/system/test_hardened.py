"""
What base/hardened changes, and that every promise of the reference cluster holds with it and without it.

A promise is a connection: some egress policy of the source's namespace lets it out, and some ingress policy of the
destination's namespace lets it in. The evaluator below says so as plainly as it can, and shares nothing with the
program. It knows the policies alone: that a node always reaches its own pods is the enforcer's doing.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest
from conftest import ROOT, Tree
from copies import copy_reference_cluster
from reference import PROTECTED, Policy, differences, expected, parse

# --- The policies that change ----------------------------------------------------------------------------------------

# media has no rule for the whole namespace that could change, openclaw-personal neither.
CHANGED = tuple(namespace for namespace in PROTECTED if namespace not in ("media", "openclaw-personal"))

HARDENED = """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: allow-intra-namespace-egress
  namespace: NAMESPACE
  labels:
    app.kubernetes.io/managed-by: bulkhead
  annotations:
    bulkhead.dev/rule: intra-namespace
spec:
  podSelector: {}
  policyTypes: [Egress]
  egress:
  - to:
    - podSelector: {}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: allow-external-https-egress
  namespace: NAMESPACE
  labels:
    app.kubernetes.io/managed-by: bulkhead
  annotations:
    bulkhead.dev/rule: external-https
spec:
  podSelector: {}
  policyTypes: [Egress]
  egress:
  - to:
    - ipBlock:
        cidr: 0.0.0.0/0
        except: [10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16]
    ports:
    - port: 443
      protocol: TCP
"""


def hardened(namespace: str) -> list[Policy]:
    """Return the policies that *namespace* is to have once it is hardened."""
    if namespace not in CHANGED:
        return expected(namespace)
    new = parse(HARDENED.replace("NAMESPACE", namespace))
    names = {policy["metadata"]["name"] for policy in new}
    return [policy for policy in expected(namespace) if policy["metadata"]["name"] not in names] + new


def harden_overlay(cluster: Tree, namespace: str) -> None:
    """Add the one line to an overlay."""
    path = cluster.path / "overlays" / namespace / "kustomization.yaml"
    path.write_text(path.read_text() + "components: [../../base/hardened]\n")


def harden_base(cluster: Tree) -> None:
    """Add the one line to base, for all."""
    path = cluster.path / "base" / "kustomization.yaml"
    path.write_text(path.read_text() + "components: [hardened]\n")


def built(cluster: Tree, folder: str) -> list[Policy]:
    """Return what the real kustomize builds."""
    done = cluster.build(folder)
    assert done.status == 0, done.stderr
    return parse(done.stdout)


@pytest.fixture(scope="module")
def standard_policies() -> list[Policy]:
    """The whole cluster as it stands."""
    return built(Tree(ROOT), ".")


@pytest.fixture(scope="module")
def hardened_cluster(tmp_path_factory: pytest.TempPathFactory) -> Tree:
    """A copy of the cluster, hardened in base."""
    cluster = Tree(copy_reference_cluster(tmp_path_factory.mktemp("hardened")))
    harden_base(cluster)
    return cluster


@pytest.fixture(scope="module")
def hardened_policies(hardened_cluster: Tree) -> list[Policy]:
    """The whole cluster, hardened in base."""
    return built(hardened_cluster, ".")


@pytest.fixture(params=["standard", "hardened"])
def policies(request: pytest.FixtureRequest) -> list[Policy]:
    """The whole cluster, in either pattern."""
    found: list[Policy] = request.getfixturevalue(f"{request.param}_policies")
    return found


@pytest.mark.parametrize("namespace", PROTECTED)
def test_one_line_in_an_overlay_hardens_its_namespace(tmp_path: Path, namespace: str) -> None:
    cluster = Tree(copy_reference_cluster(tmp_path))
    harden_overlay(cluster, namespace)
    found = differences(built(cluster, f"overlays/{namespace}"), hardened(namespace))
    assert not found, "\n" + found


def test_one_line_in_an_overlay_leaves_the_other_namespaces_as_they_are(tmp_path: Path) -> None:
    cluster = Tree(copy_reference_cluster(tmp_path))
    harden_overlay(cluster, "cardboard")
    others = [policy for namespace in PROTECTED if namespace != "cardboard" for policy in expected(namespace)]
    found = differences(built(cluster, "."), hardened("cardboard") + others)
    assert not found, "\n" + found


def test_one_line_in_base_hardens_every_namespace(hardened_policies: list[Policy]) -> None:
    found = differences(hardened_policies, [policy for namespace in PROTECTED for policy in hardened(namespace)])
    assert not found, "\n" + found


def test_hardening_leaves_ingress_as_it_is(standard_policies: list[Policy], hardened_policies: list[Policy]) -> None:
    before, after = (
        [policy for policy in policies if "Ingress" in policy["spec"]["policyTypes"]]
        for policies in (standard_policies, hardened_policies)
    )
    assert before
    assert not differences(after, before)


def test_render_prints_the_hardened_cluster_byte_for_byte(hardened_cluster: Tree) -> None:
    done = hardened_cluster.bulkhead("render", ".")
    assert done.status == 0, done.stderr
    assert done.stdout == hardened_cluster.build(".").stdout


# --- The evaluator ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Endpoint:
    """A pod, or an address outside of the pod network: then its namespace is empty and no policy selects it."""

    address: str
    namespace: str = ""
    labels: dict[str, str] = field(default_factory=dict)


def allows(policies: list[Policy], source: Endpoint, destination: Endpoint, port: int, protocol: str) -> bool:
    """Say whether *source* may open a connection: out of its own namespace, and into the destination's."""
    out = passes(policies, "Egress", "to", source, destination, port, protocol)
    return out and passes(policies, "Ingress", "from", destination, source, port, protocol)


def passes(
    policies: list[Policy], direction: str, peers: str, pod: Endpoint, other: Endpoint, port: int, protocol: str
) -> bool:
    """Say whether the policies of *pod* for one direction let the connection with *other* pass."""
    selecting = [
        policy["spec"]
        for policy in policies
        if policy["metadata"]["namespace"] == pod.namespace
        and direction in policy["spec"]["policyTypes"]
        and selects(policy["spec"]["podSelector"], pod.labels)
    ]
    rules = [rule for spec in selecting for rule in spec.get(direction.lower(), [])]
    return not selecting or any(
        has_peer(rule.get(peers, []), pod.namespace, other) and has_port(rule.get("ports", []), port, protocol)
        for rule in rules
    )


def has_port(ports: list[Policy], port: int, protocol: str) -> bool:
    """Say whether a rule's ports, none of which means all, have this one."""
    assert all(set(each) == {"port", "protocol"} and isinstance(each["port"], int) for each in ports)
    return not ports or {"port": port, "protocol": protocol} in ports


def has_peer(peers: list[Policy], namespace: str, other: Endpoint) -> bool:
    """Say whether a rule's peers, none of which means everyone, have *other*."""
    return not peers or any(is_peer(peer, namespace, other) for peer in peers)


def is_peer(peer: Policy, namespace: str, other: Endpoint) -> bool:
    """Say whether *other* is what *peer*, in a policy of *namespace*, describes; an ipBlock matches pods as well."""
    if "ipBlock" in peer:
        block = peer["ipBlock"]
        address = ip_address(other.address)
        return address in ip_network(block["cidr"]) and not any(
            address in ip_network(hole) for hole in block.get("except", [])
        )
    if not other.namespace:
        return False
    if "namespaceSelector" in peer:
        near = selects(peer["namespaceSelector"], {"kubernetes.io/metadata.name": other.namespace})
    else:
        near = other.namespace == namespace
    return near and selects(peer.get("podSelector", {}), other.labels)


def selects(selector: Policy, labels: dict[str, str]) -> bool:
    """Say whether *labels* have all that *selector* asks for; the reference cluster asks by matchLabels alone."""
    assert set(selector) <= {"matchLabels"}
    wanted: dict[str, str] = selector.get("matchLabels", {})
    return wanted.items() <= labels.items()


# --- Who is there ----------------------------------------------------------------------------------------------------

ENDPOINTS = {
    "kube-system/traefik": Endpoint("10.42.0.10", "kube-system", {"app.kubernetes.io/name": "traefik"}),
    "kube-system/coredns": Endpoint("10.42.0.11", "kube-system", {"k8s-app": "kube-dns"}),
    "default/dashboard": Endpoint("10.42.0.12", "default", {"app": "cluster-dashboard"}),
    "default/other": Endpoint("10.42.0.13", "default", {"app": "other"}),
    "authentik/server": Endpoint("10.42.0.14", "authentik", {"app.kubernetes.io/name": "authentik"}),
    "hamaja-recipes/app": Endpoint("10.42.0.15", "hamaja-recipes", {"app.kubernetes.io/name": "hamaja-recipes"}),
    "digital-signage/app": Endpoint("10.42.0.16", "digital-signage", {"app.kubernetes.io/name": "digital-signage"}),
    "monitoring/prometheus": Endpoint("10.42.1.10", "monitoring", {"app.kubernetes.io/name": "prometheus"}),
    "media/jellyfin": Endpoint("10.42.1.20", "media", {"app.kubernetes.io/name": "jellyfin"}),
    "media/jellyseerr": Endpoint("10.42.1.21", "media", {"app.kubernetes.io/name": "jellyseerr"}),
    "media/postgresql": Endpoint("10.42.1.22", "media", {"app.kubernetes.io/name": "postgresql"}),
    "media/redis": Endpoint("10.42.1.23", "media", {"app.kubernetes.io/name": "redis"}),
    # Outside of the pod network
    "node": Endpoint("192.168.20.11"),
    "kubernetes": Endpoint("10.43.0.1"),
    "authentik address": Endpoint("192.168.20.200"),
    "lan": Endpoint("192.168.1.40"),
    "nas": Endpoint("192.168.30.5"),
    "internet": Endpoint("203.0.113.7"),
}

# In every protected namespace but media two pods like any other.
APPS = tuple(namespace for namespace in PROTECTED if namespace != "media")
for number, name in enumerate(APPS, 1):
    ENDPOINTS[f"{name}/app"] = Endpoint(f"10.42.2.{number}", name, {"app.kubernetes.io/name": "app"})
    ENDPOINTS[f"{name}/other"] = Endpoint(f"10.42.3.{number}", name, {"app.kubernetes.io/name": "other"})

MEDIA = ("media/jellyfin", "media/jellyseerr", "media/postgresql", "media/redis")
LOCKED = {"media/postgresql": 5432, "media/redis": 6379}


def may(policies: list[Policy], row: str) -> bool:
    """Say whether the connection of a row such as `lan -> media/jellyfin : 53/UDP` may be opened."""
    source, rest = row.split(" -> ")
    destination, service = rest.split(" : ")
    port, _, protocol = service.partition("/")
    return allows(policies, ENDPOINTS[source], ENDPOINTS[destination], int(port), protocol or "TCP")


# --- The promises, in both patterns ----------------------------------------------------------------------------------


def kept() -> Iterator[str]:
    """The connections that the cluster's description allows."""
    for name in APPS:
        yield f"kube-system/traefik -> {name}/app : 8080"
        yield f"monitoring/prometheus -> {name}/app : 9090"
        yield f"default/dashboard -> {name}/app : 8080"
        yield f"{name}/app -> internet : 443"
        if name != "openclaw-personal":
            yield f"{name}/app -> {name}/other : 8080"
            yield f"{name}/app -> {name}/other : 5353/UDP"
        if name != "security-scanner":
            yield f"security-scanner/app -> {name}/app : 22"
            yield f"security-scanner/app -> {name}/app : 161/UDP"
    for name in (*(f"{name}/app" for name in APPS), *MEDIA):
        yield f"{name} -> kube-system/coredns : 53"
        yield f"{name} -> kube-system/coredns : 53/UDP"
    yield from ALLOWED.split("\n")


ALLOWED = """\
email-gateway/app -> internet : 587
home-assistant/app -> lan : 80
home-assistant/app -> lan : 5683/UDP
monitoring/prometheus -> kube-system/coredns : 9153
monitoring/prometheus -> hamaja-recipes/app : 9090
monitoring/prometheus -> node : 9100
monitoring/prometheus -> node : 10250
monitoring/prometheus -> lan : 9100
monitoring/app -> node : 8006
monitoring/app -> lan : 161/UDP
node -> monitoring/app : 9091
lan -> monitoring/app : 9091
openclaw-ops/app -> node : 6443
openclaw-ops/app -> kubernetes : 443
security-scanner/app -> hamaja-recipes/app : 22
security-scanner/app -> kube-system/traefik : 8443
kube-system/traefik -> media/jellyfin : 8096
monitoring/prometheus -> media/jellyfin : 8096
node -> media/jellyfin : 8096
media/jellyseerr -> media/jellyfin : 8096
media/jellyfin -> media/postgresql : 5432
media/jellyfin -> media/redis : 6379
media/jellyfin -> nas : 2049
media/jellyfin -> authentik address : 443
media/jellyfin -> authentik/server : 9443
media/jellyfin -> internet : 443"""


def refused() -> Iterator[str]:
    """The connections that the cluster's description refuses."""
    for name in APPS:
        yield f"internet -> {name}/app : 443"
        yield f"{name}/app -> internet : 80"
        yield f"{name}/app -> internet : 443/UDP"
        if name != "email-gateway":
            yield f"{name}/app -> internet : 587"
        if name not in ("home-assistant", "monitoring"):
            yield f"{name}/app -> lan : 80"
        yield f"{name}/app -> nas : 9100"
        if name != "monitoring":
            yield f"{name}/app -> node : 9100"
            yield f"lan -> {name}/app : 8080"
            yield f"node -> {name}/app : 8080"
        if name not in ("monitoring", "openclaw-ops"):
            yield f"{name}/app -> node : 6443"
    for locked, port in LOCKED.items():
        for name in ENDPOINTS:
            if name not in ("media/jellyfin", locked):
                yield f"{name} -> {locked} : {port}"
        yield f"media/jellyfin -> {locked} : 22"
        yield f"{locked} -> internet : 443"
        yield f"{locked} -> media/jellyfin : 8096"
    for name in ENDPOINTS:
        if name not in ("kube-system/traefik", "monitoring/prometheus", "node", "authentik address", *MEDIA):
            yield f"{name} -> media/jellyfin : 8096"
        if name not in MEDIA:
            yield f"{name} -> media/jellyseerr : 5055"
        if name not in ("openclaw-personal/app", "kube-system/coredns", "internet"):
            yield f"openclaw-personal/app -> {name} : 443"
            yield f"openclaw-personal/app -> {name} : 8080"
    yield from REFUSED.split("\n")


REFUSED = """\
email-gateway/app -> lan : 587
email-gateway/app -> nas : 587
home-assistant/app -> nas : 80
monitoring/prometheus -> nas : 9100
openclaw-ops/app -> node : 22
media/jellyfin -> lan : 443
media/jellyfin -> node : 443
media/jellyfin -> nas : 443
media/jellyfin -> nas : 2049/UDP
media/jellyfin -> authentik address : 80
media/jellyfin -> cardboard/app : 443
media/jellyfin -> media/jellyseerr : 5055
media/jellyseerr -> cardboard/app : 8080"""


def test_every_promised_connection_is_open_in_both_patterns(policies: list[Policy]) -> None:
    closed = [row for row in kept() if not may(policies, row)]
    assert not closed, "\n".join(closed)


def test_every_unpromised_connection_is_refused_in_both_patterns(policies: list[Policy]) -> None:
    opened = [row for row in refused() if may(policies, row)]
    assert not opened, "\n".join(opened)


# --- What the two patterns differ in ---------------------------------------------------------------------------------

# Namespaces whose pods have no business with those of other namespaces.
NEIGHBOURS = tuple(name for name in APPS if name not in ("security-scanner", "openclaw-personal"))


def closed_by_hardening() -> Iterator[str]:
    """What the standard pattern leaves open between namespaces and into private networks."""
    for name in NEIGHBOURS:
        for other in APPS:
            if other != name:
                yield f"{name}/app -> {other}/app : 8080"
        yield f"{name}/app -> hamaja-recipes/app : 8080"
        yield f"{name}/app -> kube-system/traefik : 443"
        if name not in ("home-assistant", "monitoring"):
            yield f"{name}/app -> lan : 443"
        yield f"{name}/app -> nas : 443"
        if name != "monitoring":
            yield f"{name}/app -> node : 443"


def test_standard_pattern_leaves_open_on_record_what_hardening_closes(standard_policies: list[Policy]) -> None:
    closed = [row for row in closed_by_hardening() if not may(standard_policies, row)]
    assert not closed, "\n".join(closed)


def test_hardening_closes_what_the_standard_pattern_leaves_open(hardened_policies: list[Policy]) -> None:
    opened = [row for row in closed_by_hardening() if may(hardened_policies, row)]
    assert not opened, "\n".join(opened)


@pytest.mark.parametrize("port", ["1", "22", "80", "443", "5432", "8080", "65535", "53/UDP", "8080/UDP"])
def test_cardboard_reaches_any_port_of_trade_bot_until_it_is_hardened(
    standard_policies: list[Policy], hardened_policies: list[Policy], port: str
) -> None:
    assert may(standard_policies, f"cardboard/app -> trade-bot/app : {port}")
    assert not may(hardened_policies, f"cardboard/app -> trade-bot/app : {port}")


def test_hardening_one_namespace_closes_its_egress_and_not_its_ingress(tmp_path: Path) -> None:
    cluster = Tree(copy_reference_cluster(tmp_path))
    harden_overlay(cluster, "cardboard")
    policies = built(cluster, ".")
    assert not may(policies, "cardboard/app -> trade-bot/app : 8080")
    assert may(policies, "trade-bot/app -> cardboard/app : 8080")


def test_pods_whose_egress_is_free_still_get_in(policies: list[Policy]) -> None:
    assert all(may(policies, f"hamaja-recipes/app -> {name}/app : 8080") for name in APPS)


def test_security_scanner_reaches_no_pod_of_media(policies: list[Policy]) -> None:
    reached = [
        (pod, port)
        for pod in MEDIA
        for port in (22, 80, 443, 5432, 6379, 8096)
        if may(policies, f"security-scanner/app -> {pod} : {port}")
    ]
    assert reached == []

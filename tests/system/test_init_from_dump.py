"""``bulkhead init --from``: what a dump says, what is guessed, and what it does not say."""

import json
from pathlib import Path
from typing import Any

import pytest
from conftest import FLAGS, TOOLS, Done, bulkhead, run

Plain = dict[str, Any]
CLOSED = """\
  - {from: internet, to: blog, allowed: false, because: Nothing comes in from outside the cluster}
  - {from: blog, to: internet, port: [22, 25], allowed: false, because: HTTPS is all that leaves the cluster}
"""


def made(kind: str, name: str, namespace: str = "", labels: Plain | None = None, **rest: Any) -> Plain:
    metadata = {"name": name, "labels": labels or {}} | ({"namespace": namespace} if namespace else {})
    return {"apiVersion": "v1", "kind": kind, "metadata": metadata, **rest}


def node(name: str, address: str, pods: str = "", version: str = "v1.34.1", labels: Plain | None = None) -> Plain:
    status = {
        "nodeInfo": {"kubeletVersion": version},
        "addresses": [{"type": "InternalIP", "address": address}, {"type": "Hostname", "address": name}],
    }
    return made("Node", name, labels=labels, spec={"podCIDRs": [pods]} if pods else {}, status=status)


def workload(kind: str, namespace: str, name: str, labels: Plain, **pod: Any) -> Plain:
    return made(kind, name, namespace, spec={"template": {"metadata": {"labels": labels}, "spec": pod}})


def dns(namespace: str, name: str, selector: Plain, target: int | str = 53) -> Plain:
    ports = [{"port": 53, "protocol": each, "targetPort": target} for each in ("UDP", "TCP")]
    return made("Service", name, namespace, spec={"clusterIP": "10.43.0.10", "selector": selector, "ports": ports})


KUBE_DNS = dns("kube-system", "kube-dns", {"k8s-app": "kube-dns"})
TRAEFIK = workload("Deployment", "kube-system", "traefik", {"app.kubernetes.io/name": "traefik"})
PROMETHEUS = workload("StatefulSet", "monitoring", "prometheus", {"app.kubernetes.io/name": "prometheus"})
SLICE = made(
    "EndpointSlice", "kubernetes", "default", endpoints=[{"addresses": ["192.168.20.11"]}], ports=[{"port": 6443}]
)
BALANCER = made(
    "Service",
    "traefik",
    "kube-system",
    spec={"type": "LoadBalancer", "clusterIP": "10.43.7.7"},
    status={"loadBalancer": {"ingress": [{"ip": "192.168.20.200"}]}},
)
K3S = [
    node("n1", "192.168.20.11", "10.42.0.0/24", "v1.34.1+k3s1"),
    node("n2", "192.168.20.12", "10.42.1.0/24", "v1.34.1+k3s1"),
    KUBE_DNS, TRAEFIK, PROMETHEUS, SLICE, BALANCER,
    made("DaemonSet", "svclb", "kube-system"),
    made("Pod", "web", "blog", spec={}, status={"podIPs": [{"ip": "10.42.0.9"}]}),
]  # fmt: skip
KUBEADM = made(
    "ConfigMap",
    "kubeadm-config",
    "kube-system",
    data={"ClusterConfiguration": "networking:\n  podSubnet: 10.200.0.0/16\n  serviceSubnet: 10.43.0.0/17\n"},
)


def start(folder: Path, *objects: Plain, by_stdin: bool = True) -> Done:
    dump = json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}, indent=1)
    (folder.parent / "dump.json").write_text(dump)
    given = "-" if by_stdin else str(folder.parent / "dump.json")
    return bulkhead("init", "--from", given, cwd=folder, stdin=dump if by_stdin else "")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "tree").mkdir()
    return tmp_path / "tree"


@pytest.mark.parametrize("by_stdin", [True, False])
def test_k3s_is_detected_and_what_is_guessed_is_said(by_stdin: bool, tree: Path) -> None:
    done = start(tree, *K3S, by_stdin=by_stdin)
    assert done.status == 0, done.stderr
    assert "enforcer: kube-router (guessed: Node n1 runs v1.34.1+k3s1" in done.stdout
    assert "network of pods: 10.42.0.0/16 (guessed: podCIDRs of 2 nodes, within the default of k3s)" in done.stdout
    assert "network of nodes: 192.168.20.0/24 (guessed: " in done.stdout
    assert "addresses of load balancers: 192.168.20.200/32 (status of 1 Services)" in done.stdout
    assert "API server: 192.168.20.11:6443 (EndpointSlice default/kubernetes)" in done.stdout
    assert "not detected" not in done.stdout
    cluster = (tree / "base/cluster.yaml").read_text()
    assert (
        "  networks: {pods: 10.42.0.0/16, services: 10.43.0.0/16, nodes: 192.168.20.0/24,"
        " loadBalancers: 192.168.20.200/32}\n" in cluster
    )
    assert "    kubernetes-api: {cidr: 192.168.20.11/32}\n" in cluster


@pytest.mark.parametrize(
    ("name", "objects", "enforcer"),
    [
        ("k3s", K3S, "kube-router"),
        ("calico", [*K3S, made("DaemonSet", "calico-node", "calico-system"), KUBEADM], "calico"),
        ("cilium", [*K3S, made("DaemonSet", "cilium", "kube-system")], "cilium"),
    ],
)
def test_detected_tree_builds_without_findings_and_keeps_its_promises(
    name: str, objects: list[Plain], enforcer: str, tree: Path
) -> None:
    assert start(tree, *objects).status == 0
    assert f"  enforcer: {enforcer}\n" in (tree / "base/cluster.yaml").read_text()
    assert bulkhead("new", "blog", cwd=tree).status == 0
    linted = bulkhead("lint", cwd=tree)
    assert (linted.status, "hint:" in linted.stdout) == (0, False), linted.stdout + linted.stderr
    promises = tree / "tests/reachability/standard.yaml"
    promises.write_text(promises.read_text() + CLOSED)
    tested = bulkhead("test", cwd=tree)
    assert tested.status == 0, tested.stdout + tested.stderr
    reached = bulkhead("explain", "kube-system/traefik", "blog:80", cwd=tree)
    assert (reached.status, "allowed" in reached.stdout) == (0, True), reached.stdout
    built = run(TOOLS / "kustomize", "build", *FLAGS, ".", cwd=tree)
    assert (built.status, built.stderr) == (0, "")


def test_configured_networks_come_before_addresses(tree: Path) -> None:
    done = start(tree, *K3S, KUBEADM)
    assert "network of pods: 10.200.0.0/16 (ConfigMap kube-system/kubeadm-config, podSubnet)" in done.stdout
    assert "network of Services: 10.43.0.0/17 (ConfigMap kube-system/kubeadm-config, serviceSubnet)" in done.stdout


def test_two_enforcers_are_named_and_none_is_chosen(tree: Path) -> None:
    both = (made("DaemonSet", "cilium", "kube-system"), made("DaemonSet", "calico-node", "calico-system"))
    done = start(tree, *K3S, *both)
    assert (
        "enforcer: any (guessed: DaemonSet kube-system/cilium and DaemonSet calico-system/calico-node: two"
        in done.stdout
    )


def test_aws_node_without_its_agent_enforces_nothing(tree: Path) -> None:
    done = start(tree, made("DaemonSet", "aws-node", "kube-system"))
    assert "policies have NO effect until it has" in done.stdout


def test_port_behind_the_dns_service_is_opened_too(tree: Path) -> None:
    labels = {"dns.operator.openshift.io/daemonset-dns": "default"}
    ports = [{"name": "dns", "containerPort": 5353, "protocol": "UDP"}]
    pod = made("Pod", "dns-1", "openshift-dns", labels, spec={"containers": [{"ports": ports}]})
    start(tree, dns("openshift-dns", "dns-default", labels, "dns"), pod, made("DaemonSet", "ovnkube-node", "ovn"))
    standard = (tree / "base/namespace.yaml").read_text()
    assert "dns: {to: kube-dns, ports: [53/UDP, 53, 5353/UDP, 5353], why" in standard


def test_node_local_dns_is_an_address(tree: Path) -> None:
    start(tree, *K3S, made("DaemonSet", "node-local-dns", "kube-system"))
    assert "{cidr: 169.254.20.10/32}" in (tree / "base/cluster.yaml").read_text()


def test_ingress_controller_on_the_host_network_gets_no_rule_and_is_named(tree: Path) -> None:
    host = workload("DaemonSet", "web", "nginx", {"app.kubernetes.io/name": "ingress-nginx"}, hostNetwork=True)
    done = start(tree, host)
    assert "on the host network, so no selector matches it and no rule was written: ingress controller" in done.stdout
    assert "ingress-nginx" not in (tree / "base/namespace.yaml").read_text()


def test_kind_that_the_dump_lacks_is_named_with_what_it_would_say(tree: Path) -> None:
    done = start(tree, KUBE_DNS)
    assert done.status == 0
    assert "not detected: the dump has no Node: the networks of nodes and pods" in done.stdout
    assert "not detected: the dump has no DaemonSet: the enforcer" in done.stdout
    assert "# not detected: the dump has no Node" in (tree / "base/cluster.yaml").read_text()


@pytest.mark.parametrize(
    "text", ["", "[]", "no json", '{"kind": "List", "items": []}', '{"a": 1}', '{"items": [1, null]}']
)
def test_what_is_no_dump_is_refused_and_nothing_is_written(text: str, tree: Path) -> None:
    done = bulkhead("init", "--from", "-", cwd=tree, stdin=text)
    assert (done.status, list(tree.iterdir())) == (2, [])
    assert "stdin" in done.stderr


def test_odd_values_of_a_dump_change_no_more_than_what_they_are(tree: Path) -> None:
    labels = {"app.kubernetes.io/name": "traefik"}
    odd = workload("Deployment", "a: {b}\n# c", "x", labels)
    broken = [made("Node", "n", spec=[], status=3), made("Service", "s", "d", spec={"ports": [1, {"port": 53}]}), odd]
    done = start(tree, *broken)
    assert done.status == 0, done.stderr
    assert '    traefik: {namespace: "a: {b}\\n# c", pods:' in (tree / "base/cluster.yaml").read_text()

"""The lab is a cluster: nodes, pods, Services, named ports, both families, either iptables."""

from collections.abc import Iterator

import pytest
from enforcement.lab import DUAL, DUAL_TWO, Lab, Probe, Verdict
from enforcement.objects import namespace, pod, policy, service

ALLOWED, REFUSED = Verdict.ALLOWED, Verdict.REFUSED
FAR = DUAL_TWO.addresses[0]
WEB = {"app.kubernetes.io/name": "z"}
OBJECTS = [
    *(namespace("a"), namespace("b")),
    pod("a", "x", "10.42.0.10", "fd00:42::10"),
    pod("a", "far", "10.42.1.10", "fd00:42:0:1::10", node=FAR),
    pod("b", "y", "10.42.0.11", "fd00:42::11"),
    pod("b", "z", "10.42.0.12", "fd00:42::12", ports=[("web", 8080, "TCP")]),
    pod("b", "host", host_network=True),
    service("b", "y", ["10.43.0.8", "fd00:43::8"], {"app.kubernetes.io/name": "y"}, (80, 80, "TCP")),
    service(
        "b",
        "z",
        ["10.43.0.9", "fd00:43::9"],
        WEB,
        (80, 8080, "TCP"),
        balancer=["192.168.20.200", "fd00:20::200"],
        node_ports=[30080],
    ),
]
HOSTS = {"lan": ("192.168.1.10", "fd00:1::10"), "internet": ("203.0.113.7", "2001:db8::7")}
FROM_A = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "a"}}}
POLICIES = [
    policy("a", "default-deny-in", {"policyTypes": ["Ingress"]}),
    policy("b", "default-deny-all", {"policyTypes": ["Ingress", "Egress"]}),
    policy("b", "in", {"policyTypes": ["Ingress"], "ingress": [{"from": [{"podSelector": {}}]}]}),
    policy(
        "b",
        "web",
        {
            "podSelector": {"matchLabels": WEB},
            "policyTypes": ["Ingress"],
            "ingress": [{"from": [FROM_A], "ports": [{"port": "web", "protocol": "TCP"}]}],
        },
    ),
]
ROWS = [
    ("a/x", "b/y", 80, "TCP", REFUSED),  # b lets its own pods in
    ("a/x", "b/y", 80, "UDP", REFUSED),
    ("b/z", "b/y", 80, "TCP", REFUSED),  # and lets nothing out
    ("lan", "b/y", 80, "TCP", REFUSED),
    ("node", "b/y", 80, "TCP", ALLOWED),  # a node reaches its own pods
    ("b/host", "b/y", 80, "UDP", ALLOWED),  # so do pods on its network
    ("node-2", "b/y", 80, "TCP", REFUSED),  # and no other node
    ("a/x", "lan", 80, "UDP", ALLOWED),
    ("b/y", "lan", 80, "UDP", REFUSED),
    ("b/y", "node", 22, "TCP", REFUSED),
    ("b/y", "bridge:node", 22, "TCP", REFUSED),
    ("b/y", "internet", 443, "TCP", REFUSED),
    ("a/x", "a/far", 80, "TCP", REFUSED),  # the other node's enforcer says so
    ("node", "a/far", 80, "TCP", REFUSED),
    ("node-2", "a/far", 80, "TCP", ALLOWED),
    ("a/far", "b/z", 8080, "TCP", ALLOWED),  # a named port
    ("a/far", "b/z", 8081, "TCP", REFUSED),
    ("a/far", "b/z", 8080, "UDP", REFUSED),
    ("a/x", "service:b/z", 80, "TCP", ALLOWED),  # 8080 by the time that it is filtered
    ("a/far", "service:b/z", 80, "TCP", ALLOWED),
    ("a/x", "service:b/y", 80, "TCP", REFUSED),
    ("a/x", "balancer:b/z", 80, "TCP", ALLOWED),
    ("lan", "balancer:b/z", 80, "TCP", REFUSED),
    ("a/x", "nodeport:b/z", 30080, "TCP", ALLOWED),
    ("lan", "nodeport:b/z", 30080, "TCP", REFUSED),
]


@pytest.fixture(params=["nft", "legacy"])
def nodes(request: pytest.FixtureRequest) -> Iterator[Lab]:
    with Lab((DUAL, DUAL_TWO), backend=request.param) as made:
        yield made


def test_every_kind_of_end_is_as_in_a_cluster_over_both_families(nodes: Lab) -> None:
    wanted = {Probe(a, b, port, protocol, family): row for *(a, b, port, protocol), row in ROWS for family in (4, 6)}
    nodes.build(OBJECTS, hosts=HOSTS, probes=list(wanted))
    found = dict(zip(wanted, nodes.judge(POLICIES), strict=True))
    assert [str(probe) for probe in wanted if found[probe] is not wanted[probe]] == []


def test_the_kernel_is_programmed_with_the_iptables_that_was_chosen(nodes: Lab) -> None:
    nodes.build(OBJECTS, hosts=HOSTS, probes=[Probe("a/x", "b/y", 80)])
    nodes.judge(POLICIES)
    rules = nodes.dump("node")
    assert "KUBE-POD-FW-" in rules and "fd00:42::11" in rules
    assert ("nf_tables" in rules) == (nodes.backend == "nft")

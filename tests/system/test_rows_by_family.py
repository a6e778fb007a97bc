"""``allowed: true`` where the addresses of pods are not known: they may be IPv4 alone."""

import pytest
from conftest import Tree

WORKLOADS = "".join(
    f"""---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}, namespace: {space}}}
spec: {{template: {{metadata: {{labels: {{app: {name}}}}}, spec: {{containers: [{{name: c}}]}}}}}}
"""
    for name, space in (("web", "lab"), ("db", "shop"))
)
POLICY = """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: p, namespace: shop}
spec: {podSelector: {}, policyTypes: [%s], %s}
"""
ROW = """\
apiVersion: bulkhead.dev/v1alpha1
kind: ReachabilityTest
metadata: {name: t}
spec: {tests: [{%s, allowed: true}]}
"""
INTO = "from: lab/web, to: shop/db"
OUT = "from: shop/db, to: [8.8.8.0/24, '2001:db8::/32']"


@pytest.mark.parametrize(
    ("blocks", "row", "status"),
    [
        (["::/0"], INTO, 1),
        (["0.0.0.0/0"], INTO, 0),
        (["0.0.0.0/0", "::/0"], INTO, 0),
        (["::/0"], OUT, 1),
        (["0.0.0.0/0"], OUT, 1),
        (["0.0.0.0/0", "::/0"], OUT, 0),
    ],
)
def test_a_row_holds_by_ipv6_alone_only_for_ends_without_ipv4(
    blocks: list[str], row: str, status: int, tree: Tree
) -> None:
    kind, direction, peers = ("Ingress", "ingress", "from") if row is INTO else ("Egress", "egress", "to")
    listed = ", ".join(f"{{ipBlock: {{cidr: '{each}'}}}}" for each in blocks)
    tree.write("m.yaml", POLICY % (kind, f"{direction}: [{{{peers}: [{listed}]}}]") + WORKLOADS)
    tree.write("t.yaml", ROW % row)
    assert tree.bulkhead("test", "--manifests", "m.yaml", "--file", "t.yaml").status == status


@pytest.mark.parametrize(("block", "is_noted"), [("0.0.0.0/0", True), ("10.0.0.0/8", False)])
def test_a_block_that_names_every_pod_is_noted(block: str, is_noted: bool, tree: Tree) -> None:
    tree.write("m.yaml", POLICY % ("Egress", "egress: [{to: [{ipBlock: {cidr: 10.0.0.0/8}}]}]") + WORKLOADS)
    tree.write("t.yaml", ROW.replace(", allowed: true", "") % f"from: shop, to-only: [shop, {block}]")
    done = tree.bulkhead("test", "--manifests", "m.yaml", "--file", "t.yaml")
    assert (done.status, f"`{block}` contains the addresses of all pods" in done.stdout) == (0, is_noted)

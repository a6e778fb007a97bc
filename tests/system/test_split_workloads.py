"""Pods of one workload that policies distinguish are never merged: an open one does not hide a refused one."""

import json

import pytest
from conftest import Tree

REPLICA = """\
apiVersion: v1
kind: Pod
metadata:
  {{name: web-{0}, namespace: shop, labels: {{app: web, index: "{0}"}},
   ownerReferences: [{{apiVersion: apps/v1, kind: StatefulSet, name: web, uid: x, controller: true}}]}}
spec: {{}}
---
"""
CLIENT = "apiVersion: v1\nkind: Pod\nmetadata: {name: client, namespace: shop}\nspec: {}\n---\n"
DENY = """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: deny, namespace: shop}
spec: {podSelector: {matchLabels: {index: "1"}}, policyTypes: [Ingress]}
"""
PODS = REPLICA.format(0) + REPLICA.format(1) + CLIENT


@pytest.fixture
def shop(tree: Tree) -> Tree:
    tree.write("all.yaml", PODS + DENY)
    return tree


@pytest.mark.parametrize("destination", ["shop/web:80", "shop/web"])
def test_explain_is_refused_where_one_replica_is(shop: Tree, destination: str) -> None:
    done = shop.bulkhead("explain", "--manifests", "all.yaml", "shop/client", destination, "--format", "json")
    assert done.status == 1
    found = json.loads(done.stdout)
    assert {name: each["allowed"] for each in found["answers"] for pair in each["pairs"] for name in pair["to"]} == {
        "shop/web-0": True,
        "shop/web-1": False,
    }
    assert found["allowed"] is False


def test_reach_has_a_row_for_the_replica_that_is_open(shop: Tree) -> None:
    done = shop.bulkhead("reach", "--manifests", "all.yaml", "--from", "shop/client", "--to", "shop/web")
    assert [line.split()[1] for line in done.stdout.splitlines() if line.startswith("shop/")] == ["shop/web-0"]


def test_pairs_have_the_replicas(shop: Tree) -> None:
    found = json.loads(shop.bulkhead("reach", "--manifests", "all.yaml", "--format", "pairs").stdout)
    assert {each["dst"] for each in found if each["src"].startswith("shop/client")} >= {"shop/web-0[Pod]"}
    assert "shop/web-1[Pod]" not in {each["dst"] for each in found}


def test_a_workload_that_policies_do_not_divide_has_its_name(tree: Tree) -> None:
    tree.write("all.yaml", PODS)
    done = tree.bulkhead("explain", "--manifests", "all.yaml", "shop/client", "shop/web:80")
    assert (done.status, "shop/web, port 80: allowed" in done.stdout) == (0, True)

"""Long lists end with how many more there are, `--all` shows them whole, and documents are never shortened."""

import json

import pytest
from conftest import Tree

PODS = 9
POD = "apiVersion: v1\nkind: Pod\nmetadata: {{name: web-{0}, namespace: shop}}\nspec: {{}}\n---\n"
DENY = """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: deny, namespace: shop}
spec: {podSelector: {}, policyTypes: [Ingress]}
"""
TEST = """\
apiVersion: bulkhead.dev/v1alpha1
kind: ReachabilityTest
metadata: {name: lists}
spec:
  tests:
  - {from: internet, to: [shop], port: 80, allowed: true}
"""


@pytest.fixture
def shop(tree: Tree) -> Tree:
    tree.write("all.yaml", "".join(map(POD.format, range(PODS))) + DENY)
    tree.overlay("shop")
    tree.write("kustomization.yaml", "resources: [overlays/shop]\n")
    tree.write("tests/reachability/lists.yaml", TEST)
    return tree


@pytest.mark.parametrize("command", [("explain", "internet", "shop:80"), ("test",)], ids=["explain", "test"])
def test_names_are_counted_in_text_and_complete_elsewhere(shop: Tree, command: tuple[str, ...]) -> None:
    names = [f"shop/web-{number}" for number in range(PODS)]
    short = shop.bulkhead(*command, "--manifests", "all.yaml").stdout
    assert " more" in short
    assert not all(name in short for name in names)
    whole = shop.bulkhead(*command, "--manifests", "all.yaml", "--all").stdout
    assert all(name in whole for name in names)
    document = shop.bulkhead(*command, "--manifests", "all.yaml", "--format", "json").stdout
    json.loads(document)
    assert all(name in document for name in names)

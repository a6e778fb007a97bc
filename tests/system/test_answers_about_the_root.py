"""Commands that judge the root's build say where a delivery of each folder by itself is something else."""

import json

import pytest
from conftest import Tree

NOTE = "the root changes what its folders render, or adds to it"
CLOSED_BY_THE_ROOT = """\
resources: [overlays/shop]
patches:
- target: {kind: NetworkPolicy, name: allow-external-https-egress}
  patch: |-
    - {op: replace, path: /spec/egress, value: []}
"""
NO_FACT = "resources: [overlays/shop]\ncommonAnnotations: {owner: me}\n"
ROW = """\
apiVersion: bulkhead.dev/v1alpha1
kind: ReachabilityTest
metadata: {name: rows}
spec:
  tests: [{from: shop, to: internet, port: 443, allowed: false}]
"""
COMMANDS = [
    ("explain", "shop", "internet:443"), ("reach",), ("lint",), ("test", "--file", "rows.yaml"),
    ("diff", "--dump", "cluster.json"),
]  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS, ids=[each[0] for each in COMMANDS])
def test_an_answer_about_the_root_says_so(tree: Tree, command: tuple[str, ...]) -> None:
    tree.overlay("shop")
    tree.write("rows.yaml", ROW)
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}
    tree.write("cluster.json", json.dumps({"apiVersion": "v1", "kind": "List", "items": [namespace]}))
    for root, is_said in ((CLOSED_BY_THE_ROOT, True), (NO_FACT, False), ("resources: [overlays/shop]\n", False)):
        tree.write("kustomization.yaml", root)
        done = tree.bulkhead(*command)
        assert (NOTE in done.stdout + done.stderr) is is_said, (root, done)

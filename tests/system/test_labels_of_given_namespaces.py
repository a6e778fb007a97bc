"""The labels of Namespaces among the overlays' own resources are known facts to `explain` and `reach`."""

import json
from typing import Any

from conftest import Tree

SELECTORS: dict[str, dict[str, Any]] = {
    "red": {"matchLabels": {"team": "red"}},
    "colours": {"matchExpressions": [{"key": "team", "operator": "In", "values": ["blue", "red"]}]},
    "others": {"matchExpressions": [{"key": "team", "operator": "NotIn", "values": ["red"]}]},
    "without": {"matchExpressions": [{"key": "team", "operator": "DoesNotExist"}]},
    "named": {"matchLabels": {"team": "red", "kubernetes.io/metadata.name": "crimson"}},
}
NAMESPACES: dict[str, dict[str, str]] = {
    "crimson": {"team": "red"},
    "navy": {"team": "blue", "zone": "a"},
    "plain": {},
}
SELECTED = {
    ("red", "crimson"), ("colours", "crimson"), ("colours", "navy"), ("others", "navy"), ("others", "plain"),
    ("without", "plain"), ("named", "crimson"),
}  # fmt: skip
"""Which selector selects which namespace, by the specification of label selectors."""


def overlay(tree: Tree, namespace: str, *more: dict[str, Any]) -> None:
    """Write an overlay of *namespace* with the objects *more* among its own resources."""
    listed = "resources: [../../base, more.json]\nnamespace: %s\ntransformers: [../../plugin]\n"
    head = "patches:\n- patch: |-\n    {apiVersion: bulkhead.dev/v1alpha1, kind: SegmentedNamespace,\n"
    patch = head + "     metadata: {name: standard},\n     spec: {ingress: null, egress: null, unprotected: none}}\n"
    tree.overlay(namespace, kustomization=listed % namespace + patch)
    tree.write(f"overlays/{namespace}/more.json", json.dumps({"apiVersion": "v1", "kind": "List", "items": list(more)}))


def policy(namespace: str, selector: dict[str, Any]) -> dict[str, Any]:
    """Return a policy by which pods of *namespace* let those of the namespaces in that *selector* selects."""
    spec = {"podSelector": {}, "policyTypes": ["Ingress"], "ingress": [{"from": [{"namespaceSelector": selector}]}]}
    metadata = {"name": "own", "namespace": namespace}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": metadata, "spec": spec}


def test_labels_that_a_namespace_of_the_overlays_has_decide_what_selectors_match(tree: Tree) -> None:
    for name, labels in NAMESPACES.items():
        space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}
        overlay(tree, name, space)
    for name, selector in SELECTORS.items():
        space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": {"team": "none"}}}
        overlay(tree, name, space, policy(name, selector))
    tree.write(
        "kustomization.yaml", json.dumps({"resources": [f"overlays/{name}" for name in (*NAMESPACES, *SELECTORS)]})
    )
    rows = json.loads(tree.bulkhead("reach", "--format", "pairs").stdout)
    connections = {(row["dst"].partition("/")[0], row["src"].partition("/")[0]) for row in rows}
    assert {(name, other) for name, other in connections if name in SELECTORS and other in NAMESPACES} == SELECTED
    done = tree.bulkhead("explain", "navy", "colours:80")
    assert (done.status, done.stdout.splitlines()[0]) == (0, "navy/* -> colours/*, port 80: allowed")


def test_a_changed_label_of_a_namespace_is_compared_by_each_side(tree: Tree) -> None:
    for team in ("red", "blue"):
        made = Tree(tree.path / team)
        for part in ("plugin", "base"):
            made.path.mkdir(exist_ok=True)
            (made.path / part).symlink_to(tree.path / part)
        space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "navy", "labels": {"team": team}}}
        overlay(made, "shop", policy("shop", SELECTORS["red"]))
        overlay(made, "navy", space)
        made.write("kustomization.yaml", "resources: [overlays/shop, overlays/navy]\n")
    found = json.loads(tree.bulkhead("diff", "--dirs", "blue", "red", "--format", "json").stdout)
    assert (found["opens"], found["closes"]) == (["across"], [])

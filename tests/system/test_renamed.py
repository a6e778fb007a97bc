"""`bulkhead diff` says in one sentence that a namespace, a rule or a policy has a new name, only where that is all."""

import json

import pytest
from conftest import Tree

RULES = "  egress:\n    mail: {to: internet, ports: 587}\n    api: {to: lan, ports: 8443}\n"
POLICY = """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: %s, namespace: shop}
spec: {podSelector: {matchLabels: {app: %s}}, ingress: [{from: [{podSelector: {}}]}]}
---
"""


@pytest.fixture
def repository(tree: Tree) -> Tree:
    """Two namespaces that differ, committed."""
    tree.write(".gitignore", "__pycache__\n/.venv\n")
    tree.overlay("shop", RULES)
    tree.overlay("blog")
    tree.write("kustomization.yaml", "resources: [overlays/shop, overlays/blog]\n")
    tree.commit()
    return tree


def notes(tree: Tree, *arguments: str) -> tuple[list[str], str]:
    """Return the notes about new names, and the verdict."""
    printed = json.loads(tree.bulkhead("diff", *arguments, "--format", "json").stdout)
    return [each for each in printed["notes"] if " is now " in each], printed["verdict"]


def test_rule_with_a_new_name(repository: Tree) -> None:
    repository.overlay("shop", RULES.replace("mail:", "smtp:"))
    said, verdict = notes(repository)
    assert said == ["rule `mail` of `shop` is now `smtp`, and allows the same"]
    assert verdict.startswith("NO EFFECT")


@pytest.mark.parametrize("change", [("587", "588"), ("internet", "lan")])
def test_rule_with_a_new_name_that_allows_something_else_is_none(repository: Tree, change: tuple[str, str]) -> None:
    repository.overlay("shop", RULES.replace("mail:", "smtp:").replace(*change))
    assert notes(repository)[0] == []


def test_namespace_with_a_new_name(repository: Tree) -> None:
    repository.overlay("store", RULES)
    for file in sorted((repository.path / "overlays/shop").iterdir()):
        file.unlink()
    (repository.path / "overlays/shop").rmdir()
    repository.write("kustomization.yaml", "resources: [overlays/store, overlays/blog]\n")
    said, verdict = notes(repository)
    assert said == [
        "namespace `shop` is now `store`, and its policies are the same; pods that stay in `shop` have none"
    ]
    assert "OPENS" in verdict, "what stays in the old namespace is open"


def test_two_rules_that_are_alike_have_no_new_name(repository: Tree) -> None:
    """Nobody can say which of them became which."""
    for number, names in enumerate((("a", "b"), ("c", "d"))):
        lines = "".join(f"    {name}: {{to: internet, ports: 587}}\n" for name in names)
        repository.overlay("shop", f"  egress:\n{lines}")
        if not number:
            repository.commit()
    assert notes(repository)[0] == []


def test_policy_of_manifests_with_a_new_name(tree: Tree) -> None:
    tree.write("old.yaml", POLICY % ("a", "web") + POLICY % ("b", "db"))
    tree.write("new.yaml", POLICY % ("c", "web") + POLICY % ("b", "db2"))
    said, _ = notes(tree, "--manifests", "old.yaml", "new.yaml")
    assert said == ["policy `shop/a` is now `shop/c`, and means the same"]

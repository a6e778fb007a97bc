"""Commands judge the root's build, and what each folder renders by itself, where that is something else."""

import json

import pytest
from conftest import Done, Tree

NOTE = "the root changes what its folders render, or adds to it"
BOTH = "where an ApplicationSet delivers each folder of `overlays` by itself"
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
LISTED = "resources: [overlays/shop]\n"


@pytest.fixture
def shop(tree: Tree) -> Tree:
    """A namespace whose folder opens the internet on port 443, which a root may close."""
    tree.overlay("shop")
    tree.write("rows.yaml", ROW)
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}
    tree.write("cluster.json", json.dumps({"apiVersion": "v1", "kind": "List", "items": [namespace]}))
    return tree


def asked(tree: Tree, root: str, *command: str) -> Done:
    tree.write("kustomization.yaml", root)
    return tree.bulkhead(*command)


COMMANDS = [
    ("explain", "shop", "internet:443"), ("reach",), ("lint",), ("test", "--file", "rows.yaml"),
    ("draw", "--format", "mermaid"),
]  # fmt: skip


@pytest.mark.parametrize("root", [NO_FACT, LISTED])
@pytest.mark.parametrize("command", COMMANDS, ids=[each[0] for each in COMMANDS])
def test_nothing_is_said_where_both_are_the_same(shop: Tree, command: tuple[str, ...], root: str) -> None:
    done = asked(shop, root, *command)
    assert NOTE not in done.stdout + done.stderr
    assert BOTH not in done.stdout + done.stderr


def test_explain_answers_for_both(shop: Tree) -> None:
    done = asked(shop, CLOSED_BY_THE_ROOT, "explain", "shop", "internet:443")
    assert done.status == 2
    root, own = done.stdout.split(BOTH)
    assert root.startswith("shop/* -> internet, port 443: refused\n")
    assert own.startswith(":\n\nshop/* -> internet, port 443: allowed\n")
    same = asked(shop, CLOSED_BY_THE_ROOT, "explain", "shop", "internet:25")
    assert (same.status, BOTH in same.stdout) == (1, True)
    document = asked(shop, CLOSED_BY_THE_ROOT, "explain", "shop", "internet:443", "--format", "json")
    assert (document.status, json.loads(document.stdout)["allowed"], NOTE in document.stderr) == (2, False, True)


def test_reach_answers_for_both(shop: Tree) -> None:
    for form in ("text", "markdown"):
        done = asked(shop, CLOSED_BY_THE_ROOT, "reach", "--from", "shop", "--to", "internet", "--format", form)
        root, own = done.stdout.split(BOTH)
        assert (done.status, "443" in root, "443" in own) == (0, False, True), done
    for form in ("json", "pairs"):
        done = asked(shop, CLOSED_BY_THE_ROOT, "reach", "--format", form)
        assert (done.status, NOTE in done.stderr) == (2, True)
        assert json.loads(done.stdout)


@pytest.mark.parametrize("form", ["text", "json", "junit"])
def test_row_holds_only_where_it_holds_for_both(shop: Tree, form: str) -> None:
    assert asked(shop, LISTED, "test", "--file", "rows.yaml", "--format", form).status == 1
    done = asked(shop, CLOSED_BY_THE_ROOT, "test", "--file", "rows.yaml", "--format", form)
    assert done.status == 1
    assert BOTH in done.stdout
    opened = CLOSED_BY_THE_ROOT.replace("value: []", "value: [{ports: [{port: 443}]}]")
    assert asked(shop, opened, "test", "--file", "rows.yaml", "--format", form).status == 1


def test_lint_finds_what_either_has(shop: Tree) -> None:
    """The folder's rule reaches private networks too; the root's build has no such rule."""
    shop.overlay("shop", "  egress:\n    wide: {to: {cidr: 0.0.0.0/0}, ports: 9999}\n")
    closed = CLOSED_BY_THE_ROOT.replace("external-https", "wide")
    found = []
    for root in (LISTED, closed):
        printed = json.loads(asked(shop, root, "lint", "--format", "json").stdout)
        found.append({(each["check"], each["line"]) for each in printed["findings"]})
    assert found[0] <= found[1]
    assert any(check == "anywhere-covers-private" for check, _ in found[1])


def test_diff_with_a_dump_is_about_both(shop: Tree) -> None:
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web", "namespace": "shop"}}
    deny = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "default-deny-all", "namespace": "shop"},
        "spec": {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]},
    }
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}
    shop.write("cluster.json", json.dumps({"apiVersion": "v1", "kind": "List", "items": [namespace, pod, deny]}))
    opens = []
    for root in (LISTED, CLOSED_BY_THE_ROOT):
        printed = json.loads(asked(shop, root, "diff", "--dump", "cluster.json", "--format", "json").stdout)
        opens.append(
            {each["ports"] for each in printed["findings"] if each["effect"] == "opens" and each["to"]["cidrs"]}
        )
    assert any("443" in each for each in opens[0])
    assert opens[0] <= opens[1]


@pytest.mark.parametrize("command", [("draw", "--format", "mermaid"), ("report", "--no-tests")])
def test_picture_of_the_root_says_so(shop: Tree, command: tuple[str, ...]) -> None:
    assert NOTE in asked(shop, CLOSED_BY_THE_ROOT, *command).stderr

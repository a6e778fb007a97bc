"""
What overlays have among their resources and no verdict is about is named in the evidence, and a change of it is said.

Argo CD and Flux apply what these objects name, so traffic can change without a change of any policy here.
"""

import json

import pytest
from conftest import Tree

DELIVERIES = [
    ("argoproj.io/v1alpha1", "Application"),
    ("argoproj.io/v1alpha1", "ApplicationSet"),
    ("argoproj.io/v1alpha1", "AppProject"),
    ("kustomize.toolkit.fluxcd.io/v1", "Kustomization"),
    ("helm.toolkit.fluxcd.io/v2", "HelmRelease"),
    ("source.toolkit.fluxcd.io/v1", "GitRepository"),
    ("source.toolkit.fluxcd.io/v1", "OCIRepository"),
    ("source.toolkit.fluxcd.io/v1", "HelmRepository"),
]
OURS = "apiVersion: bulkhead.dev/v1alpha1\n"
TEMPLATE = "template: {metadata: {labels: {app: a}}, spec: {containers: [{name: a}]}}"
HOLDER = "apiVersion: example.org/v1\nkind: Installer\nmetadata: {name: x}\nspec:\n  %s\n  policy: %s\n"


def side(tree: Tree, name: str, resource: str) -> str:
    """Write a tree with one overlay that has *resource* among its own; return its folder."""
    made = Tree(tree.path / name)
    made.path.mkdir()
    for part in ("plugin", "base"):
        (made.path / part).symlink_to(tree.path / part)
    listed = "resources: [../../base, more.yaml]\nnamespace: shop\ntransformers: [../../plugin]\n"
    made.overlay("shop", kustomization=listed)
    made.write("overlays/shop/more.yaml", resource or "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: none}\n")
    made.write("kustomization.yaml", "resources: [overlays/shop]\n")
    return name


def check(tree: Tree, one: str, other: str, title: str, kind: str) -> None:
    """Check that a change between *one* and *other* is a headline, and the kind is in the evidence."""
    folders = {"none": side(tree, "none", ""), "one": side(tree, "one", one), "other": side(tree, "other", other)}
    for before, after, event in (("none", "one", "appears"), ("one", "none", "goes"), ("one", "other", "changes")):
        done = tree.bulkhead("diff", "--dirs", folders[before], folders[after])
        assert (done.status, done.stderr) == (2, "")
        assert f"{title}: {kind} shop/x {event}; " in done.stdout.splitlines()[0], done.stdout
        assert "NO EFFECT" not in done.stdout
        found = json.loads(tree.bulkhead("diff", "--dirs", before, after, "--format", "json").stdout)
        assert [(each["kind"], each["event"]) for each in found["notJudged"]] == [(kind, event)]
    same = tree.bulkhead("diff", "--dirs", "one", "one")
    assert (same.status, f"NOT JUDGED: 1 {kind}" in same.stdout) == (0, True), same.stdout


@pytest.mark.parametrize(("version", "kind"), DELIVERIES)
def test_what_a_delivery_is_told_to_apply_is_named_and_a_change_of_it_is_a_headline(
    tree: Tree, version: str, kind: str
) -> None:
    text = f"apiVersion: {version}\nkind: {kind}\nmetadata: {{name: x}}\nspec: {{path: %s}}\n"
    title = f"{kind} ({version.partition('/')[0]})"
    check(tree, text % "one", text % "two", "WHAT ELSE IS DELIVERED CHANGES", title)


def test_a_workload_with_a_policy_in_it_is_both(tree: Tree) -> None:
    policies = [f"{{podSelector: {{}}, policyTypes: [Ingress], ingress: {rules}}}" for rules in ("[]", "[{}]")]
    one, other = (HOLDER % (TEMPLATE, policy) for policy in policies)
    check(tree, one, other, "WHAT IS NOT JUDGED CHANGES", "Installer (example.org)")
    assert "1 workload" in tree.bulkhead("diff", "--dirs", "one", "one").stdout


CHANGERS = {
    "ClusterResourceSet's Secret": (
        "apiVersion: v1\nkind: Secret\ntype: addons.cluster.x-k8s.io/resource-set\nmetadata: {name: x}\n"
        "stringData: {a: %s}\n",
        "Secret",
    ),
    "Kyverno's": (
        "apiVersion: kyverno.io/v1\nkind: Policy\nmetadata: {name: x}\nspec: {rules: [{name: %s, "
        "match: {any: [{resources: {kinds: [NetworkPolicy]}}]}, mutate: {}}]}\n",
        "Policy (kyverno.io)",
    ),
}


@pytest.mark.parametrize("case", CHANGERS)
def test_what_changes_or_applies_policies_is_named_and_a_change_of_it_is_a_headline(tree: Tree, case: str) -> None:
    text, kind = CHANGERS[case]
    check(tree, text % "one", text % "two", "WHAT IS NOT JUDGED CHANGES", kind)


@pytest.mark.parametrize(
    ("networks", "enforcer"),
    [
        ("pods: 10.99.0.0/16, services: 10.43.0.0/16, nodes: 192.168.20.0/24", "kube-router"),
        ("pods: 10.42.0.0/16, services: 8.8.8.0/24, nodes: 192.168.20.0/24", "kube-router"),
        ("pods: 10.42.0.0/16, services: 10.43.0.0/16", "kube-router"),
        ("pods: 10.42.0.0/16, services: 10.43.0.0/16, nodes: 192.168.20.0/24", "cilium"),
    ],
)
def test_overlays_of_clusters_with_other_facts_are_not_judged_together(
    tree: Tree, networks: str, enforcer: str
) -> None:
    facts = "pods: 10.42.0.0/16, services: 10.43.0.0/16, nodes: 192.168.20.0/24"
    for name, said, by in (("one", facts, "kube-router"), ("two", networks, enforcer)):
        spec = f"metadata: {{name: {name}}}\nspec:\n  networks: {{{said}}}\n  enforcer: {by}\n"
        tree.write(f"{name}/cluster.yaml", f"{OURS}kind: ClusterProfile\n{spec}")
        tree.write(
            f"{name}/namespace.yaml", f"{OURS}kind: SegmentedNamespace\nmetadata: {{name: standard}}\nspec: {{}}\n"
        )
        tree.write(f"{name}/kustomization.yaml", "resources: [cluster.yaml, namespace.yaml]\n")
        listed = f"resources: [../../{name}]\nnamespace: {name}\ntransformers: [../../plugin]\n"
        tree.overlay(name, kustomization=listed)
    tree.write("kustomization.yaml", "resources: [overlays/one, overlays/two]\n")
    for command in (("diff", "--dirs", ".", "."), ("reach",)):
        done = tree.bulkhead(*command)
        assert (done.status, done.stdout) == (2, ""), command
        assert "overlays/two/kustomization.yaml: error: cannot be reviewed: its ClusterProfile has other" in done.stderr
    tree.write("two/cluster.yaml", (tree.path / "one/cluster.yaml").read_text().replace("name: one", "name: two"))
    assert tree.bulkhead("diff", "--dirs", ".", ".").status == 0

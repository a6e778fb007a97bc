"""Manifests with a NetworkPolicy that will not simply be in the cluster."""

import json

import pytest
from conftest import Tree

POLICY = """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: closed, namespace: shop%s}
spec: {podSelector: {}}
"""
KEPT_BACK = {
    "helm.sh/hook": "pre-install",
    "argocd.argoproj.io/hook": "PreSync",
    "kustomize.toolkit.fluxcd.io/reconcile": "disabled",
    "kustomize.toolkit.fluxcd.io/ssa": "Ignore",
    "fluxcd.io/ignore": "sync_only",
    "configmanagement.gke.io/managed": "disabled",
    "client.lifecycle.config.k8s.io/mutation": "ignore",
    "kapp.k14s.io/exists": '""',
    "kapp.k14s.io/noop": '""',
}
OBJECTS = {
    "NetworkPolicy": ("networking.k8s.io/v1", "spec: {podSelector: {}}"),
    "Namespace": ("v1", ""),
    "CiliumNetworkPolicy": ("cilium.io/v2", "spec: {endpointSelector: {}, ingressDeny: [{}]}"),
    "GlobalNetworkPolicy": ("projectcalico.org/v3", "spec: {ingress: [{action: Deny}]}"),
}


def written(kind: str, metadata: str = "") -> str:
    """Return an object of *kind*, after a NetworkPolicy that is the same on both sides."""
    version, rest = OBJECTS[kind]
    space = "" if kind in ("Namespace", "GlobalNetworkPolicy") else ", namespace: shop"
    head = f"apiVersion: {version}\nkind: {kind}\nmetadata: {{name: shop{space}{metadata}}}\n{rest}\n"
    return f"{POLICY % ''}---\n{head}"


@pytest.mark.parametrize("kind", OBJECTS)
@pytest.mark.parametrize("where", ["annotations", "labels"])
@pytest.mark.parametrize("word", KEPT_BACK)
def test_whatever_decides_about_traffic_is_refused_where_it_is_kept_back(
    tree: Tree, kind: str, where: str, word: str
) -> None:
    tree.write("old/policy.yaml", written(kind))
    tree.write("new/policy.yaml", written(kind, f", {where}: {{{word}: x}}"))
    done = tree.bulkhead("diff", "--manifests", "old", "new")
    assert (done.status, done.stdout) == (2, "")
    assert f"new/policy.yaml:5:1: error: a delivery keeps the {kind}" in done.stderr
    assert f"`{word}`" in done.stderr


OWNER = "ownerReferences: [{apiVersion: v1, kind: ConfigMap, name: x, uid: 1c3b2a10-0000-4000-8000-000000000000}]"


@pytest.mark.parametrize("kind", OBJECTS)
def test_an_object_with_an_owner_is_refused_unless_a_cluster_has_it(tree: Tree, kind: str) -> None:
    tree.write("old/policy.yaml", written(kind))
    tree.write("new/policy.yaml", written(kind, f", {OWNER}"))
    done = tree.bulkhead("diff", "--manifests", "old", "new")
    assert (done.status, done.stdout) == (2, "")
    assert "where its owner is not there, because of `ownerReferences`" in done.stderr
    tree.write("new/policy.yaml", written(kind, f", uid: 2c3b2a10-0000-4000-8000-000000000000, {OWNER}"))
    assert "ownerReferences" not in tree.bulkhead("diff", "--manifests", "old", "new").stderr


@pytest.mark.parametrize(
    ("version", "kind", "spec"),
    [
        ("projectcalico.org/v3", "GlobalNetworkSet", "spec: {nets: [198.51.100.0/24]}"),
        ("projectcalico.org/v3", "HostEndpoint", "spec: {node: a}"),
        ("cilium.io/v2alpha1", "CiliumCIDRGroup", "spec: {externalCIDRs: [198.51.100.0/24]}"),
    ],
)
def test_labels_that_other_policies_select_by_are_compared(tree: Tree, version: str, kind: str, spec: str) -> None:
    for side, role in (("old", "untrusted"), ("new", "trusted")):
        metadata = f"metadata: {{name: x, labels: {{role: {role}}}}}"
        tree.write(
            f"{side}/policy.yaml", f"{POLICY % ''}---\napiVersion: {version}\nkind: {kind}\n{metadata}\n{spec}\n"
        )
    done = tree.bulkhead("diff", "--manifests", "old", "new")
    assert (done.status, "NO EFFECT" in done.stdout, kind in done.stdout) == (2, False, True)


@pytest.mark.parametrize("word", KEPT_BACK)
def test_a_policy_that_becomes_a_hook_is_never_no_effect(word: str, tree: Tree) -> None:
    tree.write("old/policy.yaml", POLICY % "")
    tree.write("new/policy.yaml", POLICY % f", annotations: {{{word}: {KEPT_BACK[word]}}}")
    done = tree.bulkhead("diff", "--manifests", "old", "new")
    assert (done.status, "NO EFFECT" in done.stdout) == (2, False)
    assert "new/policy.yaml:1:1: error: a delivery keeps the NetworkPolicy `shop/closed` back" in done.stderr
    assert word in done.stderr


def test_what_config_sync_applies_is_applied(tree: Tree) -> None:
    tree.write("policy.yaml", POLICY % ", annotations: {configmanagement.gke.io/managed: enabled}")
    assert tree.bulkhead("diff", "--manifests", "policy.yaml", "policy.yaml").status == 0


def test_a_policy_in_the_list_of_a_dump_is_in_the_cluster(tree: Tree) -> None:
    policy = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "closed", "namespace": "shop", "annotations": dict(KEPT_BACK)},
        "spec": {"podSelector": {}},
    }
    tree.write("dump.json", json.dumps({"apiVersion": "v1", "kind": "List", "items": [policy]}))
    assert tree.bulkhead("diff", "--manifests", "dump.json", "dump.json").status == 0


def test_a_document_of_the_group_without_a_kind_is_refused(tree: Tree) -> None:
    tree.write("old/policy.yaml", POLICY % "" + "---\n" + (POLICY % "").replace("closed", "other"))
    tree.write("new/policy.yaml", POLICY % "" + "---\n" + (POLICY % "").replace("kind: NetworkPolicy\n", ""))
    done = tree.bulkhead("diff", "--manifests", "old", "new")
    assert (done.status, "`kind` is missing" in done.stderr) == (2, True)

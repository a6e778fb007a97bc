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
}


@pytest.mark.parametrize("word", KEPT_BACK)
def test_a_policy_that_becomes_a_hook_is_never_no_effect(word: str, tree: Tree) -> None:
    tree.write("old/policy.yaml", POLICY % "")
    tree.write("new/policy.yaml", POLICY % f", annotations: {{{word}: {KEPT_BACK[word]}}}")
    done = tree.bulkhead("diff", "--manifests", "old", "new")
    assert (done.status, "NO EFFECT" in done.stdout) == (2, False)
    assert "new/policy.yaml:1:1: error: a delivery keeps the NetworkPolicy `shop/closed` back" in done.stderr
    assert word in done.stderr


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

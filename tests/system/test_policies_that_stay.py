"""A policy that goes and that a delivery does not prune stays in the cluster: no verdict says that it closes."""

import pytest
from conftest import Tree, git

ANNOTATES = """\
apiVersion: builtin
kind: AnnotationsTransformer
metadata: {name: x}
annotations: {%s}
fieldSpecs: [{path: metadata/annotations, create: true}]
"""
STAYS = {
    "argocd.argoproj.io/sync-options": "ServerSideApply=true, Prune=false",
    "kustomize.toolkit.fluxcd.io/prune": "Disabled",
    "helm.sh/resource-policy": "keep",
    "kluctl.io/skip-delete": "true",
    "kapp.k14s.io/delete-strategy": "orphan",
    "cli-utils.sigs.k8s.io/on-remove": "keep",
    "client.lifecycle.config.k8s.io/deletion": "detach",
    "apps.open-cluster-management.io/do-not-delete": "true",
    "werf.io/ownership": "anyone",
}
PRUNED = {"argocd.argoproj.io/sync-options": "ServerSideApply=true", "kustomize.toolkit.fluxcd.io/prune": "enabled"}
POLICY = """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: %s, namespace: shop, annotations: {%s: '%s'}}
spec: {podSelector: {}, policyTypes: [Egress], egress: [%s]}
"""


@pytest.fixture
def repository(tree: Tree) -> Tree:
    tree.write(".gitignore", "__pycache__\n/.venv\n")
    tree.overlay("shop", "  egress:\n    web: {to: anywhere, ports: 8443}\n")
    tree.write("kustomization.yaml", "resources: [overlays/shop]\n")
    git(tree.path, "init", "-q", "-b", "main")
    return tree


def without_the_rule(tree: Tree, annotation: str, setting: str) -> None:
    """Commit an overlay whose policies have the annotation, then take its rule out."""
    file = tree.path / "overlays/shop/kustomization.yaml"
    file.write_text(file.read_text().replace("[../../plugin]", "[../../plugin, x.yaml]"))
    tree.write("overlays/shop/x.yaml", ANNOTATES % f"{annotation}: '{setting}'")
    assert f"{annotation}: {setting}" in tree.build(".").stdout.replace('"', "")
    tree.commit()
    tree.write(
        "overlays/shop/rules.yaml", (tree.path / "overlays/shop/rules.yaml").read_text().partition("  egress")[0]
    )
    file.write_text(file.read_text().replace("patches: [{path: rules.yaml}]\n", ""))


@pytest.mark.parametrize(("annotation", "setting"), STAYS.items())
def test_a_policy_of_an_overlay_that_stays_is_no_closing(repository: Tree, annotation: str, setting: str) -> None:
    without_the_rule(repository, annotation, setting)
    done = repository.bulkhead("diff")
    assert (done.status, done.stdout) == (2, ""), done
    assert (
        "cannot be reviewed: the NetworkPolicy `shop/allow-web-egress` is not rendered after, and stays" in done.stderr
    )
    assert f"for `{annotation}: " in done.stderr


@pytest.mark.parametrize(("annotation", "setting"), PRUNED.items())
def test_a_policy_of_an_overlay_that_is_pruned_closes(repository: Tree, annotation: str, setting: str) -> None:
    without_the_rule(repository, annotation, setting)
    done = repository.bulkhead("diff")
    assert "CLOSES traffic to the internet" in done.stdout, done


@pytest.mark.parametrize(("annotation", "setting"), STAYS.items())
def test_a_manifest_that_stays_is_no_closing(tree: Tree, annotation: str, setting: str) -> None:
    deny = POLICY % ("deny", annotation, setting, "")
    tree.write("old/p.yaml", deny + "---\n" + POLICY % ("web", annotation, setting, "{}"))
    tree.write("new/p.yaml", deny)
    done = tree.bulkhead("diff", "--manifests", "old", "new")
    says = "error: cannot be reviewed: the NetworkPolicy `shop/web` is not rendered after, and stays"
    assert (done.status, done.stdout, says in done.stderr) == (2, "", True), done


def test_a_policy_that_allows_nothing_and_stays_is_named(tree: Tree) -> None:
    tree.write("old/p.yaml", POLICY % ("deny", "helm.sh/resource-policy", "keep", ""))
    pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: shop}\nspec: {containers: [{name: a, image: a}]}\n"
    for side in ("old", "new"):
        tree.write(f"{side}/pod.yaml", pod)
    done = tree.bulkhead("diff", "--manifests", "old", "new")
    assert (done.status, done.stdout[:5]) == (1, "OPENS"), done
    assert "the NetworkPolicy `shop/deny` is not rendered after, and stays for `helm.sh/resource-policy: keep`" in (
        " ".join(done.stdout.split())
    )

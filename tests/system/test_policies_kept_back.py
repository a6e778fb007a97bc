"""Manifests with a NetworkPolicy that will not simply be in the cluster."""

import json
import re
from collections.abc import Iterator

import pytest
import yaml
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
    "config.kubernetes.io/local-config": '"true"',
    "configmanagement.gke.io/cluster-selector": "other",
    "configmanagement.gke.io/namespace-selector": "other",
    "configsync.gke.io/cluster-name-selector": "other",
    "addonmanager.kubernetes.io/mode": "EnsureExists",
    "kapp.k14s.io/create-strategy": "fallback-on-update-or-noop",
    "kapp.k14s.io/update-strategy": "skip",
    "kapp.k14s.io/versioned": '""',
    "fluxcd.controlplane.io/reconcile": "disabled",
    "kluctl.io/ignore": '"true"',
    "kluctl.io/delete": '"true"',
    "kluctl.io/hook": "pre-deploy",
    "werf.io/deploy-on": "install",
    "werf.io/delete-policy": "succeeded",
    "werf.io/resource-policy": "x",
    "strategy.spinnaker.io/versioned": '"true"',
}
OBJECTS = {
    "NetworkPolicy": ("networking.k8s.io/v1", "spec: {podSelector: {}}"),
    "Namespace": ("v1", ""),
    "CiliumNetworkPolicy": ("cilium.io/v2", "spec: {endpointSelector: {}, ingressDeny: [{}]}"),
    "GlobalNetworkPolicy": ("projectcalico.org/v3", "spec: {ingress: [{action: Deny}]}"),
}


def written(kind: str, metadata: str = "") -> str:
    """Return an object of *kind*."""
    version, rest = OBJECTS[kind]
    space = "" if kind in ("Namespace", "GlobalNetworkPolicy") else ", namespace: shop"
    return f"apiVersion: {version}\nkind: {kind}\nmetadata: {{name: shop{space}{metadata}}}\n{rest}\n"


def all_kinds(metadata: str = "") -> str:
    """Return an object of each kind, after a NetworkPolicy that is the same on both sides."""
    return "---\n".join([POLICY % "", *(written(kind, metadata) for kind in OBJECTS)])


@pytest.mark.parametrize("where", ["annotations", "labels"])
@pytest.mark.parametrize("word", KEPT_BACK)
def test_whatever_decides_about_traffic_is_refused_where_it_is_kept_back(tree: Tree, where: str, word: str) -> None:
    tree.write("old/policy.yaml", all_kinds())
    tree.write("new/policy.yaml", all_kinds(f", {where}: {{{word}: x}}"))
    done = tree.bulkhead("diff", "--manifests", "old", "new")
    assert (done.status, done.stdout) == (2, "")
    for kind in OBJECTS:
        line = re.search(rf"new/policy\.yaml:\d+:1: error: a delivery keeps the {kind}\b.*", done.stderr)
        assert line and f"`{word}`" in line[0], kind


UID = "uid: 2c3b2a10-0000-4000-8000-000000000000"
PRINTED = f'{UID}, resourceVersion: "7", creationTimestamp: "2026-01-31T12:00:00Z"'
"""What an API server gives every object, and kubectl prints."""


def believed(text: str) -> list[tuple[str, str, bool]]:
    """Return files with the object *text*, each with what is compared, and whether that is a dump of a cluster."""
    item = yaml.safe_load(text)
    listed = json.dumps({"apiVersion": "v1", "kind": "List", "items": [item]})
    bare = {key: value for key, value in item["metadata"].items() if key not in ("resourceVersion", "uid")}
    trimmed = json.dumps({"apiVersion": "v1", "kind": "List", "items": [{**item, "metadata": bare}]})
    built = "resources: [x.yaml]\n"
    return [
        ("folder/x.yaml", text, False),
        ("folder/x.yaml", listed, False),
        ("folder/x.yaml", trimmed, False),
        ("file/x.yaml", text, True),
        ("file/x.json", json.dumps(item), True),
        ("file/x.yaml", listed, True),
        ("file/x.json", trimmed, True),
        ("built/x.yaml", text, False),
        ("built/kustomization.yaml", built, False),
    ]


def refusals(tree: Tree, text: str, said: str) -> Iterator[tuple[str, bool, bool]]:
    """Yield each input with *text*, whether it is refused with *said*, and whether it must be."""
    for name, content, is_dump in believed(text):
        tree.write(name, content)
        path = name if name.startswith("file/") else name.partition("/")[0]
        if name != "built/x.yaml":
            yield f"{name}: {content}", said in tree.bulkhead("reach", "--manifests", path).stderr, not is_dump


OWNER = "ownerReferences: [{apiVersion: v1, kind: ConfigMap, name: x, uid: 1c3b2a10-0000-4000-8000-000000000000}]"


@pytest.mark.parametrize("kind", OBJECTS)
def test_an_object_with_an_owner_is_refused_unless_a_cluster_has_it(tree: Tree, kind: str) -> None:
    tree.write("old/policy.yaml", f"{POLICY % ''}---\n{written(kind)}")
    tree.write("new/policy.yaml", f"{POLICY % ''}---\n{written(kind, f', {OWNER}')}")
    done = tree.bulkhead("diff", "--manifests", "old", "new")
    assert (done.status, done.stdout) == (2, "")
    assert "where its owner is not there, because of `ownerReferences`" in done.stderr
    for metadata in (f", {UID}, {OWNER}", f", {PRINTED}, {OWNER}"):
        tree.write("new/policy.yaml", f"{POLICY % ''}---\n{written(kind, metadata)}")
        assert "ownerReferences" in tree.bulkhead("diff", "--manifests", "old", "new").stderr
    for name, refused, wanted in refusals(tree, written(kind, f", {PRINTED}, {OWNER}"), "`ownerReferences`"):
        assert refused is wanted, name


@pytest.mark.parametrize("kind", OBJECTS)
def test_an_object_without_a_name_of_its_own_is_refused_unless_a_cluster_has_it(tree: Tree, kind: str) -> None:
    """``kubectl apply``, Argo CD and Flux refuse `generateName`: only ``kubectl create`` takes it."""
    unnamed = written(kind).replace("name: shop", "generateName: shop-", 1)
    tree.write("old/policy.yaml", f"{POLICY % ''}---\n{written(kind)}")
    tree.write("new/policy.yaml", f"{POLICY % ''}---\n{unnamed}")
    done = tree.bulkhead("diff", "--manifests", "old", "new")
    assert (done.status, done.stdout) == (2, "")
    assert re.search(rf"new/policy\.yaml:5:1: error: no delivery applies the {kind}\b.*`generateName`", done.stderr)
    printed = unnamed.replace("generateName", f"{PRINTED}, generateName", 1)
    for name, refused, wanted in refusals(tree, printed, "no delivery applies"):
        assert refused is wanted or name.startswith("built/"), name  # kustomize refuses it itself


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


APPLIED = {
    "configmanagement.gke.io/managed": "enabled",
    "config.kubernetes.io/local-config": '"false"',
    "kustomize.toolkit.fluxcd.io/reconcile": "enabled",
    "kustomize.toolkit.fluxcd.io/ssa": "Override",
    "fluxcd.io/ignore": '"false"',
    "addonmanager.kubernetes.io/mode": "Reconcile",
    "argocd.argoproj.io/sync-wave": '"1"',
    "kapp.k14s.io/change-group": "x",
    "kapp.k14s.io/update-strategy": "fallback-on-replace",
    "kluctl.io/delete": '"false"',
    "kluctl.io/force-apply": '"true"',
    "werf.io/weight": '"1"',
    "meta.helm.sh/release-name": "x",
    "strategy.spinnaker.io/versioned": '"false"',
    "moniker.spinnaker.io/application": "x",
    "fleet.cattle.io/managed": '"true"',
    "config.kubernetes.io/origin": "x",
    "example.com/fluxcd.io": "x",
}


@pytest.mark.parametrize("word", APPLIED)
def test_what_a_delivery_simply_applies_is_applied(tree: Tree, word: str) -> None:
    tree.write("old/policy.yaml", POLICY % "")
    tree.write("new/policy.yaml", POLICY % f", annotations: {{{word}: {APPLIED[word]}}}")
    assert tree.bulkhead("diff", "--manifests", "old", "new").status == 0


UNKNOWN = (
    "argocd.argoproj.io/next-year", "kustomize.toolkit.fluxcd.io/next-year", "fluxcd.io/next-year",
    "kapp.k14s.io/next-year", "configsync.gke.io/next-year", "helm.sh/next-year",
    "addonmanager.kubernetes.io/next-year", "kluctl.io/force-apply-field-1", "werf.io/next-year",
    "x.external-dependency.werf.io/resource", "strategy.spinnaker.io/next-year", "cli-utils.sigs.k8s.io/next-year",
    "config.kubernetes.io/depends-on", "apps.open-cluster-management.io/reconcile-option", "fleet.cattle.io/next-year",
)  # fmt: skip


CHANGES = (
    ("", ", annotations: {%s: x}"),
    (", labels: {%s: x}", ""),
    (", labels: {%s: x}", ", labels: {%s: z}"),
)


@pytest.mark.parametrize("sides", CHANGES)
@pytest.mark.parametrize("word", UNKNOWN)
def test_a_mark_of_a_delivery_that_nobody_knows_is_never_no_effect(
    tree: Tree, word: str, sides: tuple[str, str]
) -> None:
    for side, metadata in zip(("old", "new"), sides, strict=True):
        tree.write(f"{side}/policy.yaml", all_kinds(metadata.replace("%s", word)))
    done = tree.bulkhead("diff", "--manifests", "old", "new", "--format", "json")
    found = {each["kind"].split(" ")[0] for each in json.loads(done.stdout)["notJudged"]}
    assert (done.status, "NO EFFECT" in done.stdout, found) == (2, False, set(OBJECTS))
    assert tree.bulkhead("diff", "--manifests", "new", "new").status == 0


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


@pytest.mark.parametrize("kind", OBJECTS)
def test_an_object_with_an_owner_is_refused_in_an_overlay_whatever_a_cluster_may_have_given_it(
    tree: Tree, kind: str
) -> None:
    tree.overlay("one")
    tree.write("kustomization.yaml", "resources: [overlays/one]\n")
    overlay = tree.path / "overlays/one/kustomization.yaml"
    overlay.write_text(overlay.read_text().replace("../../base", "../../base, more.yaml"))
    tree.write("overlays/one/more.yaml", written(kind))
    assert "ownerReferences" not in tree.bulkhead("validate").stderr
    for metadata in ("", f", {UID}", f", {PRINTED}"):
        tree.write("overlays/one/more.yaml", written(kind, f"{metadata}, {OWNER}"))
        done = tree.bulkhead("validate")
        assert done.status and "because of `ownerReferences`" in done.stderr, metadata

"""The old single manifest, applied for years with `kubectl apply -f`, gives its policies to the new owner."""

from pathlib import Path

import yaml
from conftest import ROOT, Tree
from engines.cluster import Cluster, watching
from reference import PROTECTED, expected

OLD = "kubectl-client-side-apply"


def old_manifest() -> str:
    """Return kubernetes/core/network-policies.yaml as it was: written by hand, all namespaces in one file."""
    return yaml.safe_dump_all([policy for namespace in PROTECTED for policy in expected(namespace)])


def managers(cluster: Cluster) -> set[str]:
    return {
        entry["manager"]
        for item in cluster.get("networkpolicies", "-A")
        for entry in item["metadata"].get("managedFields", [])
    }


def names(cluster: Cluster) -> set[str]:
    items = cluster.get("networkpolicies", "-A")
    return {f"{item['metadata']['namespace']}/{item['metadata']['name']}" for item in items}


def test_policies_change_owner_and_none_is_missing_in_between(cluster: Cluster, tmp_path: Path) -> None:
    cluster.asked("apply", "-f", "-", stdin=old_manifest())
    before = names(cluster)
    assert len(before) > 100
    with watching(cluster, tmp_path / "events") as watch:
        for namespace in PROTECTED:
            done = cluster.deliver(namespace, Tree(ROOT).build(f"overlays/{namespace}").stdout)
            assert (done.status, done.stderr) == (0, "")
        events = watch.catch_up()
    assert names(cluster) == before
    assert {kind for kind, _ in events} == {"MODIFIED"}
    assert {name for _, name in events} == before
    assert OLD not in managers(cluster)
    assert cluster.get("networkpolicies", "-A", "-l", "!applyset.kubernetes.io/part-of") == []


def test_adopted_policy_is_pruned_like_any_other(cluster: Cluster, tree: Tree) -> None:
    cluster.asked("apply", "-f", "-", stdin=old_manifest())
    before = set(cluster.policies("cardboard"))
    overlay = tree.overlay("cardboard")
    assert cluster.deliver("cardboard", tree.build(overlay).stdout).status == 0
    tree.overlay("cardboard", "  ingress: {traefik: null}\n")
    assert cluster.deliver("cardboard", tree.build(overlay).stdout).status == 0
    assert set(cluster.policies("cardboard")) == before - {"allow-traefik-ingress"}


def test_policy_that_only_the_old_manifest_has_stays_until_a_person_removes_it(cluster: Cluster, tree: Tree) -> None:
    cluster.asked("apply", "-f", "-", stdin=old_manifest())
    before = set(cluster.policies("cardboard"))
    overlay = tree.overlay("cardboard", "  ingress: {traefik: null}\n")
    assert cluster.deliver("cardboard", tree.build(overlay).stdout).status == 0
    assert set(cluster.policies("cardboard")) == before
    left = cluster.get("networkpolicies", "-n", "cardboard", "-l", "!applyset.kubernetes.io/part-of")
    assert [item["metadata"]["name"] for item in left] == ["allow-traefik-ingress"]


def test_watch_sees_a_policy_that_is_missing_for_a_moment(cluster: Cluster, tmp_path: Path) -> None:
    """So the test above can fail."""
    cluster.asked("apply", "-f", "-", stdin=old_manifest())
    with watching(cluster, tmp_path / "events") as watch:
        cluster.asked("delete", "networkpolicy", "-n", "media", "default-deny-all")
        cluster.asked("apply", "-f", "-", stdin=old_manifest())
        events = watch.catch_up()
    assert ("DELETED", "media/default-deny-all") in events

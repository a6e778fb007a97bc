"""Helm's releases on an API server: one takes over the policies that are there, is upgraded, and goes."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import ROOT, Done, Tree, run
from engines.cluster import Cluster, watching

CHART = ROOT / "charts" / "netpol"
NAMESPACES = ("cardboard", "email-gateway", "media")
_WHOLE = yaml.safe_load((CHART / "ci" / "home-values.yaml").read_text())
HOME = {**_WHOLE, "namespaces": {name: _WHOLE["namespaces"][name] for name in NAMESPACES}}
OWNER = "-l", "owner=helm,name=segmentation"


def helm(cluster: Cluster, *arguments: str | Path, values: dict[str, Any] | None = None) -> Done:
    """Run helm against the cluster, with *values* behind ``-f -`` where there are any."""
    env = {"KUBECONFIG": str(cluster.configuration)}
    if values is None:
        return run("helm", *arguments, env=env)
    return run("helm", *arguments, "-f", "-", stdin=yaml.safe_dump(values), env=env)


def released(cluster: Cluster, *options: str, values: dict[str, Any] = HOME) -> Done:
    return helm(cluster, "upgrade", "--install", "segmentation", CHART, *options, values=values)


def from_overlays() -> str:
    """Return what the plugin renders for the same namespaces."""
    return "---\n".join(Tree(ROOT).build(f"overlays/{name}").stdout for name in NAMESPACES)


def changed(namespace: str, differs: Any) -> dict[str, Any]:
    return {**HOME, "namespaces": {**HOME["namespaces"], namespace: differs}}


def names(cluster: Cluster, *chosen: str) -> set[str]:
    items = cluster.get("networkpolicies", "-A", *chosen)
    return {f"{item['metadata']['namespace']}/{item['metadata']['name']}" for item in items}


@pytest.fixture
def empty(cluster: Cluster) -> Iterator[Cluster]:
    """The API server, with no release before or after."""
    yield cluster
    cluster.asked("delete", "secrets", "-n", "default", *OWNER)


@pytest.fixture
def release(empty: Cluster) -> Cluster:
    """The API server, with a release for three namespaces of the reference cluster."""
    done = released(empty)
    assert done.status == 0, done.stderr
    assert {name.partition("/")[0] for name in names(empty)} == set(NAMESPACES)
    return empty


@pytest.mark.parametrize("side", ["--server-side", "--server-side=false"])
def test_release_takes_over_what_was_applied_and_no_policy_is_missing_in_between(
    empty: Cluster, tmp_path: Path, side: str
) -> None:
    empty.asked("apply", side, "-f", "-", stdin=from_overlays())
    before = names(empty)
    with watching(empty, tmp_path / "refused") as watch:
        assert "invalid ownership metadata" in released(empty).stderr
        assert 'conflict with "kubectl' in released(empty, "--take-ownership").stderr
        assert watch.catch_up() == []
    with watching(empty, tmp_path / "events") as watch:
        done = released(empty, "--take-ownership", "--force-conflicts")
        assert done.status == 0, done.stderr
        events = watch.catch_up()
    assert {kind for kind, _ in events} == {"MODIFIED"}
    assert {name for _, name in events} == before == names(empty)
    assert names(empty, "-l", "app.kubernetes.io/managed-by=bulkhead") == set()

    values = changed("email-gateway", {"egress": {"aws-ses": {"to": "internet", "ports": 465}}})
    refused = released(empty, values=values)
    assert refused.status == 1 and ".spec.egress" in refused.stderr
    assert released(empty, "--force-conflicts", values=values).status == 0
    (entry,) = empty.policies("email-gateway")["allow-aws-ses-egress"]["spec"]["egress"]
    assert entry["ports"] == [{"port": 465, "protocol": "TCP"}]


@pytest.mark.parametrize(
    ("namespace", "differs", "wanted"),
    [
        ("cardboard", {"egress": {"dns": False}}, [("DELETED", "cardboard/allow-dns-egress")]),
        (
            "cardboard",
            {"egress": {"dns": False, "names": {"to": "kube-dns", "ports": ["53/UDP", 53]}}},
            [("ADDED", "cardboard/allow-names-egress"), ("DELETED", "cardboard/allow-dns-egress")],
        ),
        ("cardboard", {"egress": {"dns": {"ports": 53}}}, [("MODIFIED", "cardboard/allow-dns-egress")]),
        ("cardboard", {}, []),
    ],
)
def test_upgrade_touches_what_differs_alone_and_deletes_last(
    release: Cluster, tmp_path: Path, namespace: str, differs: Any, wanted: list[tuple[str, str]]
) -> None:
    with watching(release, tmp_path / "events") as watch:
        done = released(release, values=changed(namespace, differs))
        assert done.status == 0, done.stderr
        assert watch.catch_up() == wanted


@pytest.mark.parametrize("differs", [{"egress": {"dns": {"to": "nobody"}}}, {"ingress": {"web": {"from": []}}}])
def test_upgrade_with_a_mistake_touches_nothing(release: Cluster, tmp_path: Path, differs: Any) -> None:
    with watching(release, tmp_path / "events") as watch:
        done = released(release, values=changed("media", differs))
        assert done.status == 1 and "netpol: nothing was rendered" in done.stderr
        assert watch.catch_up() == []


def test_uninstalling_opens_the_namespaces_and_an_annotation_keeps_nothing(release: Cluster) -> None:
    release.asked("annotate", "networkpolicies", "-A", "--all", "helm.sh/resource-policy=keep")
    assert helm(release, "uninstall", "segmentation").status == 0
    assert names(release) == set()


def test_without_its_record_a_release_is_gone_and_the_policies_are_not(release: Cluster) -> None:
    before = names(release)
    release.asked("delete", "secrets", "-n", "default", *OWNER)
    assert helm(release, "list", "-q").stdout == ""
    assert names(release) == before
    applied = release.kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=from_overlays())
    assert (applied.status, names(release)) == (0, before)
    assert names(release, "-l", "app.kubernetes.io/managed-by=bulkhead") == before

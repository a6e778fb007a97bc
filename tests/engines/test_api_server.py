"""What an API server says of the rendered policies."""

from functools import cache

import pytest
from conftest import ROOT, Tree
from engines.cluster import Cluster, as_written
from reference import PROTECTED, UNPROTECTED, differences, expected


@cache
def rendered(folder: str) -> str:
    """Return what kustomize and the plugin print for *folder* of the repository."""
    done = Tree(ROOT).build(folder)
    assert done.status == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("namespace", PROTECTED)
def test_policies_are_taken_without_a_warning_and_are_those_written_by_hand(cluster: Cluster, namespace: str) -> None:
    text = rendered(f"overlays/{namespace}")
    applied = cluster.kubectl("apply", "--server-side", "--validate=strict", "-f", "-", stdin=text)
    assert (applied.status, applied.stderr) == (0, "")
    items = cluster.get("networkpolicies", "-n", namespace)
    found = differences([as_written(item) for item in items], expected(namespace))
    assert not found, "\n" + found
    difference = cluster.kubectl("diff", "--server-side", "-f", "-", stdin=text)
    assert (difference.status, difference.stdout, difference.stderr) == (0, "", "")


@pytest.mark.parametrize("namespace", UNPROTECTED)
def test_unprotected_namespace_gives_kubectl_nothing_to_do(cluster: Cluster, namespace: str) -> None:
    applied = cluster.kubectl("apply", "--server-side", "-f", "-", stdin=rendered(f"overlays/{namespace}"))
    assert (applied.status, applied.stdout, applied.stderr) == (1, "", "error: no objects passed to apply\n")


def test_whole_cluster_is_taken_without_a_warning_and_nothing_differs_after(cluster: Cluster) -> None:
    text = rendered(".")
    applied = cluster.kubectl("apply", "--server-side", "--validate=strict", "-f", "-", stdin=text)
    assert (applied.status, applied.stderr) == (0, "")
    assert {item["metadata"]["namespace"] for item in cluster.get("networkpolicies", "-A")} == set(PROTECTED)
    difference = cluster.kubectl("diff", "--server-side", "-f", "-", stdin=text)
    assert (difference.status, difference.stdout, difference.stderr) == (0, "", "")


def test_difference_is_seen_where_there_is_one(cluster: Cluster) -> None:
    text = rendered("overlays/email-gateway")
    cluster.asked("apply", "--server-side", "-f", "-", stdin=text)
    difference = cluster.kubectl("diff", "--server-side", "-f", "-", stdin=text.replace("port: 587", "port: 588"))
    assert difference.status == 1
    assert "+    - port: 588" in difference.stdout

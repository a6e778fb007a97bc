"""
Edits that open traffic for pods, addresses and namespaces that nobody has made yet are reported as opening.

The expectation of each edit follows from the NetworkPolicy API: after it, the policy matches more. The same edit
backwards closes.
"""

import textwrap
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import ROOT, Tree

REVIEWS = ROOT / "tests" / "reviews"
MANIFESTS: dict[str, Any] = yaml.safe_load((REVIEWS / "manifests.yaml").read_text())
OVERLAYS: dict[str, Any] = yaml.safe_load((REVIEWS / "overlays.yaml").read_text())

PODS = [
    {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "selector": {"matchLabels": {"app": name}},
            "template": {"metadata": {"labels": {"app": name}}, "spec": {"containers": [{"name": name}]}},
        },
    }
    for namespace, name in (("shop", "api"), ("shop", "front"), ("media", "player"))
]

PROFILE = """\
apiVersion: bulkhead.dev/v1alpha1
kind: ClusterProfile
metadata: {name: test}
spec:
  networks: {pods: 10.42.0.0/16, services: 10.43.0.0/16, nodes: 192.168.20.0/24}
"""

STANDARD = """\
apiVersion: bulkhead.dev/v1alpha1
kind: SegmentedNamespace
metadata: {name: standard}
spec: {}
"""


def manifests(folder: Path, spec: dict[str, Any], pods: list[dict[str, Any]]) -> Path:
    """Write a policy with *spec* and *pods* to *folder*."""
    policy = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "rules", "namespace": "shop"},
        "spec": spec,
    }
    folder.mkdir()
    (folder / "all.yaml").write_text(yaml.safe_dump_all([policy, *pods]))
    return folder


def overlays(tree: Tree, name: str, spec: dict[str, Any]) -> Path:
    """Write a tree with one overlay, `shop`, that has the rules of *spec*, and an empty standard pattern."""
    side = Tree(tree.path / name)
    side.path.mkdir()
    (side.path / "plugin").symlink_to(tree.path / "plugin")
    side.write("base/kustomization.yaml", "resources: [cluster.yaml, namespace.yaml]\n")
    side.write("base/cluster.yaml", PROFILE)
    side.write("base/namespace.yaml", STANDARD)
    side.write("kustomization.yaml", "resources: [overlays/shop]\n")
    side.overlay("shop", textwrap.indent(yaml.safe_dump(spec), "  "))
    return side.path


def check(tree: Tree, form: str, before: Path, after: Path) -> None:
    """Check that the edit opens traffic, and only opens it, and that its reverse only closes."""
    there = tree.bulkhead("diff", form, before, after)
    assert (there.status, there.stderr) == (1, ""), there.stdout + there.stderr
    assert there.stdout.startswith("OPENS "), there.stdout
    assert "CLOSES" not in there.stdout
    back = tree.bulkhead("diff", form, after, before)
    assert (back.status, back.stderr) == (1, ""), back.stdout + back.stderr
    assert back.stdout.startswith("CLOSES "), back.stdout
    assert "OPENS" not in back.stdout


@pytest.mark.parametrize("pods", [PODS, []], ids=["with workloads", "policies alone"])
@pytest.mark.parametrize("edit", MANIFESTS)
def test_an_edit_of_a_manifest_that_opens_is_reported(tree: Tree, edit: str, pods: list[dict[str, Any]]) -> None:
    before = manifests(tree.path / "before", MANIFESTS[edit]["before"], pods)
    check(tree, "--manifests", before, manifests(tree.path / "after", MANIFESTS[edit]["after"], pods))


@pytest.mark.parametrize("edit", OVERLAYS)
def test_an_edit_of_an_overlay_that_opens_is_reported(tree: Tree, edit: str) -> None:
    before = overlays(tree, "before", OVERLAYS[edit]["before"])
    check(tree, "--dirs", before, overlays(tree, "after", OVERLAYS[edit]["after"]))

"""Flux's own kustomize engine builds the rendered tree, by the Kustomizations that are shipped, and no overlay."""

import shutil
from pathlib import Path

import pytest
import yaml
from conftest import ROOT, Done, Tree, run
from copies import copy_parts
from engines.built import engine
from reference import PROTECTED, UNPROTECTED, Policy, differences, expected, parse

SHIPPED = ("git", "oci")
NEVER_PRUNED = {"kustomize.toolkit.fluxcd.io/prune": "disabled"}


def build(kustomization: Path, source: Path) -> Done:
    """Build as kustomize-controller does; *source* is written to."""
    return run(engine("flux"), "build", kustomization, source)


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tree that CI writes."""
    folder = tmp_path_factory.mktemp("rendered") / "tree"
    done = run(ROOT / ".venv/bin/python", "-m", "bulkhead", "render", ROOT, "--layout", "tree", "-o", folder)
    assert done.status == 0, done.stderr
    return folder


@pytest.fixture
def source(rendered: Path, tmp_path: Path) -> Path:
    """The tree, as Flux has fetched it."""
    return Path(shutil.copytree(rendered, tmp_path / "source"))


def kustomization(tmp_path: Path, path: str) -> Path:
    """The shipped Kustomization, on another path of the source."""
    text = (ROOT / "deploy/flux/git/delivery.yaml").read_text()
    assert "  path: ./\n" in text
    file = tmp_path / "delivery.yaml"
    file.write_text(text.replace("  path: ./\n", f"  path: {path}\n"))
    return file


def protected_from_pruning(policies: list[Policy]) -> list[Policy]:
    """Return *policies* with the annotation that the shipped Kustomization puts on every default deny."""
    for policy in policies:
        if policy["metadata"]["name"] == "default-deny-all":
            policy["metadata"].setdefault("annotations", {}).update(NEVER_PRUNED)
    return policies


@pytest.mark.parametrize("namespace", PROTECTED)
def test_rendered_folder_is_built_to_what_the_plugin_makes(namespace: str, source: Path, tmp_path: Path) -> None:
    built = build(kustomization(tmp_path, namespace), source)
    assert (built.status, built.stderr) == (0, "")
    plugin = Tree(ROOT).build(f"overlays/{namespace}")
    assert plugin.status == 0, plugin.stderr
    found = differences(parse(built.stdout), protected_from_pruning(parse(plugin.stdout)))
    assert not found, "\n" + found


@pytest.mark.parametrize("route", SHIPPED)
def test_shipped_kustomization_builds_the_whole_tree(route: str, source: Path) -> None:
    built = build(ROOT / "deploy/flux" / route / "delivery.yaml", source)
    assert (built.status, built.stderr) == (0, "")
    wanted = protected_from_pruning([policy for namespace in PROTECTED for policy in expected(namespace)])
    found = differences(parse(built.stdout), wanted)
    assert not found, "\n" + found


@pytest.mark.parametrize("namespace", [*PROTECTED, *UNPROTECTED])
def test_overlay_is_refused_for_it_would_run_a_program(namespace: str, tmp_path: Path) -> None:
    source = tmp_path / "source"
    copy_parts(source, "plugin", "base", "overlays", bytecode=False)
    built = build(kustomization(tmp_path, f"overlays/{namespace}"), source)
    assert (built.status, built.stdout) == (1, "")
    assert "external plugins disabled" in built.stderr


def test_tree_that_is_half_there_is_refused(source: Path) -> None:
    (source / "media" / "kustomization.yaml").unlink()
    for policy in (source / "media").iterdir():
        policy.unlink()
    built = build(ROOT / "deploy/flux/git/delivery.yaml", source)
    assert (built.status, built.stdout) == (1, "")
    assert "media" in built.stderr


def test_path_that_is_not_there_is_refused(source: Path, tmp_path: Path) -> None:
    built = build(kustomization(tmp_path, "rendered"), source)
    assert (built.status, built.stdout) == (1, "")
    assert "kustomization path not found" in built.stderr


def test_shipped_kustomizations_prune_and_wait() -> None:
    for route in SHIPPED:
        spec = yaml.safe_load((ROOT / "deploy/flux" / route / "delivery.yaml").read_text())["spec"]
        assert (spec["prune"], spec["wait"], spec["deletionPolicy"]) == (True, True, "Orphan")

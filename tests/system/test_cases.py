"""
Every folder of tests/cases through the real kustomize and through ``bulkhead validate``.

A case is an overlay for the namespace ``shop``.  ``errors.txt`` is all that ``bulkhead validate``
says about it, ``expected.yaml`` what it renders.  ``kustomize.txt`` has what the build with the
plugin says instead, where kustomize itself reads the input in another way.
"""

import re
import shutil
from pathlib import Path

import pytest
import yaml
from conftest import ROOT, Tree

CASES = ROOT / "tests" / "cases"
KUSTOMIZATION = "resources: [profile.yaml, input.yaml]\nnamespace: shop\ntransformers: [../../plugin]\n"


def cases(file: str) -> list[str]:
    return sorted(path.parent.name for path in CASES.glob(f"*/{file}"))


def lay_out(tree: Tree, name: str) -> Path:
    overlay = tree.path / "overlays" / "shop"
    shutil.copytree(CASES / name, overlay)
    if not (overlay / "profile.yaml").exists():
        shutil.copy(CASES / "profile.yaml", overlay)
    if not (overlay / "kustomization.yaml").exists():
        tree.write("overlays/shop/kustomization.yaml", KUSTOMIZATION)
    return overlay


@pytest.mark.parametrize("name", cases("errors.txt"))
def test_bad_input_is_explained_and_renders_nothing(tree: Tree, name: str) -> None:
    overlay = lay_out(tree, name)
    explained = (overlay / "errors.txt").read_text()
    validated = tree.bulkhead("validate", "overlays/shop")
    said = validated.stderr.splitlines(keepends=True)
    assert "".join(said[:-1]) == explained
    assert re.fullmatch(r"bulkhead: \d+ problems?\n", said[-1])
    assert (validated.status, validated.stdout) == (1, "")

    built = tree.build(overlay)
    expected = overlay / "kustomize.txt"
    reasons = expected.read_text().splitlines() if expected.exists() else reasons_of(explained)
    assert built.status != 0
    assert built.stdout == ""
    assert "Traceback" not in built.stderr
    assert [reason for reason in reasons if reason not in built.stderr] == []


def reasons_of(explained: str) -> list[str]:
    return [line.partition(": error: ")[2] for line in explained.splitlines() if ": error: " in line]


@pytest.mark.parametrize("name", cases("expected.yaml"))
def test_good_input_renders_what_the_case_says(tree: Tree, name: str) -> None:
    overlay = lay_out(tree, name)
    built = tree.build(overlay)
    assert (built.stderr, built.status) == ("", 0)
    expected = list(yaml.safe_load_all((overlay / "expected.yaml").read_text()))
    assert list(yaml.safe_load_all(built.stdout)) == expected
    assert tree.bulkhead("render", "overlays/shop").stdout == built.stdout


def test_there_are_cases() -> None:
    assert len(cases("errors.txt")) > 30
    assert len(cases("expected.yaml")) > 5

"""A folder that an ApplicationSet delivers without a kustomization is the same only if every file below it is."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from bulkhead.io.kustomize.folder_contents import contents

FILES = {
    "overlays/legacy/Chart.yaml": "name: legacy\ndependencies: [{name: common, repository: 'file://../../common'}]\n",
    "overlays/legacy/templates/_helpers.tpl": "egress: []\n",
    "overlays/legacy/files/deep/rules.txt": "egress: []\n",
    "overlays/legacy/.hidden/LICENSE": "x\n",
    "overlays/legacy/main.jsonnet": "local a = import 'a.libsonnet'; importstr /* why */ @\"../../text.md\"\n",
    "overlays/legacy/a.libsonnet": "importbin\n  'lib/deep.bin'\n",
    "overlays/legacy/a/kustomization.yaml": "resources: []\n",
    "text.md": "x\n",
    "lib/deep.bin": "x\n",
    "common/Chart.yaml": "name: common\n",
    "common/templates/x.tpl": "x\n",
    "linked/x.txt": "x\n",
    "other.txt": "x\n",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "overlays/legacy/link").symlink_to("../../linked")
    return tmp_path


def of(root: Path, *left_out: str) -> str:
    return contents(str(root / "overlays/legacy"), str(root), [str(root / each) for each in left_out])


def relinked(file: Path) -> None:
    file.unlink()
    file.symlink_to("../../common")


CHANGES: dict[str, Callable[[Path], object]] = {
    **{name: lambda file: file.write_text("y\n") for name in FILES if name != "other.txt"},
    "overlays/legacy/new": lambda file: file.write_text(""),
    "overlays/legacy/files/deep/new.yaml": lambda file: file.write_text(""),
    "overlays/legacy/files/deep/../deep/rules.txt": lambda file: file.unlink(),
    "overlays/legacy/./files/deep/rules.txt": lambda file: file.chmod(0o755),
    "overlays/legacy/files": lambda file: os.rename(file, file.with_name("renamed")),
    "overlays/legacy/link": relinked,
}


@pytest.mark.parametrize("name", CHANGES)
def test_any_change_of_what_the_folder_can_read_counts(root: Path, name: str) -> None:
    before = of(root)
    CHANGES[name](root / name)
    assert of(root) != before


def test_what_the_folder_cannot_read_does_not_count(root: Path) -> None:
    before = of(root)
    (root / "other.txt").write_text("y\n")
    (root / "overlays/legacy/files/deep/rules.txt").chmod(0o640)
    assert of(root) == before


def test_the_same_files_in_another_place_are_the_same(root: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    before = of(root)
    moved = tmp_path_factory.mktemp("elsewhere") / "root"
    root.rename(moved)
    assert of(moved) == before


@pytest.mark.parametrize("is_chart", [True, False])
def test_a_folder_that_is_compared_by_itself_counts_in_a_chart_only(root: Path, is_chart: bool) -> None:
    if not is_chart:
        (root / "overlays/legacy/Chart.yaml").unlink()
    before = of(root, "overlays/legacy/a")
    (root / "overlays/legacy/a/kustomization.yaml").write_text("resources: [b]\n")
    assert (of(root, "overlays/legacy/a") != before) is is_chart


@pytest.mark.native
def test_what_cannot_be_read_is_equal_to_nothing(root: Path) -> None:
    os.mkfifo(root / "overlays/legacy/pipe")
    assert of(root) != of(root)


def test_links_that_lead_to_each_other_end(root: Path) -> None:
    (root / "linked/back").symlink_to("../overlays/legacy")
    (root / "overlays/legacy/self").symlink_to("self")
    assert of(root) == of(root)

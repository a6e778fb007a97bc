"""Several runs of `render` into one folder, and folders that are no folders."""

import subprocess
from pathlib import Path

import pytest
from conftest import PATIENCE, PYTHON, Tree, plain_environment

OVERLAYS = ("shop", "shed", "attic", "cellar")


@pytest.fixture
def cluster(tree: Tree) -> Tree:
    for name in OVERLAYS:
        tree.overlay(name)
    tree.write("kustomization.yaml", f"resources: [{', '.join(f'overlays/{name}' for name in OVERLAYS)}]\n")
    return tree


def files(folder: Path) -> dict[str, bytes]:
    return {str(each.relative_to(folder)): each.read_bytes() for each in folder.rglob("*") if each.is_file()}


LAYOUTS = [["-o", "into/"], ["-o", "into", "--layout", "tree"]]


@pytest.mark.parametrize("layout", LAYOUTS, ids=["flat", "tree"])
def test_runs_at_once_all_succeed_and_do_not_mix(cluster: Tree, layout: list[str]) -> None:
    """Half of the runs render one namespace more: what is there in the end is one of the two, whole."""
    some = ", ".join(f"../overlays/{name}" for name in OVERLAYS[1:])
    cluster.write("some/kustomization.yaml", f"resources: [{some}]\n")
    whole = []
    for folder in (".", "some"):
        assert cluster.bulkhead("render", folder, *(part.replace("into", f"of{folder}") for part in layout)).status == 0
        whole.append(files(cluster.path / f"of{folder}"))
    assert len(whole[0]) > len(whole[1])
    running = [
        subprocess.Popen(
            [PYTHON, "-m", "bulkhead", "render", folder, *layout],
            cwd=cluster.path,
            env=plain_environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for folder in (".", "some") * 4
    ]
    ended = [(process, *process.communicate(timeout=PATIENCE)) for process in running]
    assert [(process.returncode, said) for process, _, said in ended if process.returncode] == []
    assert files(cluster.path / "into") in whole


@pytest.mark.parametrize("layout", LAYOUTS, ids=["flat", "tree"])
@pytest.mark.parametrize("check", [[], ["--check"]], ids=["write", "check"])
def test_symbolic_link_is_no_output_folder(cluster: Tree, layout: list[str], check: list[str]) -> None:
    (cluster.path / "elsewhere").mkdir()
    (cluster.path / "into").symlink_to("elsewhere")
    done = cluster.bulkhead("render", *layout, *check)
    assert (done.status, done.stdout) == (2, "")
    assert done.stderr.startswith(f"{layout[1]}: error: this is a symbolic link\nhint: name the folder")
    assert list((cluster.path / "elsewhere").iterdir()) == []


def test_symbolic_link_in_a_flat_folder_is_not_written_through(cluster: Tree) -> None:
    assert cluster.bulkhead("render", "-o", "into/").status == 0
    own = cluster.path / "into/shop.yaml"
    own.rename(cluster.path / "mine.yaml")
    own.symlink_to("../mine.yaml")
    (cluster.path / "mine.yaml").write_text("# Rendered by bulkhead; edit the overlays instead.\nmine\n")
    done = cluster.bulkhead("render", "-o", "into/")
    assert (done.status, "`shop.yaml` is there and was not rendered" in done.stderr) == (2, True)
    assert (cluster.path / "mine.yaml").read_text().endswith("mine\n")


@pytest.mark.parametrize("layout", LAYOUTS, ids=["flat", "tree"])
def test_refused_run_leaves_no_empty_folder(tree: Tree, layout: list[str]) -> None:
    tree.overlay("shop", "  ingress: null\n  egress: null\n  unprotected: for now\n")
    tree.write("kustomization.yaml", "resources: [overlays/shop]\n")
    tree.bulkhead("render", *layout)
    assert not (tree.path / "into").exists()

"""Output goes to no source of it, and through no symbolic link."""

from pathlib import Path

import pytest
from conftest import Tree

OUTPUTS = (["render", "-o"], ["render", "--layout", "tree", "-o"], ["values", "-o"])
SOURCES = ("kustomization.yaml", "overlays/shop/rules.yaml", "base/cluster.yaml", "plugin/expand")
INSIDE = (
    "overlays/shop/out",
    "overlays/shop/",
    "overlays/new/out.yaml",
    "overlays/new/",
    "base/out.yaml",
    "plugin/out/",
)
LINKS = ("link.yaml", "dangling.yaml", "folder", "folder/", "folder/sub/", "folder/out.yaml", "a/link/sub/")


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_output_replaces_no_source_and_follows_no_link(tree: Tree, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside")
    (outside / "mine.yaml").write_text("mine\n")
    tree.overlay("shop", "  egress: {mail: {to: internet, ports: 587, why: mail}}\n")
    tree.write("kustomization.yaml", "resources: [overlays/shop]\n")
    tree.write("a/file", "")
    for name, target in (("link.yaml", "mine.yaml"), ("dangling.yaml", "new.yaml"), ("folder", ""), ("a/link", "")):
        (tree.path / name).symlink_to(outside / target)
    before = contents(tree.path), contents(outside)
    for path in (*SOURCES, *INSIDE, *LINKS):
        for command in OUTPUTS:
            done = tree.bulkhead(*command, path)
            assert (done.status, done.stdout) == (2, ""), (command, path)
            assert done.stderr.startswith(f"{path}: error: "), done.stderr
            assert (contents(tree.path), contents(outside)) == before, (command, path)


def test_output_of_one_overlay_is_not_written_into_it(tree: Tree) -> None:
    tree.overlay("shop")
    for path in ("overlays/shop/out.yaml", "overlays/shop/kustomization.yaml"):
        done = tree.bulkhead("render", "overlays/shop", "-o", path)
        assert (done.status, done.stdout) == (2, ""), path
    assert tree.bulkhead("render", "overlays/shop", "-o", "out.yaml").status == 0

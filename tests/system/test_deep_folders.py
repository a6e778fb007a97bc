"""Folders that are too deep, and paths that are too long, are refused before anything is read or written."""

import shutil
import subprocess
from pathlib import Path

import pytest
from bulkhead.io.folders import path_problem
from bulkhead.io.git import checkout, file_states
from conftest import Done, Tree, bulkhead, git

DEEP = "/".join("d" * 150)
PATHS = {
    "folders below an overlay": "overlays/shop/" + "d/" * 1_500 + "f.yaml",
    "folders that are no overlay": "overlays/" + "d/" * 3_000 + "kustomization.yaml",
    "a long name": f"overlays/shop/{'n' * 300}.yaml",
    "a long name of other letters": f"overlays/shop/{'ä' * 140}.yaml",
    "a long path": "overlays/shop/" + f"{'n' * 250}/" * 20 + "f.yaml",
}
WALKS = {
    "overlays/shop": (["validate"], ["reach"], ["diff", "main"]),
    "overlays": (["lint"],),
    "tests/reachability": (["test"],),
    "m": (
        ["reach", "--manifests", "m"],
        ["lint", "--manifests", "m"],
        ["diff", "--manifests", "m", "m"],
    ),
    "m/.hidden": (["reach", "--manifests", "m"],),
    "plugin/bulkhead": (["diff", "main"],),
}


@pytest.fixture
def repository(tree: Tree) -> Tree:
    """One overlay, committed as ``main``."""
    tree.overlay("shop")
    tree.write("kustomization.yaml", "resources: [overlays/shop]\n")
    tree.commit()
    return tree


def is_one_refusal(done: Done, *words: str) -> bool:
    """Say whether a command ended with one short message that has *words*, and with a hint."""
    lines = done.stderr.splitlines()
    return (
        done.status == 2
        and not done.stdout
        and lines[0].startswith("bulkhead: error: `")
        and len(lines[0]) < 200
        and lines[1].startswith("hint: ")
        and all(word in lines[0] for word in words)
    )


def test_revision_with_such_a_path_is_refused_by_its_name(repository: Tree) -> None:
    commit = "commit refs/heads/{}\ncommitter a <a@b> 1 +0000\ndata 1\nx\nfrom refs/heads/main^0\n"
    for name, path in PATHS.items():
        branch = name.replace(" ", "-")
        objects = f"{commit.format(branch)}M 100644 inline {path}\ndata 2\na\n"
        subprocess.run(["git", "fast-import", "--quiet"], input=objects.encode(), cwd=repository.path, check=True)
        done = repository.bulkhead("diff", "main", branch)
        assert is_one_refusal(done, f"{branch}:overlays/", "cannot be reviewed"), done.stderr


def test_walk_ends_at_folders_that_are_too_deep(repository: Tree) -> None:
    repository.write("m/pod.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: []}\n")
    for folder, commands in WALKS.items():
        repository.write(f"{folder}/{DEEP}/f.yaml", "a: b\n")
        for command in commands:
            done = repository.bulkhead(*command)
            assert is_one_refusal(done, f"{folder}/"[:50], "has more than 100 levels of folders"), done.stderr
        shutil.rmtree(repository.path / folder / "d")


def test_file_that_a_kustomization_names_is_refused_too(repository: Tree) -> None:
    repository.write(f"{DEEP}/f.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n")
    repository.write("kustomization.yaml", f"resources: [overlays/shop, {DEEP}/f.yaml]\n")
    done = repository.bulkhead("validate")
    assert (done.status, "below 150 levels of folders: at most 100 are read" in done.stderr) == (2, True), done.stderr


def test_chain_of_links_is_followed_or_refused(repository: Tree) -> None:
    for number in range(1_200):
        Path(repository.path, f"link{number}").symlink_to(f"link{number + 1}")
    Path(repository.path, "link1200").symlink_to("overlays")
    repository.write("kustomization.yaml", "resources: [link0/shop]\n")
    done = repository.process("validate")
    assert (done.status in (0, 1, 2), "internal error" in done.stderr) == (True, False), done.stderr


@pytest.mark.parametrize(
    ("path", "is_read"),
    [("/".join("d" * 101), True), ("/".join("d" * 102), False), ("n" * 255, True), ("n" * 256, False)],
)
def test_limits_are_those_of_the_page(path: str, is_read: bool) -> None:
    assert (not path_problem(path)) == is_read


def test_too_many_or_too_large_files_of_a_revision_are_refused(
    repository: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.write("README.md", "as before\n")
    repository.write(".gitattributes", "a text\n" * 100)
    repository.commit()
    with monkeypatch.context() as patch:
        patch.setattr(file_states, "LARGEST_TEXT", 600)
        assert is_one_refusal(repository.bulkhead("diff", "main~1", "main"), "`main:.gitattributes` cannot be reviewed")
    monkeypatch.setattr(checkout, "MOST_FILES", 3)
    done = repository.bulkhead("diff", "main~1", "main")
    assert (done.status, "may read" in done.stderr, "at most 3 are read" in done.stderr) == (2, True, True)


@pytest.mark.parametrize("kind", ["blob:none", "tree:0"])
def test_partial_clone_says_how_to_get_the_rest(repository: Tree, kind: str) -> None:
    repository.write("README.md", "more\n")
    repository.commit()
    git(repository.path, "config", "uploadpack.allowFilter", "true")
    clone = repository.path / "partial"
    source = f"file://{repository.path}"
    git(repository.path, "clone", "-q", "--no-checkout", f"--filter={kind}", source, clone)
    done = bulkhead("diff", "HEAD~1", "HEAD", cwd=clone)
    assert (done.status, done.stdout) == (2, "")
    assert "in this repository\nhint: this clone is partial: `git fetch --refetch --no-filter`" in done.stderr

"""A comparison with the working tree reads the disk: what a commit would have instead of it is named."""

import json
from collections.abc import Callable

import pytest
from conftest import Tree, git

MORE = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: x}\nspec: {podSelector: {}}\n"
RULES = "overlays/shop/rules.yaml"
Change = Callable[[Tree], object]


def staged_and_reverted(tree: Tree) -> None:
    before = (tree.path / RULES).read_text()
    tree.write(RULES, before + "  egress: {open: {to: anywhere}}\n")
    git(tree.path, "add", RULES)
    tree.write(RULES, before)


def staged_and_removed(tree: Tree) -> None:
    tree.write("overlays/shop/more.yaml", MORE)
    git(tree.path, "add", "-A")
    (tree.path / "overlays/shop/more.yaml").unlink()


def hidden(flag: str) -> Change:
    def change(tree: Tree) -> None:
        git(tree.path, "update-index", flag, RULES)
        tree.write(RULES, (tree.path / RULES).read_text() + "# kept\n")

    return change


def to_be_added(tree: Tree) -> None:
    tree.write("overlays/shop/notes.txt", "x")
    git(tree.path, "add", "-N", "overlays/shop/notes.txt")


def ignored(tree: Tree) -> None:
    tree.write(".git/info/exclude", "more.yaml\n")
    tree.write("overlays/shop/more.yaml", MORE)
    file = tree.path / "overlays/shop/kustomization.yaml"
    file.write_text(file.read_text().replace("../../base]", "../../base, more.yaml]"))


RULES_TEXT = (
    "apiVersion: bulkhead.dev/v1alpha1\nkind: SegmentedNamespace\nmetadata: {name: standard}\nspec:\n  egress: {}\n"
)

CHANGES: dict[str, tuple[Change, list[tuple[str, str]]]] = {
    "staged and reverted": (staged_and_reverted, [(RULES, "staged")]),
    "staged and removed": (staged_and_removed, [("overlays/shop/more.yaml", "staged")]),
    "removed from the index": (lambda tree: git(tree.path, "rm", "-q", "--cached", RULES), [(RULES, "staged")]),
    "assumed to be unchanged": (hidden("--assume-unchanged"), [(RULES, "staged")]),
    "left out of the work tree": (hidden("--skip-worktree"), [(RULES, "staged")]),
    "intended to be added": (to_be_added, [("overlays/shop/notes.txt", "staged")]),
    "ignored": (ignored, [("overlays/shop/more.yaml", "ignored")]),
    "edited": (lambda tree: tree.write("base/notes.yaml", "a: b\n"), []),
    "staged": (lambda tree: (tree.write(RULES, RULES_TEXT + "# new\n"), git(tree.path, "add", "-A")), []),
}


@pytest.fixture
def repository(tree: Tree) -> Tree:
    tree.write(".gitignore", "__pycache__\n/.venv\n")
    tree.overlay("shop", "  egress: {}\n")
    tree.write("kustomization.yaml", "resources: [overlays/shop]\n")
    tree.commit()
    return tree


@pytest.mark.parametrize("name", CHANGES)
def test_what_is_committed_instead_of_the_disk_is_named(repository: Tree, name: str) -> None:
    change, expected = CHANGES[name]
    change(repository)
    done = repository.bulkhead("diff", "--format", "json")
    found = json.loads(done.stdout)
    assert [(each["file"], each["reason"]) for each in found["delivery"]] == expected, done
    assert done.status == (1 if expected else 0), done

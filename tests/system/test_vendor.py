"""``bulkhead vendor``: the plugin of a tree is checked and replaced, never over changes, and never unseen."""

import hashlib
import os
from pathlib import Path

import pytest
from bulkhead.io import vendored_copy
from bulkhead.io.files import Unwritable
from conftest import FLAGS, TOOLS, Done, bulkhead, git, run


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    assert bulkhead("init", "--preset", "k3s", cwd=tmp_path).status == 0
    assert bulkhead("new", "blog", cwd=tmp_path).status == 0
    return tmp_path


def vendor(tree: Path, *options: str) -> Done:
    return bulkhead("vendor", *options, cwd=tree)


def older(tree: Path, path: str = "", old: str = "", new: str = "") -> None:
    """Make the plugin of *tree* one of an older version, with another text in one of its files."""
    version = tree / "plugin/VERSION"
    if path:
        file = tree / "plugin" / path
        before = file.read_text()
        assert old in before
        file.write_text(before.replace(old, new))
        was, now = (hashlib.sha256(text.encode()).hexdigest() for text in (before, file.read_text()))
        version.write_text(version.read_text().replace(was, now))
    version.write_text(version.read_text().replace("bulkhead-netpol 0.1.0:", "bulkhead-netpol 0.0.9:"))


def files(tree: Path) -> dict[str, str]:
    kept = (each for each in (tree / "plugin").rglob("*") if each.is_file() and "__pycache__" not in each.parts)
    return {str(each.relative_to(tree)): each.read_text() for each in kept}


def test_plugin_of_this_bulkhead_is_current(tree: Path) -> None:
    assert run(TOOLS / "kustomize", "build", *FLAGS, ".", cwd=tree).status == 0, "also after Python wrote byte code"
    assert vendor(tree, "--check") == Done(0, "plugin is the one of bulkhead 0.1.0\n", "")
    assert vendor(tree) == Done(0, "plugin is the one of bulkhead 0.1.0\n", "")


def test_changed_missing_and_added_files_are_named_and_kept(tree: Path) -> None:
    (tree / "plugin/bulkhead/krm.py").write_text("mine")
    (tree / "plugin/tripwire.yaml").unlink()
    (tree / "plugin/extra").symlink_to("/etc/passwd")
    before = files(tree)
    for options in ((), ("--check",), ("--accept",)):
        done = vendor(tree, *options)
        assert done.status == 1
        named = ["added: extra", "changed: bulkhead/krm.py", "missing: tripwire.yaml"]
        assert done.stdout.splitlines() == [f"plugin: {each}" for each in named]
    assert files(tree) == before


def test_changed_plugin_is_not_run(tree: Path) -> None:
    (tree / "plugin/expand").write_text(f"#!/bin/sh\ntouch {tree}/was-run\n")
    assert vendor(tree).status == 1
    assert not (tree / "was-run").exists()


def test_older_plugin_with_the_same_policies_is_replaced(tree: Path) -> None:
    new = files(tree)
    older(tree, "expand.yaml", "kind: Expand", "kind: Expand  # older")
    checked = vendor(tree, "--check")
    assert (checked.status, checked.stdout) == (1, "plugin is of bulkhead 0.0.9, not the one of bulkhead 0.1.0\n")
    done = vendor(tree)
    assert (done.status, done.stderr) == (0, "")
    assert done.stdout.splitlines()[0].startswith("NO EFFECT on traffic")
    assert done.stdout.splitlines()[-1] == "plugin: 0.0.9 -> 0.1.0"
    assert files(tree) == new
    assert os.access(tree / "plugin/expand", os.X_OK)
    assert run(TOOLS / "kustomize", "build", *FLAGS, ".", cwd=tree).status == 0


def test_older_plugin_that_renders_other_traffic_is_replaced_only_where_that_is_accepted(tree: Path) -> None:
    new = files(tree)
    # the old plugin opened port 8443 in place of 443
    older(tree, "bulkhead/krm.py", "document(policy)", "document(policy).replace('443', '8443')")
    old = files(tree)
    done = vendor(tree)
    assert done.status == 1
    assert "443" in done.stdout
    assert "OPENS" in done.stdout.upper()
    assert "traffic changes, so nothing is written" in done.stderr
    assert files(tree) == old
    assert vendor(tree, "--accept").status == 0
    assert files(tree) == new


def test_plugin_that_does_not_build_leaves_the_question_open(tree: Path) -> None:
    older(tree, "bulkhead/krm.py", '"""\nThe entry', 'import nothing_such\n"""\nThe entry')
    old = files(tree)
    done = vendor(tree)
    assert (done.status, "so what changes is not known" in done.stderr) == (2, True)
    assert files(tree) == old


def test_folder_that_was_not_vendored_is_refused(tree: Path) -> None:
    (tree / "plugin/VERSION").write_text("1.0\n")
    done = vendor(tree)
    assert done.status == 2
    assert "it is no vendored plugin" in done.stderr


def test_missing_plugin_is_written(tree: Path) -> None:
    new = files(tree)
    (tree / "plugin").rename(tree / "away")
    assert vendor(tree, "--check").status == 1
    assert vendor(tree).status == 0
    assert files(tree) == new


def test_failed_replacement_leaves_the_plugin_as_it_was(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = files(tree)
    rename = os.rename

    def failing(source: str, target: str) -> None:
        if source.endswith("/new"):
            raise OSError(28, "No space left on device")
        rename(source, target)

    monkeypatch.setattr(os, "rename", failing)
    with pytest.raises(Unwritable):
        vendored_copy.replace_vendored(str(tree / "plugin"), {"expand": "x"}, ["expand"])
    assert files(tree) == before
    assert not [each for each in os.listdir(tree) if each.startswith(".bulkhead-")]


def test_commands_say_that_a_build_runs_a_plugin_of_another_version(tree: Path) -> None:
    assert "a build runs" not in bulkhead("validate", cwd=tree).stderr
    assert "plugin 0.1.0 (./plugin, which a build of this folder runs)" in bulkhead("version", cwd=tree).stdout
    older(tree)
    said = (
        "a build runs the plugin in plugin, of bulkhead `0.0.9`; this is bulkhead 0.1.0: `bulkhead vendor` replaces it"
    )
    assert said in bulkhead("validate", cwd=tree).stderr
    assert "a build runs" in bulkhead("render", "overlays/blog", cwd=tree).stderr
    assert "plugin 0.0.9 (./plugin" in bulkhead("version", cwd=tree).stdout


def test_diff_names_each_changed_file_of_a_vendored_plugin(tree: Path) -> None:
    git(tree, "init", "-q", "-b", "main")
    git(tree, "add", "-A")
    git(tree, "commit", "-qm", "tree")
    unchanged = bulkhead("diff", cwd=tree)
    assert (unchanged.status, "plugin" in unchanged.stdout) == (0, False), unchanged.stdout
    (tree / "plugin/bulkhead/core/expansion/expand.py").write_text("print()")
    done = bulkhead("diff", cwd=tree)
    assert done.status == 1
    assert "THE PLUGIN CHANGES" in done.stdout
    assert "plugin/bulkhead/core/expansion/expand.py" in done.stdout

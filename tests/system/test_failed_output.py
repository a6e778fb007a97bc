"""A full disk, and a stdout or stderr that is closed or full: a message, exit status 2, and nothing half-written."""

import os
import shlex
from pathlib import Path

import pytest
from conftest import PYTHON, ROOT, Done, Tree, run

PRINTING = (
    "render", "validate", "lint", "values", "schema ClusterProfile", "reach", "explain cardboard trade-bot:80", "test",
    "reach --format json", "completion bash", "help diff", "--help", "--version",
)  # fmt: skip


def shell(folder: Path, command: str, more: str = "", before: str = "") -> Done:
    """Run a command line of this project in a shell, with redirections after it."""
    words = f"{shlex.quote(str(PYTHON))} -m bulkhead {command} {more}"
    return run("bash", "-c", f"{before}{words}", cwd=folder, env={"PYTHONDONTWRITEBYTECODE": "1"})


@pytest.mark.parametrize("command", PRINTING)
def test_a_full_disk_behind_stdout_is_named(command: str) -> None:
    done = shell(ROOT, command, "> /dev/full")
    assert (done.status, done.stderr) == (2, "bulkhead: error: the output cannot be written: No space left on device\n")


@pytest.mark.parametrize("more", ["2> /dev/full", "2>&-", "> /dev/full 2> /dev/full", ">&- 2>&-"])
def test_an_error_that_nobody_can_read_is_an_error_all_the_same(more: str, tmp_path: Path) -> None:
    done = shell(tmp_path, "validate nowhere", more)
    assert (done.status, done.stdout, done.stderr) == (2, "", "")


def test_a_command_without_stdout_says_so(tmp_path: Path) -> None:
    done = shell(tmp_path, "version", ">&-")
    assert done.status == 2 and done.stderr.startswith("bulkhead: error: stdout is closed\nhint: ")


def test_a_command_needs_no_stdin(tree: Tree) -> None:
    tree.overlay("one")
    tree.write("kustomization.yaml", "resources: [overlays/one]\n")
    assert shell(tree.path, "validate", "<&-").status == 0
    done = shell(tree.path, "reach --manifests -", "<&-")
    assert (done.status, "there is nothing in it" in done.stderr) == (2, True)


WRITING = (
    "render -o a/b/policies.yaml", "render -o a/b/", "render -o a/b --layout tree", "schema -o a/b", "new two --rules",
    "values -o a/b/values.yaml",
)  # fmt: skip


def listing(folder: Path) -> dict[str, bytes]:
    """Return what is in *folder*: the content of each file, nothing of a folder."""
    found = {os.path.relpath(at, folder): b"" for at, _, _ in os.walk(folder)}
    for at, _, files in os.walk(folder):
        for name in files:
            path = Path(at, name)
            found[os.path.relpath(path, folder)] = path.read_bytes()
    return found


@pytest.mark.parametrize("command", WRITING)
def test_where_a_file_cannot_be_written_no_file_and_no_folder_is_left(command: str, tree: Tree) -> None:
    rules = "".join(f"    web{number}: {{to: {{cidr: 9.9.9.{number}/32}}, ports: 443}}\n" for number in range(9))
    tree.overlay("one", f"  egress:\n{rules}")
    tree.write("kustomization.yaml", f"resources: [overlays/one]\n{'#' * 2000}\n")
    before = listing(tree.path)
    done = shell(tree.path, command, before="ulimit -f 1; ")  # KiB of each file, as if the disk was full
    assert done.status == 2 and "cannot be written: File too large" in done.stderr, done
    assert ("TMPDIR" in done.stderr) is (command.startswith("values")), "it reads a copy"
    assert listing(tree.path) == before
    assert shell(tree.path, command).status == 0


@pytest.mark.parametrize("command", WRITING[:3])
def test_where_a_file_cannot_be_written_what_was_there_stays(command: str, tree: Tree) -> None:
    tree.overlay("one")
    tree.write("kustomization.yaml", "resources: [overlays/one]\n")
    assert shell(tree.path, command).status == 0
    before = listing(tree.path)
    tree.overlay("two", "  egress:\n    web: {to: {cidr: 9.9.9.9/32}, ports: 443}\n")
    tree.write("kustomization.yaml", "resources: [overlays/one, overlays/two]\n")
    assert shell(tree.path, command, before="ulimit -f 1; ").status == 2
    after = listing(tree.path)
    assert {path for path in before if path.startswith("a/")} == {path for path in after if path.startswith("a/")}
    assert all(after[path] == content for path, content in before.items() if path.startswith("a/"))

"""A build is remembered exactly as long as its folder has the same content."""

from collections.abc import Callable
from pathlib import Path

import pytest
from remembered_builds import remembering

pytestmark = pytest.mark.native
LISTS = """#!/bin/sh
echo run >>"$0.runs"
cat "$2/file"
echo "$2: no such thing" >&2
"""


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """A program in the place of kustomize, which counts its runs."""
    made = tmp_path / "kustomize"
    made.write_text(LISTS)
    made.chmod(0o755)
    return made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a file."""
    made = tmp_path / "one"
    made.mkdir()
    (made / "file").write_text("a")
    return made


def test_same_content_is_built_once_wherever_it_is(program: Path, tmp_path: Path) -> None:
    run = remembering()
    for name, text in (("one", "a"), ("two", "a"), ("two", "b"), ("one", "a")):
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        (folder / "file").write_text(text)
        done = run([str(program), "build", str(folder)], {"TMPDIR": str(folder)})
        assert (done.stdout.decode(), done.message) == (text, f"{folder}: no such thing")
    assert (tmp_path / "kustomize.runs").read_text() == "run\n" * 2


def test_link_and_empty_folder_are_content(program: Path, folder: Path, tmp_path: Path) -> None:
    run = remembering()
    changes: list[Callable[[], None]] = [
        lambda: None, lambda: (folder / "x").symlink_to("file"), lambda: (folder / "y").mkdir()
    ]  # fmt: skip
    for change in changes:
        change()
        run([str(program), "build", str(folder)], {"TMPDIR": str(folder)})
    assert (tmp_path / "kustomize.runs").read_text() == "run\n" * 3


def test_other_command_and_environment_is_another_build(program: Path, folder: Path, tmp_path: Path) -> None:
    run = remembering()
    plain = {"TMPDIR": str(folder)}
    for options, environment in (([], plain), (["--x"], plain), ([], plain | {"PATH": "/bin"}), ([], dict(plain))):
        run([str(program), "build", str(folder), *options], environment)
    assert (tmp_path / "kustomize.runs").read_text() == "run\n" * 3

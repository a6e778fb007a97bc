"""Copies of parts of this repository, for tests that change them."""

import atexit
import os
import shutil
import tempfile
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REFERENCE_CLUSTER = ("plugin", "base", "overlays", "kustomization.yaml")
PACKAGE = ROOT / "plugin/bulkhead"

State = tuple[int, int, int, int]
"""What a change of a file changes: its number, time, size and mode."""


def copy_parts(folder: Path, *parts: str, bytecode: bool = True) -> Path:
    """
    Copy the files and folders *parts* of this repository into *folder*, under the same names; return *folder*.

    Without *bytecode* the copy has tracked files only. With it, Python starts faster from the copy. The files of the
    package are links to a copy of this process (there are hundreds, and more than a thousand tests have them).
    """
    ignore = shutil.ignore_patterns("*.egg-info", *(() if bytecode else ("__pycache__",)))
    folder.mkdir(parents=True, exist_ok=True)
    for part in parts:
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, folder / part, ignore=ignore, copy_function=_copied_or_linked)
        else:
            (folder / part).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / part, folder / part)
    return folder


def copy_with_environment(folder: Path, *parts: str, bytecode: bool = True) -> Path:
    """Do the same, and let the copy of the plugin find the interpreter of this checkout."""
    copy_parts(folder, *parts, bytecode=bytecode)
    (folder / ".venv").symlink_to(ROOT / ".venv")
    return folder


def copy_reference_cluster(folder: Path) -> Path:
    """Copy the reference cluster and the plugin into *folder*; return *folder*."""
    return copy_with_environment(folder, *REFERENCE_CLUSTER)


def _copied_or_linked(source: str, target: str) -> None:
    if Path(source).is_relative_to(PACKAGE) and hasattr(os, "link"):
        try:
            os.link(_unchanged(source), target)
            return
        except OSError:  # another file system, or one without links
            pass
    shutil.copy2(source, target)


_copies: dict[str, tuple[str, State]] = {}


def _unchanged(source: str) -> str:
    """Return the path of a copy of *source* which no test has changed through a link."""
    copy, state = _copies.get(source, ("", None))
    if not copy or _state(copy) != state:
        copy = os.path.join(_folder(), f"{len(_copies)}-{os.urandom(4).hex()}")
        shutil.copy2(source, copy)
        _copies[source] = copy, _state(copy)
    return copy


def _state(file: str) -> State:
    found = os.stat(file)
    return found.st_ino, found.st_mtime_ns, found.st_size, found.st_mode


@cache
def _folder() -> str:
    made = tempfile.mkdtemp(prefix="bulkhead-tests-")
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return made

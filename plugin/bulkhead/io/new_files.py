"""Files that are written where nothing is yet: all of them, or none."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Collection, Iterator, Mapping

from bulkhead.core.diagnostics import DiagnosticError
from bulkhead.core.safe_text import printable
from bulkhead.io.files import TEMPORARY, Unwritable

_MOST_NAMES = 8
"""Paths that a message names."""


class InTheWay(DiagnosticError):
    """Something is where a new file would be written."""


def in_the_way(folder: str, paths: Collection[str]) -> list[str]:
    """Return what exists in *folder* where one of *paths* would be written, or is no folder where one is needed."""
    found = dict.fromkeys(each for path in paths for each in _blocking(folder, path))
    return sorted(found)


def write_new(folder: str, files: Mapping[str, str], programs: Collection[str] = ()) -> None:
    """
    Write *files*, text by path from *folder*; those in *programs* can be run. The folder is made where it is missing.

    Each is complete before the first is in its place. Where one cannot be put there, or the process is interrupted,
    what was put there is removed: the folder is as it was.

    :raises InTheWay: where something exists already; Unwritable: where the system refuses.
    """
    blocking = in_the_way(folder, files)
    if blocking:
        shown = ", ".join(f"`{printable(each)}`" for each in blocking[:_MOST_NAMES])
        if len(blocking) > _MOST_NAMES:
            shown += f" and {len(blocking) - _MOST_NAMES} more"
        raise InTheWay(
            f"nothing is overwritten, and this is in the way: {shown}", "move it away, or name another folder"
        )
    made: list[str] = []
    try:
        try:
            _make(os.path.abspath(folder), made)
            staged = tempfile.mkdtemp(prefix=TEMPORARY, dir=folder)
        except OSError as error:
            raise Unwritable(f"cannot be written: {error.strerror}") from None
        try:
            _stage(staged, files, programs)
            _move(staged, folder, made)
            made.clear()
        except OSError as error:
            raise Unwritable(f"cannot be written: {error.strerror}") from None
        finally:
            shutil.rmtree(staged, ignore_errors=True)
    finally:
        _undo(made)


def _blocking(folder: str, path: str) -> Iterator[str]:
    parts = path.split("/")
    for end in range(1, len(parts) + 1):
        part = "/".join(parts[:end])
        at = os.path.join(folder, part)
        is_folder = os.path.isdir(at) and not os.path.islink(at)
        if os.path.lexists(at) and not (is_folder and end < len(parts)):
            yield part
            return


def _make(folder: str, made: list[str]) -> None:
    if not os.path.isdir(folder):
        _make(os.path.dirname(folder), made)
        os.mkdir(folder)
        made.append(folder)


def _stage(staged: str, files: Mapping[str, str], programs: Collection[str]) -> None:
    mask = os.umask(0)
    os.umask(mask)
    os.chmod(staged, 0o777 & ~mask)
    for path, text in files.items():
        target = os.path.join(staged, path)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(target, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(target, (0o777 if path in programs else 0o666) & ~mask)


def _move(staged: str, folder: str, made: list[str]) -> None:
    """Move what is in *staged* into *folder*: a folder that is not there as a whole; note each move in *made*."""
    for name in sorted(os.listdir(staged)):
        source, target = os.path.join(staged, name), os.path.join(folder, name)
        if os.path.isdir(target) and os.path.isdir(source) and not os.path.islink(target):
            _move(source, target, made)
            continue
        made.append(target)  # before the move: an interrupt may come right after it
        if os.path.lexists(target):  # another process has made it meanwhile: it is not ours to remove
            made.pop()
            raise FileExistsError(17, "another process has made a file here", target)
        os.rename(source, target)


def _undo(made: list[str]) -> None:
    """Remove what was put in its place, the last first."""
    for path in reversed(made):
        with contextlib.suppress(OSError):
            if os.path.isdir(path) and not os.path.islink(path):
                shutil.rmtree(path)
            else:
                os.unlink(path)

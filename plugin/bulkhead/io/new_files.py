"""Files that are written where nothing is yet: all of them, or none."""

import contextlib
import os
import shutil
from collections.abc import Collection, Iterator, Mapping

from bulkhead.core.diagnostics import DiagnosticError
from bulkhead.core.safe_text import printable
from bulkhead.io.files import TEMPORARY, Unwritable, undone_if_ended

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
    change = _Change(folder)
    with undone_if_ended(change.undo):
        try:
            change.make(files, programs)
        except OSError as error:
            raise Unwritable(f"cannot be written: {error.strerror}") from None
        finally:
            change.undo()


class _Change:
    """
    New files in *folder* while they are written: *folders* are made for them, *placed* are those in their place.

    All are written into the folder *staged* first.
    """

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.folders: list[str] = []
        self.placed: list[str] = []
        self.staged = os.path.join(folder, f"{TEMPORARY}{os.urandom(6).hex()}")

    def make(self, files: Mapping[str, str], programs: Collection[str]) -> None:
        """Write everything; there is nothing to undo then but what was only needed for it."""
        _make(os.path.abspath(self.folder), self.folders)
        os.mkdir(self.staged)
        _stage(self.staged, files, programs)
        _move(self.staged, self.folder, self.placed)
        self.folders, self.placed = [], []

    def undo(self) -> None:
        """Remove what was written, the last first. Of *folders* only those that are empty are removed."""
        for path in reversed(self.placed):
            with contextlib.suppress(OSError):
                if os.path.isdir(path) and not os.path.islink(path):
                    shutil.rmtree(path)
                else:
                    os.unlink(path)
        shutil.rmtree(self.staged, ignore_errors=True)
        for path in reversed(self.folders):
            with contextlib.suppress(OSError):
                os.rmdir(path)


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
        made.append(folder)  # before it is made: the process may end right after that
        os.mkdir(folder)


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
        if os.path.lexists(target):  # another process has made it meanwhile: it is not ours to remove
            raise FileExistsError(17, "another process has made a file here", target)
        made.append(target)  # before the move: the process may end right after it
        os.rename(source, target)

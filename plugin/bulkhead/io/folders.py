"""
Walks through folders, to a depth and to paths that every function and every system call can work with.

Python walks, copies and removes folders by recursion, and a path of more than 4,096 bytes cannot be opened.
"""

import errno
import os
from collections.abc import Callable, Iterator

from bulkhead.core.diagnostics import DiagnosticError, shortened

DEEPEST_FOLDER = 100
"""Levels of folders that are read below the one that is walked."""

LONGEST_NAME = 255
"""Bytes of a file name: what Linux allows."""

LONGEST_PATH = 3000
"""Bytes of a path from the top of a tree. Linux allows 4,096, and a copy has a longer one."""

FLATTEN = "move the files up, or give them shorter names"


class TooDeep(DiagnosticError):
    """A folder has too many levels of folders, or a path in it is too long."""


def is_inside(path: str, folder: str) -> bool:
    """Say whether *path* is *folder* or below it."""
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def path_below(path: str, top: str) -> str:
    """Return *path* from the folder *top*, both normal and absolute: as ``os.path.relpath``, faster where inside."""
    inside = top.rstrip("/") + "/"
    return path[len(inside) :] if path.startswith(inside) and len(path) > len(inside) else os.path.relpath(path, top)


def path_problem(path: str) -> str:
    """Return why *path*, from the top of a tree, is not read: it is too deep or too long; empty where it is read."""
    names = path.split("/")
    if len(names) - 1 > DEEPEST_FOLDER:
        return f"it is below {len(names) - 1:,} levels of folders: at most {DEEPEST_FOLDER} are read"
    longest, whole = max(len(os.fsencode(name)) for name in names), len(os.fsencode(path))
    if longest > LONGEST_NAME:
        return f"a name in it has {longest:,} bytes: at most {LONGEST_NAME} are possible"
    return f"its path has {whole:,} bytes: at most {LONGEST_PATH:,} are read" if whole > LONGEST_PATH else ""


def walk(
    top: str, onerror: Callable[[OSError], object] = lambda _error: None
) -> Iterator[tuple[str, list[str], list[str]]]:
    """
    Yield what ``os.walk`` yields for *top*: a folder, the folders in it, its files. *onerror* as there.

    :raises TooDeep: where a folder is below too many others, or its path is too long.
    """

    def failed(error: OSError) -> None:
        if error.errno == errno.ENAMETOOLONG:
            raise TooDeep(f"`{_shown(top)}` has folders whose path is too long", FLATTEN)
        onerror(error)

    above = os.path.join(top, "").count("/")
    for at, folders, names in os.walk(top, onerror=failed):
        if os.path.join(at, "").count("/") - above > DEEPEST_FOLDER:
            raise TooDeep(f"`{_shown(at)}` has more than {DEEPEST_FOLDER} levels of folders", FLATTEN)
        yield at, folders, names


def _shown(path: str) -> str:
    near = os.path.relpath(path)
    return shortened(path if near.startswith("..") else near)

"""Submodules of a folder on the disk that are not checked out: git knows their files, the disk has none of them."""

import os
import re
from collections.abc import Iterator

from bulkhead.io.files import Unreadable, bytes_of
from bulkhead.io.git.file_states import MODULE
from bulkhead.io.git.repository import GitError, Repository

_NAMES = ".gitmodules"
_PATH = re.compile(rb"^[ \t]*path[ \t]*=[ \t]*(.*?)[ \t]*\r?$", re.MULTILINE | re.IGNORECASE)


def missing_submodules(folder: str) -> list[str]:
    """
    Return the path, from *folder*, of each submodule below it whose folder is empty or not there.

    They are those that ``.gitmodules`` names, there or in a folder above, and those that git tracks.
    """
    top = os.path.realpath(folder)
    paths = {os.path.relpath(each, top) for each in (*_named(top), *_tracked(top))}
    return sorted(each for each in paths if not each.startswith("..") and _is_empty(os.path.join(top, each)))


def _named(top: str) -> Iterator[str]:
    at = top
    while True:
        try:
            names = _PATH.findall(bytes_of(os.path.join(at, _NAMES)))
        except Unreadable:
            names = []
        yield from (os.path.normpath(os.path.join(at, os.fsdecode(name.strip(b'"')))) for name in names)
        if os.path.lexists(os.path.join(at, ".git")) or at == os.path.dirname(at):
            return
        at = os.path.dirname(at)


def _tracked(top: str) -> Iterator[str]:
    try:
        repository = Repository(top)
        entries = repository.tracked()
    except GitError:  # no repository: nobody tracks the folder
        return
    yield from (os.path.join(repository.top, each.path) for each in entries if each.mode == MODULE)


def _is_empty(path: str) -> bool:
    try:
        return not os.listdir(path)
    except OSError:
        return not os.path.isfile(path)

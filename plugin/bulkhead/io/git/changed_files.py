"""
Which files of a folder differ between a revision and another, or the working tree, by their objects.
"""

import hashlib
import os
from collections.abc import Iterator

from bulkhead.io.files import Unreadable, bytes_of
from bulkhead.io.git.repository import Repository, Revision

_MADE = ("__pycache__", ".egg-info")
"""Folders that Python makes beside its modules."""


def altered(repository: Repository, before: Revision, after: Revision | None, folder: str) -> list[str]:
    """Return the paths below *folder* that are not the same in both; no *after* is the working tree."""
    old = _below(repository, before, folder)
    new = _below(repository, after, folder) if after else dict(_on_disk(repository.top, folder, before))
    return sorted(path for path in old.keys() | new.keys() if old.get(path) != new.get(path))


def _below(repository: Repository, revision: Revision, folder: str) -> dict[str, str]:
    return {each.path: each.object for each in repository.entries(revision) if each.path.startswith(f"{folder}/")}


def _on_disk(top: str, folder: str, like: Revision) -> Iterator[tuple[str, str]]:
    for at, folders, names in os.walk(os.path.join(top, folder)):
        folders[:] = [name for name in folders if not name.endswith(_MADE)]
        for name in [*names, *(name for name in folders if os.path.islink(os.path.join(at, name)))]:
            path = os.path.join(at, name)
            yield os.path.relpath(path, top), _object(path, like)


def _object(path: str, like: Revision) -> str:
    """Return the object that git would make of what is at *path*, named by the same hash as those of *like*."""
    if os.path.islink(path):
        return _named(os.fsencode(os.readlink(path)), like)
    try:
        return _named(bytes_of(path), like)
    except Unreadable as refused:
        return refused.message  # no object has this name: it differs from each


def _named(content: bytes, like: Revision) -> str:
    named = hashlib.new("sha1" if len(like.commit) == 40 else "sha256", usedforsecurity=False)
    named.update(b"blob %d\0" % len(content) + content)
    return named.hexdigest()

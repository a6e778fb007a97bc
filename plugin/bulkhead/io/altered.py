"""
Which files of a folder differ between a revision and another, or the working tree, by their objects.
"""

import os
from collections.abc import Iterator

from bulkhead.io.git import Repository, Revision

_MADE = ("__pycache__", ".egg-info")
"""Folders that Python makes beside its modules."""


def altered(repository: Repository, before: Revision, after: Revision | None, folder: str) -> list[str]:
    """Return the paths below *folder* that are not the same in both; no *after* is the working tree."""
    old = _below(repository, before, folder)
    new = _below(repository, after, folder) if after else _on_disk(repository, folder)
    return sorted(path for path in old.keys() | new.keys() if old.get(path) != new.get(path))


def _below(repository: Repository, revision: Revision, folder: str) -> dict[str, str]:
    return {each.path: each.object for each in repository.entries(revision) if each.path.startswith(f"{folder}/")}


def _on_disk(repository: Repository, folder: str) -> dict[str, str]:
    paths = list(_files(repository.top, folder))
    return dict(zip(paths, repository.hashed(paths), strict=True))


def _files(top: str, folder: str) -> Iterator[str]:
    for at, folders, names in os.walk(os.path.join(top, folder)):
        folders[:] = [name for name in folders if not name.endswith(_MADE)]
        for name in names:
            path = os.path.join(at, name)
            if os.path.isfile(path) and "\n" not in path:
                yield os.path.relpath(path, top)

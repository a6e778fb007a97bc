"""Manifests of a git revision, as files that are gone afterwards. Nothing is checked out."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from bulkhead.io.git.checkout import files_below
from bulkhead.io.git.repository import GitError, Repository


def shown(file: str, named: Mapping[str, str]) -> str:
    """Return *file* with the folders in *named* under their names."""
    for hidden, name in named.items():
        file = file.replace(hidden, name)
    return file


@contextmanager
def revision_files(name: str, paths: Sequence[str]) -> Iterator[tuple[list[str], Mapping[str, str]]]:
    """
    Yield *paths*, which are relative to the current folder, as they are in the revision *name*, and how to call them.

    :raises GitError: where there is no such revision, or it has no such path.
    """
    repository = Repository(".")
    revision = repository.revision(name)
    wanted = [os.path.normpath(os.path.join(repository.prefix, path)) for path in paths]
    with files_below(repository, revision, wanted) as top:
        found = [os.path.join(top, path) for path in wanted]
        for path, file in zip(paths, found, strict=True):
            if not os.path.lexists(file):
                raise GitError(f"`{name}` has no `{path}`", "paths are relative to the current folder")
        yield found, {f"{top}/": f"{name}:"}

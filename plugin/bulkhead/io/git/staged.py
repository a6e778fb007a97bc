"""
Files whose content on the disk is not what git would commit.

A comparison with the working tree reads the disk. A commit takes what is staged, and nothing of a file that git
ignores.
"""

from collections.abc import Iterable, Iterator

from bulkhead.io.git.file_states import MODULE, DiskFiles, RevisionFiles
from bulkhead.io.git.repository import Repository


def staged_otherwise(repository: Repository, disk: DiskFiles) -> Iterator[str]:
    """
    Yield each path that is staged with another content than on the *disk*, and that the next commit changes so.

    It also yields those of which git hides the difference (``--assume-unchanged``, ``--skip-worktree``). A file of
    which nothing is staged is not among them: that it differs from the disk is what a comparison shows.
    """
    head = RevisionFiles(repository, repository.revision("HEAD")).every()
    hidden = repository.hidden()
    for path in sorted(disk.tracked.keys() | head.keys()):
        staged = disk.tracked.get(path)
        if (staged == head.get(path) and path not in hidden) or (staged and staged[0] == MODULE):
            continue
        if staged != disk.at(path):
            yield path


def ignored(disk: DiskFiles, paths: Iterable[str]) -> Iterator[str]:
    """Yield those of *paths* that are on the *disk*, and that git neither tracks nor offers to add."""
    known = disk.tracked.keys() | set(disk.others)
    for path in sorted(set(paths) - known):
        if not path.startswith("../") and disk.at(path) is not None:
            yield path

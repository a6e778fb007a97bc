"""
A private copy of a revision's files, written here and not by git: data, in which nothing runs.

The author of a tree is not trusted.  A path that leads out of the copy is refused, links are made last
and only where they stay inside, and what is left out is known with its reason.
"""

import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from bulkhead.core.diagnostics import shortened
from bulkhead.io.files import LARGEST_TEXT, MIB, temporary_folder
from bulkhead.io.folders import FLATTEN, path_problem
from bulkhead.io.git.repository import LARGEST_BATCH, Entry, GitError, Repository, Revision
from bulkhead.io.kustomize.build_closure import LINK, needed
from bulkhead.io.kustomize.kustomization import NAMES
from bulkhead.io.kustomize.read_files import ParsedTexts

MOST_FILES = 20_000
"""Files of a revision that a build may read."""

PROGRAM_MODE = "100755"
"""The mode of a file that may be executed; here it is only known as such."""

_MODULE = "160000"
_SUBMODULE = "is in a submodule, whose files this repository does not have"


@dataclass(frozen=True)
class Copy:
    """
    The files of *revision* below *top*, *size* of them.

    *absent* are the paths that are not there, with the reason.
    """

    revision: Revision
    top: str
    absent: Mapping[str, str]
    size: int

    def named(self, text: str) -> str:
        """Return *text* with every path of the copy as ``REV:path``."""
        text = text.replace(f"..{self.top}/", f"{self.top}/")  # kustomize likes to write it from somewhere else
        text = text.replace(f"{self.top}/", f"{self.revision.name}:")
        return text.replace(self.top, self.revision.name)  # the top itself: a path would be empty


@contextmanager
def copies(repository: Repository, folder: str, revisions: list[Revision], parsed: ParsedTexts) -> Iterator[list[Copy]]:
    """
    Yield a copy of each of *revisions*, of what a build of *folder* reads; they are gone afterwards.

    *parsed* is what is known of texts.

    :raises GitError: where an object is missing, or a tree has a path that is outside of it, too deep or too long.
    """
    blobs: dict[str, bytes] = {}

    def read(entries: list[Entry]) -> dict[str, bytes]:
        new = [entry for entry in entries if entry.mode != _MODULE and entry.object not in blobs]
        blobs.update(_contents(repository, new))
        return blobs

    whole = [repository.entries(revision) for revision in revisions]
    read([entry for tree in whole for entry in tree if os.path.basename(entry.path) in NAMES])
    trees = [needed(folder, tree, read, parsed) for tree in whole]
    for revision, tree in zip(revisions, trees, strict=True):
        _check_paths(revision, tree)
    read([entry for tree in trees for entry in tree])
    with temporary_folder() as top:
        made = []
        for number, (revision, tree) in enumerate(zip(revisions, trees, strict=True)):
            at = os.path.join(os.path.realpath(top), str(number))
            os.makedirs(os.path.join(at, folder) if any(_is_in(folder, entry) for entry in whole[number]) else at)
            absent = {_inside(revision, at, entry.path): _SUBMODULE for entry in whole[number] if entry.mode == _MODULE}
            made.append(Copy(revision, at, absent | _write(revision, at, tree, blobs), len(tree)))
        yield made


@contextmanager
def files_below(repository: Repository, revision: Revision, paths: Collection[str]) -> Iterator[str]:
    """
    Yield a folder with the files of *revision* that are at or below *paths*; it is gone afterwards.

    :raises GitError: where a file is too large, or a path is a link or a submodule, outside, too deep or too long.
    """
    whole = repository.entries(revision)
    tree = [entry for entry in whole if any(path == "." or entry.path == path or _is_in(path, entry) for path in paths)]
    for entry in tree:
        if entry.mode in (_MODULE, LINK):
            kind = "a submodule" if entry.mode == _MODULE else "a symbolic link"
            hint = "name the paths without it, or read a checkout of the revision"
            raise GitError(f"`{shortened(f'{revision.name}:{entry.path}')}` is {kind}, which is not read here", hint)
    _check_paths(revision, tree)
    with temporary_folder() as folder:
        top = os.path.realpath(folder)
        absent = _write(revision, top, tree, _contents(repository, tree))
        for path, why in absent.items():
            raise GitError(f"`{revision.name}:{os.path.relpath(path, top)}` {why}")
        yield top


def _check_paths(revision: Revision, tree: list[Entry]) -> None:
    """Refuse a *tree* with too many files, or with a path that cannot be written to a disk or read from it."""
    if len(tree) > MOST_FILES:
        message = f"a build of `{revision.name}` may read {len(tree):,} files: at most {MOST_FILES:,} are read"
        hint = "keep other files out of `overlays/`; with a link, a chart or a program there, every file counts"
        raise GitError(message, hint)
    for entry in tree:
        problem = path_problem(entry.path)
        if problem:
            raise GitError(f"`{shortened(f'{revision.name}:{entry.path}')}` cannot be reviewed: {problem}", FLATTEN)


def _contents(repository: Repository, entries: list[Entry]) -> dict[str, bytes]:
    """
    Return the contents of *entries* by object; a file that is too large to be read is left out.

    :raises GitError: where they are too large together, or a kustomization is too large.
    """
    sizes = repository.sizes(entry.object for entry in entries)
    for entry in entries:
        if sizes[entry.object] > LARGEST_TEXT and os.path.basename(entry.path) in NAMES:
            raise GitError(f"`{entry.path}` {_too_large(sizes[entry.object])}")
    small = [name for name, size in sizes.items() if size <= LARGEST_TEXT]
    total = sum(sizes[name] for name in small)
    if total > LARGEST_BATCH // 2:
        message = f"the files that a build reads have {total / MIB:,.0f} MiB"
        raise GitError(f"{message}: at most {LARGEST_BATCH // 2 // MIB} MiB are read")
    return repository.blobs(small)


def _too_large(size: int) -> str:
    return f"has {size / MIB:,.1f} MiB: at most {LARGEST_TEXT // MIB} MiB are read"


def _write(revision: Revision, top: str, tree: list[Entry], blobs: Mapping[str, bytes]) -> dict[str, str]:
    links: list[str] = []
    absent: dict[str, str] = {}
    for entry in tree:
        if entry.mode != _MODULE and entry.object not in blobs:
            absent[_inside(revision, top, entry.path)] = f"has more than {LARGEST_TEXT // MIB} MiB"
    files = [entry for entry in tree if entry.object in blobs]
    for entry in sorted(files, key=lambda each: each.mode == LINK):  # links last: nothing is written through one
        path = _inside(revision, top, entry.path)
        if entry.mode == LINK:
            if not os.path.lexists(path):
                os.makedirs(os.path.dirname(path), exist_ok=True)
                try:
                    os.symlink(os.fsdecode(blobs[entry.object]), path)
                except (OSError, ValueError):
                    raise GitError(f"the tree of `{revision.name}` holds a link to no path: `{entry.path}`") from None
                links.append(path)
        else:
            _file(path, blobs[entry.object], 0o700 if entry.mode == PROGRAM_MODE else 0o600)
    for link in links:
        if not os.path.realpath(link).startswith(top + os.sep):
            absent[link] = "is a symbolic link out of the repository"
    for link in links:
        if link in absent:
            os.unlink(link)
    return absent


def _is_in(folder: str, entry: Entry) -> bool:
    return not folder or entry.path.startswith(f"{folder}/")


def _inside(revision: Revision, top: str, path: str) -> str:
    if path.startswith("/") or any(part in ("", ".", "..") for part in path.split("/")):
        raise GitError(f"the tree of `{revision.name}` holds a path that leads out of it: `{path}`")
    return os.path.join(top, path)


def _file(path: str, content: bytes, permissions: int) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
    try:
        handle = os.open(path, flags, permissions)
    except FileNotFoundError:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        handle = os.open(path, flags, permissions)
    with os.fdopen(handle, "wb") as file:
        file.write(content)

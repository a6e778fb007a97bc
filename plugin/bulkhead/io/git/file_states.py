"""
The state of files in a revision, or in a working tree: the mode and the object that git has, or would make, of each.
"""

import hashlib
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from bulkhead.io.files import LARGEST_TEXT, MIB, Unreadable, bytes_of, regular_file
from bulkhead.io.folders import walk
from bulkhead.io.git.repository import Entry, GitError, Repository, Revision

FileState = tuple[str, str]
"""The mode (``100644``, ``100755``, ``120000`` a link, ``160000`` a submodule) and the object of a file."""

LINK = "120000"
MODULE = "160000"

_MADE = ("__pycache__", ".egg-info")
"""Folders that Python makes next to its modules: not read from a disk, unless git tracks what is in them."""

_NOT_OWN = (".git", ".venv", ".tools", "node_modules")
"""Folders without files of a tree, used where no repository lists the files."""


class FileStates(Protocol):
    """Files by their paths from the top."""

    def at(self, path: str) -> FileState | None:
        """Return the state of the file or link at *path*; ``None`` where there is none, or a folder."""

    def below(self, folder: str) -> Mapping[str, FileState]:
        """Return the state of each file and link below *folder*."""

    def target(self, path: str) -> str:
        """Return where the link at *path* leads, as it is written."""

    def content(self, path: str) -> bytes | None:
        """Return the content of the file at *path*; ``None`` where there is none, or a link."""

    def every(self) -> Mapping[str, FileState]:
        """Return the state of every file and link that belongs to the tree."""

    def contents(self, paths: Iterable[str]) -> Mapping[str, bytes]:
        """Return the contents of the files and links at *paths*, without those that are too large to be read."""

    def is_tracked(self, path: str) -> bool:
        """Say whether *path*, or anything below it, belongs to the repository and was not only made in the folder."""


class RevisionFiles:
    """The files of a revision."""

    def __init__(self, repository: Repository, revision: Revision) -> None:
        self.repository = repository
        self.name = revision.name
        self.states = _states(repository.entries(revision))

    def at(self, path: str) -> FileState | None:
        """As :class:`FileStates`."""
        return self.states.get(path)

    def below(self, folder: str) -> Mapping[str, FileState]:
        """As :class:`FileStates`."""
        return {path: state for path, state in self.states.items() if _is_below(path, folder)}

    def target(self, path: str) -> str:
        """As :class:`FileStates`."""
        name = self.states[path][1]
        return os.fsdecode(self.repository.blobs([name])[name])

    def content(self, path: str) -> bytes | None:
        """As :class:`FileStates`."""
        mode, name = self.states.get(path, ("", ""))
        if not mode.startswith("100"):
            return None
        size = self.repository.sizes([name])[name]
        if size > LARGEST_TEXT:
            limit = f"has {size / MIB:,.1f} MiB: at most {LARGEST_TEXT // MIB} MiB are read"
            raise GitError(f"`{self.name}:{path}` cannot be reviewed: it {limit}", "make it smaller")
        return self.repository.blobs([name])[name]

    def every(self) -> Mapping[str, FileState]:
        """As :class:`FileStates`."""
        return self.states

    def contents(self, paths: Iterable[str]) -> Mapping[str, bytes]:
        """As :class:`FileStates`."""
        wanted = {path: self.states[path][1] for path in paths if self.states.get(path, (MODULE,))[0] != MODULE}
        sizes = self.repository.sizes(wanted.values())
        found = self.repository.blobs(name for name, size in sizes.items() if size <= LARGEST_TEXT)
        return {path: found[name] for path, name in wanted.items() if name in found}

    def is_tracked(self, path: str) -> bool:
        """As :class:`FileStates`."""
        return path in self.states or bool(self.below(path))


@dataclass(frozen=True)
class DiskFiles:
    """
    The files below *top*, hashed as git does by *algorithm*.

    *tracked* are the files that git tracks.  Where *has_modes* is false, the disk does not know which file is
    executable, and git's word for it is taken.  Where *converts* is true, git writes files with other line ends than
    it stores.  *others* are files that git does not track and does not ignore.  *left_out* are folders that do not
    belong to the tree.  *leaves_out_made*: what Python made, and an environment, counts only where git tracks it.
    """

    top: str
    tracked: Mapping[str, FileState]
    algorithm: str = "sha1"
    has_modes: bool = True
    converts: bool = False
    others: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    leaves_out_made: bool = True
    _known: dict[str, FileState | None] = field(default_factory=dict, repr=False, compare=False)

    @staticmethod
    def of_working_tree(repository: Repository, like: Revision) -> "DiskFiles":
        """Return the files of the working tree, hashed as those of the revision *like*."""
        return DiskFiles(
            repository.top,
            _states(repository.tracked()),
            "sha1" if len(like.commit) == 40 else "sha256",
            repository.setting("core.fileMode") != "false",
            repository.setting("core.autocrlf") in ("true", "input"),
            tuple(repository.untracked()),
        )

    @staticmethod
    def of_folder(top: str) -> "DiskFiles":
        """
        Return the files of the folder *top*, which need not be a repository.

        What was made in it is known where git tracks the folder. Where it does not, every file belongs to the folder.
        """
        try:
            repository = Repository(top)
            tracked = _states(repository.tracked())
        except GitError:
            return DiskFiles(top, {}, leaves_out_made=False)
        prefix = f"{repository.prefix}/" if repository.prefix else ""
        own = {path.removeprefix(prefix): state for path, state in tracked.items() if path.startswith(prefix)}
        return DiskFiles(top, own, leaves_out_made=bool(own))

    def at(self, path: str) -> FileState | None:
        """As :class:`FileStates`; each file is read once."""
        if path not in self._known:
            self._known[path] = self._at(path)
        return self._known[path]

    def _at(self, path: str) -> FileState | None:
        full = os.path.join(self.top, path)
        if os.path.islink(full):
            return LINK, self._named(os.fsencode(os.readlink(full)))
        if not os.path.isfile(full):
            return None
        known = self.tracked.get(path)
        mode = "100755" if os.stat(full).st_mode & 0o100 else "100644"
        if known and not self.has_modes:
            mode = known[0]
        try:
            if os.path.getsize(full) > LARGEST_TEXT:
                return mode, object_name_of_file(full, self.algorithm)
            content = bytes_of(full)
        except Unreadable as refused:
            return mode, refused.message  # no object has this name: it differs from each
        name = self._named(content)
        if known and self.converts and name != known[1]:
            stored = self._named(content.replace(b"\r\n", b"\n"))
            name = known[1] if stored == known[1] else name
        return mode, name

    def below(self, folder: str) -> Mapping[str, FileState]:
        """As :class:`FileStates`."""
        found = {path for path in self.tracked if _is_below(path, folder)} | set(self._on_disk(folder))
        states = {path: self.at(path) for path in sorted(found)}
        return {path: state for path, state in states.items() if state is not None}

    def _on_disk(self, folder: str) -> Iterator[str]:
        for at, folders, names in walk(os.path.join(self.top, folder)):
            folders[:] = [name for name in folders if not (self.leaves_out_made and name.endswith(_MADE))]
            for name in [*names, *(name for name in folders if os.path.islink(os.path.join(at, name)))]:
                yield os.path.relpath(os.path.join(at, name), self.top)

    def target(self, path: str) -> str:
        """As :class:`FileStates`."""
        return os.readlink(os.path.join(self.top, path))

    def content(self, path: str) -> bytes | None:
        """As :class:`FileStates`."""
        full = os.path.join(self.top, path)
        if os.path.islink(full) or not os.path.isfile(full):
            return None
        return bytes_of(full)

    def every(self) -> Mapping[str, FileState]:
        """As :class:`FileStates`; a submodule has the state that is staged."""
        names = {*self.tracked, *self.others} or self._walked()
        found = {path: self.at(path) for path in sorted(names)}
        modules = {path: state for path, state in self.tracked.items() if state[0] == MODULE}
        return {path: state for path, state in found.items() if state is not None} | modules

    def contents(self, paths: Iterable[str]) -> Mapping[str, bytes]:
        """As :class:`FileStates`."""
        found = {}
        for path in paths:
            full = os.path.join(self.top, path)
            if os.path.islink(full):
                found[path] = os.fsencode(os.readlink(full))
            elif os.path.isfile(full):
                try:
                    found[path] = bytes_of(full)
                except Unreadable:
                    continue
        return found

    def _walked(self) -> set[str]:
        """Return every file of a folder that is in no repository."""
        found = set()
        for at, folders, names in walk(self.top):
            links = [name for name in folders if os.path.islink(os.path.join(at, name))]
            folders[:] = [
                name for name in folders
                if not name.endswith((*_MADE, *_NOT_OWN)) and os.path.join(at, name) not in self.left_out
            ]  # fmt: skip
            found |= {os.path.relpath(os.path.join(at, name), self.top) for name in [*names, *links]}
        return found

    def is_tracked(self, path: str) -> bool:
        """As :class:`FileStates`."""
        if not self.leaves_out_made:
            return os.path.lexists(os.path.join(self.top, path))
        return path in self.tracked or any(_is_below(each, path) for each in self.tracked)

    def _named(self, content: bytes) -> str:
        return object_name(content, self.algorithm)


def object_name_of_file(path: str, algorithm: str = "sha1") -> str:
    """
    Return the name that git gives to the file at *path*, which may be too large to be read as a whole.

    :raises Unreadable: where it is no regular file.
    """
    named = hashlib.new(algorithm, usedforsecurity=False)
    with regular_file(path, sys.maxsize) as file:
        named.update(b"blob %d\0" % os.fstat(file.fileno()).st_size)
        while content := file.read(MIB):
            named.update(content)
    return named.hexdigest()


def object_name(content: bytes, algorithm: str = "sha1") -> str:
    """Return the name that git gives to a file of this *content*."""
    named = hashlib.new(algorithm, usedforsecurity=False)
    named.update(b"blob %d\0" % len(content) + content)
    return named.hexdigest()


def _states(entries: Iterable[Entry]) -> dict[str, FileState]:
    return {each.path: (each.mode, each.object) for each in entries}


def _is_below(path: str, folder: str) -> bool:
    return not folder or path.startswith(f"{folder}/")

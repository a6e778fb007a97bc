"""
Revisions of a git repository, read from its objects: nothing is checked out and nothing runs.

git is asked for names, trees and blobs only.  Those commands know no hooks, no filters and no
diff drivers; what a repository's configuration could start on the way (a file system monitor, a
pager, a transport that fetches a missing object) is switched off all the same.
"""

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from bulkhead.core.diagnostics import DiagnosticError, nearest
from bulkhead.io.files import MIB, Unreadable, bytes_of
from bulkhead.io.programs import LARGEST_OUTPUT, ProgramError, run_program

_SAFE = {
    "core.alternateRefsCommand": "false",
    "core.fsmonitor": "false",
    "core.hooksPath": os.devnull,
    "core.pager": "cat",
    "core.sshCommand": "false",
    "credential.helper": "",
    "diff.external": "false",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "protocol.allow": "never",
}

_KEPT = ("GIT_DIR", "GIT_WORK_TREE", "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES")
"""What git itself sets for a hook, so that bulkhead can run in one; every other GIT_ variable is dropped."""

_QUIET = {
    "GIT_ALLOW_PROTOCOL": "",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_PAGER": "cat",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
}


LARGEST_BATCH = 512 * MIB
"""Bytes of all files of a revision that are read."""


_SHORT = 64 * 1024
"""Bytes of a file that is kept for those who read it again: kustomizations, attributes, overlays."""

_MOST_KEPT = 64 * MIB
"""Bytes of all files that are kept."""

_PARTIAL = "this clone is partial: `git fetch --refetch --no-filter` brings the rest"


class GitError(DiagnosticError):
    """git could not answer."""


@dataclass(frozen=True)
class Entry:
    """A *path* of a tree, its *mode* (``120000`` a symbolic link, ``160000`` a submodule) and its object."""

    path: str
    mode: str
    object: str


@dataclass(frozen=True)
class Revision:
    """A *name* as it was given, and the *commit* and *tree* that it named."""

    name: str
    commit: str
    tree: str


class Repository:
    """The repository around a folder: *top* is its working tree, *prefix* the folder in it (``""`` or ``a/b``)."""

    def __init__(self, folder: str) -> None:
        """
        Find the repository.

        :raises Refused: where there is none, or git is not installed.
        """
        self.folder = folder
        self._entries: dict[str, list[Entry]] = {}
        self._sizes: dict[str, int] = {}
        self._blobs: dict[str, bytes] = {}
        self._left = _MOST_KEPT
        self._revisions: dict[str, Revision] = {}
        asked = ("--show-toplevel", "--show-prefix", "--git-path", "info/attributes")
        found = self._ask("rev-parse", *asked).decode(errors="surrogateescape").split("\n")
        self.top = os.path.realpath(found[0])
        self.prefix = found[1].rstrip("/")
        self._attributes = os.path.join(folder, found[2])

    def revision(self, name: str) -> Revision:
        """
        Return the commit that *name* represented when it was first asked for.

        :raises Refused: where it represents none, or a tag and a branch that are different commits.
        """
        if name not in self._revisions:
            self._revisions[name] = self._revision(name)
        return self._revisions[name]

    def _revision(self, name: str) -> Revision:
        if name.startswith("-") or "\0" in name:
            raise GitError(f"`{name}` is no revision")
        self._check_one_commit(re.split(r"[~^:]|@\{", name)[0])
        try:
            found = self._ask("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}").decode().strip()
        except GitError as refused:
            raise self._unknown(name) from refused
        try:
            return Revision(name, found, self._ask("rev-parse", "--verify", f"{found}^{{tree}}").decode().strip())
        except GitError as refused:
            raise GitError(
                f"the files of `{name}` are not in this repository", self._deeper() or "fetch it"
            ) from refused

    def names(self) -> list[str]:
        """Return the names of branches and tags, those of remotes included."""
        said = self._ask("for-each-ref", "--format=%(refname:short)", "refs/heads", "refs/tags", "refs/remotes")
        return said.decode(errors="replace").split()

    def _check_one_commit(self, name: str) -> None:
        """
        Refuse a *name* that several references or objects have: git takes a tag where a person means the branch.

        The places are those of gitrevisions(7).
        """
        places = [f"refs/{before}{name}" for before in ("", "tags/", "heads/", "remotes/")]
        places.append(f"refs/remotes/{name}/HEAD")
        if name in ("", "HEAD") or re.search(r"[\s*?\[\\]", name):
            return
        listed = (
            self._ask("for-each-ref", "--format=%(refname) %(objectname) %(*objectname)", *places).decode().split("\n")
        )
        found = {words[0]: words[-1] for words in map(str.split, listed) if words and words[0] in places}
        if found and re.fullmatch("[0-9a-f]{4,39}", name):
            found |= {each: each for each in self._ask("rev-parse", f"--disambiguate={name}").decode().split()}
        if len(set(found.values())) > 1:
            hint = " or ".join(f"`{each.removeprefix('refs/')}`" for each in sorted(found))
            raise GitError(f"`{name}` is the name of different commits", f"write {hint}")

    def base(self, left: str, right: str) -> Revision:
        """
        Return the revision that both have in common, where *right* left *left*.

        :raises GitError: where there is none, or more than one: against which of them nothing opens is for whoever
            dates the commits to choose. So it is where a shallow clone may lack another one.
        """
        one, other = self.revision(left), self.revision(right)
        try:
            found = self._ask("merge-base", "--all", one.commit, other.commit).decode().split()
        except GitError:
            hint = self._deeper() or "compare them with `..`"
            raise GitError(f"`{left}` and `{right}` have no revision in common here", hint) from None
        if len(found) > 1:
            listed = ", ".join(f"`{each[:12]}`" for each in found)
            hint = f"merge `{left}` into `{right}`, or compare with one of them"
            raise GitError(
                f"`{left}` and `{right}` have several revisions in common, none before the others: {listed}", hint
            )
        if self._hidden(one.commit, other.commit, found[0]):
            message = f"`{left}` and `{right}` may have more revisions in common than are here"
            raise GitError(message, self._deeper() or "compare them with `..`")
        return self.revision(found[0])

    def _hidden(self, one: str, other: str, base: str) -> bool:
        """Say whether a commit that leads to *one* or *other*, and not to *base*, has parents that a clone left out."""
        file = Path(self.folder, self._ask("rev-parse", "--git-path", "shallow").decode().strip())
        if not file.exists():
            return False
        cut = set(file.read_text("ascii").split())
        return not cut.isdisjoint(self._ask("rev-list", one, other, f"^{base}").decode().split())

    def entries(self, revision: Revision) -> list[Entry]:
        """Return every path of the revision's tree. Like all objects of git, a tree never changes: it is read once."""
        if revision.tree not in self._entries:
            self._entries[revision.tree] = list(self._listed(revision.tree))
        return self._entries[revision.tree]

    def _listed(self, tree: str) -> Iterator[Entry]:
        for line in self._ask("ls-tree", "-r", "-z", "--full-tree", tree).split(b"\0"):
            if line:
                head, _, path = line.partition(b"\t")
                mode, _, name = head.decode().split(" ")
                yield Entry(os.fsdecode(path), mode, name)

    def sizes(self, objects: Iterable[str]) -> dict[str, int]:
        """
        Return the number of bytes of each of *objects*, without reading them.

        :raises GitError: where one is missing.
        """
        wanted = list(dict.fromkeys(objects))
        asked = [name for name in wanted if name not in self._sizes]
        if asked:
            answers = self._ask("cat-file", "--batch-check", "--buffer", stdin="\n".join(asked).encode() + b"\n")
            self._sizes.update(map(self._head, answers.splitlines()))
        return {name: self._sizes[name] for name in wanted}

    def tracked(self) -> list[Entry]:
        """Return every file that git tracks in the working tree, in the state that is staged."""
        found = []
        for line in self._ask("ls-files", "-s", "-z", "--full-name", ":/").split(b"\0"):
            head, _, path = line.partition(b"\t")
            if path:
                mode, name, _ = head.decode().split(" ")
                found.append(Entry(os.fsdecode(path), mode, name))
        return found

    def hidden(self) -> set[str]:
        """Return the tracked paths whose changes on the disk git does not show, because it was asked to."""
        lines = self._ask("ls-files", "-v", "-z", "--full-name", ":/").split(b"\0")
        return {os.fsdecode(line[2:]) for line in lines if line[:1].islower() or line[:1] == b"S"}

    def untracked(self) -> list[str]:
        """Return the paths in the working tree that git does not track and does not ignore."""
        found = self._ask("ls-files", "-o", "-z", "--exclude-standard", "--full-name", ":/")
        return [os.fsdecode(path) for path in found.split(b"\0") if path]

    def setting(self, name: str, kind: str = "") -> str:
        """Return the setting *name* of git, which is of this *kind*, empty where there is none."""
        written = self._settings.get(name.lower(), "")
        if not written or not kind:
            return written
        return self._ask("config", f"--type={kind}", "--get", name).decode(errors="surrogateescape").strip()

    @cached_property
    def _settings(self) -> dict[str, str]:
        """The settings of git as they are written, by name in small letters; the last of a name counts."""
        listed = self._ask("config", "-z", "--list").decode(errors="surrogateescape").split("\0")
        return {name: value.strip() for name, _, value in (each.partition("\n") for each in listed)}

    def own_attributes(self) -> list[tuple[str, bytes]]:
        """Return the files of attributes outside of the tree, by name: the user's, then the repository's own."""
        settings = os.environ.get("XDG_CONFIG_HOME") or os.path.join(os.path.expanduser("~"), ".config")
        users = self.setting("core.attributesFile", "path") or os.path.join(settings, "git", "attributes")
        found = []
        for path in (users, self._attributes):
            try:
                found.append((path, bytes_of(path)))
            except Unreadable:
                found.append((path, b""))
        return found

    def blobs(self, objects: Iterable[str]) -> dict[str, bytes]:
        """
        Return the contents of *objects* by name, each read once, as they are stored.

        :raises Refused: where one is missing.
        """
        wanted = list(dict.fromkeys(objects))
        asked = [name for name in wanted if name not in self._blobs]
        read: dict[str, bytes] = {}
        if asked:
            lines = "\n".join(asked).encode() + b"\n"
            read = dict(self._cut(self._ask("cat-file", "--batch", "--buffer", stdin=lines, most=LARGEST_BATCH)))
            self._keep(read)
        return {name: read[name] if name in read else self._blobs[name] for name in wanted}

    def _keep(self, read: Mapping[str, bytes]) -> None:
        short = {name: content for name, content in read.items() if len(content) <= _SHORT}
        self._left -= sum(map(len, short.values()))
        if self._left >= 0:
            self._blobs.update(short)

    def _cut(self, batch: bytes) -> Iterator[tuple[str, bytes]]:
        at = 0
        while at < len(batch):
            end = batch.index(b"\n", at)
            name, size = self._head(batch[at:end])
            yield name, batch[end + 1 : end + 1 + size]
            at = end + size + 2

    def _head(self, line: bytes) -> tuple[str, int]:
        """Return the name and the size of the object that *line* of git describes."""
        head = line.decode().split(" ")
        if len(head) != 3:
            raise GitError(f"object {head[0]} is not in this repository", self._deeper() or "fetch it first")
        return head[0], int(head[2])

    def _unknown(self, name: str) -> GitError:
        near = nearest(name, self._names())
        meant = f"did you mean `{near}`?" if near else ""
        hint = self._deeper() or meant or "`git branch -a` and `git tag` list what is here, `git fetch` brings more"
        return GitError(f"there is no revision `{name}` here", hint)

    def _names(self) -> list[str]:
        """Return the names of branches and tags, of which there may be very many: the first thousand."""
        try:
            found = self._ask("for-each-ref", "--count=1000", "--format=%(refname:short)")
        except GitError:
            return []
        return [*found.decode(errors="replace").split("\n"), "HEAD"]

    def _deeper(self) -> str:
        try:
            shallow = self._ask("rev-parse", "--is-shallow-repository").strip() == b"true"
        except GitError:
            return ""
        if shallow:
            return "this clone is shallow: `git fetch --unshallow` brings the rest"
        try:
            self._ask("config", "--get-regexp", r"^(extensions\.partialclone|remote\..*\.promisor)$")
        except GitError:
            return ""
        return _PARTIAL

    def _ask(self, *arguments: str, stdin: bytes = b"", most: int = LARGEST_OUTPUT) -> bytes:
        environment = {key: word for key, word in os.environ.items() if not key.startswith("GIT_") or key in _KEPT}
        safe = [part for key, word in _SAFE.items() for part in ("-c", f"{key}={word}")]
        command = ["git", "--no-pager", *safe, "-C", self.folder, *arguments]
        try:
            done = run_program(command, environment | _QUIET, stdin, "git objects are read", most)
        except FileNotFoundError:
            raise GitError("git was not found: install it to compare revisions") from None
        except ProgramError as ended:
            raise GitError(ended.message, ended.hint) from None
        if done.status:
            if "promisor remote" in done.message:
                raise GitError("an object is not in this repository", _PARTIAL)
            raise GitError(f"git: {done.message.removeprefix('fatal: ') or 'no answer'}")
        return done.stdout

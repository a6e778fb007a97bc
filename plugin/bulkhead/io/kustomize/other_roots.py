"""
Kustomizations of a tree that the judged root does not lead to, and the files that a build of them reads.

Another cluster, another root, a component that is not used yet: what they build is delivered from elsewhere, or
will be. Nothing is built for this; any text of a kustomization that names something is taken for a reference.
"""

import os
import re
from collections.abc import Collection, Iterator, Mapping
from posixpath import dirname, join, normpath

from bulkhead.core.kubernetes.networkpolicy import NETWORKPOLICY
from bulkhead.io.git.file_states import LINK, FileState, FileStates
from bulkhead.io.git.repository import Entry
from bulkhead.io.kustomize.build_closure import ClosureWalk
from bulkhead.io.kustomize.kustomization import NAMES
from bulkhead.io.kustomize.unlisted import MANIFESTS
from bulkhead.io.manifests.file_kinds import kinds_in

_BRINGS_OTHERS = re.compile(rb"helmChart|://|git@|github\.com|\bref=|\\", re.IGNORECASE)
"""In a kustomization: it may build what is not in the tree, or a word is spelled with an escape."""

_NAME = NETWORKPOLICY.encode()


class OtherRoots:
    """The kustomizations among *every* of *files* but those in the folders *judged*."""

    def __init__(self, files: FileStates, every: Mapping[str, FileState], judged: Collection[str]) -> None:
        self.files, self.every = files, every
        named = [path for path in every if os.path.basename(path) in NAMES]
        self.folders = {dirname(path) for path in named} - set(judged)
        self.texts = files.contents(named) if self.folders else {}
        self.entries = [Entry(path, mode, name) for path, (mode, name) in every.items()]
        self._led: dict[str, tuple[set[str], list[str], bool]] = {}
        self._has_policy: dict[str, bool] = {}

    def read(self, changed: set[str]) -> set[str]:
        """Return those of *changed* that a build of another root, which is about policies, reads."""
        if not self.folders or not changed:
            return set()
        walk = ClosureWalk(self.entries, self.texts, targets=self._targets())
        found: set[str] = set()
        for folder in self.folders:
            reads, meets_link = self._closure(walk, folder)
            if meets_link:  # a link may lead anywhere
                reads |= {path for path in self.every if path.endswith(MANIFESTS)}
            new = reads & changed - found
            if new and self._matters(reads):
                found |= new
        return found

    def _targets(self) -> dict[str, str]:
        """Return where the links lead that lead to a file, a folder or a link of the tree."""
        links = sorted(path for path, (mode, _) in self.every.items() if mode == LINK)
        known = {*self.every, *(folder for path in self.every for folder in _folders(path))}
        found = {}
        for link, text in self.files.contents(links).items():
            target = normpath(join(dirname(link), os.fsdecode(text)))
            if target in known:
                found[link] = target
        return found

    def _closure(self, walk: ClosureWalk, folder: str) -> tuple[set[str], bool]:
        """Return the files that a build of *folder* reads, and whether it meets a link."""
        done: set[str] = set()
        waiting, reads, links = [folder], set[str](), False
        while waiting:
            at = waiting.pop()
            if at in done:
                continue
            done.add(at)
            files, folders, meets_link = self._direct(walk, at)
            reads |= files
            links |= meets_link
            waiting += folders
        return reads, links

    def _direct(self, walk: ClosureWalk, folder: str) -> tuple[set[str], list[str], bool]:
        """Return what the kustomization in *folder* names itself: files, folders, and whether a link is among it."""
        if folder not in self._led:
            walk.wanted, walk.leads_anywhere = set(), False
            folders: list[str] = []
            for name in NAMES:
                path = join(folder, name) if folder else name
                if path in self.texts:
                    walk.wanted.add(path)
                    folders += walk.led(folder, self.texts[path])
            self._led[folder] = walk.wanted, folders, walk.leads_anywhere
        return self._led[folder]

    def _matters(self, reads: set[str]) -> bool:
        """Say whether any of *reads* contains a policy, or may contain one, or a kustomization brings in others."""
        if any(self._has_policy.get(path) for path in reads):
            return True
        if any(path in reads and _BRINGS_OTHERS.search(text) for path, text in self.texts.items()):
            return True
        unknown = sorted(reads - self._has_policy.keys())
        texts = self.files.contents(unknown)
        # One is enough: a text with the word is parsed before the others, which may spell it in another way.
        unknown.sort(key=lambda path: _may_be_last(texts.get(path, b"")))
        return any(self._holds_policy(path, texts) for path in unknown)

    def _holds_policy(self, path: str, texts: Mapping[str, bytes]) -> bool:
        self._has_policy[path] = path in texts and kinds_in(path, texts[path]).may_have_policy
        return self._has_policy[path]


def _folders(path: str) -> Iterator[str]:
    """Yield every folder that *path* is in, without the top."""
    while path := dirname(path):
        yield path


def _may_be_last(text: bytes) -> tuple[bool, int]:
    """Return by what files are sorted: those whose short *text* has the name of the kind first."""
    return _NAME not in text, len(text)

"""
What of a revision's tree a build of one folder reads, found in the objects before anything is written.

The same walk as that of ``Graph``, over paths instead of files: any text of a kustomization that
names something in the tree is taken for a reference.  Too much is harmless; too little is not.
The program of a plugin is one of these files: it is not executed, but it has to exist.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from posixpath import dirname, join, normpath

from bulkhead.io.folders import is_inside
from bulkhead.io.git.repository import Entry
from bulkhead.io.input_files import is_argo_source
from bulkhead.io.kustomize.folder_contents import reads_others
from bulkhead.io.kustomize.function_configs import PROGRAM
from bulkhead.io.kustomize.kustomization import NAMES
from bulkhead.io.kustomize.read_files import ParsedTexts
from bulkhead.io.kustomize.unlisted import OVERLAYS
from bulkhead.io.yaml.nodes import InvalidYaml, Raw, decoded

LINK = "120000"


def needed(
    folder: str, tree: list[Entry], read: Callable[[list[Entry]], Mapping[str, bytes]], parsed: ParsedTexts
) -> list[Entry]:
    """
    Return the entries of *tree* that a build of *folder* may read; *read* gives the contents of entries by object.

    *parsed* is what is known of texts.

    Where it meets a link, or there is a chart or a program, any path may lead anywhere: all of it.
    """
    kustomizations = {entry.path: entry for entry in tree if os.path.basename(entry.path) in NAMES}
    contents = read(list(kustomizations.values()))
    if any(b"helmChart" in contents[entry.object] for entry in kustomizations.values()):
        return tree
    walk = ClosureWalk(tree, {path: contents[entry.object] for path, entry in kustomizations.items()}, parsed)
    walk.visit(folder)
    walk.visit_below(join(folder, OVERLAYS) if folder else OVERLAYS)
    return tree if walk.leads_anywhere else [entry for entry in tree if entry.path in walk.wanted]


class ClosureWalk:
    """
    Walks from kustomizations to what they name; *wanted* are the paths of the files that it met.

    *leads_anywhere*: it met a link, a chart or a program. *targets* are the paths in the tree to which links lead that
    are followed instead.
    """

    def __init__(
        self,
        tree: list[Entry],
        kustomizations: Mapping[str, bytes],
        parsed: ParsedTexts | None = None,
        targets: Mapping[str, str] | None = None,
    ) -> None:
        self.targets = targets or {}
        self.kustomizations = kustomizations
        self.parsed = parsed or ParsedTexts()
        self.wanted: set[str] = set()
        self.files = {entry.path for entry in tree}
        self.below: dict[str, list[str]] = {}
        for entry in tree:
            at = dirname(entry.path)
            self.below.setdefault(at, []).append(entry.path)
            while at:
                at = dirname(at)
                self.below.setdefault(at, [])
        self.links = {entry.path for entry in tree if entry.mode == LINK}
        self.leads_anywhere = False
        self.seen: set[str] = set()

    def visit(self, folder: str) -> None:
        """Want the kustomization in *folder* and all that it leads to."""
        waiting = [folder]
        while waiting:
            at = waiting.pop()
            if at in self.seen:
                continue
            self.seen.add(at)
            program = join(at, PROGRAM) if at else PROGRAM
            self.wanted |= {program} & self.files
            self.wanted.update(filter(is_argo_source, self.below.get(at, ())))
            for name in NAMES:
                path = join(at, name) if at else name
                if path in self.kustomizations:
                    self.wanted.add(path)
                    waiting += self.led(at, self.kustomizations[path])

    def visit_below(self, folder: str) -> None:
        """Add all files of *folder*: they are delivered, whether or not the root lists the folder."""
        below = {path for path in self.files if is_inside(path, folder)}
        self.wanted |= below
        self.leads_anywhere |= not below.isdisjoint(self.links) or any(map(reads_others, below))
        for path in self.kustomizations:
            if path.startswith(f"{folder}/"):
                self.visit(dirname(path))

    def led(self, folder: str, text: bytes) -> Iterator[str]:
        """Yield the folders that a kustomization names; its files are wanted."""
        for word in self._words(text):
            for entry in {word, word.rpartition("=")[2]}:
                target = normpath(join(folder, entry))
                target = "" if target == "." else target
                target = self._followed(target)
                self.leads_anywhere |= any(part in self.links for part in _parts(target))
                if target in self.files:
                    self.wanted.add(target)
                elif target in self.below and target != folder:
                    yield target
                    if not any(join(target, name) in self.kustomizations for name in NAMES):
                        inside = {path for path in self.files if path.startswith(f"{target}/")}
                        self.leads_anywhere |= bool(inside & self.links)
                        self.wanted |= inside

    def _followed(self, path: str) -> str:
        """Return *path* behind the links that it leads through, as far as these are followed; the links are wanted."""
        for _ in self.targets:  # links in a circle lead nowhere
            link = next((part for part in _parts(path) if part in self.targets), None)
            if link is None:
                break
            self.wanted.add(link)
            path = self.targets[link] + path[len(link) :]
        return path

    def _words(self, text: bytes) -> Iterator[str]:
        try:
            read = self.parsed.read(decoded(text))
        except InvalidYaml:  # the code that builds it reports this, with its place
            return
        for document in read:
            yield from _texts(document.value)


def _parts(path: str) -> Iterator[str]:
    """Yield *path* and every folder that it is in."""
    while path and path != "/":
        yield path
        path = dirname(path)


def _texts(value: Raw) -> Iterator[str]:
    if isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, str) and value and "\n" not in value and len(value) < 4096:
        yield value

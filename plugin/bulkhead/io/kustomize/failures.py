"""
Where the mistake is that a build failed on.

kustomize names folders, ids and Go types, and its message repeats itself once for each folder on the way. What it
names is looked for in the files that the build reads. Nothing here decides whether a build fails.
"""

import os
import re
from collections.abc import Iterator

from bulkhead.core.diagnostics import Diagnostic, Location, Path
from bulkhead.core.language.scalars import quoted
from bulkhead.io.kustomize.build import Failed, remedy
from bulkhead.io.kustomize.kustomization import Graph
from bulkhead.io.kustomize.read_files import text_of
from bulkhead.io.yaml.characters import UNREADABLE
from bulkhead.io.yaml.nodes import Document, InvalidYaml, Raw, documents

_CHAIN = re.compile(
    r"accumulating (?:resources|components): |accumulat\w+ err='accumulating \w+ from '[^']*': "
    r"|'[^']*' must resolve to a file': |recursed accumulation of path '[^']*': "
    r"|couldn't make target for path '[^']*': "
)
_DIRECTORY = re.compile(r"': must build at directory: .*", re.DOTALL)
_FOLDER = re.compile(r"'/[^']*'|accumulating \w+(?: from|:)")
_LONGEST = 400
"""Characters of kustomize's own message that are shown."""

_NO_MATCH = re.compile(
    r"no matches for Id (\w+)\.([\w-]+|\[noVer\])\.([\w.-]+|\[noGrp\])/(\S+?)\.(?:\[noNs\]|[\w-]+)[;\s]"
)
_WRONG_KIND = re.compile(r"wrong node kind: expected (\w+)Node but got (\w+)Node: node contents:\s*(.*)", re.DOTALL)


def failure(graph: Graph, folder: str, failed: Failed) -> Diagnostic:
    """Return the problem on which the build of *folder*, a kustomization of *graph*, *failed*, at its place."""
    at = graph.found[folder]
    if not failed.refused:
        return Diagnostic(Location(at.file), f"kustomize: {failed.message}", failed.hint)
    search = _Search(graph, folder, failed.message)
    found = next(search.found(), None)
    if found is not None:
        return found
    return Diagnostic(search.entry(), f"kustomize: {shortened(failed.message)}", remedy(failed.message))


def shortened(message: str) -> str:
    """Return *message* of kustomize without the folders on the way, in one line of bounded length."""
    said = " ".join(_DIRECTORY.sub("", _CHAIN.sub("", message)).split())
    return said if len(said) <= _LONGEST else f"{said[:_LONGEST]}..."


class _Search:
    """Looks for what the *message* about *folder* names, in what its build reads."""

    def __init__(self, graph: Graph, folder: str, message: str) -> None:
        self.message = message
        self.walk = list(graph.walk(folder)) or [graph.found[folder]]
        self.top = graph.found[folder]

    def found(self) -> Iterator[Diagnostic]:
        yield from self.broken_files()
        if "control characters" in self.message:
            yield from self.control_characters()
        unmatched, wrong = _NO_MATCH.search(f"{self.message} "), _WRONG_KIND.search(self.message)
        if unmatched:
            yield from self.unmatched(*unmatched.groups())
        if wrong:
            yield from self.wrong_kind(wrong[1], wrong[2], wrong[3].strip())

    def files(self) -> Iterator[str]:
        """Yield every file of the build, those that the message names first."""
        every = dict.fromkeys(file for each in self.walk for file in (*each.files, each.file))
        yield from sorted(every, key=lambda file: os.path.basename(file) not in self.message)

    def documents(self) -> Iterator[tuple[str, Document]]:
        for file in self.files():
            try:
                for document in documents(text_of(file)):
                    yield file, document
            except InvalidYaml:
                continue

    def broken_files(self) -> Iterator[Diagnostic]:
        """Yield the first mistake of each file that the message names and that is not YAML."""
        for file in self.files():
            if os.path.basename(file) not in self.message:
                return
            try:
                list(documents(text_of(file)))
            except InvalidYaml as wrong:
                if wrong.location.line:
                    yield wrong.diagnostic.in_file(file)

    def control_characters(self) -> Iterator[Diagnostic]:
        for file, document in self.documents():
            for path, text in _texts(document.value, ()):
                character = UNREADABLE.search(text)
                if character:
                    message = f"the character U+{ord(character[0]):04X}, which kustomize does not read"
                    yield Diagnostic(_place(file, document, path), message, "remove it")

    def unmatched(self, kind: str, version: str, group: str, name: str) -> Iterator[Diagnostic]:
        """Yield the patch that no resource matches."""
        api = version if group == "[noGrp]" else f"{group}/{version}"
        patch: tuple[str, Document] | None = None
        names: dict[str, str] = {}
        versions: dict[str, str] = {}
        for file, document in self.documents():
            value = document.value if isinstance(document.value, dict) else {}
            metadata = value.get("metadata")
            own = metadata.get("name") if isinstance(metadata, dict) else None
            if value.get("kind") != kind:
                continue
            if own == name and value.get("apiVersion") == api:
                patch = patch or (file, document)
            elif value.get("apiVersion") == api:
                names.setdefault(str(own), file)
            elif own == name:
                versions.setdefault(str(value.get("apiVersion")), file)
        if patch is None:
            yield from self.inline(kind, name)
            return
        known, path = (versions, ("apiVersion",)) if versions else (names, ("metadata", "name"))
        hint = remedy(self.message)
        if known:
            right, file = next(iter(known.items()))
            hint = f"write {quoted(right)}, as in {os.path.relpath(file)}"
        message = f"this patch matches no resource: there is no {kind} {quoted(name)} of {quoted(api)}"
        yield Diagnostic(_place(*patch, path), message, hint)

    def inline(self, kind: str, name: str) -> Iterator[Diagnostic]:
        """Yield the place of each patch of *kind* and *name* that is written in a kustomization."""
        meant = re.compile(rf"(?s)(?=.*\bkind\b\W*{kind}\b)(?=.*\bname\b\W*{re.escape(name)}(?![\w.-]))")
        for each in self.walk:
            for path, text in _texts(each.document.value, ()):
                if meant.match(text):
                    message = f"this patch matches no resource: there is no {kind} {quoted(name)}"
                    yield Diagnostic(each.place(path), message, remedy(self.message))

    def wrong_kind(self, wanted: str, got: str, contents: str) -> Iterator[Diagnostic]:
        """Yield the last place of a scalar that a patch has where the resource has something else."""
        places = [
            (file, document, path)
            for file, document in self.documents()
            for path, text in _texts(document.value, ())
            if got == "Scalar" and text == contents
        ]
        if places:
            kind = {"Mapping": "a map", "Sequence": "a list"}.get(wanted, "another type")
            message = f"this must be {kind}, as in the resource that is patched, found {quoted(contents)}"
            yield Diagnostic(_place(*places[-1]), message, remedy(self.message))

    def entry(self) -> Location:
        """Return the entry of a kustomization that the message names last; at the least where that begins."""
        best, at = Location(self.top.file, 1, 1), -1
        said = _FOLDER.sub("", self.message)
        for each in self.walk:
            for path, text in _texts(each.document.value, ()):
                found = [one.start() for one in re.finditer(rf"\b{re.escape(text)}\b", said)] if len(text) > 2 else []
                if found and found[-1] > at:
                    best, at = each.place(path), found[-1]
        return best if at >= 0 else self.folder()

    def folder(self) -> Location:
        """Return the beginning of the kustomization whose folder the message names last."""
        last = max(self.walk, key=lambda each: self.message.rfind(f"{each.folder}'"))
        return Location((last if f"{last.folder}'" in self.message else self.top).file, 1, 1)


def _place(file: str, document: Document, path: Path) -> Location:
    (line, column), _ = document.place(path)
    return Location(file, line, column)


def _texts(value: Raw, path: Path) -> Iterator[tuple[Path, str]]:
    """Yield every text in *value* with its path; a key has the path of its value."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield (*path, key), key
            yield from _texts(item, (*path, key))
    elif isinstance(value, list):
        for i, item in enumerate(value):
            yield from _texts(item, (*path, i))
    elif isinstance(value, str):
        yield path, value

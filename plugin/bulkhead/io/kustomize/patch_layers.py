"""
From a field of a built resource back to the line where a person wrote it.

kustomize forgets where a field came from, so the layers are read again in the order in which it
applies them: resources, components, patches.  The last layer that wrote a field is its place.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from bulkhead.core.diagnostics import Diagnostic, Key, Location, Path, nearest
from bulkhead.core.language.resources import API_GROUP
from bulkhead.io.kustomize.kustomization import Graph, Kustomization, diagnostic
from bulkhead.io.resources.decode import KINDS, is_ours
from bulkhead.io.yaml.nodes import Ambiguous, Document, InvalidYaml, Raw, documents

_BELOW = ("bases", "resources", "components")


@dataclass(frozen=True)
class PatchLayer:
    """
    One piece of text that contributes to a resource of *kind*.

    *line* and *column* are where the text begins in *file*, less one: not 0 for text inside a
    kustomization.yaml.  *prefix* is where in the resource the document is (a JSON 6902 ``add``).
    """

    file: str
    document: Document
    kind: str
    patch: bool
    line: int = 0
    column: int = 0
    prefix: Path = ()
    inside: Path = ()

    @property
    def name(self) -> str:
        """The name of the resource, ``""`` where the text does not say it."""
        value = self.document.value
        metadata = value.get("metadata") if isinstance(value, dict) else None
        return str(metadata.get("name") or "") if isinstance(metadata, dict) else ""

    def place(self, path: Path) -> tuple[int, int, int]:
        """Return line, column and how much of *path* is written here; nothing of it is -1."""
        shared = path[: len(self.prefix)]
        if shared != self.prefix[: len(shared)]:
            return 0, 0, -1
        (line, column), depth = self.document.place((*self.inside, *path[len(self.prefix) :]))
        return line + self.line, column + self.column, depth - len(self.inside) + len(self.prefix)


class Sources:
    """
    The layers of every kustomization in a graph, each file read once.

    *faults* are files that cannot be read; *doubts* are what kustomize builds in a way that the author did not intend.
    """

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.faults: list[Diagnostic] = []
        self.doubts: list[Diagnostic] = []
        self.layers: dict[str, list[PatchLayer]] = {}
        self._read: dict[str, list[Document]] = {}
        self._orders: dict[str, list[PatchLayer]] = {}
        self._files = {file for each in graph.found.values() for file in each.files}
        for folder, kustomization in graph.found.items():
            self.layers[folder] = list(self._own(kustomization))
        for layers in self.layers.values():
            for layer in layers:
                self.doubts += _ambiguous(layer)
        for folder in graph.found:
            self.doubts += [*self._vain(folder), *self._without_value(folder)]

    def _own(self, kustomization: Kustomization) -> Iterator[PatchLayer]:
        for entry in kustomization.entries("resources"):
            yield from self._file(kustomization.at(entry), patch=False)
        patches = kustomization.fields.get("patches")
        for i, patch in enumerate(patches if isinstance(patches, list) else []):
            if isinstance(patch, dict):
                yield from self._patch(kustomization, patch, ("patches", i))
        for i, entry in enumerate(kustomization.entries("patchesStrategicMerge")):
            if "\n" in entry:
                yield from self._inline(kustomization, entry, ("patchesStrategicMerge", i), "")
            else:
                yield from self._file(kustomization.at(entry), patch=True)

    def _patch(self, kustomization: Kustomization, patch: dict[str, Raw], at: Path) -> Iterator[PatchLayer]:
        target = patch.get("target")
        kind = str(target.get("kind") or "SegmentedNamespace") if isinstance(target, dict) else ""
        if kind and kind not in KINDS:
            return
        path, inline = patch.get("path"), patch.get("patch")
        if isinstance(path, str):
            yield from self._file(kustomization.at(path), patch=True, kind=kind)
        elif isinstance(inline, str):
            yield from self._inline(kustomization, inline, (*at, "patch"), kind)

    def _inline(self, kustomization: Kustomization, text: str, at: Path, kind: str) -> Iterator[PatchLayer]:
        """Yield the layers in a block of text, which begins on the line after its key."""
        (line, _), _ = kustomization.document.place(at[:-1])
        node_line, node_column = kustomization.document.block(at)
        try:
            for document in documents(text):
                yield from _layers(kustomization.file, document, True, kind, (node_line, node_column))
        except InvalidYaml as unreadable:
            if API_GROUP in text or kind:
                self.faults.append(unreadable.diagnostic.at(Location(kustomization.file, line, 1)))

    def _file(self, file: str, patch: bool, kind: str = "") -> Iterator[PatchLayer]:
        if file not in self._read:
            self._read[file] = self._documents(file, kind)
        for document in self._read[file]:
            yield from _layers(file, document, patch, kind)

    def _documents(self, file: str, kind: str) -> list[Document]:
        if file not in self._files:
            return []
        try:
            text = self.graph.read.text(file)
        except InvalidYaml as unreadable:
            self.faults.append(diagnostic(file, unreadable))
            return []
        if API_GROUP not in text and not kind:
            return []
        try:
            return self.graph.read.documents(file)
        except InvalidYaml as unreadable:
            self.faults.append(diagnostic(file, unreadable))
            return []

    def behind(self, folder: str) -> list[PatchLayer]:
        """Return the layers of *folder*'s build in kustomize's order: resources, then components, then patches."""
        if folder not in self._orders:
            self._orders[folder] = list(self._behind(folder, set()))
        return self._orders[folder]

    def _behind(self, folder: str, seen: set[str]) -> Iterator[PatchLayer]:
        if folder in seen or folder not in self.graph.found:
            return
        seen.add(folder)
        at, own = self.graph.found[folder], self.layers[folder]
        below = {key: [self.graph.read.real(at.at(entry)) for entry in at.entries(key)] for key in _BELOW}
        for target in [*below["bases"], *below["resources"]]:
            yield from self._behind(target, seen)
        yield from (layer for layer in own if not layer.patch)
        for target in below["components"]:
            yield from self._behind(target, seen)
        yield from (layer for layer in own if layer.patch)

    def locate(self, folder: str, kind: str, path: Path, name: str = "") -> Location:
        """
        Return the place of what was written at *path* of the *kind* that *folder* builds, of the one called *name*.

        Where *path* itself is written nowhere, the nearest thing around it; at the least the
        kustomization itself, line 1.
        """
        best = Location(self.graph.found[folder].file, 1, 1)
        most = 0
        for layer in self.behind(folder):
            if layer.kind == kind and name in ("", layer.name):
                line, column, depth = layer.place(path)
                if depth >= max(most, 1):
                    best, most = Location(layer.file, line, column), depth
        return best

    def _vain(self, folder: str) -> Iterator[Diagnostic]:
        """
        Yield each ``null`` of a patch that removes nothing: a misspelt removal leaves the rule in place.

        A key without a value is left out: ``_without_value`` reports it.
        """
        for layer in self.layers[folder]:
            if not layer.patch or layer.prefix or layer.kind != "SegmentedNamespace":
                continue
            empty = set(_empty(layer.document.node, ()))
            for path in _nulls(layer.document.value, ()):
                if len(path) > 2 and path not in empty and not self._written(folder, layer, path):
                    yield self._nothing_to_remove(folder, layer, path)

    def _without_value(self, folder: str) -> Iterator[Diagnostic]:
        """
        Yield each key of a spec without a value: kustomize drops the key, also where another layer gives it a value.

        ``null`` is a value: it removes what another layer has.
        """
        for layer in self.layers[folder]:
            for path in _empty(layer.document.node, ()):
                if path[: len(layer.inside)] != layer.inside or (not layer.inside and path[0] != "spec"):
                    continue
                (line, column), _ = layer.document.place((*path[:-1], Key(path[-1])))
                at = Location(layer.file, line + layer.line, column + layer.column)
                hint = f"leave `{path[-1]}` out if that is meant, or write the value"
                if layer.patch and (layer.inside or len(path) <= 2 or self._written(folder, layer, path)):
                    hint = f"write the value, or `{path[-1]}: null` to remove what another file has there"
                yield Diagnostic(at, f"`{path[-1]}` has no value", hint)

    def _written(self, folder: str, until: PatchLayer, path: Path) -> bool:
        return any(
            layer.kind == until.kind and layer.place(path)[2] == len(path)
            for layer in self.behind(folder)
            if layer is not until
        ) or not self._has_base(folder)

    def _has_base(self, folder: str) -> bool:
        """Say whether the resource itself is read; a Component patches what another folder brings."""
        return any(not layer.patch and layer.kind == "SegmentedNamespace" for layer in self.behind(folder))

    def _nothing_to_remove(self, folder: str, layer: PatchLayer, path: Path) -> Diagnostic:
        line, column, _ = layer.place((*path[:-1], Key(path[-1])))
        known = sorted(
            {
                str(key)
                for other in self.behind(folder)
                if other is not layer and other.kind == layer.kind
                for key in _keys_at(other.document.value, path[:-1])
            }
        )
        near = nearest(str(path[-1]), known)
        return Diagnostic(
            Location(layer.file, line, column),
            f"there is no `{path[-1]}` to remove",
            f"did you mean `{near}`?" if near else "remove the line",
        )


def _layers(
    file: str, document: Document, patch: bool, kind: str, begins: tuple[int, int] = (0, 0)
) -> Iterator[PatchLayer]:
    line, column = begins
    value = document.value
    if isinstance(value, dict) and (is_ours(value) or kind):
        yield PatchLayer(file, document, str(value.get("kind") or kind), patch, line, column)
    elif isinstance(value, list) and kind:
        for i, operation in enumerate(value):
            if isinstance(operation, dict) and "value" in operation and isinstance(operation.get("path"), str):
                steps = tuple(_pointer(str(operation["path"])))
                yield PatchLayer(file, document, kind, True, line, column, steps, (i, "value"))


def _pointer(pointer: str) -> Iterator[str | int]:
    for step in pointer.split("/")[1:]:
        step = step.replace("~1", "/").replace("~0", "~")
        yield int(step) if step.isdigit() else step


def _ambiguous(layer: PatchLayer) -> Iterator[Diagnostic]:
    """Yield each scalar that kustomize would read as another value before the plugin sees it."""
    for path, word in _scalars(layer.document.value, ()):
        if isinstance(word, Ambiguous):
            (line, column), _ = layer.document.place(path)
            yield Diagnostic(
                Location(layer.file, line + layer.line, column + layer.column),
                f"`{word}` without quotes is {word.reads}",
                word.remedy(),
            )


def _scalars(value: Raw, path: Path) -> Iterator[tuple[Path, Raw]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield (*path, Key(key)), key
            yield from _scalars(item, (*path, key))
    elif isinstance(value, list):
        for i, item in enumerate(value):
            yield from _scalars(item, (*path, i))
    else:
        yield path, value


def _empty(node: Node, path: Path) -> Iterator[Path]:
    """Yield the path of each key of a map that has no value."""
    if isinstance(node, MappingNode):
        for key, child in node.value:
            if isinstance(child, ScalarNode) and not (child.value or child.style or child.tag):
                yield (*path, str(key.value))
            else:
                yield from _empty(child, (*path, str(key.value)))
    elif isinstance(node, SequenceNode):
        for i, child in enumerate(node.value):
            yield from _empty(child, (*path, i))


def _nulls(value: Raw, path: Path) -> Iterator[Path]:
    if isinstance(value, dict):
        for key, item in value.items():
            if item is None:
                yield (*path, key)
            else:
                yield from _nulls(item, (*path, key))


def _keys_at(value: Raw, path: Path) -> list[str]:
    for step in path:
        if not isinstance(value, dict) or not isinstance(step, str):
            return []
        value = value.get(step)
    return list(value) if isinstance(value, dict) else []

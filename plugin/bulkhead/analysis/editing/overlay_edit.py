"""
An edit of the rules of one overlay, written where the overlay writes its rules.

That is the file of a patch, a patch inside of the kustomization, a JSON 6902 patch, or a SegmentedNamespace of the
overlay's own. An overlay without any gets a ``rules.yaml``.
"""

import os
from collections.abc import Iterable, Mapping

import jsonpatch

from bulkhead.analysis.analysis_input import AnalysisInput
from bulkhead.analysis.editing.rule_texts import RuleText, TextReader
from bulkhead.core.diagnostics import Path
from bulkhead.core.record import FrozenMap
from bulkhead.io.editing.edited_text import NotEditable, edited
from bulkhead.io.editing.field_edits import REMOVED, FieldEdit, Removed, applied
from bulkhead.io.kustomize.kustomization import Kustomization
from bulkhead.io.resources.encode import encode
from bulkhead.io.yaml.nodes import Raw, reads_as_text
from bulkhead.io.yaml.paths import value_at

KIND = "SegmentedNamespace"

RULES = "rules.yaml"
"""The file of an overlay's rules where it has none."""

_BY_HAND = "edit it by hand: `bulkhead explain` shows what to add"

_NEW = """\
apiVersion: bulkhead.dev/v1alpha1
kind: SegmentedNamespace
metadata:
  name: {name}
spec: {{}}
"""


class OverlayEdit:
    """
    Edits the rules of *namespace*, whose overlay is one of *found*; *edited* are texts after edits before this one.

    :raises NotEditable: where its overlay renders other namespaces too, or its files cannot be read.
    """

    def __init__(self, found: AnalysisInput, namespace: str, edited: Mapping[str, str] = FrozenMap()) -> None:
        folders = found.rules.folders
        folder = folders[namespace]
        others = sorted(each for each, where in folders.items() if where == folder and each != namespace)
        if others:
            message = f"the overlay of namespace `{namespace}` renders `{others[0]}` too"
            raise NotEditable(message, "write the rule by hand: which of them it is for cannot be known here")
        sources = found.loaded.sources if found.loaded else None
        if sources is None:
            raise NotEditable("there is no overlay", _BY_HAND)
        self.found, self.namespace, self.sources = found, namespace, sources
        self.kustomization: Kustomization = sources.graph.found[folder]
        self.reader = TextReader(KIND, edited)
        self.texts = self.reader.of(self.kustomization)
        self.spec = encode(found.rules.namespaces[namespace].spec)

    def written(self, edits: Iterable[FieldEdit]) -> dict[str, str]:
        """
        Return the texts of the files after *edits*, whose paths begin with ``spec``, by path.

        :raises NotEditable: where they cannot be written so that all else stays.
        """
        edits = tuple(edits)
        text = self._text_for(edits)
        if text is None:
            return self._new_file(edits)
        inner = self._operations(text, edits) if text.is_operations else edited(text.text, text.number, edits)
        if not text.inside:
            return {text.file: inner}
        whole = self.reader.text(self.kustomization, text.file)
        return {text.file: edited(whole, 0, (FieldEdit(text.inside, inner),))}

    def removal(self, path: Path) -> tuple[FieldEdit, ...]:
        """
        Return the edits that remove the rule at *path*: its lines, or a ``null`` where another layer has it too.

        What is empty without it goes as well.
        """
        text = self._text_for((FieldEdit(path, REMOVED),))
        if text is None or text.is_operations:
            return (FieldEdit(path, REMOVED if text else None),)
        mine = value_at(text.value, *map(str, path)) is not None
        rest = applied(text.value, (FieldEdit(path, REMOVED),)) if mine else text.value
        if self._elsewhere(text, path):
            return (FieldEdit(path, None),)
        return (FieldEdit(_emptied(rest, path), REMOVED),)

    def _elsewhere(self, text: RuleText, path: Path) -> bool:
        """Say whether another layer of the build writes *path* too."""
        for layer in self.sources.behind(self.kustomization.folder):
            written = value_at(layer.document.value, *map(str, path))
            if layer.kind == KIND and layer.file != text.file and not layer.prefix and written is not None:
                return True
        return False

    def _text_for(self, edits: tuple[FieldEdit, ...]) -> RuleText | None:
        """Return the text that gets *edits*: the last that has one of the rules, else the last one."""
        for text in reversed(self.texts):
            if any(_has(text, each.path) for each in edits):
                return text
        plain = [text for text in self.texts if not text.is_operations]
        return next(reversed(plain or self.texts), None)

    def _operations(self, text: RuleText, edits: tuple[FieldEdit, ...]) -> str:
        """Return the JSON 6902 patch *text* with the operations for *edits*."""
        operations = text.value if isinstance(text.value, list) else []
        pointers = {_pointer(each.path) for each in edits if isinstance(each.value, Removed)}
        own = [i for i, each in enumerate(operations) if isinstance(each, dict) and each.get("path") in pointers]
        if len(own) == len(edits) and all(value_at(operations[i], "op") == "add" for i in own):
            gone = tuple(FieldEdit((i,), REMOVED) for i in reversed(own))
            return edited(text.text, text.number, gone)
        before: dict[str, Raw] = {"spec": self.spec}
        patch = jsonpatch.make_patch(before, applied(before, edits))
        added = (FieldEdit((len(operations) + i,), each) for i, each in enumerate(patch.patch))
        return edited(text.text, text.number, tuple(added))

    def _new_file(self, edits: tuple[FieldEdit, ...]) -> dict[str, str]:
        """Return the kustomization with a patch more, and the file of that patch."""
        path = os.path.join(self.kustomization.folder, RULES)
        if os.path.lexists(path):
            raise NotEditable(f"{path} exists, but kustomization.yaml does not list it", "list it under `patches`")
        name = self._base_name()
        text = _NEW.format(name=name if reads_as_text(name) else f'"{name}"')
        patches = self.kustomization.fields.get("patches")
        place: Path = ("patches", len(patches)) if isinstance(patches, list) else ("patches",)
        entry: Raw = {"path": RULES} if isinstance(patches, list) else [{"path": RULES}]
        listed = edited(self.reader.text(self.kustomization, self.kustomization.file), 0, (FieldEdit(place, entry),))
        return {path: edited(text, 0, edits), self.kustomization.file: listed}

    def _base_name(self) -> str:
        for layer in self.sources.behind(self.kustomization.folder):
            if layer.kind == KIND and not layer.patch:
                return str(value_at(layer.document.value, "metadata", "name"))
        return "standard"


def _has(text: RuleText, path: Path) -> bool:
    if isinstance(text.value, list):
        return any(isinstance(each, dict) and each.get("path") == _pointer(path) for each in text.value)
    return value_at(text.value, *map(str, path)) is not None


def _pointer(path: Path) -> str:
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)


def _emptied(value: Raw, path: Path) -> Path:
    """Return the longest path around *path* below ``spec`` that has nothing in *value* any more, else *path*."""
    found = path
    for length in range(len(path) - 1, 1, -1):
        if not _is_empty(value_at(value, *map(str, path[:length]))):
            break
        found = path[:length]
    return found


def _is_empty(value: Raw) -> bool:
    """Say whether *value* is a map without rules; the selector of a workload is none. ``null`` removes some."""
    return isinstance(value, dict) and all(key == "pods" or _is_empty(item) for key, item in value.items())

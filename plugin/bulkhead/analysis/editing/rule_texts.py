"""The texts in which an overlay writes its rules: files, and patches inside of its kustomization."""

import os
from collections.abc import Iterator, Mapping

from bulkhead.core.diagnostics import Path
from bulkhead.core.record import record
from bulkhead.io.editing.edited_text import NotEditable
from bulkhead.io.kustomize.kustomization import Kustomization
from bulkhead.io.resources.decode import is_ours
from bulkhead.io.yaml.nodes import InvalidYaml, Raw, document_of, is_nothing, nodes

KIND = "SegmentedNamespace"


@record
class RuleText:
    """
    Document *number* of *text*, whose value is *value*: a resource or a part of one, or a JSON 6902 patch.

    *text* is the one of *file*; with *inside* it is the scalar there in *file*. *is_patch*: it changes a resource.
    """

    file: str
    inside: Path
    text: str
    number: int
    value: Raw
    is_patch: bool

    @property
    def is_operations(self) -> bool:
        """Say whether it is a JSON 6902 patch."""
        return isinstance(self.value, list)


class TextReader:
    """Finds the texts of resources of *kind*; *edited* are the texts of files that are edited already, by path."""

    def __init__(self, kind: str, edited: Mapping[str, str]) -> None:
        self.kind, self.edited = kind, edited

    def text(self, kustomization: Kustomization, file: str) -> str:
        """Return the text of *file*, which *kustomization* reads."""
        return self.edited[file] if file in self.edited else kustomization.read.text(file)

    def of(self, kustomization: Kustomization) -> list[RuleText]:
        """Return the texts of *kustomization* itself, in the order in which kustomize applies them."""
        found: list[RuleText] = []
        for entry in kustomization.entries("resources"):
            found += self._in_file(kustomization, entry, False, False)
        for i, entry in enumerate(kustomization.entries("patchesStrategicMerge")):
            if "\n" in entry:
                found += self._texts(kustomization.file, ("patchesStrategicMerge", i), entry, True, False)
            else:
                found += self._in_file(kustomization, entry, True, False)
        patches = kustomization.fields.get("patches")
        for i, patch in enumerate(patches if isinstance(patches, list) else []):
            if isinstance(patch, dict):
                found += self._patch(kustomization, patch, ("patches", i, "patch"))
        return found

    def _patch(self, kustomization: Kustomization, patch: dict[str, Raw], at: Path) -> Iterator[RuleText]:
        target = patch.get("target")
        if isinstance(target, dict) and target.get("kind", self.kind) != self.kind:
            return
        path, text = patch.get("path"), patch.get("patch")
        if isinstance(path, str):
            yield from self._in_file(kustomization, path, True, target is not None)
        elif isinstance(text, str):
            yield from self._texts(kustomization.file, at, text, True, target is not None)

    def _in_file(self, kustomization: Kustomization, entry: str, is_patch: bool, targeted: bool) -> Iterator[RuleText]:
        file = kustomization.at(entry)
        if os.path.isfile(file) and file in kustomization.files:
            yield from self._texts(file, (), self.text(kustomization, file), is_patch, targeted)

    def _texts(self, file: str, inside: Path, text: str, is_patch: bool, targeted: bool) -> Iterator[RuleText]:
        try:
            found = [(i, document_of(node).value) for i, node in enumerate(nodes(text)) if not is_nothing(node)]
        except InvalidYaml as wrong:
            raise NotEditable(wrong.message, wrong.hint, wrong.diagnostic.in_file(file).location) from None
        for number, value in found:
            ours = isinstance(value, dict) and is_ours(value) and value.get("kind") == self.kind
            if ours or (targeted and isinstance(value, (dict, list))):
                yield RuleText(file, inside, text, number, value, is_patch)

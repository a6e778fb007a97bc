"""Build every overlay without the plugin, and expand what comes out in this process."""

from collections.abc import Callable, Iterable

from bulkhead.analysis.overlays.overlay import Known, Overlay
from bulkhead.analysis.overlays.problem_places import located
from bulkhead.core.diagnostics import Diagnostic, Location, sorted_diagnostics
from bulkhead.io.kustomize.build import Failed, Mirror, kustomization_text
from bulkhead.io.kustomize.failures import failure
from bulkhead.io.kustomize.kustomization import Graph, Kustomization
from bulkhead.io.kustomize.patch_layers import Sources
from bulkhead.io.yaml.nodes import InvalidYaml, Raw
from bulkhead.io.yaml.resource_stream import Resource

AFTER = ("validators", "sortOptions", "buildMetadata")
"""Fields of a kustomization that act after the transformers, so after the expansion."""


class OverlayBuilds:
    """What the overlays of a graph render, built in *copy*; *faults* begin with those that are known."""

    def __init__(self, graph: Graph, sources: Sources, copy: Mirror, faults: Iterable[Diagnostic]) -> None:
        self.graph = graph
        self.sources = sources
        self.copy = copy
        self.faults = list(faults)
        self.doubts = list(self.faults)
        self.known: Known = {}

    def run(self, leaves: list[Kustomization], progress: Callable[[int, int], None]) -> dict[str, Overlay]:
        """Return what each of *leaves* renders, by folder; *progress* hears how many are built."""
        for leaf in leaves:
            self._hold_back(leaf)
        made: dict[str, Overlay] = {}
        for folder, built in self.copy.build_all(
            [leaf.folder for leaf in leaves], lambda done: progress(done, len(leaves))
        ):
            overlay = self._expanded(folder, built)
            if overlay is not None:
                made[folder] = overlay
        return made

    def _expanded(self, folder: str, built: list[Resource] | Failed) -> Overlay | None:
        """Return what the resources *built* in *folder* expand to; every problem is noted with its place."""
        file = self.graph.found[folder].file
        if isinstance(built, Failed):
            self._add(failure(self.graph, folder, built))
            return None
        try:
            overlay = Overlay(built, self.known)
        except InvalidYaml as unreadable:
            self.faults.append(Diagnostic(Location(file), unreadable.message, unreadable.hint))
            return None
        for problem in sorted_diagnostics(overlay.problems):
            self._add(located(self.graph, self.sources, folder, problem))
        return overlay

    def _add(self, found: Diagnostic) -> None:
        """Note a fault, unless its place is reported already: one mistake, one message."""
        if all(each.location != found.location for each in self.doubts):
            self.faults.append(found)

    def _hold_back(self, leaf: Kustomization) -> None:
        """In the copy, remove from *leaf* what runs after the plugin; the build of the root runs it."""
        position = self.graph.expands(leaf)
        later = leaf.transformers[position + 1 :] if position is not None else []
        if later or any(key in leaf.fields for key in AFTER):
            first = leaf.transformers[:position]
            kept = {key: value for key, value in leaf.fields.items() if key not in AFTER}
            self.copy.write(leaf.file, kustomization_text(kept | {"transformers": list[Raw](first)}))

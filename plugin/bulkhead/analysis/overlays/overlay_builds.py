"""Build every overlay without the plugin, and expand what comes out in this process."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from bulkhead.analysis.overlays.known_overlays import KnownOverlays
from bulkhead.analysis.overlays.overlay import Overlay
from bulkhead.analysis.overlays.problem_places import located
from bulkhead.core.diagnostics import Diagnostic, Location, sorted_diagnostics
from bulkhead.io.kustomize.build import Failed, Mirror, kustomization_text
from bulkhead.io.kustomize.direct_build import DirectBuilds, is_wanted
from bulkhead.io.kustomize.failures import failure
from bulkhead.io.kustomize.kustomization import Graph, Kustomization
from bulkhead.io.kustomize.patch_layers import Sources
from bulkhead.io.yaml.nodes import InvalidYaml, Raw
from bulkhead.io.yaml.resource_stream import Resource

AFTER = ("validators", "sortOptions", "buildMetadata")
"""Fields of a kustomization that act after the transformers, so after the expansion."""


class OverlayBuilds:
    """What the overlays of a graph render, built in *copy* or *known*; *faults* begin with those that are known."""

    def __init__(
        self, graph: Graph, sources: Sources, copy: Mirror, faults: Iterable[Diagnostic], known: KnownOverlays
    ) -> None:
        self.graph = graph
        self.sources = sources
        self.copy = copy
        self.faults = list(faults)
        self.doubts = list(self.faults)
        self.known = known

    def run(self, leaves: list[Kustomization], progress: Callable[[int, int], None]) -> dict[str, Overlay]:
        """Return what each of *leaves* renders, by folder; *progress* hears how many are built."""
        made: dict[str, Overlay] = {}
        for done, (folder, built) in enumerate(self._built(leaves), 1):
            overlay = self._expanded(folder, built)
            if overlay is not None:
                made[folder] = overlay
            progress(done, len(leaves))
        return made

    def _built(self, leaves: list[Kustomization]) -> Iterator[tuple[str, Sequence[Resource] | Failed]]:
        """Yield the folder of each of *leaves* with its resources: plain ones merged here, others by kustomize."""
        direct = DirectBuilds(self.graph)
        merged = {leaf.folder: direct.build(leaf) for leaf in leaves} if is_wanted() else {}
        others = [leaf for leaf in leaves if merged.get(leaf.folder) is None]
        for leaf in others:
            self._hold_back(leaf)
        built = self.copy.build_all([leaf.folder for leaf in others])
        for leaf in leaves:
            found = merged.get(leaf.folder)
            yield (leaf.folder, found) if found is not None else next(built)

    def _expanded(self, folder: str, built: Sequence[Resource] | Failed) -> Overlay | None:
        """Return what the resources *built* in *folder* expand to; every problem is noted with its place."""
        file = self.graph.found[folder].file
        if isinstance(built, Failed):
            self._add(failure(self.graph, folder, built))
            return None
        try:
            overlay = self.known.overlay(built)
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

"""
Load a tree of overlays: from a folder to what each overlay renders, every problem with its place.

Nothing of the tree is executed: kustomize builds a copy in which the plugin is neutral, and the
expansion happens in this process.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

from bulkhead.analysis.overlays.kept_back import kept_back
from bulkhead.analysis.overlays.known_overlays import KnownOverlays
from bulkhead.analysis.overlays.overlay import Overlay
from bulkhead.analysis.overlays.overlay_builds import OverlayBuilds
from bulkhead.analysis.overlays.own_builds import OwnBuilds, own_builds
from bulkhead.analysis.overlays.root_build import RenderedPart, RootBuild, text_of_parts
from bulkhead.analysis.overlays.tree_checks import nothing_expanded, overlay_faults, tree_faults
from bulkhead.core.diagnostics import Diagnostic
from bulkhead.io.kustomize.build import Failed, join, mirror
from bulkhead.io.kustomize.failures import failure
from bulkhead.io.kustomize.kustomization import LOCAL, Bounds, Graph
from bulkhead.io.kustomize.patch_layers import Sources
from bulkhead.io.yaml.resource_stream import Resource

Progress = Callable[[int, int], None]
"""Hears how many overlays are built, and of how many."""


def no_progress(_done: int, _of: int) -> None:
    """Show nothing."""


@dataclass
class OverlayTree:
    """
    What a folder renders: its *overlays* by folder, the finished *text*, and everything that is wrong.

    The text is that of *parts*, or *built* where kustomize built the root.
    *listed* says that the text is what the overlays render and nothing else: no outer kustomization
    adds to it or changes it.  *sources* knows where each field of an overlay was written; ``None``
    where not even that could be read.  *own* is what each folder renders by itself, where a delivery of the folders
    may be something else than the text.
    """

    overlays: dict[str, Overlay] = field(default_factory=dict)
    parts: list[RenderedPart] | None = None
    built: str = ""
    listed: bool = True
    faults: list[Diagnostic] = field(default_factory=list)
    sources: Sources | None = None
    own: OwnBuilds | None = None

    @cached_property
    def text(self) -> str:
        """The finished text, empty where there are faults: nothing is rendered from a tree with a mistake in it."""
        return "" if self.faults else self.built if self.parts is None else text_of_parts(self.parts)

    @cached_property
    def passed_text(self) -> str:
        """The text, where known without the policies that are expanded here: they have no mark of a delivery."""
        if self.parts is None:
            return self.built
        return join(each.text for each in self.parts if isinstance(each, Resource))


def load_overlay_tree(
    root: str,
    progress: Progress = no_progress,
    bounds: Bounds = LOCAL,
    may_be_empty: bool = False,
    known: KnownOverlays | None = None,
) -> OverlayTree:
    """
    Load the kustomization in *root* and everything below it; *progress* hears how many overlays are built.

    A tree without overlays is a fault, unless it *may_be_empty*. *known* is what was read of another tree that is
    compared with it.
    """
    known = known or KnownOverlays()
    graph = Graph(root, bounds, known.texts)
    loaded = OverlayTree(faults=list(graph.faults))
    if loaded.faults:
        return loaded
    loaded.sources = sources = Sources(graph)
    leaves = [each for each in graph.walk(graph.root) if graph.expands(each) is not None]
    loaded.faults += [*sources.faults, *tree_faults(graph), *overlay_faults(graph, leaves)]
    if not (leaves or may_be_empty):
        loaded.faults.append(nothing_expanded(graph))
    if loaded.faults:
        return loaded
    try:
        with mirror(graph) as copy:
            builds = OverlayBuilds(graph, sources, copy, sources.doubts, known)
            loaded.overlays = builds.run(leaves, progress)
            loaded.faults += builds.faults
            if not loaded.faults:
                whole = RootBuild(graph, copy, loaded.overlays)
                loaded.parts = whole.parts()
                if loaded.parts is None:
                    loaded.built, loaded.listed = whole.text(leaves), False
                loaded.faults += whole.faults
                loaded.faults += kept_back(loaded.passed_text, graph.found[graph.root].file)
            if not loaded.faults:
                loaded.own = own_builds(whole)
                loaded.faults += loaded.own.kept_back(graph) if loaded.own else ()
    except Failed as failed:
        loaded.faults.append(failure(graph, graph.root, failed))
    if loaded.faults:
        loaded.faults = loaded.faults if leaves else [nothing_expanded(graph)]
    return loaded

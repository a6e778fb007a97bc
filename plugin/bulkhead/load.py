"""
Load a tree of overlays: from a folder to what each overlay renders, every problem with its place.

Nothing of the tree is executed: kustomize builds a copy in which the plugin is neutral, and the
expansion happens in this process.
"""

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from bulkhead.core.problem import Problem, problems_in_order
from bulkhead.io.kustomization import LOCAL, Bounds, Fault, Graph, Kustomization
from bulkhead.io.kustomize import Failed, Mirror, join, mirror
from bulkhead.io.manifests import document
from bulkhead.io.order import legacy
from bulkhead.io.provenance import Sources
from bulkhead.io.sources import Raw, Unreadable
from bulkhead.overlay import Overlay

_AFTER = ("validators", "sortOptions", "buildMetadata")
"""Fields of a kustomization that act behind the transformers, so behind the expansion."""

_LISTING = {"apiVersion", "kind", "metadata", "resources"}


@dataclass
class Loaded:
    """
    What a folder renders: its *overlays* by folder, the finished *text*, and everything that is wrong.

    *sources* knows where each field of an overlay was written; ``None`` where not even that could be read.
    """

    overlays: dict[str, Overlay] = field(default_factory=dict)
    text: str = ""
    faults: list[Fault] = field(default_factory=list)
    sources: Sources | None = None


def load(root: str, progress: Callable[[int, int], None] = lambda _done, _of: None, bounds: Bounds = LOCAL) -> Loaded:
    """
    Load the kustomization in *root* and everything below it; *progress* hears how many overlays are built.

    Where there are faults, *text* is empty: nothing is rendered from a tree with a mistake in it.
    """
    graph = Graph(root, bounds)
    loaded = Loaded(faults=list(graph.faults))
    if loaded.faults:
        return loaded
    loaded.sources = sources = Sources(graph)
    loaded.faults += sources.faults
    leaves = [each for each in graph.walk(graph.root) if graph.expands(each) is not None]
    if not leaves:
        hint = "add `transformers: [../../plugin]` to the overlay, or point at a folder with overlays"
        loaded.faults.append(Fault(_file(graph), 1, 1, "nothing here is expanded by the plugin", hint))
    if loaded.faults:
        return loaded
    loaded.faults += sources.doubts
    try:
        with mirror(graph) as copy:
            _Loading(graph, sources, copy, loaded).run(leaves, progress)
    except Failed as failed:
        loaded.faults.append(Fault(_file(graph), 0, 0, f"kustomize: {failed.says}"))
    if loaded.faults:
        loaded.text = ""
    return loaded


def _file(graph: Graph) -> str:
    return graph.found[graph.root].file


class _Loading:
    def __init__(self, graph: Graph, sources: Sources, copy: Mirror, loaded: Loaded) -> None:
        self.graph = graph
        self.sources = sources
        self.copy = copy
        self.loaded = loaded
        self.doubts = list(loaded.faults)

    def run(self, leaves: list[Kustomization], progress: Callable[[int, int], None]) -> None:
        """Build and expand every leaf, then put the whole together."""
        for leaf in leaves:
            self.hold_back(leaf)
        folders = [leaf.folder for leaf in leaves]
        for folder, built in self.copy.build_all(folders, lambda done: progress(done, len(leaves))):
            if isinstance(built, Failed):
                self.fault(self.graph.found[folder].file, f"kustomize: {built.says}")
                continue
            try:
                self.loaded.overlays[folder] = overlay = Overlay(built)
            except Unreadable as unreadable:
                self.fault(self.graph.found[folder].file, unreadable.says, unreadable.hint)
                continue
            for problem in problems_in_order(overlay.problems):
                self.add(self.located(folder, problem))
        if not self.loaded.faults:
            self.loaded.text = self.whole(leaves)

    def add(self, found: Fault) -> None:
        """Note a fault, unless what stands there is reported already: one mistake, one message."""
        if all((each.file, each.line, each.column) != (found.file, found.line, found.column) for each in self.doubts):
            self.loaded.faults.append(found)

    def fault(self, file: str, says: str, hint: str = "") -> None:
        self.loaded.faults.append(Fault(file, 0, 0, says, hint))

    def hold_back(self, leaf: Kustomization) -> None:
        """In the copy, leave out of *leaf* what acts behind the plugin; it has its turn in :meth:`whole`."""
        position = self.graph.expands(leaf)
        later = leaf.entries("transformers")[position + 1 :] if position is not None else []
        if later or any(key in leaf.fields for key in _AFTER):
            first = leaf.entries("transformers")[:position]
            kept = {key: value for key, value in leaf.fields.items() if key not in _AFTER}
            self.copy.write(leaf.file, _json(kept | {"transformers": list[Raw](first)}))

    def located(self, folder: str, problem: Problem) -> Fault:
        """Return the problem at the line that a person wrote."""
        first = problem.resource.partition(" ")[0]
        kind = {"cluster": "ClusterProfile", "namespace": "SegmentedNamespace"}.get(first, first)
        file, line, column = self.sources.locate(folder, kind, problem.path)
        if problem.resource == "input" or problem.path[:1] == ("metadata",):
            file, line, column = self.graph.found[folder].file, 1, 1
        return Fault(file, line, column, problem.says, problem.hint)

    def whole(self, leaves: list[Kustomization]) -> str:
        """Return what ``kustomize build`` of the root prints with the plugin."""
        if self.only_lists(self.graph.found[self.graph.root]):
            return join(text for _, text in sorted(self.rendered(leaves), key=lambda each: each[0]))
        for leaf in leaves:
            text = join(text for _, text in self.rendered([leaf]))
            self.copy.write(os.path.join(leaf.folder, "bulkhead-rendered.yaml"), text)
            position = self.graph.expands(leaf) or 0
            later = leaf.entries("transformers")[position + 1 :]
            behind: dict[str, Raw] = {key: leaf.fields[key] for key in _AFTER if key in leaf.fields}
            resources: list[Raw] = ["bulkhead-rendered.yaml"] if text else []
            self.copy.write(leaf.file, _json({"resources": resources, "transformers": list[Raw](later), **behind}))
        return self.copy.build(self.graph.root)

    def only_lists(self, at: Kustomization) -> bool:
        """Say whether a build of *at* merely sorts what its overlays render, which is done here without kustomize."""
        position = self.graph.expands(at)
        if position is not None:
            return position == len(at.entries("transformers")) - 1 and not any(key in at.fields for key in _AFTER)
        targets = [os.path.realpath(at.at(entry)) for entry in at.entries("resources")]
        return set(at.fields) <= _LISTING and all(
            target in self.graph.found and self.only_lists(self.graph.found[target]) for target in targets
        )

    def rendered(self, leaves: list[Kustomization]) -> Iterator[tuple[tuple[int, str, str], str]]:
        """Yield the documents of *leaves*, each with its sort key in kustomize's order."""
        for leaf in leaves:
            overlay = self.loaded.overlays[leaf.folder]
            yield from ((legacy(each.head), each.text) for each in overlay.kept)
            for policy in overlay.policies:
                head: dict[str, Raw] = {"namespace": policy.namespace, "name": policy.name}
                head |= {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy"}
                yield legacy(head), document(policy)


def _json(value: dict[str, Raw]) -> str:
    return json.dumps(value, ensure_ascii=False) + "\n"

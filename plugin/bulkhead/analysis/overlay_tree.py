"""
Load a tree of overlays: from a folder to what each overlay renders, every problem with its place.

Nothing of the tree is executed: kustomize builds a copy in which the plugin is neutral, and the
expansion happens in this process.
"""

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from bulkhead.analysis.overlay import Known, Overlay
from bulkhead.core.diagnostics import Diagnostic, Location, sorted_diagnostics
from bulkhead.io.kustomize.build import Failed, Mirror, join, mirror
from bulkhead.io.kustomize.kustomization import LOCAL, Bounds, Graph, Kustomization, is_harmless
from bulkhead.io.kustomize.patch_layers import Sources
from bulkhead.io.kustomize.resource_order import legacy
from bulkhead.io.manifests.write_networkpolicy import document
from bulkhead.io.resources.decode import is_ours
from bulkhead.io.yaml.nodes import InvalidYaml, Raw
from bulkhead.io.yaml.resource_stream import of_build

_AFTER = ("validators", "sortOptions", "buildMetadata")
"""Fields of a kustomization that act behind the transformers, so behind the expansion."""

_EXPANDED = """\
apiVersion: builtin
kind: PatchTransformer
metadata: {name: bulkhead-expanded}
target: {group: bulkhead.dev}
patch: |-
  apiVersion: bulkhead.dev/v1alpha1
  kind: SegmentedNamespace
  metadata: {name: any}
  $patch: delete
"""
"""Takes away what the plugin takes away: this project's own resources."""

_LISTING = {"apiVersion", "kind", "metadata", "resources"}
_USUAL = {"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization"}


@dataclass
class OverlayTree:
    """
    What a folder renders: its *overlays* by folder, the finished *text*, and everything that is wrong.

    *listed* says that the text is what the overlays render and nothing else: no outer kustomization
    adds to it or changes it.  *sources* knows where each field of an overlay was written; ``None``
    where not even that could be read.
    """

    overlays: dict[str, Overlay] = field(default_factory=dict)
    text: str = ""
    listed: bool = True
    faults: list[Diagnostic] = field(default_factory=list)
    sources: Sources | None = None


def load_overlay_tree(
    root: str, progress: Callable[[int, int], None] = lambda _done, _of: None, bounds: Bounds = LOCAL
) -> OverlayTree:
    """
    Load the kustomization in *root* and everything below it; *progress* hears how many overlays are built.

    Where there are faults, *text* is empty: nothing is rendered from a tree with a mistake in it.
    """
    graph = Graph(root, bounds)
    loaded = OverlayTree(faults=list(graph.faults))
    if loaded.faults:
        return loaded
    loaded.sources = sources = Sources(graph)
    loaded.faults += sources.faults
    loaded.faults += [*_untellable(graph), *_unseen(graph)]
    leaves = [each for each in graph.walk(graph.root) if graph.expands(each) is not None]
    if not leaves:
        hint = "add `transformers: [../../plugin]` to the overlay, or point at a folder with overlays"
        loaded.faults.append(Diagnostic(Location(_file(graph), 1, 1), "nothing here is expanded by the plugin", hint))
    loaded.faults += _nested(graph, leaves)
    if loaded.faults:
        return loaded
    loaded.faults += sources.doubts
    try:
        with mirror(graph) as copy:
            _Loading(graph, sources, copy, loaded).run(leaves, progress)
    except Failed as failed:
        loaded.faults.append(
            Diagnostic(Location(_file(graph)), f"kustomize: {failed.message}", _remedy(failed.message))
        )
    if loaded.faults:
        loaded.text = ""
    return loaded


def _untellable(graph: Graph) -> Iterator[Diagnostic]:
    """Yield each wish to know where kustomize read a resource: in the copy, that is somewhere else."""
    for each in graph.found.values():
        for i, entry in enumerate(each.entries("buildMetadata")):
            if entry in ("originAnnotations", "transformerAnnotations"):
                (line, column), _ = each.document.place(("buildMetadata", i))
                message = f"`{entry}` are not known without the plugin"
                yield Diagnostic(Location(each.file, line, column), message, "leave it out, or build with the plugin")


def _unseen(graph: Graph) -> Iterator[Diagnostic]:
    """Yield whatever acts inside a plugin's folder beside the function: in the copy, that folder does nothing."""
    hint = "list it under `transformers` of the overlay"
    for each in graph.found.values():
        yield from _misplaced(graph, each)
        if not graph.is_plugin(each.folder):
            continue
        for key in sorted(set(each.fields) - _LISTING):
            (line, column), _ = each.document.place((key,))
            yield Diagnostic(
                Location(each.file, line, column), f"`{key}` acts inside the plugin, which holds the function alone"
            )
        for other in [*each.folders, *(file for file in each.files if not is_harmless(file))]:
            message = f"`{os.path.relpath(other, each.folder)}` acts inside the plugin, which holds the function alone"
            yield Diagnostic(Location(each.file, 1, 1), message, hint)


def _misplaced(graph: Graph, kustomization: Kustomization) -> Iterator[Diagnostic]:
    """Yield each place but the one under `transformers` at which *kustomization* names the plugin."""
    seen = False
    for key, entries in kustomization.fields.items():
        for i, entry in enumerate(entries if isinstance(entries, list) else []):
            if not isinstance(entry, str) or not graph.is_plugin(os.path.realpath(kustomization.at(entry))):
                continue
            if seen or key != "transformers":
                (line, column), _ = kustomization.document.place((key, i))
                message = (
                    "the plugin is named twice" if key == "transformers" else f"the plugin has no place in `{key}`"
                )
                hint = "name it once, under `transformers` of the overlay"
                yield Diagnostic(Location(kustomization.file, line, column), message, hint)
            seen = seen or key == "transformers"


def _nested(graph: Graph, leaves: list[Kustomization]) -> Iterator[Diagnostic]:
    """Yield each overlay that builds on one: what that gives it is expanded already."""
    for leaf in leaves:
        for each in graph.walk(leaf.folder):
            if each is not leaf and graph.expands(each) is not None:
                message = f"`{os.path.relpath(each.folder, leaf.folder)}` is expanded by the plugin already"
                yield Diagnostic(
                    Location(leaf.file, 1, 1), message, "build on what it builds on: `resources: [../../base]`"
                )


def _remedy(message: str) -> str:
    """Return what helps against the message of kustomize that people meet most."""
    if "wrong node kind" in message:
        return (
            "a patch cannot turn one value into a map or a list: remove the rule with `null` and add one of another "
            "name, or use a JSON 6902 patch"
        )
    return ""


def _file(graph: Graph) -> str:
    return graph.found[graph.root].file


class _Loading:
    def __init__(self, graph: Graph, sources: Sources, copy: Mirror, loaded: OverlayTree) -> None:
        self.graph = graph
        self.sources = sources
        self.copy = copy
        self.loaded = loaded
        self.doubts = list(loaded.faults)
        self.known: Known = {}

    def run(self, leaves: list[Kustomization], progress: Callable[[int, int], None]) -> None:
        """Build and expand every leaf, then put the whole together."""
        for leaf in leaves:
            self.hold_back(leaf)
        folders = [leaf.folder for leaf in leaves]
        for folder, built in self.copy.build_all(folders, lambda done: progress(done, len(leaves))):
            if isinstance(built, Failed):
                self.fault(self.graph.found[folder].file, f"kustomize: {built.message}", _remedy(built.message))
                continue
            try:
                self.loaded.overlays[folder] = overlay = Overlay(built, self.known)
            except InvalidYaml as unreadable:
                self.fault(self.graph.found[folder].file, unreadable.message, unreadable.hint)
                continue
            for problem in sorted_diagnostics(overlay.problems):
                self.add(self.located(folder, problem))
        if not self.loaded.faults:
            self.loaded.text = self.whole(leaves)

    def add(self, found: Diagnostic) -> None:
        """Note a fault, unless what stands there is reported already: one mistake, one message."""
        if all(each.location != found.location for each in self.doubts):
            self.loaded.faults.append(found)

    def fault(self, file: str, message: str, hint: str = "") -> None:
        self.loaded.faults.append(Diagnostic(Location(file), message, hint))

    def hold_back(self, leaf: Kustomization) -> None:
        """In the copy, leave out of *leaf* what acts behind the plugin; it has its turn in :meth:`whole`."""
        position = self.graph.expands(leaf)
        later = leaf.transformers[position + 1 :] if position is not None else []
        if later or any(key in leaf.fields for key in _AFTER):
            first = leaf.transformers[:position]
            kept = {key: value for key, value in leaf.fields.items() if key not in _AFTER}
            self.copy.write(leaf.file, _json(kept | {"transformers": list[Raw](first)}))

    def located(self, folder: str, problem: Diagnostic) -> Diagnostic:
        """Return the problem at the line that a person wrote."""
        at = problem.location
        first = at.resource.partition(" ")[0]
        kind = {"cluster": "ClusterProfile", "namespace": "SegmentedNamespace"}.get(first, first)
        found = self.sources.locate(folder, kind, at.path)
        if at.resource == "input" or at.path[:1] == ("metadata",):
            found = Location(self.graph.found[folder].file, 1, 1)
        return problem.at(found)

    def whole(self, leaves: list[Kustomization]) -> str:
        """Return what ``kustomize build`` of the root prints with the plugin."""
        root = self.graph.found[self.graph.root]
        if self.only_lists(root):
            return join(text for _, text in sorted(self.listed(root), key=lambda each: each[0]))
        self.loaded.listed = False
        for leaf in leaves:
            self.put_in_place(leaf)
        text = self.copy.build(self.graph.root)
        heads = [each.head for each in of_build(text)]
        for head in filter(is_ours, heads):
            self.left(head)
        policies = sum(len(overlay.policies) for overlay in self.loaded.overlays.values())
        if policies and all(head.get("kind") != "NetworkPolicy" for head in heads):
            message = f"of the policies that the overlays expand to ({policies}), none is left"
            self.fault(root.file, message, "look for what takes them away behind the plugin: a patch, or an annotation")
        return text

    def left(self, head: dict[str, Raw]) -> None:
        """Refuse one of this project's own resources that nothing expanded: it protects nobody."""
        kind, namespace = head.get("kind"), head.get("namespace")
        of = f" of `{namespace}`" if namespace else ""
        written = (each.file for each in self.graph.found.values() if of and each.fields.get("namespace") == namespace)
        message = f"the {kind}{of} is not expanded by the plugin"
        hint = "add `transformers: [../../plugin]` to the overlay, or take out what is no overlay"
        self.add(Diagnostic(Location(next(written, _file(self.graph)), 1, 1), message, hint))

    def put_in_place(self, leaf: Kustomization) -> None:
        """
        In the copy, make *leaf* build what the plugin would: what it builds unexpanded, its policies instead of ours.

        The overlay itself moves to a folder beside its own, so that its relative paths hold, and what it
        generates is still generated: an outer kustomization can patch it and hash it as ever.
        """
        inner = f"bulkhead-inner-{os.path.basename(leaf.folder)}"
        self.copy.duplicate(leaf.folder, os.path.join(os.path.dirname(leaf.folder), inner))
        policies = join(document(policy) for policy in self.loaded.overlays[leaf.folder].policies)
        resources: list[Raw] = [f"../{inner}"]
        if policies:
            self.copy.write(os.path.join(leaf.folder, "bulkhead-policies.yaml"), policies)
            resources.append("bulkhead-policies.yaml")
        self.copy.write(os.path.join(leaf.folder, "bulkhead-expanded.yaml"), _EXPANDED)
        position = self.graph.expands(leaf) or 0
        later: list[Raw] = ["bulkhead-expanded.yaml", *leaf.transformers[position + 1 :]]
        behind: dict[str, Raw] = {key: leaf.fields[key] for key in _AFTER if key in leaf.fields}
        self.copy.write(leaf.file, _json({"resources": resources, "transformers": later, **behind}))

    def only_lists(self, at: Kustomization, above: tuple[str, ...] = ()) -> bool:
        """Say whether a build of *at* merely sorts what its overlays render, which is done here without kustomize."""
        position = self.graph.expands(at)
        if position is not None:
            return position == len(at.transformers) - 1 and not any(key in at.fields for key in _AFTER)
        if at.folder in above or not _is_plain_list(at):
            return False
        targets = [os.path.realpath(at.at(entry)) for entry in at.entries("resources")]
        return all(
            target in self.graph.found and self.only_lists(self.graph.found[target], (*above, at.folder))
            for target in targets
        )

    def listed(self, root: Kustomization) -> Iterator[tuple[tuple[int, str, str], str]]:
        """Yield what the overlays render that *root* leads to; refuse what comes twice, as kustomize does."""
        taken: dict[tuple[int, str, str], str] = {}
        refused: set[tuple[str, str]] = set()
        for leaf in self.visited(root):
            for key, text in self.rendered([leaf]):
                if key in taken and (leaf.folder, taken[key]) not in refused:
                    other = taken[key]
                    refused.add((leaf.folder, other))
                    self.fault(leaf.file, *_twice(key, os.path.relpath(other, root.folder), other == leaf.folder))
                taken[key] = leaf.folder
                yield key, text

    def visited(self, at: Kustomization) -> Iterator[Kustomization]:
        """Yield each overlay as often as *at*, which only lists, leads to it."""
        if self.graph.expands(at) is not None:
            yield at
            return
        for entry in at.entries("resources"):
            yield from self.visited(self.graph.found[os.path.realpath(at.at(entry))])

    def rendered(self, leaves: list[Kustomization]) -> Iterator[tuple[tuple[int, str, str], str]]:
        """Yield the documents of *leaves*, each with its sort key in kustomize's order."""
        for leaf in leaves:
            overlay = self.loaded.overlays[leaf.folder]
            yield from ((legacy(each.head), each.text) for each in overlay.kept)
            for policy in overlay.policies:
                head: dict[str, Raw] = {"namespace": policy.namespace, "name": policy.name}
                head |= {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy"}
                yield legacy(head), document(policy)


def _is_plain_list(at: Kustomization) -> bool:
    """Say whether *at* lists relative paths and is nothing else, beyond any doubt of kustomize's."""
    fields = at.fields
    metadata = fields.get("metadata", {})
    return (
        set(fields) <= _LISTING
        and all(fields.get(key, usual) == usual for key, usual in _USUAL.items())
        and isinstance(metadata, dict)
        and set(metadata) <= {"name"}
        and all(isinstance(name, str) for name in metadata.values())
        and fields.get("resources") == at.entries("resources")
        and not any(os.path.isabs(entry) for entry in at.entries("resources"))
    )


def _twice(key: tuple[int, str, str], other: str, same: bool) -> tuple[str, str]:
    """Return what to say of a resource, by its sort key, that the overlay *other* renders too."""
    kind, name = key[1].rpartition("_")[2], key[2].rpartition("|")[2]
    if same:
        return "this overlay is listed twice", "list it once"
    return (
        f"the {kind} `{name}` comes from `{other}` too",
        "keep one of the two, or give each overlay its own `namespace`",
    )


def _json(value: dict[str, Raw]) -> str:
    return json.dumps(value, ensure_ascii=False) + "\n"

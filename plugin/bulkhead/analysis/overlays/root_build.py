"""
What `kustomize build` of the root prints with the plugin, put together from what the overlays render.

Where outer kustomizations only list, the result is a sorted stream and kustomize is not needed.  Otherwise
kustomize builds the root of the copy, in which each overlay has its policies in place of its own resources.
"""

import os
from collections.abc import Iterable, Iterator, Mapping

from bulkhead.analysis.overlays.overlay import Overlay
from bulkhead.analysis.overlays.overlay_builds import AFTER
from bulkhead.analysis.overlays.passed_through import unreadable_resources
from bulkhead.analysis.overlays.tree_checks import LISTING
from bulkhead.core.diagnostics import Diagnostic, Location
from bulkhead.core.kubernetes.networkpolicy import NETWORKPOLICY, NetworkPolicy, is_networkpolicy
from bulkhead.io.kustomize.build import UNUSED, Mirror, join, kustomization_text
from bulkhead.io.kustomize.kustomization import Graph, Kustomization
from bulkhead.io.kustomize.resource_order import legacy
from bulkhead.io.rendered.write_networkpolicy import document
from bulkhead.io.resources.decode import is_ours
from bulkhead.io.yaml.nodes import Raw
from bulkhead.io.yaml.resource_stream import Resource, of_build

_EXPANDED = """\
apiVersion: builtin
kind: PatchTransformer
metadata: {name: bulkhead-expanded}
target: {group: 'bulkhead\\.dev'}
patch: |-
  apiVersion: bulkhead.dev/v1alpha1
  kind: SegmentedNamespace
  metadata: {name: any}
  $patch: delete
"""
"""Takes away what the plugin takes away: this project's own resources. A group is a regular expression to kustomize."""

_POLICIES = f"{UNUSED}policies.yaml"
_CONSUMED = f"{UNUSED}consumed.yaml"

_USUAL = {"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization"}


RenderedPart = Resource | NetworkPolicy
"""A resource that passes through, or a policy that an overlay expands to."""


def text_of_parts(parts: Iterable[RenderedPart]) -> str:
    """Return one YAML stream of *parts*, as kustomize writes it."""
    return join(document(each) if isinstance(each, NetworkPolicy) else each.text for each in parts)


class RootBuild:
    """
    The build of a graph's root from its *overlays*, by folder; *faults* are what is wrong with it.
    """

    def __init__(self, graph: Graph, copy: Mirror, overlays: Mapping[str, Overlay]) -> None:
        self.graph = graph
        self.copy = copy
        self.overlays = overlays
        self.listed = True
        self.faults: list[Diagnostic] = []
        self._lists: dict[str, bool] = {}

    def parts(self) -> list[RenderedPart] | None:
        """Return what the root prints where outer kustomizations only list, in kustomize's order; else ``None``."""
        root = self.graph.found[self.graph.root]
        if not self.only_lists(root):
            return None
        kept = (each for overlay in self.overlays.values() for each in overlay.kept)
        self.faults += unreadable_resources(self.graph, kept)
        return [part for _, part in sorted(self._in_order(root), key=lambda each: each[0])]

    def text(self, leaves: list[Kustomization]) -> str:
        """
        Return what ``kustomize build`` of the root prints with the plugin, where it does more than list.

        :raises Failed: where the root does not build.
        """
        root = self.graph.found[self.graph.root]
        self.listed = False
        for leaf in leaves:
            self._put_in_place(leaf)
        text = self.copy.build(self.graph.root)
        resources = of_build(text)
        heads = [each.head for each in resources]
        for head in filter(is_ours, heads):
            self._left(head)
        ours = {(each.namespace, each.name) for overlay in self.overlays.values() for each in overlay.policies}
        others = (each for each in resources if (each.head.get("namespace"), each.head.get("name")) not in ours)
        self.faults += unreadable_resources(self.graph, others)
        policies = sum(len(overlay.policies) for overlay in self.overlays.values())
        if policies and not any(is_networkpolicy(head.get("apiVersion"), head.get("kind")) for head in heads):
            message = f"of the policies that the overlays expand to ({policies}), none is left"
            self._fault(root.file, message, "look for what removes them after the plugin: a patch, or an annotation")
        return text

    def _left(self, head: dict[str, Raw]) -> None:
        """Refuse a resource of this project that no plugin expanded: no policy comes from it."""
        kind, namespace = head.get("kind"), head.get("namespace")
        of = f" of `{namespace}`" if namespace else ""
        written = (each.file for each in self.graph.found.values() if of and each.fields.get("namespace") == namespace)
        message = f"the {kind}{of} is not expanded by the plugin"
        hint = "add `transformers: [../../plugin]` to the overlay, or take out what is no overlay"
        at = Location(next(written, self.graph.found[self.graph.root].file), 1, 1)
        self.faults.append(Diagnostic(at, message, hint))

    def _put_in_place(self, leaf: Kustomization) -> None:
        """
        In the copy, make *leaf* build what the plugin would: what it builds unexpanded, its policies instead of ours.

        The overlay itself moves to a folder next to its own, so that its relative paths hold, and what it
        generates is still generated: an outer kustomization can patch it and hash it as ever.
        """
        inner = f"{UNUSED}{os.path.basename(leaf.folder)}"
        self.copy.duplicate(leaf.folder, os.path.join(os.path.dirname(leaf.folder), inner))
        policies = join(document(policy) for policy in self.overlays[leaf.folder].policies)
        resources: list[Raw] = [f"../{inner}"]
        if policies:
            self.copy.write(os.path.join(leaf.folder, _POLICIES), policies)
            resources.append(_POLICIES)
        self.copy.write(os.path.join(leaf.folder, _CONSUMED), _EXPANDED)
        position = self.graph.expands(leaf) or 0
        later: list[Raw] = [_CONSUMED, *leaf.transformers[position + 1 :]]
        behind: dict[str, Raw] = {key: leaf.fields[key] for key in AFTER if key in leaf.fields}
        self.copy.write(leaf.file, kustomization_text({"resources": resources, "transformers": later, **behind}))

    def only_lists(self, at: Kustomization) -> bool:
        """Say whether a build of *at* merely sorts what its overlays render, which is done here without kustomize."""
        if at.folder not in self._lists:
            self._lists[at.folder] = False  # of one that names itself
            self._lists[at.folder] = self._is_list(at)
        return self._lists[at.folder]

    def _is_list(self, at: Kustomization) -> bool:
        position = self.graph.expands(at)
        if position is not None:
            return position == len(at.transformers) - 1 and not any(key in at.fields for key in AFTER)
        targets = [self.graph.read.real(at.at(entry)) for entry in at.entries("resources")]
        return _is_plain_list(at) and all(
            target in self.graph.found and self.only_lists(self.graph.found[target]) for target in targets
        )

    def _in_order(self, root: Kustomization) -> Iterator[tuple[tuple[int, str, str], RenderedPart]]:
        """Yield what the overlays render that *root* leads to; refuse what comes twice, as kustomize does."""
        taken: dict[tuple[int, str, str], str] = {}
        refused: set[tuple[str, str]] = set()
        for leaf, at in self._visited(root, Location(root.file, 1, 1)):
            for key, part in self._rendered(leaf):
                if key in taken and (leaf.folder, taken[key]) not in refused:
                    other = taken[key]
                    refused.add((leaf.folder, other))
                    message, hint = _twice(key, os.path.relpath(other, root.folder), other == leaf.folder)
                    self.faults.append(Diagnostic(at, message, hint))
                taken[key] = leaf.folder
                yield key, part

    def _visited(self, at: Kustomization, entry: Location) -> Iterator[tuple[Kustomization, Location]]:
        """Yield each overlay as often as *at*, which only lists, leads to it, with the *entry* that names it."""
        if self.graph.expands(at) is not None:
            yield at, entry
            return
        for i, name in enumerate(at.entries("resources")):
            yield from self._visited(self.graph.found[self.graph.read.real(at.at(name))], at.place(("resources", i)))

    def _rendered(self, leaf: Kustomization) -> Iterator[tuple[tuple[int, str, str], RenderedPart]]:
        """Yield what *leaf* renders, each with its sort key in kustomize's order."""
        overlay = self.overlays[leaf.folder]
        yield from ((legacy(each.head), each) for each in overlay.kept)
        for policy in overlay.policies:
            head: dict[str, Raw] = {"namespace": policy.namespace, "name": policy.name}
            head |= {"apiVersion": "networking.k8s.io/v1", "kind": NETWORKPOLICY}
            yield legacy(head), policy

    def _fault(self, file: str, message: str, hint: str = "") -> None:
        self.faults.append(Diagnostic(Location(file, 1, 1), message, hint))


def _is_plain_list(at: Kustomization) -> bool:
    """Say whether *at* lists relative paths and is nothing else, beyond any doubt of kustomize's."""
    fields = at.fields
    metadata = fields.get("metadata", {})
    return (
        set(fields) <= LISTING
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

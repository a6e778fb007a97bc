"""
What is checked in a tree of overlays before anything is built: what a build without the plugin would not show.
"""

import os
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterator

from bulkhead.core.diagnostics import Diagnostic, Location
from bulkhead.core.kubernetes.networkpolicy import NETWORKPOLICY
from bulkhead.io.files import Unreadable, bytes_of
from bulkhead.io.kustomize.argo_sources import argo_sources
from bulkhead.io.kustomize.function_configs import is_harmless, wrong_program
from bulkhead.io.kustomize.kustomization import Graph, Kustomization, configurations
from bulkhead.io.kustomize.refusals import NOTHING_EXPANDED, refusal
from bulkhead.io.kustomize.unmodelled import annotations, is_local
from bulkhead.io.yaml.nodes import InvalidYaml, Raw

LISTING = {"apiVersion", "kind", "metadata", "resources"}
"""The fields of a kustomization that does nothing but list."""

_PROTECTED = {"SegmentedNamespace", "ClusterProfile", "ProviderRanges", "Namespace", NETWORKPOLICY}
"""Kinds that a verdict depends on: none of them may be left out of a build by an annotation."""


def tree_faults(graph: Graph) -> Iterator[Diagnostic]:
    """Yield what must not be built, or could be built differently than here."""
    yield from _build_places(graph)
    yield from _in_plugin_folders(graph)
    yield from _acting_annotations(graph)
    yield from argo_sources(graph)


def overlay_faults(graph: Graph, leaves: list[Kustomization]) -> Iterator[Diagnostic]:
    """Yield what is wrong with the overlays *leaves* as such."""
    for leaf in leaves:
        yield from _nested(graph, leaf)
        yield from _programs(graph, leaf)
        yield from _same_transformers(graph, leaf)


def nothing_expanded(graph: Graph) -> Diagnostic:
    """Return that *graph* has no overlays."""
    hint = (
        "make an overlay with `bulkhead new NAMESPACE`, add `transformers: [../../plugin]` to an overlay that has "
        "none, or name a folder with overlays"
    )
    return Diagnostic(Location(graph.found[graph.root].file, 1, 1), NOTHING_EXPANDED, hint)


def _same_transformers(graph: Graph, leaf: Kustomization) -> Iterator[Diagnostic]:
    """Yield transformers of *leaf* with one kind and name, which kustomize refuses: the copy separates them."""
    known: set[tuple[object, ...]] = set()
    for i, entry in enumerate(leaf.entries("transformers")):
        for value in [*configurations(leaf, entry), *_listed(graph, leaf.at(entry))]:
            metadata = value.get("metadata") if isinstance(value, dict) else None
            if not isinstance(value, dict) or not isinstance(metadata, dict):
                continue
            kind, name = value.get("kind"), metadata.get("name")
            key = str(value.get("apiVersion")), str(kind), str(name), str(metadata.get("namespace") or "")
            if key in known:
                yield Diagnostic(
                    leaf.place(("transformers", i)),
                    f"two transformers are both `{kind} {name}`, which kustomize refuses",
                    "rename one of them",
                )
            known.add(key)


def _listed(graph: Graph, folder: str) -> Iterator[Raw]:
    """Yield the resources that the kustomization in *folder* lists, where there is one."""
    found = graph.found.get(graph.read.real(folder))
    for entry in found.entries("resources") if found is not None else ():
        if found is not None:
            yield from configurations(found, entry)


def _build_places(graph: Graph) -> Iterator[Diagnostic]:
    """Yield each option that writes where kustomize read a resource: in the copy, that is somewhere else."""
    for each in graph.found.values():
        for i, entry in enumerate(each.entries("buildMetadata")):
            if entry in ("originAnnotations", "transformerAnnotations"):
                message = f"`{entry}` are not known without the plugin"
                yield Diagnostic(each.place(("buildMetadata", i)), message, "leave it out, or build with the plugin")


def _in_plugin_folders(graph: Graph) -> Iterator[Diagnostic]:
    """Yield each entry in a plugin's folder that changes a build, except the function: the copy ignores that folder."""
    hint = "list it under `transformers` of the overlay"
    for each in graph.found.values():
        yield from _misplaced(graph, each)
        if not graph.is_plugin(each.folder):
            continue
        for key in sorted(set(each.fields) - LISTING):
            yield Diagnostic(each.place((key,)), f"`{key}` acts inside the plugin, which holds the function alone")
        for other in [*each.folders, *(file for file in each.files if not _is_harmless(graph, file))]:
            message = f"`{os.path.relpath(other, each.folder)}` acts inside the plugin, which holds the function alone"
            yield Diagnostic(Location(each.file, 1, 1), message, hint)


def _is_harmless(graph: Graph, file: str) -> bool:
    try:
        return is_harmless(graph.read.text(file))
    except InvalidYaml:
        return False


def _misplaced(graph: Graph, kustomization: Kustomization) -> Iterator[Diagnostic]:
    """Yield each place but the one under `transformers` at which *kustomization* names the plugin."""
    seen = False
    for key, entries in kustomization.fields.items():
        for i, entry in enumerate(entries if isinstance(entries, list) else []):
            if not isinstance(entry, str) or not graph.is_plugin(graph.read.real(kustomization.at(entry))):
                continue
            if seen or key != "transformers":
                message = (
                    "the plugin is named twice" if key == "transformers" else f"the plugin has no place in `{key}`"
                )
                hint = "name it once, under `transformers` of the overlay"
                yield Diagnostic(kustomization.place((key, i)), message, hint)
            seen = seen or key == "transformers"


def _nested(graph: Graph, leaf: Kustomization) -> Iterator[Diagnostic]:
    """Yield each overlay that *leaf* builds on: what that gives it is expanded already."""
    for each in graph.walk(leaf.folder):
        if each is not leaf and graph.expands(each) is not None:
            message = f"`{os.path.relpath(each.folder, leaf.folder)}` is expanded by the plugin already"
            hint = "build on what it builds on: `resources: [../../base]`"
            yield Diagnostic(Location(leaf.file, 1, 1), message, hint)


def _programs(graph: Graph, leaf: Kustomization) -> Iterator[Diagnostic]:
    """Yield why `kustomize build` of *leaf* would run something other than the plugin's own file, or nothing."""
    for i, entry in enumerate(leaf.entries("transformers")):
        plugin = graph.read.real(leaf.at(entry))
        if not graph.is_plugin(plugin):
            continue
        for path in graph.exec_paths(plugin):
            wrong = wrong_program(leaf.folder, plugin, path)
            if wrong:
                message, runs = wrong
                hint = "an exec path is relative to the folder of the overlay: keep overlays at one depth"
                make = refusal if runs else Diagnostic
                yield make(leaf.place(("transformers", i)), message, hint)


def start_faults(graph: Graph) -> Iterator[Diagnostic]:
    """
    Yield where `kustomize build` cannot start the plugin because its file is not executable.

    What reads the tree without the plugin does not need the permission: a copy that Argo CD makes may not have it.
    """
    for leaf in graph.walk(graph.root):
        for i, entry in enumerate(leaf.entries("transformers")):
            plugin = graph.read.real(leaf.at(entry))
            for path in graph.exec_paths(plugin) if graph.is_plugin(plugin) else ():
                if not os.access(os.path.join(leaf.folder, path), os.X_OK):
                    message = f"`kustomize build` cannot start the plugin: `{path}` is not executable"
                    yield Diagnostic(
                        leaf.place(("transformers", i)), message, "type `chmod +x` and the path of the file"
                    )


def _acting_annotations(graph: Graph) -> Iterator[Diagnostic]:
    """Yield each annotation that kustomize acts on, where the build of the copy could differ by it."""
    has_later = any(_acts_later(graph, each) for each in graph.found.values())
    for each in graph.found.values():
        if graph.is_plugin(each.folder):
            continue
        listed = set(map(each.at, each.entries("resources")))
        for file in [each.file, *sorted(set(each.files))]:
            for annotation in _annotations_in(graph, file):
                if is_local(annotation) and file in listed and not has_later and _is_local_data(graph, file):
                    continue
                message = f"kustomize acts on the annotation `{annotation}`"
                yield refusal(Location(file), message, "leave it out")


def _acts_later(graph: Graph, kustomization: Kustomization) -> bool:
    position = graph.expands(kustomization)
    return position is not None and (
        position < len(kustomization.transformers) - 1 or "validators" in kustomization.fields
    )


def _annotations_in(graph: Graph, file: str) -> list[str]:
    """Return the annotations in *file*, also where it is the data of a generator: a plugin may read it as a patch."""
    try:
        return sorted(set(annotations(graph.read.text(file))))
    except InvalidYaml:
        return sorted(set(annotations(_utf_16(file))))


def _utf_16(file: str) -> str:
    """Return the text of a *file* in UTF-16, which kustomize reads too; empty where it is anything else."""
    try:
        content = bytes_of(file)
    except Unreadable:  # the code that reads it reports this
        return ""
    return content.decode("utf-16", errors="replace") if content[:2] in (BOM_UTF16_LE, BOM_UTF16_BE) else ""


def _is_local_data(graph: Graph, file: str) -> bool:
    """Say whether all that *file* names local are whole resources on which no verdict depends."""
    try:
        text = graph.read.text(file)
        values = [each.value for each in graph.read.documents(file)]
    except InvalidYaml:
        return False
    local = [each for each in values if _is_marked(each)]
    return len(local) == sum(map(is_local, annotations(text))) and all(
        isinstance(each, dict) and each.get("kind") not in _PROTECTED and not str(each.get("kind")).endswith("List")
        for each in local
    )


def _is_marked(value: Raw) -> bool:
    metadata = value.get("metadata") if isinstance(value, dict) else None
    found = metadata.get("annotations") if isinstance(metadata, dict) else None
    return isinstance(found, dict) and any(map(is_local, found))

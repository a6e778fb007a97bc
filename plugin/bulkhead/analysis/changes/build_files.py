"""The files that a build of one side reads and executes: its plugins and its programs."""

import os
from collections.abc import Iterable, Iterator

from bulkhead.analysis.analysis_input import AnalysisInput
from bulkhead.analysis.changes.delivery_changes import DeliverySide
from bulkhead.analysis.changes.revision_checks import graph_of
from bulkhead.analysis.overlays.tree_checks import LISTING
from bulkhead.core.record import record
from bulkhead.io.folders import path_below
from bulkhead.io.git.file_states import DiskFiles, FileState, FileStates
from bulkhead.io.git.programs import executed, other_than_this
from bulkhead.io.git.repository import Revision
from bulkhead.io.kustomize.kustomization import Graph, Kustomization


@record
class OtherPlugin:
    """A *plugin* of a tree; its *files* differ from those of the bulkhead that runs here."""

    plugin: str
    files: tuple[str, ...]


class BuildFiles:
    """
    The files of one side: *plugins* are the folders from which it takes its plugin, below *top*.

    Where it has none, they are those of *other*, so that a plugin that stays is no change.
    """

    def __init__(self, files: FileStates, side: AnalysisInput, top: str, other: tuple[AnalysisInput, str]) -> None:
        self.files = files
        self.graph = graph_of(side)
        self.top = top
        self.plugins, spelled = _plugins(self.graph, top)
        if not self.plugins:
            self.plugins, spelled = _plugins(graph_of(other[0]), other[1])
        self.programs = executed(files, self.plugins, spelled)

    def delivery(self) -> DeliverySide:
        """Return the files that decide what is delivered."""
        return delivery_side(self.files, self.graph, self.top, self.programs)

    def other_plugins(self, like: Revision) -> tuple[OtherPlugin, ...]:
        """Return each plugin that is not the bulkhead that runs here; hashes are those of the repository of *like*."""
        algorithm = "sha1" if len(like.commit) == 40 else "sha256"
        found = ((each, tuple(other_than_this(self.files, each, algorithm))) for each in sorted(self.plugins))
        return tuple(OtherPlugin(plugin, files) for plugin, files in found if files)


def delivery_side(files: FileStates, graph: Graph | None, top: str, programs: Iterable[str]) -> DeliverySide:
    """Return the files among *files* below *top* that decide what is delivered; the builds of *graph* are judged."""
    if graph is None:
        return DeliverySide(files, (), (), programs, ("",))
    found = graph.found.values()
    judged = [path_below(file, top) for each in found for file in (each.file, *_judged(graph, each))]
    folders = ["" if each.folder == top else path_below(each.folder, top) for each in found]
    root = "" if graph.root == top else os.path.relpath(graph.root, top)
    return DeliverySide(files, judged, folders, programs, ("", root))


def _judged(graph: Graph, kustomization: Kustomization) -> Iterator[str]:
    """
    Yield the files that *kustomization* lists and that a verdict is about.

    One in a folder of its own can be delivered from there. A verdict is about that too, unless *kustomization*, which
    is no overlay, does more than list.
    """
    only_lists = graph.expands(kustomization) is not None or set(kustomization.fields) <= LISTING
    for file in _listed(kustomization):
        if only_lists or os.path.dirname(graph.read.real(file)) in graph.found:
            yield file


def _listed(kustomization: Kustomization) -> Iterator[str]:
    """
    Yield the files that *kustomization* lists as resources and patches.

    Any other text that names a file, such as an annotation, does not make it one that is judged.
    """
    for key in ("resources", "patchesStrategicMerge", "transformers", "generators", "validators"):
        yield from map(kustomization.at, kustomization.entries(key))
    for key in ("patches", "patchesJson6902", "replacements"):
        listed = kustomization.fields.get(key)
        for each in listed if isinstance(listed, list) else ():
            path = each.get("path") if isinstance(each, dict) else None
            if isinstance(path, str):
                yield kustomization.at(path)


def programs_on_disk(side: AnalysisInput) -> dict[str, FileState]:
    """Return what a build of *side*, in a folder, can execute, from the folder that the plugin is in."""
    graph = graph_of(side)
    plugins = graph.plugins() if graph else []
    if not plugins:
        return {}
    top = os.path.commonpath([os.path.dirname(folder) for folder in plugins])
    return executed(DiskFiles.of_folder(top), [os.path.relpath(folder, top) for folder in plugins], ())


def _plugins(graph: Graph | None, top: str) -> tuple[set[str], set[str]]:
    """Return the folders of the plugins that *graph* uses, and how overlays name them, from the *top* of its files."""
    if not graph:
        return set(), set()
    folders = set(graph.plugins())
    spelled = {
        os.path.join(path_below(each.folder, top), entry)
        for each in graph.found.values()
        for entry in each.entries("transformers")
        if graph.read.real(each.at(entry)) in folders
    }
    return {os.path.relpath(folder, top) for folder in folders}, spelled

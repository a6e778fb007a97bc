"""What keeps two trees of overlays from being compared, though each of them builds."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence

from bulkhead.analysis.analysis_input import AnalysisInput
from bulkhead.core.diagnostics import Diagnostic, Location
from bulkhead.io.folders import is_inside, path_below
from bulkhead.io.git.attributes import altered_texts, attribute_files
from bulkhead.io.git.file_states import LINK, MODULE, FileStates
from bulkhead.io.git.submodules import missing_submodules
from bulkhead.io.kustomize.kustomization import Graph
from bulkhead.io.kustomize.refusals import refusal
from bulkhead.io.kustomize.unlisted import OVERLAYS, fingerprint, judged_by, plugins_of, unlisted_overlays

UNLISTED = "the root does not list it, and an ApplicationSet delivers it"
_SUBMODULE = "is a submodule, whose files are not read"
_NOT_HERE = "is a submodule that is not checked out"
_MOVE = f"put the files into this repository, or move this out of `{OVERLAYS}`"


def graph_of(side: AnalysisInput) -> Graph | None:
    """Return the kustomizations that *side* comes from."""
    return side.loaded.sources.graph if side.loaded and side.loaded.sources else None


def unlisted_faults(graph: Graph) -> Iterator[Diagnostic]:
    """Yield each folder below `overlays/` that the root of *graph* does not list, as a mistake."""
    for folder in unlisted_overlays(graph):
        hint = f"add `{folder}` to `resources` in the root's kustomization, or delete the folder"
        yield Diagnostic(Location(os.path.join(graph.root, folder)), UNLISTED, hint)


def unlisted_changes(before: Graph, after: Graph) -> tuple[list[str], list[Diagnostic]]:
    """
    Return notes about unlisted folders that are built as before, and a refusal for each that is not.

    A folder that the root lists on one side only has to be the same on both sides, because it was delivered from there.
    """
    notes, faults = [], []
    plugins, judged = plugins_of(before, after), judged_by(before, after)
    was, now = set(unlisted_overlays(before)), set(unlisted_overlays(after))
    for folder in sorted(was | now):
        old, new = (fingerprint(graph, folder, plugins, judged) for graph in (before, after))
        if old == new != "":
            when = "" if folder in was & now else " after" if folder in now else " before"
            notes.append(f"{folder} is not judged: the root does not list it{when}, and it is the same on both sides")
        else:
            at = Location(folder)  # a revision is read from a temporary copy, whose path is no use to a reader
            hint = "list it in the root's kustomization, in a change of its own"
            faults.append(refusal(at, f"{UNLISTED}: what it renders changes", hint))
    return notes, faults


def own_faults(before: AnalysisInput, after: AnalysisInput) -> Iterator[Diagnostic]:
    """
    Yield a refusal for each folder whose files change and whose own rendering is not known.

    An ApplicationSet delivers that folder by itself, so the build of the root does not show what is delivered.
    """
    sides = [each.loaded for each in (before, after) if each.loaded]
    graphs = [each.sources.graph for each in sides if each.sources]
    if len(graphs) < 2:
        return
    unknown = {
        os.path.relpath(folder, graph.root)
        for side, graph in zip(sides, graphs, strict=True)
        for folder in (side.own.unknown if side.own else ())
    }
    plugins = plugins_of(*graphs)
    for folder in sorted(unknown):
        old, new = (fingerprint(graph, folder, plugins, frozenset()) for graph in graphs)
        if old != new:
            message = "an ApplicationSet delivers it by itself, and what it renders then is not known here"
            hint = "compare this folder alone (`--dir`), or move what an outer kustomization changes into it"
            yield refusal(Location(folder), f"{message}: its files change", hint)


def altered_faults(
    files: FileStates, others: Sequence[tuple[str, bytes]], graph: Graph, top: str, programs: Iterable[str]
) -> Iterator[Diagnostic]:
    """
    Yield each file that a build reads or executes and whose text git changes when it checks it out or packs it.

    A file of attributes that is a symbolic link is refused: git reads the text of the link in some commands.

    *top* is where the files of *graph* are, *others* are as in ``altered_texts``.
    """
    read = {path_below(file, top) for file in graph.files()}
    read |= set(programs)
    for name in attribute_files(read):
        if (files.at(name) or ("",))[0] == LINK:
            message = "git may take the text of this symbolic link for attributes"
            yield refusal(Location(name), message, "replace it with a regular file")
    for each in altered_texts(read, files.content, others):
        hint = "take the attribute off this file"
        yield refusal(Location(each.file, each.line), each.message, hint)


def missing_faults(files: FileStates, graph: Graph, top: str) -> Iterator[Diagnostic]:
    """
    Yield a refusal for each path below `overlays/` whose files are not there to be read, and can be delivered.

    Such are a submodule, which Argo CD and Flux check out, a link out of the repository, and a file that is too large.
    *top* is where the files of *graph* are.
    """
    found = {path: _SUBMODULE for path, (mode, _) in files.every().items() if mode == MODULE}
    for full, why in graph.bounds.absent.items():
        found.setdefault(os.path.relpath(full, top), why)
    overlays = os.path.relpath(os.path.join(graph.root, OVERLAYS), top)
    yield from _refused_below(overlays, found)


def submodule_faults(folder: str) -> list[Diagnostic]:
    """Return a refusal for each submodule below `overlays/` of *folder*, on the disk, that is not checked out."""
    found = dict.fromkeys(missing_submodules(folder), _NOT_HERE)
    return list(_refused_below(OVERLAYS, found))


def _refused_below(overlays: str, found: Mapping[str, str]) -> Iterator[Diagnostic]:
    for path, why in sorted(found.items()):
        if is_inside(path, overlays):
            yield refusal(Location(path), f"what is below `{OVERLAYS}` can be delivered, and this {why}", _MOVE)

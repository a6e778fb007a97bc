"""
What kustomize builds from a folder of plain manifests.

The real kustomize builds a copy, without plugins and without executables; nothing is fetched. What
needs more is refused.
"""

import os

from bulkhead.core.diagnostics import Diagnostic, Location
from bulkhead.core.record import record
from bulkhead.io.kustomize.argo_sources import argo_sources
from bulkhead.io.kustomize.build import Failed, mirror
from bulkhead.io.kustomize.failures import failure
from bulkhead.io.kustomize.kustomization import Bounds, Graph


@record
class BuiltFolder:
    """The *text* that kustomize printed, the *files* that it read, and what is wrong."""

    text: str = ""
    files: tuple[str, ...] = ()
    faults: tuple[Diagnostic, ...] = ()


def build(folder: str, helm: bool) -> BuiltFolder:
    """Return what kustomize builds from *folder*. Charts are inflated only with *helm*."""
    graph = Graph(folder, Bounds(helm=helm))
    faults = (*graph.faults, *argo_sources(graph))
    if faults:
        return BuiltFolder(faults=faults)
    overlays = [
        each for each in graph.found.values() if graph.expands(each) is not None or graph.is_plugin(each.folder)
    ]
    if overlays:
        hint = "name the folder without `--manifests`, or render it first: `bulkhead render DIR > rendered.yaml`"
        return BuiltFolder(faults=(Diagnostic(Location(folder), "an overlay that the plugin expands", hint),))
    try:
        with mirror(graph) as copy:
            text = copy.build(graph.root)
    except Failed as failed:
        return BuiltFolder(faults=(failure(graph, graph.root, failed),))
    files = {os.path.realpath(each.file) for each in graph.found.values()} | set(graph.plain_files())
    return BuiltFolder(text, tuple(sorted(files)))

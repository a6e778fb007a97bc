"""
Files by which Argo CD changes the source of an Application, in the folder that the Application delivers.

`.argocd-source.yaml` and `.argocd-source-NAME.yaml` are merged into the source: they replace the plugin, add patches
or deliver other files. Argo CD then delivers something else than a build of the folder.
"""

import os
from collections.abc import Iterator

from bulkhead.core.diagnostics import Diagnostic, Location
from bulkhead.io.folders import walk
from bulkhead.io.input_files import argo_source_message, is_argo_source
from bulkhead.io.kustomize.kustomization import Graph
from bulkhead.io.kustomize.refusals import refusal
from bulkhead.io.kustomize.unlisted import OVERLAYS


def argo_sources(graph: Graph) -> Iterator[Diagnostic]:
    """Yield a refusal for each such file in a folder of *graph*, or below `overlays/` of its root."""
    folders = {at: names for at, _, names in walk(os.path.join(graph.root, OVERLAYS))}
    folders |= {at: _names(at) for at in graph.found if at not in folders}
    found = {os.path.join(at, name) for at, names in folders.items() for name in names if is_argo_source(name)}
    absent = {path for path in graph.bounds.absent if is_argo_source(path) and os.path.dirname(path) in folders}
    for file in sorted(found | absent):
        yield refusal(Location(file), *argo_source_message(file))


def _names(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:  # of one that cannot be read nothing is built
        return []

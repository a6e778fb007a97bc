"""The place of a problem in a resource that kustomize built: the line that a person wrote."""

from bulkhead.core.diagnostics import Diagnostic, Location
from bulkhead.io.kustomize.kustomization import Graph
from bulkhead.io.kustomize.patch_layers import Sources
from bulkhead.io.resources.decode import RANGES_KIND

_KINDS = {"cluster": "ClusterProfile", "namespace": "SegmentedNamespace"}


def located(graph: Graph, sources: Sources, folder: str, problem: Diagnostic) -> Diagnostic:
    """Return *problem*, which is about a resource that *folder* builds, at its line; at the least its kustomization."""
    at = problem.location
    first, _, name = at.resource.partition(" ")
    if at.resource == "input" or at.path[:1] == ("metadata",):
        return problem.at(Location(graph.found[folder].file, 1, 1))
    kind = _KINDS.get(first, first)
    return problem.at(sources.locate(folder, kind, at.path, name if kind == RANGES_KIND else ""))

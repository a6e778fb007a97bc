"""
Resources of overlays that are not this project's: they are passed on as they are, and kubectl has to read them.

What kubectl and the API server could read in another way than it is written here is refused, whatever its kind.
"""

from collections.abc import Iterable, Iterator

from bulkhead.analysis.overlays.kept_back import decides
from bulkhead.core.diagnostics import Diagnostic, Location, Path
from bulkhead.io.kustomize.kustomization import Graph
from bulkhead.io.kustomize.refusals import refusal
from bulkhead.io.manifests.object_reader import may_be_misread, read
from bulkhead.io.yaml.nodes import InvalidYaml
from bulkhead.io.yaml.resource_stream import Resource


def unreadable_resources(graph: Graph, found: Iterable[Resource]) -> Iterator[Diagnostic]:
    """Yield what is wrong with each of *found*, which a build of *graph* passes on, at the line that wrote it."""
    for each in found:
        if may_be_misread(each.keys()) or decides(str(each.head.get("apiVersion")), str(each.head.get("kind"))):
            problems: list[Diagnostic] = []
            for _ in read(each.value(), problems):
                pass
            for problem in problems:
                at = _place(graph, each, problem.location.path)
                yield refusal(at, f"{problem.location.resource}: {problem.message}", problem.hint)


def _place(graph: Graph, resource: Resource, path: Path) -> Location:
    """Return where *path* of *resource* is written: in a document of its kind, rather one of its name."""
    best, most = Location(graph.found[graph.root].file, 1, 1), (-1, False)
    for file in graph.plain_files():
        try:
            found = graph.read.documents(file)
        except InvalidYaml:
            continue
        for document in found:
            value = document.value if isinstance(document.value, dict) else {}
            metadata = value.get("metadata")
            is_named = isinstance(metadata, dict) and metadata.get("name") == resource.head.get("name")
            (line, column), depth = document.place(path)
            if value.get("kind") == resource.head.get("kind") and (depth, is_named) > most:
                best, most = Location(file, line, column), (depth, is_named)
    return best

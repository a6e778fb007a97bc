"""What an import wrote, in words."""

from collections.abc import Iterator

from bulkhead.analysis.analysis_input import AnalysisInput
from bulkhead.analysis.importing.imported_tree import ImportedTree
from bulkhead.core.kubernetes.networkpolicy import Direction
from bulkhead.report.names.evidence import evidence_text


def import_text(tree: ImportedTree, before: AnalysisInput, folder: str, exact: bool, equal: bool) -> str:
    """Return the report of *tree*, which is in *folder*; *equal*: it was proved that it allows the same."""
    return "".join(f"{line}\n" for line in _lines(tree, before, folder, exact, equal))


def _lines(tree: ImportedTree, before: AnalysisInput, folder: str, exact: bool, equal: bool) -> Iterator[str]:
    yield f"read {evidence_text(before.evidence)}"
    for each in before.unjudged:
        yield f"not imported, and not judged: {each.title}"
    shared = ", ".join(f"{name} ({direction})" for direction, name in sorted(tree.standard)) or "none"
    yield f"wrote {folder}: {len(tree.files)} files, overlays for {len(tree.namespaces)} namespaces"
    yield f"rules of the standard pattern: {shared}"
    for raw in tree.raw:
        yield f"not said in an overlay: {raw.policy.namespace}/{raw.policy.name}: {raw.reason}"
    for policy in before.cluster.policies:
        if not policy.has_types:
            types = " and ".join(each.title() for each in policy.types)
            yield f"no policyTypes: {policy.namespace}/{policy.name} is read as the API server creates it: {types}"
    if not exact:
        yield from _closed(tree)
    if equal:
        yield "EQUAL for every possible pod"


def _closed(tree: ImportedTree) -> Iterator[str]:
    """Yield what the added default deny closes."""
    for namespace in tree.namespaces.values():
        missing = [each.value for each in Direction if each not in namespace.every.isolated]
        if missing:
            yield (
                f"default deny added: {namespace.name} had none for {' and '.join(missing)}; pods that no policy "
                "selects for it are closed now (--exact leaves them open)"
            )

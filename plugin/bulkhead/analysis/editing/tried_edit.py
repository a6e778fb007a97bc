"""Tries an edit in a copy of the tree: what comes out has to be valid, and what it opens and closes is known."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from bulkhead.analysis.analysis_input import AnalysisInput
from bulkhead.analysis.changes.comparison import Comparison, renamed
from bulkhead.analysis.changes.comparison_request import ComparisonRequest, checked_side, compare_trees
from bulkhead.analysis.changes.revision_checks import graph_of
from bulkhead.analysis.judged_endpoints import Endpoints
from bulkhead.analysis.overlays_input import from_overlays
from bulkhead.analysis.semantics_options import SemanticsOptions
from bulkhead.io.editing.edited_text import NotEditable
from bulkhead.io.editing.tree_copy import edited_copy
from bulkhead.io.manifests.manifest_files import Selection

NAMES = "the files as they were", "the files as edited"
"""What the sides of the comparison are called."""


@contextmanager
def tried(found: AnalysisInput, texts: Mapping[str, str]) -> Iterator[tuple[AnalysisInput, Comparison]]:
    """
    Yield the tree of *found* in which the files at the paths of *texts* have these texts, and what that changes.

    :raises NotComparable: where the edited tree has faults, or the two cannot be compared.
    """
    graph = graph_of(found)
    if graph is None:
        raise NotEditable("there are no overlays to edit", "name the folder with -C")
    asked = ComparisonRequest(
        (), graph.root, (), (), Selection(), "", False, SemanticsOptions(), Endpoints.ALL, False, False
    )
    with edited_copy(graph, texts) as copy:
        after = renamed(from_overlays(copy.at(graph.root), may_be_empty=True), copy)
        checked_side(os.path.relpath(graph.root), after)
        yield after, compare_trees(asked, NAMES, found, after)

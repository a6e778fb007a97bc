"""What a person asks to compare, and why it cannot be compared."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from bulkhead.analysis.analysis_input import AnalysisInput
from bulkhead.analysis.changes.compared_readings import compare_readings
from bulkhead.analysis.changes.comparison import (
    ComparedSides,
    Comparison,
    NotComparable,
    compare_overlays,
    with_networks,
)
from bulkhead.analysis.changes.kept_policies import kept_policies
from bulkhead.analysis.changes.own_deliveries import add_own, own_sides
from bulkhead.analysis.changes.revision_checks import graph_of, own_faults, unlisted_changes
from bulkhead.analysis.judged_endpoints import Endpoints
from bulkhead.analysis.overlays.known_overlays import KnownOverlays
from bulkhead.analysis.overlays.overlay_tree import Progress, no_progress
from bulkhead.analysis.overlays.tree_checks import nothing_expanded
from bulkhead.analysis.semantics_options import SemanticsOptions, semantics_of
from bulkhead.core.engine.semantics import Semantics
from bulkhead.io.kustomize.kustomization import Bounds
from bulkhead.io.manifests.manifest_files import Selection


class NothingToCompare(Exception):
    """There is neither a policy nor a pod in *side*, which is called *name*."""

    def __init__(self, name: str, side: AnalysisInput) -> None:
        super().__init__(name)
        self.name, self.side = name, side


@dataclass(frozen=True)
class ComparisonRequest:
    """
    What is compared.

    One of *folders*, *manifests* and *dump* is given, or none: then *given* are revisions, or two folders. The
    overlays are below *directory*. *prune*: the delivery deletes its policies that are no longer rendered. *remote*
    and *helm* say what kustomize may do. *progress* hears how many overlays of the side after are built, *known* is
    what the sides share.
    """

    given: Sequence[str]
    directory: str
    folders: Sequence[str]
    manifests: Sequence[tuple[str, str]]
    selection: Selection
    dump: str
    prune: bool
    semantics: SemanticsOptions
    endpoints: Endpoints
    remote: bool
    helm: bool
    progress: Progress = no_progress
    known: KnownOverlays = field(default_factory=KnownOverlays)

    @property
    def bounds(self) -> Bounds:
        """What a build of a folder may read."""
        return Bounds(self.remote, self.helm)

    def semantics_for(self, side: AnalysisInput | None) -> Semantics:
        """
        Return the semantics of *side*: those that its profile names, unless the request names some.

        :raises InvalidValue: as ``semantics_of`` does.
        """
        return semantics_of(self.semantics, side.profile if side else None)


def checked_side(name: str, side: AnalysisInput) -> AnalysisInput:
    """
    Return *side*, which is called *name*.

    :raises NotComparable: where it has faults.
    :raises NothingToCompare: where manifests contain no Kubernetes object: a side without policies has some.
    """
    if side.faults:
        raise NotComparable(name, side.faults)
    found = side.evidence
    if side.loaded is None and found.is_nothing and found.files <= found.foreign:
        raise NothingToCompare(name, side)
    return side


def compare_trees(
    asked: ComparisonRequest, names: tuple[str, str], before: AnalysisInput, after: AnalysisInput
) -> Comparison:
    """
    Compare two trees of overlays, each by the semantics of its own profile, or of the other's where it has none.

    :raises NotComparable: where a folder changes that the root does not list, or a policy is gone that is kept.
    """
    before, after = _with_facts(names, before, after)
    sides = (before, after), (after, before)
    was, now = (asked.semantics_for(side if side.profile else other) for side, other in sides)
    graphs = graph_of(before), graph_of(after)
    notes, faults = unlisted_changes(graphs[0], graphs[1]) if graphs[0] and graphs[1] else ([], [])
    faults += own_faults(before, after)
    if faults:
        raise NotComparable(names[1], faults)
    compared = ComparedSides(names, before, after, (was, now), asked.endpoints)
    found = _compared(compared)
    own = own_sides(compared)
    if own:
        add_own(found, _compared(own))
    found.notes += notes
    for name, side in zip(names, (before, after), strict=True):
        if not _has_overlays(side):
            found.notes.append(f"there is no overlay in {name}: {_EMPTY}")
    return found


def _compared(sides: ComparedSides) -> Comparison:
    kept = checked_policies(sides)
    found = compare_readings(sides, compare_overlays)
    found.notes += kept
    return found


_EMPTY = (
    "the policies of the other side are judged as if they did not exist there. A delivery deletes them if it prunes, "
    "and `kustomize build` refuses a root that lists nothing"
)


def _has_overlays(side: AnalysisInput) -> bool:
    return bool(side.loaded and side.loaded.overlays)


def _with_facts(
    names: tuple[str, str], before: AnalysisInput, after: AnalysisInput
) -> tuple[AnalysisInput, AnalysisInput]:
    """
    Return both sides, one without overlays with the profile of the other: nobody says there what the cluster is.

    :raises NotComparable: where neither side has overlays.
    """
    graph = graph_of(after)
    if graph and not (_has_overlays(before) or _has_overlays(after)):
        raise NotComparable(names[1], [nothing_expanded(graph)])
    if not _has_overlays(before):
        return _as_in(before, after), after
    return before, after if _has_overlays(after) else _as_in(after, before)


def _as_in(side: AnalysisInput, other: AnalysisInput) -> AnalysisInput:
    return replace(side, profile=other.profile, cluster=with_networks(side.cluster, other.cluster))


def checked_policies(sides: ComparedSides) -> list[str]:
    """
    Return notes about the policies that are gone in the comparison of *sides* and stay in the cluster.

    :raises NotComparable: where such a policy allows something: that is not closed.
    """
    notes, faults = kept_policies(sides.before, sides.after)
    if faults:
        raise NotComparable(sides.names[0], faults)
    return notes

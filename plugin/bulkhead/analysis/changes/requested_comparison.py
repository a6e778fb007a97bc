"""The comparison that a person asks for: of revisions, folders, manifests, or a running cluster with the overlays."""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from bulkhead.analysis.analysis_input import AnalysisInput, from_manifests
from bulkhead.analysis.changes.build_files import delivery_side, programs_on_disk
from bulkhead.analysis.changes.compared_readings import compare_readings
from bulkhead.analysis.changes.comparison import ComparedSides, Comparison, NotComparable, compare_manifests
from bulkhead.analysis.changes.comparison_request import (
    ComparisonRequest,
    NothingToCompare,
    checked_policies,
    checked_side,
    compare_trees,
)
from bulkhead.analysis.changes.delivery_changes import DeliverySide, delivery_changes
from bulkhead.analysis.changes.drift import compare_drift
from bulkhead.analysis.changes.left_out_files import left_out_changes
from bulkhead.analysis.changes.own_deliveries import add_own, own_delivery
from bulkhead.analysis.changes.revision_checks import graph_of, submodule_faults
from bulkhead.analysis.changes.revisions import are_revisions, compare_revisions
from bulkhead.analysis.overlays_input import from_overlays
from bulkhead.io.git.file_states import DiskFiles
from bulkhead.io.git.programs import changed_programs, executed
from bulkhead.io.manifests.manifest_files import Known


def requested_comparison(asked: ComparisonRequest) -> Comparison:
    """
    Return the comparison that *asked* describes.

    :raises GitError: where git cannot answer.
    :raises InvalidValue: where the semantics that are asked for contradict a profile.
    :raises NotComparable: where a side has faults.
    :raises NothingToCompare: where there is nothing to judge.
    """
    if asked.manifests:
        return _manifests(asked)
    if asked.dump:
        return _drift(asked)
    if asked.folders:
        return _folders(asked, asked.folders)
    if len(asked.given) == 2 and all(map(os.path.isdir, asked.given)) and not are_revisions(asked):
        return _folders(asked, asked.given)
    return compare_revisions(asked)


def _manifests(asked: ComparisonRequest) -> Comparison:
    known: Known = {}
    semantics = asked.semantics_for(None)
    paths = [[pair[side] for pair in asked.manifests] for side in (0, 1)]
    names = [", ".join(each) for each in paths]
    before, after = (
        checked_side(name, from_manifests(each, semantics, known, asked.selection))
        for name, each in zip(names, paths, strict=True)
    )
    sides = ComparedSides((names[0], names[1]), before, after, (semantics, semantics), asked.endpoints)
    kept = checked_policies(sides)
    found = compare_readings(sides, compare_manifests)
    found.notes += kept
    found.deliveries = left_out_changes(asked.manifests, asked.selection.exclude)
    if not (found.unjudged or found.deliveries) and before.evidence.is_nothing and after.evidence.is_nothing:
        raise NothingToCompare(names[1], after)
    return found


def _drift(asked: ComparisonRequest) -> Comparison:
    overlays = checked_side(asked.directory, from_overlays(asked.directory, asked.bounds))
    dump = checked_side(asked.dump, from_manifests(asked.dump, selection=asked.selection))
    names = f"the cluster in {asked.dump}", f"the overlays in {asked.directory}"
    semantics = asked.semantics_for(overlays)
    found = compare_drift(names, dump, overlays, semantics, asked.endpoints, asked.prune)
    own = own_delivery(overlays)
    if own:
        other = compare_drift(names, dump, own, semantics, asked.endpoints, asked.prune)
        found.live = tuple(dict.fromkeys((*found.live, *other.live)))
        found.kept = tuple(dict.fromkeys((*found.kept, *other.kept)))
        add_own(found, other)
    return found


def _folders(asked: ComparisonRequest, folders: Sequence[str]) -> Comparison:
    with ThreadPoolExecutor(2) as pool:
        sides = list(
            pool.map(lambda folder: from_overlays(folder, asked.bounds, may_be_empty=True, shared=asked.known), folders)
        )
    before, after = (checked_side(name, side) for name, side in zip(folders, sides, strict=True))
    for folder in folders:
        faults = submodule_faults(folder)
        if faults:
            raise NotComparable(folder, faults)
    found = compare_trees(asked, (folders[0], folders[1]), before, after)
    found.programs = changed_programs(programs_on_disk(before), programs_on_disk(after))
    found.deliveries = delivery_changes(*_delivery_sides(folders, (before, after)))
    return found


def _delivery_sides(folders: Sequence[str], sides: Sequence[AnalysisInput]) -> Iterator[DeliverySide]:
    """Yield the files in each of *folders* that decide what is delivered; *sides* are judged."""
    tops = [os.path.realpath(folder) for folder in folders]
    for top, side in zip(tops, sides, strict=True):
        files = DiskFiles(top, {}, left_out=tuple(each for each in tops if each != top))
        graph = graph_of(side)
        plugins = [os.path.relpath(folder, top) for folder in graph.plugins()] if graph else []
        yield delivery_side(files, graph, top, executed(files, plugins, ()))

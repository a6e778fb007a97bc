"""Two revisions of git, or one and the working tree, compared. Nothing is checked out."""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from bulkhead.analysis.analysis_input import AnalysisInput
from bulkhead.analysis.changes.build_files import BuildFiles
from bulkhead.analysis.changes.comparison import Comparison, NotComparable, renamed, unchanged
from bulkhead.analysis.changes.comparison_request import ComparisonRequest, checked_side, compare_trees
from bulkhead.analysis.changes.delivery_changes import delivery_changes, uncommitted
from bulkhead.analysis.changes.revision_checks import altered_faults, missing_faults
from bulkhead.analysis.overlays_input import from_overlays
from bulkhead.core.diagnostics import Diagnostic, Location
from bulkhead.core.kubernetes.cluster import Cluster
from bulkhead.io.git.checkout import Copy, copies
from bulkhead.io.git.file_states import DiskFiles, FileStates, RevisionFiles
from bulkhead.io.git.programs import changed_programs
from bulkhead.io.git.repository import GitError, Repository, Revision
from bulkhead.io.kustomize.kustomization import Bounds

WORKING_TREE = "working tree"

_MANY = 200
"""Files of a side from which on the two sides are read one after the other."""


def compare_revisions(asked: ComparisonRequest) -> Comparison:
    """
    Return the comparison of the revisions that *asked* names.

    :raises GitError: where git cannot answer, or there is no such folder.
    :raises NotComparable: where a side has faults.
    """
    if not os.path.isdir(asked.directory):
        raise GitError(f"there is no folder `{asked.directory}`", "--dir DIR is a folder of the working tree")
    repository = Repository(asked.directory)
    revisions = _resolved(repository, asked.given)
    names = f"{revisions[0].name} ({revisions[0].commit[:10]})", WORKING_TREE
    if len(revisions) == 2:
        names = names[0], f"{revisions[1].name} ({revisions[1].commit[:10]})"
        if revisions[0].tree == revisions[1].tree:
            return unchanged(names)
    with copies(repository, repository.prefix, revisions, asked.known.texts) as made:
        before, after = _sides(asked, repository, made, names)
        found = compare_trees(asked, names, before, after)
        found.revisions = revisions[0], revisions[1] if len(revisions) == 2 else None
        files = [RevisionFiles(repository, revision) for revision in revisions]
        last: FileStates = files[1] if len(files) == 2 else DiskFiles.of_working_tree(repository, revisions[0])
        tops = made[0].top, made[1].top if len(made) == 2 else repository.top
        sides = (
            BuildFiles(files[0], before, tops[0], (after, tops[1])),
            BuildFiles(last, after, tops[1], (before, tops[0])),
        )
        _check_files(names, sides, repository.own_attributes())
        found.programs = changed_programs(*(side.programs for side in sides))
        deliveries = [side.delivery() for side in sides]
        found.deliveries = delivery_changes(*deliveries)
        if isinstance(last, DiskFiles):
            staged = uncommitted(deliveries[1], repository, last)
            found.deliveries = tuple({each.file: each for each in (*found.deliveries, *staged)}.values())
        if not found.programs:
            found.other_plugins = sides[1].other_plugins(revisions[0])
    return found


def are_revisions(asked: ComparisonRequest) -> bool:
    """Say whether git knows all that is given as revisions."""
    try:
        repository = Repository(asked.directory)
        return all(repository.revision(name) for name in asked.given)
    except GitError:
        return False


def _sides(
    asked: ComparisonRequest, repository: Repository, made: list[Copy], names: tuple[str, str]
) -> tuple[AnalysisInput, AnalysisInput]:
    """Return the inputs of the copies *made*; of the working tree where there is only one copy."""
    # Many overlays keep all processors busy: kustomize is started several times, or there is nothing to wait for.
    with ThreadPoolExecutor(1 if made[0].size > _MANY else 2) as pool:
        jobs = [pool.submit(_of_copy, asked, repository.prefix, copy) for copy in made]
        if len(made) == 1:
            bounds = Bounds(asked.remote, asked.helm, repository.top)
            jobs.append(
                pool.submit(
                    from_overlays,
                    os.path.join(repository.top, repository.prefix),
                    bounds,
                    True,
                    asked.progress,
                    asked.known,
                )
            )
        before, after = (checked_side(name, job.result()) for name, job in zip(names, jobs, strict=True))
    return before, after


def _check_files(names: Sequence[str], sides: Sequence[BuildFiles], others: Sequence[tuple[str, bytes]]) -> None:
    """
    Check that git checks out the texts that it stores, and that all that can be delivered is there to be read.

    :raises NotComparable: for a side whose texts it changes, or that lacks something.
    """
    for name, side in zip(names, sides, strict=True):
        if side.graph:
            faults = list(missing_faults(side.files, side.graph, side.top))
            faults += altered_faults(side.files, others, side.graph, side.top, side.programs)
            if faults:
                raise NotComparable(name, faults)


def _of_copy(asked: ComparisonRequest, prefix: str, copy: Copy) -> AnalysisInput:
    folder = os.path.join(copy.top, prefix)
    if not os.path.isdir(folder):
        why = copy.absent.get(folder, "is not there")
        fault = Diagnostic(Location(f"{copy.revision.name}:{prefix}"), f"this folder {why}")
        return AnalysisInput(Cluster(), faults=[fault])
    bounds = Bounds(asked.remote, asked.helm, copy.top, copy.absent)
    return renamed(from_overlays(folder, bounds, True, shared=asked.known), copy)


def _resolved(repository: Repository, given: Sequence[str]) -> list[Revision]:
    """
    Return the revisions that *given* names, as git diff reads them.

    :raises GitError: where nothing is before the dots: git takes HEAD, and a variable that is not set would compare it
        with itself.
    """
    if len(given) == 1 and given[0].startswith(".."):
        raise GitError(f"`{given[0]}` has no revision before the dots", "write `HEAD` if that is meant")
    if len(given) == 1 and "..." in given[0]:
        left, right = (side or "HEAD" for side in given[0].split("...", 1))
        return [repository.base(left, right), repository.revision(right)]
    if len(given) == 1 and ".." in given[0]:
        given = [side or "HEAD" for side in given[0].split("..", 1)]
    return [repository.revision(name) for name in given or ["HEAD"]]

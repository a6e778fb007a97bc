"""``bulkhead diff``: which traffic a change opens and which it closes."""

import gc
import os
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from bulkhead.analysis.analysis_input import AnalysisInput, from_manifests, from_overlays
from bulkhead.analysis.comparison import Comparison, of_drift, of_manifests, of_overlays, renamed, unchanged
from bulkhead.analysis.semantics_options import AS_EVER, SemanticsOptions, semantics_of
from bulkhead.core.diagnostics import Diagnostic, Location
from bulkhead.core.engine.semantics import Semantics
from bulkhead.core.kubernetes.cluster import Cluster
from bulkhead.core.language import scalars
from bulkhead.io.git.changed_files import altered
from bulkhead.io.git.checkout import Copy, copies
from bulkhead.io.git.repository import GitError, Repository, Revision
from bulkhead.io.kustomize.kustomization import Bounds
from bulkhead.io.manifests.clusters import Known
from bulkhead.report.diff_json import diff_json
from bulkhead.report.diff_markdown import diff_markdown
from bulkhead.report.diff_rows import diff_summary, here
from bulkhead.report.diff_text import diff_text
from bulkhead.report.pairs import diff_pairs
from bulkhead.report.text import count, faults

WORKING_TREE = "working tree"


@dataclass(frozen=True)
class DiffOptions:
    """What the command line asks for; *given* are its revisions or folders."""

    given: Sequence[str] = ()
    directory: str = "."
    folders: Sequence[str] = ()
    manifests: Sequence[str] = ()
    dump: str = ""
    reading: SemanticsOptions = AS_EVER
    form: str = "text"
    fail_on: frozenset[str] = frozenset()
    remote: bool = False
    helm: bool = False


class DiffFailed(Exception):
    """A side cannot be compared; its *faults* say why."""

    def __init__(self, name: str, found: list[Diagnostic]) -> None:
        super().__init__(name)
        self.name = name
        self.faults = found


def diff(asked: DiffOptions) -> int:
    """Print the difference and return 0 where there is none, 1 where there is, 2 where a side cannot be read."""
    gc.disable()  # nothing that is read is ever dropped
    try:
        found = _compare(asked)
    except GitError as refused:
        sys.stderr.write(f"bulkhead: error: {refused.message}\n" + (f"hint: {refused.hint}\n" if refused.hint else ""))
        return 2
    except DiffFailed as unusable:
        sys.stderr.write(faults(unusable.faults, here()))
        problems = count(len(set(unusable.faults)), "problem")
        sys.stderr.write(f"bulkhead: {unusable.name} cannot be compared: {problems}\n")
        return 2
    sys.stdout.write(_written(found, asked.form))
    return int(_fails(found, asked.fail_on))


def _written(found: Comparison, form: str) -> str:
    if form == "pairs":
        return diff_pairs(found.difference)
    told = diff_summary(found, here())
    if form == "json":
        return diff_json(found, told)
    if form == "markdown":
        return diff_markdown(told)
    return diff_text(told, sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb")


def _fails(found: Comparison, grades: frozenset[str]) -> bool:
    if found.enforcers:
        return True  # what opens by that is not told
    if not grades:
        return bool(found.findings)
    return any(
        grades & ({"opens", *(grade.value for grade in each.grades)} if each.opens else {"closes"})
        for each in found.findings
    )


def _compare(asked: DiffOptions) -> Comparison:
    if asked.manifests:
        return _manifests(asked)
    if asked.dump:
        return _drift(asked)
    if asked.folders:
        return _folders(asked, asked.folders)
    if len(asked.given) == 2 and all(map(os.path.isdir, asked.given)) and not _are_revisions(asked):
        return _folders(asked, asked.given)
    return _revisions(asked)


def _are_revisions(asked: DiffOptions) -> bool:
    try:
        repository = Repository(asked.directory)
        return all(repository.revision(name) for name in asked.given)
    except GitError:
        return False


def _manifests(asked: DiffOptions) -> Comparison:
    known: Known = {}
    semantics = _semantics(asked, None)
    sides = [_usable(path, from_manifests(path, semantics, known)) for path in asked.manifests]
    return of_manifests((asked.manifests[0], asked.manifests[1]), sides[0], sides[1], semantics)


def _semantics(asked: DiffOptions, side: AnalysisInput | None) -> Semantics:
    """
    Return what both sides are read by: what *side*, the new one, says, unless the command line does.

    :raises Refused: as ``semantics_of`` does.
    """
    try:
        return semantics_of(asked.reading, side.profile if side else None)
    except scalars.InvalidValue as refused:
        raise GitError(refused.message, refused.hint) from None


def _drift(asked: DiffOptions) -> Comparison:
    overlays = _usable(asked.directory, from_overlays(asked.directory, Bounds(asked.remote, asked.helm)))
    dump = _usable(asked.dump, from_manifests(asked.dump))
    names = f"the cluster in {asked.dump}", f"the overlays in {asked.directory}"
    return of_drift(names, dump, overlays, _semantics(asked, overlays))


def _folders(asked: DiffOptions, folders: Sequence[str]) -> Comparison:
    bounds = Bounds(asked.remote, asked.helm)
    with ThreadPoolExecutor(2) as pool:
        sides = list(pool.map(lambda folder: from_overlays(folder, bounds), folders))
    before, after = map(_usable, folders, sides)
    return of_overlays((folders[0], folders[1]), before, after, _semantics(asked, after))


def _revisions(asked: DiffOptions) -> Comparison:
    if not os.path.isdir(asked.directory):
        raise GitError(f"there is no folder `{asked.directory}`", "--dir DIR is a folder of the working tree")
    repository = Repository(asked.directory)
    revisions = _resolved(repository, asked.given)
    names = f"{revisions[0].name} ({revisions[0].commit[:10]})", WORKING_TREE
    if len(revisions) == 2:
        names = names[0], f"{revisions[1].name} ({revisions[1].commit[:10]})"
        if revisions[0].tree == revisions[1].tree:
            return unchanged(names)
    with copies(repository, repository.prefix, revisions) as made, ThreadPoolExecutor(2) as pool:
        jobs = [pool.submit(_of_copy, asked, repository.prefix, copy) for copy in made]
        if len(made) == 1:
            bounds = Bounds(asked.remote, asked.helm, repository.top)
            jobs.append(pool.submit(from_overlays, os.path.join(repository.top, repository.prefix), bounds))
        before, after = (_usable(name, job.result()) for name, job in zip(names, jobs, strict=True))
        found = of_overlays(names, before, after, _semantics(asked, after))
        tops = made[0].top, made[1].top if len(made) == 2 else repository.top
        for folder in sorted({*_plugins(before, tops[0]), *_plugins(after, tops[1])}):
            changed = altered(repository, revisions[0], revisions[1] if len(revisions) == 2 else None, folder)
            found.notes += [_of_plugin(changed)] if changed else []
    return found


def _plugins(side: AnalysisInput, top: str) -> set[str]:
    """Return the folders from which *side* takes its plugin, from the *top* of its copy."""
    graph = side.loaded.sources.graph if side.loaded and side.loaded.sources else None
    folders = [folder for folder in graph.found if graph.is_plugin(folder)] if graph else []
    return {os.path.relpath(folder, top) for folder in folders}


def _of_plugin(changed: list[str]) -> str:
    more = f" and {len(changed) - 3} more" if len(changed) > 3 else ""
    message = "the plugin itself changes, and this speaks for the one that runs here; read "
    return message + ", ".join(changed[:3]) + more


def _of_copy(asked: DiffOptions, prefix: str, copy: Copy) -> AnalysisInput:
    folder = os.path.join(copy.top, prefix)
    if not os.path.isdir(folder):
        why = copy.absent.get(folder, "is not there")
        return AnalysisInput(
            Cluster(), faults=[Diagnostic(Location(f"{copy.revision.name}:{prefix}"), f"this folder {why}")]
        )
    return renamed(from_overlays(folder, Bounds(asked.remote, asked.helm, copy.top, copy.absent)), copy)


def _usable(name: str, side: AnalysisInput) -> AnalysisInput:
    if side.faults:
        raise DiffFailed(name, side.faults)
    return side


def _resolved(repository: Repository, given: Sequence[str]) -> list[Revision]:
    """Return the revisions that *given* names, as git diff reads them."""
    if len(given) == 1 and "..." in given[0]:
        left, right = (side or "HEAD" for side in given[0].split("...", 1))
        return [repository.base(left, right), repository.revision(right)]
    if len(given) == 1 and ".." in given[0]:
        given = [side or "HEAD" for side in given[0].split("..", 1)]
    return [repository.revision(name) for name in given or ["HEAD"]]

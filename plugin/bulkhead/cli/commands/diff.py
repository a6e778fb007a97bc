"""``bulkhead diff``: show which traffic a change opens and which it closes."""

import argparse
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from bulkhead.analysis.analysis_input import AnalysisInput, from_manifests, from_overlays
from bulkhead.analysis.changes.comparison import (
    Comparison,
    Endpoints,
    of_drift,
    of_manifests,
    of_overlays,
    renamed,
    unchanged,
)
from bulkhead.analysis.changes.revision_checks import altered_faults, graph_of, unlisted_changes
from bulkhead.analysis.semantics_options import SemanticsOptions, semantics_of
from bulkhead.cli.console import Console, UsageError
from bulkhead.cli.inputs import check_selection, no_garbage_collection, nothing_to_judge
from bulkhead.cli.options import (
    Options,
    Parser,
    all_option,
    cluster_option,
    describe,
    format_option,
    selection_asked,
    selection_options,
    semantics_asked,
    semantics_options,
    values,
)
from bulkhead.core.diagnostics import Diagnostic, Location
from bulkhead.core.diff.grades import Grade
from bulkhead.core.engine.semantics import Semantics
from bulkhead.core.kubernetes.cluster import Cluster
from bulkhead.io.git.checkout import Copy, copies
from bulkhead.io.git.file_states import DiskFiles, FileState, FileStates, RevisionFiles
from bulkhead.io.git.programs import changed_programs, executed, other_than_this
from bulkhead.io.git.repository import GitError, Repository, Revision
from bulkhead.io.kustomize.kustomization import Bounds, Graph
from bulkhead.io.manifests.manifest_files import Known, Selection
from bulkhead.report.diff.diff_formats import DIFF_FORMATS
from bulkhead.report.diff.diff_rows import verdict
from bulkhead.report.layout.cut import SHORT
from bulkhead.report.layout.text import count

WORKING_TREE = "working tree"


_DESCRIPTION = """\
Show which traffic a change opens and which it closes, and how serious that is.

Revisions are read from git's objects: nothing is checked out, and nothing of them runs. One
revision (default: HEAD) is compared with the working tree and its uncommitted changes; two, or
A..B, with each other; A...B is what B did since it left A. Two folders are compared as they are.
"""

_EPILOGUE = """\
grades, the most serious first:
  internet    from a pod to the internet
  outside     from outside the cluster to a pod
  across      from one namespace to another
  private     from a pod to a private network (RFC 1918, RFC 4193, the nodes)
  within      within one namespace
  --fail-on takes these for what opens, `opens` for all of them, and `closes` for whatever closes

examples:
  bulkhead diff                            what is not committed yet
  bulkhead diff main                       my branch, and what is not committed, against main
  bulkhead diff main...pull-request        what a pull request does
  bulkhead diff main HEAD --format markdown --fail-on internet,outside
  bulkhead diff --dump cluster.json        what applying the overlays would change in the cluster, from
                                           kubectl get ns,pods,netpol -A -o json > cluster.json
  bulkhead diff --dump cluster.json --prune   the same, with a delivery that deletes what it no longer renders

exit status: 0 no traffic opens or closes (with --fail-on: none of those grades); 1 some does; 2 a side cannot be
read, or it could not be decided
"""

FAIL_ON = (*values(Grade), "opens", "closes")
"""What ``--fail-on`` takes."""


@dataclass(frozen=True)
class _Asked:
    """The options of a comparison; *given* are revisions or folders."""

    given: Sequence[str]
    directory: str
    folders: Sequence[str]
    manifests: Sequence[tuple[str, str]]
    selection: Selection
    dump: str
    prune: bool
    reading: SemanticsOptions
    endpoints: Endpoints
    remote: bool
    helm: bool
    console: Console


def options(parser: Parser) -> None:
    """Declare the options."""
    describe(parser, _DESCRIPTION, _EPILOGUE)
    parser.add_argument("revisions", nargs="*", metavar="REV", help="a branch, tag or hash, or A..B (default: HEAD)")
    parser.add_argument(
        "--dir", default=".", metavar="DIR", help="the folder with the overlays, on both sides (default: .)"
    )
    cluster_option(parser)
    sides = parser.add_mutually_exclusive_group()
    sides.add_argument("--dirs", nargs=2, default=(), metavar="DIR", help="compare the overlays in two folders")
    sides.add_argument(
        "--manifests",
        nargs=2,
        action="append",
        default=[],
        metavar=("OLD", "NEW"),
        help="compare manifests with workloads, or dumps; may be repeated, then all OLD together are compared with all "
        "NEW",
    )
    sides.add_argument("--dump", default="", metavar="FILE", help="compare a running cluster with the overlays in DIR")
    parser.add_argument(
        "--prune",
        action="store_true",
        help="with --dump: the delivery deletes its own policies that the overlays no longer render",
    )
    selection_options(parser)
    semantics_options(parser)
    format_option(parser, DIFF_FORMATS)
    all_option(parser)
    parser.add_argument(
        "--endpoints",
        choices=values(Endpoints),
        default=Endpoints.ALL.value,
        help="judge the pods that exist, every pod that could exist, or both (default: all)",
    )
    parser.add_argument(
        "--fail-on", type=_fail_on, default=frozenset(), metavar="GRADE[,GRADE]", help="exit 1 for these grades only"
    )
    parser.add_argument("--allow-remote", action="store_true", help="let kustomize fetch remote resources")


def _fail_on(text: str) -> frozenset[str]:
    found = frozenset(part.strip() for part in text.split(","))
    unknown = sorted(found - set(FAIL_ON))
    if unknown:
        raise argparse.ArgumentTypeError(f"unknown grade `{unknown[0]}`: there are {', '.join(FAIL_ON)}")
    return found


def run(options: Options, console: Console) -> int:
    """Print the difference; return 0 where there is none, 1 where there is one, 2 where it could not be decided."""
    others = options.dirs or options.manifests or options.dump
    if len(options.revisions) > 2 or (others and options.revisions):
        raise UsageError("give at most two revisions, and none together with --dirs, --manifests or --dump")
    if not (options.manifests or options.dump):
        check_selection(selection_asked(options))
    if options.prune and not options.dump:
        raise UsageError("--prune is about the policies of a running cluster: it needs --dump")
    asked = _Asked(
        given=options.revisions,
        directory=options.dir,
        folders=options.dirs,
        manifests=[(old, new) for old, new in options.manifests],
        selection=selection_asked(options),
        dump=options.dump,
        prune=options.prune,
        reading=semantics_asked(options),
        endpoints=Endpoints(options.endpoints),
        remote=options.allow_remote,
        helm=options.enable_helm,
        console=console,
    )
    with no_garbage_collection():
        found = _compare(asked)
        console.write(DIFF_FORMATS[options.format](found, console.style_of(options.all)))
        if options.format == "pairs":  # a bare list has no place for them
            for line in (verdict(found), *(f"note: {note}" for note in found.notes)):
                console.status_line(line)
        return 2 if found.undecided or found.unjudged else int(_fails(found, options.fail_on))


def _fails(found: Comparison, grades: frozenset[str]) -> bool:
    if found.programs or found.enforcers or found.networks:
        return True  # all verdicts depend on these facts
    if not grades:
        return bool(found.findings)
    return any(
        grades & ({"opens", *(grade.value for grade in each.grades)} if each.opens else {"closes"})
        for each in found.findings
    )


def _compare(asked: _Asked) -> Comparison:
    if asked.manifests:
        return _manifests(asked)
    if asked.dump:
        return _drift(asked)
    if asked.folders:
        return _folders(asked, asked.folders)
    if len(asked.given) == 2 and all(map(os.path.isdir, asked.given)) and not _are_revisions(asked):
        return _folders(asked, asked.given)
    return _revisions(asked)


def _are_revisions(asked: _Asked) -> bool:
    try:
        repository = Repository(asked.directory)
        return all(repository.revision(name) for name in asked.given)
    except GitError:
        return False


def _manifests(asked: _Asked) -> Comparison:
    known: Known = {}
    semantics = _semantics(asked, None)
    paths = [[pair[side] for pair in asked.manifests] for side in (0, 1)]
    names = [", ".join(each) for each in paths]
    before, after = (
        _usable(name, from_manifests(each, semantics, known, asked.selection), asked.console)
        for name, each in zip(names, paths, strict=True)
    )
    found = of_manifests((names[0], names[1]), before, after, (semantics, semantics), asked.endpoints)
    if not found.unjudged and before.evidence.is_nothing and after.evidence.is_nothing:
        nothing_to_judge(after, names[1], asked.console)
    return found


def _semantics(asked: _Asked, side: AnalysisInput | None) -> Semantics:
    """
    Return the semantics of *side*: those that its profile names, unless the command line names some.

    :raises InvalidValue: as ``semantics_of`` does.
    """
    return semantics_of(asked.reading, side.profile if side else None)


def _drift(asked: _Asked) -> Comparison:
    overlays = _usable(asked.directory, from_overlays(asked.directory, Bounds(asked.remote, asked.helm)), asked.console)
    dump = _usable(asked.dump, from_manifests(asked.dump, selection=asked.selection), asked.console)
    names = f"the cluster in {asked.dump}", f"the overlays in {asked.directory}"
    return of_drift(names, dump, overlays, _semantics(asked, overlays), asked.endpoints, asked.prune)


def _folders(asked: _Asked, folders: Sequence[str]) -> Comparison:
    bounds = Bounds(asked.remote, asked.helm)
    with ThreadPoolExecutor(2) as pool:
        sides = list(pool.map(lambda folder: from_overlays(folder, bounds), folders))
    before, after = (_usable(name, side, asked.console) for name, side in zip(folders, sides, strict=True))
    found = _overlays(asked, (folders[0], folders[1]), before, after)
    found.programs = changed_programs(_programs_on_disk(before), _programs_on_disk(after))
    return found


def _programs_on_disk(side: AnalysisInput) -> dict[str, FileState]:
    """Return what a build of *side*, in a folder, can execute, from the folder that the plugin is in."""
    graph = graph_of(side)
    plugins = [folder for folder in graph.found if graph.is_plugin(folder)] if graph else []
    if not plugins:
        return {}
    top = os.path.commonpath([os.path.dirname(folder) for folder in plugins])
    return executed(DiskFiles(top, {}), [os.path.relpath(folder, top) for folder in plugins], ())


def _overlays(asked: _Asked, names: tuple[str, str], before: AnalysisInput, after: AnalysisInput) -> Comparison:
    """Compare two trees of overlays, each by the semantics of its own profile, or of the other's where it has none."""
    sides = (before, after), (after, before)
    was, now = (_semantics(asked, side if side.profile else other) for side, other in sides)
    graphs = graph_of(before), graph_of(after)
    notes, faults = unlisted_changes(graphs[0], graphs[1]) if graphs[0] and graphs[1] else ([], [])
    if faults:
        asked.console.refuse(faults, f"{names[1]} cannot be compared")
    found = of_overlays(names, before, after, (was, now), asked.endpoints)
    found.notes += notes
    return found


def _revisions(asked: _Asked) -> Comparison:
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
        before, after = (_usable(name, job.result(), asked.console) for name, job in zip(names, jobs, strict=True))
        found = _overlays(asked, names, before, after)
        files = [RevisionFiles(repository, revision) for revision in revisions]
        last = files[1] if len(files) == 2 else DiskFiles.of_working_tree(repository, revisions[0])
        tops = made[0].top, made[1].top if len(made) == 2 else repository.top
        sides = _BuildFiles(files[0], before, tops[0]), _BuildFiles(last, after, tops[1])
        _check_texts(asked, names, sides, repository.own_attributes())
        found.programs = changed_programs(*(side.programs for side in sides))
        if not found.programs:
            found.notes += _other_plugins(sides[1], revisions[0])
    return found


class _BuildFiles:
    """The files of one side: *plugins* are the folders from which it takes its plugin, below *top*."""

    def __init__(self, files: FileStates, side: AnalysisInput, top: str) -> None:
        self.files = files
        self.graph = graph_of(side)
        self.top = top
        self.plugins, spelled = _plugins(self.graph, top)
        self.programs = executed(files, self.plugins, spelled)


def _check_texts(
    asked: _Asked, names: Sequence[str], sides: Sequence[_BuildFiles], others: Sequence[tuple[str, bytes]]
) -> None:
    """Refuse a side of which git checks out another text than it stores."""
    for name, side in zip(names, sides, strict=True):
        if side.graph:
            faults = list(altered_faults(side.files, others, side.graph, side.top, side.programs))
            if faults:
                asked.console.refuse(faults, f"{name} cannot be compared")


def _plugins(graph: Graph | None, top: str) -> tuple[set[str], set[str]]:
    """Return the folders of the plugins that *graph* uses, and how overlays name them, from the *top* of its files."""
    if not graph:
        return set(), set()
    folders = {folder for folder in graph.found if graph.is_plugin(folder)}
    spelled = {
        os.path.join(os.path.relpath(each.folder, top), entry)
        for each in graph.found.values()
        for entry in each.entries("transformers")
        if os.path.realpath(each.at(entry)) in folders
    }
    return {os.path.relpath(folder, top) for folder in folders}, spelled


def _other_plugins(side: _BuildFiles, like: Revision) -> list[str]:
    """Return a note for each plugin that is not the bulkhead that runs here."""
    notes = []
    for plugin in sorted(side.plugins):
        differ = other_than_this(side.files, plugin, "sha1" if len(like.commit) == 40 else "sha256")
        if differ:
            message = f"the plugin in {plugin} is not the bulkhead that runs here ({count(len(differ), 'file')})"
            notes.append(f"{message}: {SHORT.row(differ, 3)}")
    return notes


def _of_copy(asked: _Asked, prefix: str, copy: Copy) -> AnalysisInput:
    folder = os.path.join(copy.top, prefix)
    if not os.path.isdir(folder):
        why = copy.absent.get(folder, "is not there")
        return AnalysisInput(
            Cluster(), faults=[Diagnostic(Location(f"{copy.revision.name}:{prefix}"), f"this folder {why}")]
        )
    return renamed(from_overlays(folder, Bounds(asked.remote, asked.helm, copy.top, copy.absent)), copy)


def _usable(name: str, side: AnalysisInput, console: Console) -> AnalysisInput:
    if side.faults:
        console.refuse(side.faults, f"{name} cannot be compared")
    if side.loaded is None and side.evidence.is_nothing and not (side.unjudged or side.evidence.creators):
        nothing_to_judge(side, name, console)
    return side


def _resolved(repository: Repository, given: Sequence[str]) -> list[Revision]:
    """Return the revisions that *given* names, as git diff reads them."""
    if len(given) == 1 and "..." in given[0]:
        left, right = (side or "HEAD" for side in given[0].split("...", 1))
        return [repository.base(left, right), repository.revision(right)]
    if len(given) == 1 and ".." in given[0]:
        given = [side or "HEAD" for side in given[0].split("..", 1)]
    return [repository.revision(name) for name in given or ["HEAD"]]

"""``bulkhead diff``: show which traffic a change opens and which it closes."""

import argparse

from bulkhead.analysis.changes.comparison import Comparison, NotComparable
from bulkhead.analysis.changes.comparison_request import ComparisonRequest, NothingToCompare
from bulkhead.analysis.changes.requested_comparison import requested_comparison
from bulkhead.analysis.judged_endpoints import Endpoints
from bulkhead.cli.console import Console, UsageError
from bulkhead.cli.inputs import check_selection, no_garbage_collection, nothing_to_judge
from bulkhead.cli.options import (
    Options,
    Parser,
    all_option,
    describe,
    folder_option,
    format_option,
    selection_asked,
    selection_options,
    semantics_asked,
    semantics_options,
    values,
)
from bulkhead.core.diff.grades import Grade
from bulkhead.report.diff.diff_formats import DIFF_FORMATS
from bulkhead.report.diff.diff_rows import verdict
from bulkhead.report.diff.plugin_notes import plugin_notes

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


def options(parser: Parser) -> None:
    """Declare the options."""
    describe(parser, _DESCRIPTION, _EPILOGUE)
    parser.add_argument("revisions", nargs="*", metavar="REV", help="a branch, tag or hash, or A..B (default: HEAD)")
    folder_option(parser, "the folder with the overlays, on both sides (default: .)")
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
    asked = ComparisonRequest(
        given=options.revisions,
        directory=options.dir,
        folders=options.dirs,
        manifests=[(old, new) for old, new in options.manifests],
        selection=selection_asked(options),
        dump=options.dump,
        prune=options.prune,
        semantics=semantics_asked(options),
        endpoints=Endpoints(options.endpoints),
        remote=options.allow_remote,
        helm=options.enable_helm,
        progress=console.progress,
    )
    with no_garbage_collection():
        found = _compared(asked, console)
        console.write(DIFF_FORMATS[options.format](found, console.style_of(options.all)))
        if options.format == "pairs":  # a bare list has no place for them
            for line in (verdict(found), *(f"note: {note}" for note in found.notes)):
                console.status_line(line)
        return (
            2
            if found.undecided or found.unjudged or not all(each.decided for each in found.relabelled)
            else int(_fails(found, options.fail_on))
        )


def _fails(found: Comparison, grades: frozenset[str]) -> bool:
    facts = found.programs, found.deliveries, found.enforcers, found.networks, found.unwritten
    if any(facts) or found.relabelled or found.kept:
        return True  # all verdicts depend on these facts
    if not grades:
        return bool(found.findings)
    return any(
        grades & ({"opens", *(grade.value for grade in each.grades)} if each.opens else {"closes"})
        for each in found.findings
    )


def _compared(asked: ComparisonRequest, console: Console) -> Comparison:
    """
    Return the comparison.

    :raises CommandFailed: where there is none; the reason is written.
    """
    try:
        found = requested_comparison(asked)
    except NotComparable as error:
        console.refuse(error.faults, f"{error.name} cannot be compared")
    except NothingToCompare as error:
        nothing_to_judge(error.side, error.name, console)
    found.notes += plugin_notes(found.other_plugins)
    return found

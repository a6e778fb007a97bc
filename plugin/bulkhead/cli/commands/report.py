"""``bulkhead report``: write a report of the whole cluster as one HTML file, to be opened in a browser."""

import os
import time

from bulkhead.analysis.analysis_input import AnalysisInput
from bulkhead.analysis.judged_endpoints import judged
from bulkhead.analysis.lint_input import LintInput
from bulkhead.analysis.unknown_facts import uncertain_pairs
from bulkhead.cli.commands.test import promise_results, rows_of
from bulkhead.cli.console import Console, UsageError
from bulkhead.cli.inputs import STDIN, evidence_of, no_garbage_collection, note_by_folder, peers_of, tested_input
from bulkhead.cli.options import Options, Parser, analysis_options, describe, folder_options
from bulkhead.cli.output_paths import check_output
from bulkhead.core.engine.solve import reach
from bulkhead.core.language.scalars import Date
from bulkhead.core.lint.grouping import FindingGroup, grouped
from bulkhead.core.lint.registry import CHECKS, lint
from bulkhead.core.sets import ports
from bulkhead.io.files import Unwritable, write_file
from bulkhead.io.git.repository import GitError, Repository
from bulkhead.io.resources.reachability_tests import below
from bulkhead.report.layout.cut import EVERYTHING
from bulkhead.report.layout.text import count
from bulkhead.report.names.outside_names import Outside
from bulkhead.report.page.page_report import PageReport, html_report


def options(parser: Parser) -> None:
    """Declare the options."""
    describe(
        parser,
        "Write a report of the whole cluster as one HTML file: who reaches whom as a matrix that folds, a page for\n"
        "each namespace with its rules, what `lint` finds, what `test` says, and what was not understood.\n"
        "The file asks nothing of any server: open it from a disk, or keep it as an artifact of CI.\n"
        "docs/how-to/report.md",
        """\
examples:
  bulkhead report -o report.html                                   the overlays below .
  kubectl get ns,pods,netpol -A -o json | bulkhead report --manifests - -o report.html

exit status: 0 it was written; 2 the input has problems, and nothing was written
""",
    )
    folder_options(parser)
    analysis_options(parser)
    parser.add_argument("-o", "--output", metavar="FILE", help="write to this file (default: stdout)")
    parser.add_argument("--file", action="append", metavar="F", help="check the reachability tests of this file "
                        "instead of those in DIR/tests/reachability; may be repeated")  # fmt: skip
    parser.add_argument("--no-tests", action="store_true", help="check no reachability tests: those of the folder are "
                        "about another cluster than the manifests; the report says so")  # fmt: skip
    parser.add_argument("--title", metavar="TEXT", help="the title (default: the name of the folder or file)")
    parser.add_argument("--today", metavar="DATE", help="the day that `until` is compared with (default: today)")


def run(options: Options, console: Console) -> int:
    """Write the page; return 0."""
    if options.no_tests and options.file:
        raise UsageError("--file names tests, --no-tests leaves them out: give one of the two")
    today = Date.parse(options.today or time.strftime("%Y-%m-%d"))
    with no_garbage_collection():
        tested = tested_input(options, console)
        note_by_folder(tested, console)
        found = judged(tested, None)
        try:
            _check_output(options, found)
            page = html_report(_report(options, found, today, console), console.style_of(True))
            if options.output is None:
                console.write_exact(page)
                return 0
            write_file(options.output, page)
        except Unwritable as error:
            return console.file_error(options.output, error.message, error.hint)
    size = f"{len(page.encode()) / 1e6:.1f} MB"
    console.status_line(f"{options.output}: {count(len(found.cluster.policies), 'policy')}, {size}")
    return 0


def _report(options: Options, found: AnalysisInput, today: str, console: Console) -> PageReport:
    answer = reach(found.cluster, found.semantics)
    tests = below(options.dir) if options.file is None else options.file
    rows = [] if options.no_tests else rows_of(tests, console)
    return PageReport(
        options.title or _title(options),
        found,
        answer,
        Outside(found, peers_of(found)),
        evidence_of(found, answer),
        _findings(options, found, today),
        tuple(promise_results(rows, found, answer, console, EVERYTHING)) if rows else None,
        uncertain_pairs(found, answer, None, None, ports.EVERY),
        _revision(options),
        today,
        options.no_tests and bool(tests),
    )


def _title(options: Options) -> str:
    """Return the name of what is read: the folder, or the first of the manifests."""
    path = options.dir if options.manifests is None else options.manifests[0]
    return "stdin" if path == STDIN else os.path.basename(os.path.abspath(path))


def _findings(options: Options, found: AnalysisInput, today: str) -> tuple[FindingGroup, ...]:
    """Return what the checks of `lint` that are on find; accepted findings too."""
    overlays = found if found.loaded is not None else None
    paths = options.manifests or []
    files = [os.path.realpath(each) for each in found.rules.places.files] if paths and STDIN not in paths else []
    given = LintInput(overlays, None if overlays else found, files, found.semantics.enforcer, today)
    linted = lint(given.scene, tuple(check for check in CHECKS if check.on))
    heeded = frozenset(given.place(at) for at in linted.heeded)
    return grouped([(given.place(each.found.at), each) for each in linted.findings], heeded)


def _revision(options: Options) -> str:
    """Return the commit of the folder that is read; empty where it is in no repository, or that has no commit."""
    path = options.dir if options.manifests is None else options.manifests[0]
    if path == STDIN:
        return ""
    folder = path if os.path.isdir(path) else os.path.dirname(path) or "."
    try:
        return Repository(folder).revision("HEAD").commit
    except GitError:
        return ""


def _check_output(options: Options, found: AnalysisInput) -> None:
    """
    Check that the page does not take the place of what it is about.

    :raises Unwritable: where it would.
    """
    if options.output is None:
        return
    if os.path.isdir(options.output) or options.output.endswith("/"):
        raise UsageError("-o needs the name of a file, as `report.html`")
    if found.loaded is not None:
        check_output(options.output, found.loaded)
    elif os.path.realpath(options.output) in map(os.path.realpath, found.rules.places.files):
        raise Unwritable("the report is about this file", "name another file, as `report.html`")

"""What the commands that edit the files of a tree share: their options, and how an edit is shown and written."""

import os
import time
from collections.abc import Callable, Mapping

from bulkhead.analysis.analysis_input import AnalysisInput
from bulkhead.analysis.changes.comparison import Comparison, NotComparable
from bulkhead.analysis.editing.tried_edit import tried
from bulkhead.analysis.overlays_input import from_overlays
from bulkhead.analysis.semantics_options import SemanticsOptions, semantics_of
from bulkhead.cli.console import Console
from bulkhead.cli.inputs import NO_ANSWER, no_garbage_collection
from bulkhead.cli.options import Options, Parser, folder_option
from bulkhead.core.diagnostics import DiagnosticError
from bulkhead.core.language.scalars import Date, Text
from bulkhead.io.files import write_files
from bulkhead.io.yaml.nodes import Raw
from bulkhead.report.diff.diff_formats import DIFF_FORMATS

EXIT_STATUS = """
exit status: 0 the files are edited; 2 they are as they were, and the message says why
"""

REMOVAL_STATUS = """
exit status: 0 the files are edited; 1 they are as they were, for the removal opens traffic (`--accept` writes);
             2 they are as they were, and the message says why
"""


class EditError(DiagnosticError):
    """The edit is not made."""


def edit_options(parser: Parser) -> None:
    """Declare the folder, and the option that writes nothing."""
    folder_option(parser, "the folder with the overlays (default: .)")
    parser.add_argument("--dry-run", action="store_true", help="show what would change, and write nothing")


def removal_options(parser: Parser) -> None:
    """Declare the option by which a removal may open traffic."""
    parser.add_argument(
        "--accept",
        action="store_true",
        help="write also where the removal opens traffic: of pods that no policy isolates any longer",
    )


def reason_options(parser: Parser) -> None:
    """Declare what is written next to a new rule."""
    parser.add_argument("--why", required=True, metavar="TEXT", help="the reason, for later readers")
    parser.add_argument("--owner", metavar="NAME", help="who answers for the rule")
    parser.add_argument("--until", metavar="DATE", help="the last day on which it is needed: 2027-03-31")


def reasons(options: Options) -> dict[str, Raw]:
    """
    Return the fields of a rule that :func:`reason_options` ask for.

    :raises InvalidValue: where one is not valid.
    """
    found: dict[str, Raw] = {"why": str(Text.parse(options.why))}
    if options.owner is not None:
        found["owner"] = str(Text.parse(options.owner))
    if options.until is not None:
        until = Date.parse(options.until)
        if until < today():
            raise EditError(f"`--until {until}` is over: the rule would be expired", "name a later day")
        found["until"] = str(until)
    return found


def today() -> Date:
    """Return the day of this machine's clock and time zone."""
    return Date.parse(time.strftime("%Y-%m-%d"))


def editable_input(options: Options, console: Console) -> AnalysisInput:
    """
    Return the input of the overlays below the folder of *options*.

    :raises CommandFailed: where it has problems, which are written: a tree that is not valid is not edited.
    """
    found = from_overlays(options.dir, progress=console.progress)
    if found.faults:
        console.refuse(found.faults, NO_ANSWER)
    found.semantics = semantics_of(SemanticsOptions(), found.profile)
    return found


def carry_out(
    found: AnalysisInput,
    texts: Mapping[str, str],
    console: Console,
    dry_run: bool,
    check: Callable[[AnalysisInput], None] = lambda _after: None,
    form: str = "text",
    may_open: bool = True,
) -> int:
    """
    Write *texts* by path, and show what that changes, as a reviewer will see it; return exit status 0.

    Where the change opens traffic, or where that is not decided, and it *may_open* none, it is only shown: 1.

    *check* gets the edited tree and raises where it is not what was asked for. All files are written, or none is.
    *form* is the format of the report. In another one than text, stdout has nothing but the report.

    :raises CommandFailed: where the edited tree is not valid; nothing is written.
    """
    try:
        with no_garbage_collection(), tried(found, texts) as (after, comparison):
            check(after)
            report = DIFF_FORMATS[form](comparison, console.style)
    except NotComparable as error:
        console.refuse(error.faults, "nothing is written")
    new = [path for path in texts if not os.path.lexists(path)]
    is_refused = not may_open and _opens(comparison)
    if not (dry_run or is_refused):
        write_files(texts)
    would = "would be " if dry_run or is_refused else ""
    done = [f"{would}{'made' if path in new else 'changed'}: {os.path.relpath(path)}" for path in texts]
    if form == "text":
        console.write("".join(f"{line}\n" for line in [*done, ""]))
    else:
        for line in done:
            console.status_line(line)
    console.write(report)
    if is_refused:
        console.status_line("the removal opens traffic, or it is not decided whether it does: nothing is written")
        console.note("hint: pods that only this rule's policy isolates are open without it; `--accept` writes\n")
    return int(is_refused)


def _opens(comparison: Comparison) -> bool:
    """Say whether something opens, or may open."""
    undecided = comparison.undecided or comparison.unjudged or comparison.unwritten
    relabelled = any(each.opens or not each.decided for each in comparison.relabelled)
    return bool(undecided) or relabelled or any(each.opens for each in comparison.findings)

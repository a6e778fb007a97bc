"""``bulkhead expire``: remove the rules whose last day is over."""

from bulkhead.analysis.analysis_input import AnalysisInput
from bulkhead.analysis.editing.removed_rules import NamedRule, expired_rules, without
from bulkhead.cli.console import Console, UsageError
from bulkhead.cli.edits import EditError, carry_out, edit_options, editable_input, removal_options, today
from bulkhead.cli.options import Options, Parser, describe, format_option
from bulkhead.core.language.scalars import Date
from bulkhead.io.git.commit import check_clean, commit
from bulkhead.report.layout.text import count

FORMATS = ("text", "markdown")
"""The formats of the report, of those of ``bulkhead diff``."""


def options(parser: Parser) -> None:
    """Declare the options."""
    describe(
        parser,
        "Remove the rules whose `until` is before today. Comments and order stay. The report is the one of\n"
        "`bulkhead diff`. A scheduled job commits the result and opens a pull request with the report.",
        """\
examples:
  bulkhead expire --dry-run                      what is over, and what its removal closes
  bulkhead expire --commit --format markdown     one commit; the report as the text of a pull request

exit status: 0 nothing is over, or it is removed; 1 with --dry-run: something is over; without it: the removal opens
             traffic, and the files are as they were (`--accept` writes); 2 the files are as they were, and the
             message says why
""",
    )
    parser.add_argument("--today", type=Date.parse, metavar="DATE", help="the day that counts (default: today)")
    parser.add_argument("--commit", action="store_true", help="commit the edited files with git, and no others")
    format_option(parser, FORMATS)
    edit_options(parser)
    removal_options(parser)


def run(options: Options, console: Console) -> int:
    """Remove the rules; return 0, or 1 where ``--dry-run`` finds some, or where that opens traffic."""
    if options.commit and options.dry_run:
        raise UsageError("--dry-run writes nothing: leave it out to --commit")
    day = options.today or today()
    found = editable_input(options, console)
    rules = expired_rules(found, day)
    if not rules:
        console.status_line(f"no rule ended before {day}")
        return 0
    texts = without(found, rules)
    if options.commit:
        check_clean(options.dir, list(texts))

    def check(after: AnalysisInput) -> None:
        left = expired_rules(after, day)
        if left:
            raise EditError(f"rule `{left[0].name}` would still be there", "something else writes it: edit it by hand")

    if carry_out(found, texts, console, options.dry_run, check, options.format, options.accept):
        return 1
    verb = "would be removed" if options.dry_run else "removed"
    console.status_line(f"{count(len(rules), 'rule')} {verb}: {'; '.join(each.name for each in rules)}")
    if options.commit:
        console.status_line(f"committed as {commit(options.dir, list(texts), _message(rules))}")
    return int(options.dry_run)


def _message(rules: list[NamedRule]) -> str:
    lines = [f"- {each.name} ({each.direction}), until {each.until}" for each in rules]
    return "\n".join([f"Remove {count(len(rules), 'rule')} whose last day is over", "", *lines, ""])

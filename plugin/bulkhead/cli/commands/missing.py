"""``bulkhead missing``: write the rules that observed traffic needs and the overlays lack."""

from bulkhead.analysis.analysis_input import AnalysisInput
from bulkhead.analysis.flows.judge_flows import judge_flows
from bulkhead.analysis.flows.missing_rules import MissingRules, missing_rules, still_denied
from bulkhead.cli.console import Console
from bulkhead.cli.edits import EditError, carry_out, editable_input
from bulkhead.cli.inputs import note_by_folder, peers_of
from bulkhead.cli.options import Options, Parser, all_option, describe, folder_option
from bulkhead.cli.records import observed_flows, records_options
from bulkhead.report.flows.flow_report import end_text
from bulkhead.report.flows.missing_report import missing_text


def options(parser: Parser) -> None:
    """Declare the options."""
    describe(
        parser,
        "Show the rules that would allow observed traffic that the overlays deny, no wider than the records, and\n"
        "what a reviewer will see; write them with --write. Comments and order of the files stay.\n"
        "What looks like a scan, comes from the internet or goes to a metadata address is listed and never written.\n"
        "docs/how-to/observed-traffic.md",
        """
examples:
  bulkhead missing /var/log/ulog/syslogemu.log* --inventory cluster.json
  bulkhead missing records.csv --inventory cluster.json --write

exit status: 0 nothing is missing, or it is written; 1 rules are missing, or connections need rules by hand;
             2 the input has problems, or lines or connections could not be judged
""",
    )
    records_options(parser)
    folder_option(parser, "the folder with the overlays (default: .)")
    parser.add_argument("--write", action="store_true", help="edit the overlays")
    parser.add_argument(
        "--generalise",
        action="store_true",
        help="name an address by the smallest named peer that contains it, also where the peer has other addresses",
    )
    all_option(parser)


def run(options: Options, console: Console) -> int:
    """Show the rules, or write them; return 0, 1 or 2 as the help says."""
    given = editable_input(options, console)
    note_by_folder(given, console)
    table, inventories = observed_flows(options, given, console)
    judged, flows = judge_flows(table, given, inventories)
    found = missing_rules(judged, flows, peers_of(given), options.generalise)
    undecided = [each for each in flows if each.is_allowed is None]
    console.write(missing_text(found, flows, table.evidence, options.all))

    def check(after: AnalysisInput) -> None:
        after.semantics = given.semantics
        for row in still_denied(after, found.allowed, inventories):
            ends = f"{end_text(row.source)} -> {end_text(row.destination)}:{row.port}/{row.protocol}"
            raise EditError(f"these rules would not allow {ends}", "write them by hand: something else changes them")

    if found.texts:
        console.write("\n")
        carry_out(given, found.texts, console, not options.write, check)
    if undecided or not flows or table.evidence.is_incomplete:
        return 2
    return int(_is_open(found, options.write))


def _is_open(found: MissingRules, is_written: bool) -> bool:
    """Say whether something is left to do."""
    return bool(found.by_hand or (found.rules and not is_written))

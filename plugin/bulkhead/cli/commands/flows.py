"""``bulkhead flows``: show observed traffic, and what the overlays say about each connection."""

from bulkhead.analysis.flows.judge_flows import judge_flows
from bulkhead.cli.console import Console, UsageError
from bulkhead.cli.inputs import STDIN, analysis_input, note_by_folder
from bulkhead.cli.options import Options, Parser, all_option, analysis_options, describe, folder_option, format_option
from bulkhead.cli.records import observed_flows, records_options
from bulkhead.report.flows.flow_report import FlowReport
from bulkhead.report.flows.flows_formats import FLOWS_FORMATS


def options(parser: Parser) -> None:
    """Declare the options."""
    describe(
        parser,
        "Show who connected to whom according to records of observed traffic, folded by workload and port, and for\n"
        "each row whether the overlays allow it, with the line that allows or the reason that denies it.\n"
        "docs/how-to/flows.md",
        """
examples:
  bulkhead flows conntrack.txt --inventory cluster.json
  bulkhead flows /var/log/ulog/syslogemu.log* --inventory cluster.json --format markdown
  hubble observe -o json | bulkhead flows -

exit status: 0 every connection has a verdict; 2 the input has problems, or lines or connections could not be judged
""",
    )
    records_options(parser)
    folder_option(parser, "the folder with the overlays (default: .)")
    analysis_options(parser)
    format_option(parser, FLOWS_FORMATS)
    all_option(parser)


def run(options: Options, console: Console) -> int:
    """Print the rows; return 0 where each has a verdict, 2 where some have none or lines cannot be read."""
    if STDIN in options.files and STDIN in (options.manifests or ()):
        raise UsageError("stdin has either the records or the manifests")
    given = analysis_input(options, console)
    note_by_folder(given, console)
    table, inventories = observed_flows(options, given, console)
    judged, flows = judge_flows(table, given, inventories)
    report = FlowReport(judged, flows, table.evidence)
    console.write(FLOWS_FORMATS[options.format](report, console.style_of(options.all)))
    is_whole = flows and all(each.is_allowed is not None for each in flows) and not table.evidence.is_incomplete
    return 0 if is_whole else 2

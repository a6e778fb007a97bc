"""``bulkhead reach``: show which endpoints reach which, as a matrix by namespace or, with a filter, row by row."""

from bulkhead.analysis.analysis_input import AnalysisInput, each_object_by_itself
from bulkhead.analysis.judged_addresses import check_judged
from bulkhead.analysis.judged_endpoints import Endpoints, judged
from bulkhead.analysis.pod_addresses import at_those_addresses, with_candidates
from bulkhead.analysis.unknown_facts import uncertain_pairs
from bulkhead.cli.console import Console
from bulkhead.cli.inputs import (
    BY_FOLDER,
    NOT_BY_FOLDER,
    analysis_input,
    by_folder,
    evidence_of,
    no_garbage_collection,
    peers_of,
    vocabulary_of,
)
from bulkhead.cli.options import (
    ENDPOINTS_HELP,
    Options,
    Parser,
    all_option,
    analysis_options,
    describe,
    folder_options,
    format_option,
    values,
)
from bulkhead.cli.requested_ports import port_set_of, requested_port
from bulkhead.core.engine import solve as engine
from bulkhead.core.engine.endpoint_terms import EndpointSelection, target
from bulkhead.core.engine.reachability import Reachability
from bulkhead.core.language.scalars import InvalidValue
from bulkhead.report.names.outside_names import Outside
from bulkhead.report.reach import connections
from bulkhead.report.reach.connections import Filter
from bulkhead.report.reach.reach_formats import REACH_FORMATS, ReachReport

MOST = 5_000_000
"""Pairs that are listed at most: about 350 MiB of output."""


def options(parser: Parser) -> None:
    """Declare the options."""
    describe(
        parser,
        "Show which endpoints reach which, and on which ports: a matrix by namespace, or with a filter one row for\n"
        "each connection. Without workloads, the endpoints are those that the rules distinguish.",
        ENDPOINTS_HELP
        + """
examples:
  bulkhead reach                                          the whole cluster as a matrix
  bulkhead reach --from cardboard --to 'trade-bot/*'      what is open between the two
  bulkhead reach --to media/postgresql --port 5432        who reaches the database
  kubectl get ns,pods,netpol -A -o json | bulkhead reach --manifests -

exit status: 0 it was shown; 2 the input has problems
""",
    )
    folder_options(parser)
    analysis_options(parser)
    parser.add_argument("--from", dest="source", metavar="SRC", help="only connections from there")
    parser.add_argument("--to", dest="destination", metavar="DST[:PORT[/PROTO]]", help="only connections to there")
    parser.add_argument("--port", metavar="PORT[/PROTO]", help="only this port")
    parser.add_argument(
        "--endpoints",
        choices=values(Endpoints),
        help="with --manifests: the pods that exist, a pod for each kind that the policies distinguish, whether one "
        "exists or not, or both (default: existing, possible where there is no pod)",
    )
    format_option(parser, REACH_FORMATS)
    all_option(parser, "show each namespace for itself, also where some are alike")


def run(options: Options, console: Console) -> int:
    """Print the matrix, the rows or the document that is asked for."""
    with no_garbage_collection():
        given = analysis_input(options, console)
        _answer(given, options, console)
        own = by_folder(given, console)
        if own is not None and options.format in ("text", "markdown"):
            console.write(f"\n{BY_FOLDER}:\n\n")
            _answer(own, options, console)
        elif own is not None:
            console.status_line(f"note: {NOT_BY_FOLDER}: `--format text` shows both")
            return 2
    return 0


def _answer(given: AnalysisInput, options: Options, console: Console) -> None:
    filtered = bool(options.source or options.destination or options.port)
    given = each_object_by_itself(given) if options.format == "pairs" else given
    found = judged(given, Endpoints(options.endpoints) if options.endpoints else None)
    wanted = _filter(found, options) if filtered else None
    found = with_candidates(found, (wanted.source, wanted.destination)) if wanted else found
    answer = engine.reach(found.cluster, found.semantics)
    if options.format == "pairs":
        _check_pairs(answer, filtered)
    ends = wanted or Filter()
    report = ReachReport(
        answer,
        Outside(found, peers_of(found)),
        found.loaded is not None,
        wanted,
        evidence_of(found, answer),
        uncertain_pairs(found, answer, ends.source, ends.destination, ends.asked),
    )
    console.write(REACH_FORMATS[options.format](report, console.style_of(options.all)))


def _filter(found: AnalysisInput, options: Options) -> Filter:
    names = vocabulary_of(found)
    destination, port = target(options.destination) if options.destination else ("", "")
    if port and options.port:
        raise InvalidValue("the port is given twice, in --to and in --port", "leave one of them out")
    wanted = port or options.port
    return Filter(
        _end(found, names.choose(options.source)) if options.source else None,
        _end(found, names.choose(destination)) if options.destination else None,
        port_set_of(requested_port(wanted) if wanted else None),
    )


def _end(found: AnalysisInput, chosen: EndpointSelection) -> EndpointSelection:
    """Return *chosen*, if policies see its addresses, with every pod that may have one of them."""
    check_judged(found, chosen, False)
    return at_those_addresses(chosen)


def _check_pairs(answer: Reachability, filtered: bool) -> None:
    """
    Check that the list of all pairs is what is asked for, and that somebody can read it.

    :raises InvalidValue: where it is not, or does not.
    """
    if filtered:
        raise InvalidValue(
            "--format pairs lists everything", "leave --from, --to and --port out, or write --format json"
        )
    if connections.size(answer) > MOST:
        raise InvalidValue(f"more than {MOST:,} pairs are open: the list would be too long", "write --format json")

"""``bulkhead reach``: show which endpoints reach which, as a matrix by namespace or, with a filter, row by row."""

from bulkhead.analysis.analysis_input import AnalysisInput
from bulkhead.cli.console import Console
from bulkhead.cli.inputs import analysis_input, no_garbage_collection, peers_of, vocabulary_of
from bulkhead.cli.options import ENDPOINTS_HELP, Options, Parser, analysis_options, describe, folder_options
from bulkhead.cli.requested_ports import port_set_of, requested_port
from bulkhead.core.engine import solve as engine
from bulkhead.core.engine.endpoint_terms import target
from bulkhead.core.engine.reachability import Reachability
from bulkhead.core.language.scalars import InvalidValue
from bulkhead.report import connections, matrix, pairs
from bulkhead.report.connections import Filter
from bulkhead.report.outside_names import Outside

MOST = 5_000_000
"""Pairs that are listed at most: about two gigabytes of memory."""


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
        "--format",
        choices=["text", "markdown", "json", "pairs"],
        default="text",
        help="json: docs/reference/output.md; pairs: a bare list of src, dst, conn (default: text)",
    )


def run(options: Options, console: Console) -> int:
    """Print the matrix, the rows or the document that is asked for."""
    with no_garbage_collection():
        found = analysis_input(options, console)
        wanted = _filter(found, options)
        answer = engine.reach(found.cluster, found.semantics)
        filtered = bool(options.source or options.destination or options.port)
        if options.format == "pairs":
            _check_pairs(answer, filtered)
        console.write(_written(found, answer, wanted, filtered, options.format, console))
        if not answer.semantics.measured and options.format in ("text", "markdown"):
            mark = "- " if options.format == "markdown" and not filtered else ""
            console.write(f"{mark}read {answer.semantics.description}\n")
    return 0


def _filter(found: AnalysisInput, options: Options) -> Filter:
    names = vocabulary_of(found)
    destination, port = target(options.destination) if options.destination else ("", "")
    if port and options.port:
        raise InvalidValue("the port is given twice, in --to and in --port", "leave one of them out")
    wanted = port or options.port
    return Filter(
        names.choose(options.source) if options.source else None,
        names.choose(destination) if options.destination else None,
        port_set_of(requested_port(wanted) if wanted else None),
    )


def _check_pairs(answer: Reachability, filtered: bool) -> None:
    """
    Check that the list of all pairs is what is asked for, and that it fits into memory.

    :raises InvalidValue: where it is not, or does not.
    """
    if filtered:
        raise InvalidValue(
            "--format pairs lists everything", "leave --from, --to and --port out, or write --format json"
        )
    if connections.size(answer) > MOST:
        raise InvalidValue(f"more than {MOST:,} pairs are open: the list would fill the memory", "write --format json")


def _written(
    found: AnalysisInput, answer: Reachability, wanted: Filter, filtered: bool, style: str, console: Console
) -> str:
    if style == "pairs":
        return pairs.reach_pairs(answer)
    outside = Outside(found, peers_of(found))
    templates = found.loaded is not None
    if style == "json":
        return connections.as_json(answer, wanted, outside)
    if not filtered:
        made = matrix.Matrix(answer, outside, templates)
        return matrix.markdown(made) if style == "markdown" else matrix.text(made, console.width, console.palette)
    rows = connections.rows(answer, wanted, outside, templates)
    if not rows:
        return "no connection\n"
    return connections.markdown(rows) if style == "markdown" else connections.text(rows, console.palette)

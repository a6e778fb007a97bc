"""The options of commands that read records of observed traffic, and what they name."""

import io
from typing import BinaryIO, cast

from bulkhead.analysis.analysis_input import AnalysisInput
from bulkhead.analysis.flows.read_flows import INPUT_FORMATS, STDIN, UnreadableFlows, read_flows, read_inventories
from bulkhead.cli.console import Console
from bulkhead.cli.inputs import NO_ANSWER
from bulkhead.cli.options import Options, Parser
from bulkhead.core.flows.flow_table import FlowTable
from bulkhead.core.kubernetes.cluster import Cluster


def records_options(parser: Parser) -> None:
    """Declare the files of records, their format, and the inventories that name their addresses."""
    parser.add_argument("files", nargs="+", metavar="FILE", help="records, also compressed with gzip; - is stdin")
    parser.add_argument(
        "--inventory",
        action="append",
        default=[],
        metavar="FILE",
        help="what `kubectl get ns,pods -A -o json` printed: whose addresses the records name; may be repeated, an "
        "address is named where all agree",
    )
    parser.add_argument(
        "--input-format", choices=INPUT_FORMATS, help="the format of the records (default: recognised in each file)"
    )


def observed_flows(options: Options, given: AnalysisInput, console: Console) -> tuple[FlowTable, tuple[Cluster, ...]]:
    """
    Return the records that *options* name, whose ends are named by the input *given*, and the inventories.

    :raises CommandFailed: where a file cannot be read; the problems are written.
    """
    try:
        inventories = read_inventories(options.inventory)
        stdin = _stdin(console) if STDIN in options.files else None
        return read_flows(options.files, inventories, given, options.input_format or "", stdin), inventories
    except UnreadableFlows as error:
        console.refuse(error.faults, NO_ANSWER)


def _stdin(console: Console) -> BinaryIO:
    """Return stdin as bytes."""
    found = getattr(console.stdin, "buffer", None)
    return cast(BinaryIO, found) if found is not None else io.BytesIO(console.stdin.read().encode())

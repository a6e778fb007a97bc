"""The options of commands that read records of observed traffic."""

import io
from collections.abc import Sequence
from typing import BinaryIO, cast

from bulkhead.analysis.flows.read_flows import INPUT_FORMATS, STDIN
from bulkhead.cli.console import Console
from bulkhead.cli.options import Parser


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


def records_stdin(console: Console, files: Sequence[str]) -> BinaryIO | None:
    """Return stdin as bytes, where records come from there."""
    if STDIN not in files:
        return None
    found = getattr(console.stdin, "buffer", None)
    return cast(BinaryIO, found) if found is not None else io.BytesIO(console.stdin.read().encode())

"""``bulkhead reach``: who reaches whom, as a matrix by namespace or, with a filter, row by row."""

import gc
import sys

from bulkhead.analysis.analysis_input import AnalysisInput
from bulkhead.analysis.semantics_options import SemanticsOptions
from bulkhead.cli.commands.explain import port_of, set_of
from bulkhead.cli.console import CommandFailed, analysis_input, complain, names_of, palette, peers_of, width
from bulkhead.core.engine import solve as engine
from bulkhead.core.engine.endpoint_terms import target
from bulkhead.core.engine.reachability import Reachability
from bulkhead.core.language.scalars import InvalidValue
from bulkhead.report import connections, matrix, pairs
from bulkhead.report.connections import Filter
from bulkhead.report.outside_names import Outside

Asked = tuple[str | None, str | None, str | None]
"""From where, to where, on which port; ``None``: any."""


MOST = 5_000_000
"""Pairs that are listed at most: about two gigabytes of memory."""


def reach(folder: str, manifests: str | None, reading: SemanticsOptions, asked: Asked, style: str) -> int:
    """Print who reaches whom; 0, or 2 where something is wrong with what was to be read."""
    gc.disable()  # nothing that is read or computed is ever dropped: collecting garbage is a third of the time
    try:
        found = analysis_input(folder, manifests, reading)
        wanted = _filter(found, asked)
    except CommandFailed:
        return 2
    except InvalidValue as refused:
        return complain(refused.message, refused.hint)
    if style == "pairs" and any(asked):
        return complain("--format pairs lists everything", "leave --from, --to and --port out, or write --format json")
    answer = engine.reach(found.cluster, found.semantics)
    if style == "pairs" and connections.size(answer) > MOST:
        return complain(f"more than {MOST:,} pairs are open: the list would fill the memory", "write --format json")
    sys.stdout.write(_written(found, answer, wanted, any(asked), style))
    if not answer.semantics.measured and style in ("text", "markdown"):
        sys.stdout.write(
            f"{'- ' if style == 'markdown' and not any(asked) else ''}read {answer.semantics.description}\n"
        )
    return 0


def _filter(found: AnalysisInput, asked: Asked) -> Filter:
    source, destination, port = asked
    names = names_of(found)
    there, written = target(destination) if destination else ("", "")
    if written and port:
        raise InvalidValue("the port is said twice, in --to and in --port", "leave one of them out")
    wanted = written or port
    return Filter(
        names.choose(source) if source else None,
        names.choose(there) if destination else None,
        set_of(port_of(wanted) if wanted else None),
    )


def _written(found: AnalysisInput, answer: Reachability, wanted: Filter, filtered: bool, style: str) -> str:
    if style == "pairs":
        return pairs.reach_pairs(answer)
    outside = Outside(found, peers_of(found))
    templates = found.loaded is not None
    if style == "json":
        return connections.as_json(answer, wanted, outside)
    if not filtered:
        made = matrix.Matrix(answer, outside, templates)
        return matrix.markdown(made) if style == "markdown" else matrix.text(made, width(), palette())
    rows = connections.rows(answer, wanted, outside, templates)
    if not rows:
        return "no connection\n"
    return connections.markdown(rows) if style == "markdown" else connections.text(rows, palette())

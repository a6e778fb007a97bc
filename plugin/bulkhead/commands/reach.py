"""``bulkhead reach``: who reaches whom, as a matrix by namespace or, with a filter, row by row."""

import gc
import sys

from bulkhead.commands.explain import port_of, set_of
from bulkhead.commands.looking import Unusable, complain, names_of, paint, peers_of, situation, width
from bulkhead.core import reach as engine
from bulkhead.core.endpoints import target
from bulkhead.core.notation import Refused
from bulkhead.core.reachability import Reachability
from bulkhead.reading import Reading
from bulkhead.report import connections, matrix, pairs
from bulkhead.report.connections import Filter
from bulkhead.report.outside import Outside
from bulkhead.situation import Situation

Asked = tuple[str | None, str | None, str | None]
"""From where, to where, on which port; ``None``: any."""


MOST = 5_000_000
"""Pairs that are listed at most: about two gigabytes of memory."""


def reach(folder: str, manifests: str | None, reading: Reading, asked: Asked, style: str) -> int:
    """Print who reaches whom; 0, or 2 where something is wrong with what was to be read."""
    gc.disable()  # nothing that is read or computed is ever dropped: collecting garbage is a third of the time
    try:
        found = situation(folder, manifests, reading)
        wanted = _filter(found, asked)
    except Unusable:
        return 2
    except Refused as refused:
        return complain(refused.says, refused.hint)
    if style == "pairs" and any(asked):
        return complain("--format pairs lists everything", "leave --from, --to and --port out, or write --format json")
    answer = engine.reach(found.cluster, found.semantics)
    if style == "pairs" and connections.size(answer) > MOST:
        return complain(f"more than {MOST:,} pairs are open: the list would fill the memory", "write --format json")
    sys.stdout.write(_written(found, answer, wanted, any(asked), style))
    return 0


def _filter(found: Situation, asked: Asked) -> Filter:
    source, destination, port = asked
    names = names_of(found)
    there, written = target(destination) if destination else ("", "")
    if written and port:
        raise Refused("the port is said twice, in --to and in --port", "leave one of them out")
    wanted = written or port
    return Filter(
        names.choose(source) if source else None,
        names.choose(there) if destination else None,
        set_of(port_of(wanted) if wanted else None),
    )


def _written(found: Situation, answer: Reachability, wanted: Filter, filtered: bool, style: str) -> str:
    if style == "pairs":
        return pairs.reach_pairs(answer)
    outside = Outside(found, peers_of(found))
    templates = found.loaded is not None
    if style == "json":
        return connections.as_json(answer, wanted, outside)
    if not filtered:
        made = matrix.Matrix(answer, outside, templates)
        return matrix.markdown(made) if style == "markdown" else matrix.text(made, width(), paint())
    rows = connections.rows(answer, wanted, outside, templates)
    if not rows:
        return "no connection\n"
    return connections.markdown(rows) if style == "markdown" else connections.text(rows, paint())

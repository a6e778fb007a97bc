"""
Pairs: a bare JSON list of who reaches whom, one entry for each pair of workloads or address ranges.

``[{"src", "dst", "conn"}]``, and for a difference ``[{"src", "dst", "before", "after"}]``.
A workload is ``namespace/name[Kind]``, an outside network ``first-last`` with commas between
ranges, a connection what ``PortSet`` writes.  Pairs without any connection are left out, and
a workload with itself.  The list grows with the square of the cluster: rectangles do not.
"""

import json

from bulkhead.analysis.comparison import Comparison
from bulkhead.core.diff.compare import Difference
from bulkhead.core.engine.endpoint_space import EndpointClass
from bulkhead.core.engine.reachability import Reachability, port_set
from bulkhead.core.sets import ports
from bulkhead.core.sets.addresses import spell
from bulkhead.core.sets.partition import indices
from bulkhead.core.sets.ports import PortSet
from bulkhead.report.style import Style

Pairs = dict[tuple[str, str], PortSet]


def reach_pairs(answer: Reachability) -> str:
    """Write *answer* as pairs, sorted."""
    found = sorted(_pairs(answer).items())
    return _json([{"src": source, "dst": destination, "conn": str(conn)} for (source, destination), conn in found])


def diff_report(comparison: Comparison, _style: Style) -> str:
    """Write the pairs that *comparison* finds changed."""
    return diff_pairs(comparison.difference)


def diff_pairs(difference: Difference) -> str:
    """Write the pairs of *difference* whose connection is not the same before and after, sorted."""
    before, after = _pairs(difference.before), _pairs(difference.after)
    changed = [pair for pair in before.keys() | after.keys() if before.get(pair) != after.get(pair)]
    return _json(
        [
            {
                "src": source,
                "dst": destination,
                "before": str(before.get((source, destination), ports.NONE)),
                "after": str(after.get((source, destination), ports.NONE)),
            }
            for source, destination in sorted(changed)
        ]
    )


def _pairs(answer: Reachability) -> Pairs:
    """Return what is open between two workloads: between any of their pods, over any address family."""
    found: Pairs = {}
    for layer in answer.layers:
        names = [_names(member) for member in layer.universe.members]
        for row in layer.rows:
            sources = _named(names, row.sources)
            for atoms, destinations in row.parts:
                _add(found, sources, _named(names, destinations), port_set(layer, atoms))
    return found


def _add(found: Pairs, sources: list[str], destinations: list[str], opened: PortSet) -> None:
    for source in sources:
        for destination in destinations:
            if source != destination:
                known = found.get((source, destination))
                found[source, destination] = opened if known is None else ports.union(known, opened)


def _named(names: list[tuple[str, ...]], bitset: int) -> list[str]:
    return sorted({name for place in indices(bitset) for name in names[place]})


def _names(member: EndpointClass) -> tuple[str, ...]:
    if member.addresses.spans:
        return (spell(member.addresses),)
    return tuple(sorted({"{}/{}[{}]".format(*pod.owner) for pod in member.pods}))


def _json(entries: list[dict[str, str]]) -> str:
    return "[\n" + ",\n".join(map(json.dumps, entries)) + "\n]\n" if entries else "[]\n"

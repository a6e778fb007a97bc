"""
Pairs: a bare JSON list of who reaches whom, one entry for each pair of workloads or address ranges.

``[{"src", "dst", "conn"}]``. A workload is ``namespace/name[Kind]``, an outside network ``first-last`` with commas
between ranges, a connection what ``PortSet`` writes.  A workload of which policies treat some pods differently than
others is not there: each of its pods is, as ``namespace/name[Pod]``.  Pairs without any connection are left out, and a
workload with itself.  The list grows with the square of the cluster: rectangles do not.
"""

from collections.abc import Sequence

from bulkhead.core.engine.endpoint_space import EndpointClass
from bulkhead.core.engine.reachability import Reachability, port_set
from bulkhead.core.engine.replicas import Owner, treated_differently
from bulkhead.core.kubernetes.cluster import Pod
from bulkhead.core.sets import ports
from bulkhead.core.sets.addresses import spell
from bulkhead.core.sets.partition import indices
from bulkhead.core.sets.ports import PortSet
from bulkhead.report.layout.json_document import json_line

Pairs = dict[tuple[str, str], PortSet]

Entry = dict[str, object]
"""One entry of the list."""


def reach_pairs(answer: Reachability) -> str:
    """Write *answer* as pairs, sorted."""
    found = sorted(_pairs(answer).items())
    return entries_text(
        [{"src": source, "dst": destination, "conn": str(conn)} for (source, destination), conn in found]
    )


def _pairs(answer: Reachability) -> Pairs:
    """Return what is open between two workloads: between any of their pods, over any address family."""
    found: Pairs = {}
    apart = treated_differently((answer,))
    for layer in answer.layers:
        names = [names_of(member, apart) for member in layer.space.classes]
        for row in layer.rows:
            sources = _named(names, row.sources)
            for port_cells, destinations in row.parts:
                _add(found, sources, _named(names, destinations), port_set(layer, port_cells))
    return found


def _add(found: Pairs, sources: list[str], destinations: list[str], opened: PortSet) -> None:
    for source in sources:
        for destination in destinations:
            if source != destination:
                known = found.get((source, destination))
                found[source, destination] = opened if known is None else ports.union(known, opened)


def _named(names: list[tuple[str, ...]], bitset: int) -> list[str]:
    return sorted({name for place in indices(bitset) for name in names[place]})


def names_of(member: EndpointClass, apart: frozenset[Owner] = frozenset()) -> tuple[str, ...]:
    """Return the workloads of *member*, of those that are *apart* its pods, or its addresses."""
    if member.addresses.spans:
        return (spell(member.addresses),)
    return tuple(sorted({pod_name(pod) if pod.owner in apart else owner_name(pod) for pod in member.pods}))


def pod_name(pod: Pod) -> str:
    """Return what *pod* is called where other pods of its workload are treated differently."""
    return f"{pod.namespace}/{pod.name}[Pod]"


def owner_name(pod: Pod) -> str:
    """Return what the workload of *pod* is called."""
    return "{}/{}[{}]".format(*pod.owner)


def entries_text(entries: Sequence[Entry]) -> str:
    """Return *entries* as a JSON list, a line for each."""
    return "[\n" + ",\n".join(map(json_line, entries)) + "\n]\n" if entries else "[]\n"

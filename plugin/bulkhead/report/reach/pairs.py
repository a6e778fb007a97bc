"""
Pairs: a bare JSON list of who reaches whom, one entry for each pair of workloads or address ranges.

``[{"src", "dst", "conn"}]``. A workload is ``namespace/name[Kind]``, an outside network ``first-last`` with commas
between ranges, a connection what ``PortSet`` writes.  A workload of which policies treat some pods differently than
others is not there: each of its pods is, as ``namespace/name[Pod]``.  Pairs without any connection are left out, and a
workload with itself.  The list grows with the square of the cluster: rectangles do not.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache

from bulkhead.core.engine.endpoint_space import EndpointClass
from bulkhead.core.engine.reachability import Reachability, port_set
from bulkhead.core.engine.replicas import Owner, treated_differently
from bulkhead.core.kubernetes.cluster import Pod
from bulkhead.core.sets import ports
from bulkhead.core.sets.addresses import spell
from bulkhead.core.sets.partition import indices
from bulkhead.core.sets.ports import PortSet
from bulkhead.report.layout.json_document import json_line

Entry = dict[str, object]
"""One entry of the list."""

_KEPT = 64
"""Rows whose destinations are kept: pods next to each other have the same ones."""


def reach_pairs(answer: Reachability) -> Iterator[str]:
    """Yield *answer* as pairs, sorted: the lines of one source after the other, because the list can be very long."""
    pairs = _Pairs(answer)
    begun = False
    for source in sorted(pairs.rows):
        lines = [
            json_line({"src": source, "dst": destination, "conn": str(conn)})
            for destination, conn in sorted(pairs.open_from(source).items())
        ]
        if lines:
            yield (",\n" if begun else "[\n") + ",\n".join(lines)
            begun = True
    yield "\n]\n" if begun else "[]\n"


class _Pairs:
    """What is open between two workloads: between any of their pods, over any address family."""

    def __init__(self, answer: Reachability) -> None:
        self.layers = answer.layers
        apart = treated_differently((answer,))
        self.names = [[names_of(member, apart) for member in layer.space.classes] for layer in answer.layers]
        self.rows: dict[str, list[tuple[int, int]]] = {}  # layer and row of each source
        for number, layer in enumerate(answer.layers):
            for at, row in enumerate(layer.rows):
                for source in _named(self.names[number], row.sources):
                    self.rows.setdefault(source, []).append((number, at))
        self.reached = lru_cache(_KEPT)(self._reached)

    def open_from(self, source: str) -> dict[str, PortSet]:
        """Return what is open from *source*, by destination."""
        found: dict[str, PortSet] = {}
        for place in self.rows[source]:
            for opened, destinations in self.reached(*place):
                for destination in destinations:
                    known = found.get(destination)
                    found[destination] = opened if known is None else ports.union(known, opened)
        found.pop(source, None)
        return found

    def _reached(self, number: int, at: int) -> list[tuple[PortSet, list[str]]]:
        layer = self.layers[number]
        parts = layer.rows[at].parts
        return [(port_set(layer, port_cells), _named(self.names[number], those)) for port_cells, those in parts]


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

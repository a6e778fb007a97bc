"""Who reaches whom row by row, and as JSON: what a filter leaves of an answer."""

from collections import Counter
from collections.abc import Collection

from bulkhead.core.engine.endpoint_space import EndpointClass
from bulkhead.core.engine.endpoint_terms import ANY, EndpointSelection, single_address
from bulkhead.core.engine.queries import members, query
from bulkhead.core.engine.reachability import FamilyReachability, Reachability, is_at, rectangles
from bulkhead.core.engine.replicas import Owner, treated_differently
from bulkhead.core.explanation.pair import name_of, represents_several
from bulkhead.core.kubernetes.cluster import External, Pod
from bulkhead.core.kubernetes.selectors import Members
from bulkhead.core.record import record
from bulkhead.core.sets import addresses, intervals, ports
from bulkhead.core.sets.addresses import AddressSet
from bulkhead.core.sets.intervals import Spans
from bulkhead.core.sets.partition import indices
from bulkhead.core.sets.port_spelling import short
from bulkhead.core.sets.ports import PortSet
from bulkhead.report.layout.colour import Palette
from bulkhead.report.layout.cut import SHORT, Cut
from bulkhead.report.layout.json_document import json_document
from bulkhead.report.layout.markdown import code
from bulkhead.report.names.outside_names import Outside


@record
class Filter:
    """What is asked for; an end that is ``None`` is any."""

    source: EndpointSelection | None = None
    destination: EndpointSelection | None = None
    asked: PortSet = ports.EVERY


_ROWS = 200
"""Rows of an answer that are shown. The rest is counted."""

Rows = dict[tuple[str, str], PortSet]


def rows(answer: Reachability, wanted: Filter, outside: Outside, templates: bool) -> Rows:
    """Return the open ports for each pair of names, over all families, sorted: pods that exist come first."""
    found: Rows = {}
    apart = treated_differently((answer,))
    for layer in answer.layers:
        sources, destinations = (
            [_names(member, outside, end, apart) for member in layer.space.classes]
            for end in (wanted.source, wanted.destination)
        )
        for each in query(layer, *_ends(layer, wanted, outside), wanted.asked):
            for source in indices(each.sources):
                for destination in indices(each.destinations):
                    member = layer.space.classes[source]
                    alone = _alone(member, templates, apart) if source == destination else frozenset()
                    _add(found, sources[source], destinations[destination], each.ports, alone)
    for pod in own_pods(answer, wanted):
        found[wanted.source.text if wanted.source else "", name_of(pod, apart)] = wanted.asked
    return dict(sorted(found.items(), key=lambda row: (not templates and ANY in "".join(row[0]), row[0])))


def own_pods(answer: Reachability, wanted: Filter) -> list[Pod]:
    """Return the pods that the one address asked for as a source always reaches: it is their own node's."""
    point = single_address(wanted.source) if wanted.source else ""
    chosen = None if wanted.destination is None else set(wanted.destination.pods)
    return [
        pod
        for pod in (answer.cluster.pods if point else ())
        if (chosen is None or pod in chosen) and not pod.host_network and is_at(pod.node, External(point))
    ]


def _add(
    found: Rows, sources: tuple[str, ...], destinations: tuple[str, ...], opened: PortSet, alone: frozenset[str]
) -> None:
    for source in sources:
        for destination in destinations:
            if source != destination or source not in alone:
                found[source, destination] = ports.union(found.get((source, destination), ports.NONE), opened)


def _alone(member: EndpointClass, templates: bool, apart: frozenset[Owner]) -> frozenset[str]:
    """Return the names of *member* that are one pod each: it reaches itself, whatever policies say."""
    names = Counter(name_of(pod, apart) for pod in member.pods)
    many = {name_of(pod, apart) for pod in member.pods if represents_several(pod, templates)}
    return frozenset(name for name, number in names.items() if number == 1 and name not in many)


def _ends(layer: FamilyReachability, wanted: Filter, outside: Outside) -> tuple[Members, Members]:
    space = layer.space
    real = space.present & ~space.outside
    for bits in outside.groups(space).values():
        real |= bits
    sources = members(space, wanted.source) if wanted.source else real
    return sources, members(space, wanted.destination) if wanted.destination else real


def _names(
    member: EndpointClass, outside: Outside, chosen: EndpointSelection | None, apart: frozenset[Owner]
) -> tuple[str, ...]:
    """Return the names of the endpoints of *member* that are in *chosen*; ``None``: of all."""
    if member.addresses.spans:
        return (outside.name(member.addresses.spans),)
    return tuple(sorted({name_of(pod, apart) for pod in _chosen(member, chosen)}))


def _chosen(member: EndpointClass, chosen: EndpointSelection | None) -> set[Pod]:
    """Return the pods of *member* that were asked for."""
    named = {*chosen.pods, *chosen.holders} if chosen else set()
    return named.intersection(member.pods) if named else set(member.pods)


def size(answer: Reachability) -> int:
    """Return the largest number of pairs that a list of all pairs can have."""
    total = 0
    for layer in answer.layers:
        owners = [len({pod.owner for pod in member.pods}) or 1 for member in layer.space.classes]
        for each in rectangles(layer):
            total += _total(owners, each.sources) * _total(owners, each.destinations)
    return total


def _total(numbers: list[int], members: Members) -> int:
    return sum(numbers[member] for member in indices(members))


def text(found: Rows, paint: Palette, cut: Cut = SHORT) -> str:
    """Return a line for each pair, in columns."""
    shown, more = cut.first(list(found.items()), _ROWS)
    table = [("FROM", "TO", "PORTS"), *((source, to, short(opened)) for (source, to), opened in shown)]
    sizes = [max(len(row[column]) for row in table) for column in (0, 1)]
    lines = [f"{source:<{sizes[0]}}  {to:<{sizes[1]}}  {opened}" for source, to, opened in table]
    return "\n".join([paint.faint(lines[0]), *lines[1:], *([_rest(more)] if more else [])]) + "\n"


def _rest(more: int) -> str:
    return f"and {more} more rows: --all shows them"


def markdown(found: Rows, cut: Cut = SHORT) -> str:
    """Return a table of GitHub's Markdown."""
    shown, more = cut.first(list(found.items()), _ROWS)
    lines = ["| from | to | ports |", "|---|---|---|"]
    lines += [f"| {code(source)} | {code(to)} | {short(opened)} |" for (source, to), opened in shown]
    return "\n".join([*lines, *(["", _rest(more)] if more else [])]) + "\n"


def as_json(answer: Reachability, wanted: Filter, outside: Outside, more: dict[str, object]) -> str:
    """Return the answer as rectangles, and what *more* is known of it."""
    pods = own_pods(answer, wanted)
    layers = [_layer(layer, wanted, outside, pods) for layer in answer.layers]
    body = {"ipBlock": answer.mode.value, **more, "layers": layers}
    return json_document("reach", body, answer.semantics)


def _layer(layer: FamilyReachability, wanted: Filter, outside: Outside, pods: list[Pod]) -> dict[str, object]:
    space = layer.space
    sources = members(space, wanted.source) if wanted.source else space.present
    destinations = members(space, wanted.destination) if wanted.destination else space.present
    found = list(query(layer, sources, destinations, wanted.asked))
    endpoints = _Endpoints(layer, wanted, outside)
    connections: list[dict[str, object]] = [
        {
            "from": [endpoints.number(place, wanted.source) for place in indices(each.sources)],
            "to": [endpoints.number(place, wanted.destination) for place in indices(each.destinations)],
            "ports": str(each.ports),
        }
        for each in found
    ]
    own = [pod for pod in pods if pod in space.by_pod]
    listed = endpoints.listed()
    if own and wanted.source:
        first = 2 * len(space.classes)
        listed += [
            {"id": first, **endpoints.outside_part(wanted.source.addresses)},
            {"id": first + 1, **endpoints.pods_part(own)},
        ]
        connections.append({"from": [first], "to": [first + 1], "ports": str(wanted.asked)})
    return {"family": space.family, "endpoints": listed, "connections": connections}


class _Endpoints:
    """The endpoints of *layer* as far as they were asked for, numbered."""

    def __init__(self, layer: FamilyReachability, wanted: Filter, outside: Outside) -> None:
        self.layer, self.wanted, self.outside = layer, wanted, outside
        self.found: dict[int, dict[str, object]] = {}

    def number(self, place: int, chosen: EndpointSelection | None) -> int:
        """
        Return the number of what *chosen* has of the member at *place*.

        It is the place, and another number where the two ends of the answer do not have the same part of the member.
        """
        part = self.part(place, chosen)
        known = self.found.setdefault(place, {"id": place, **part})
        if known == {"id": place, **part}:
            return place
        number = place + len(self.layer.space.classes)
        self.found[number] = {"id": number, **part}
        return number

    def part(self, place: int, chosen: EndpointSelection | None) -> dict[str, object]:
        member = self.layer.space.classes[place]
        if member.addresses.spans:
            spans = intervals.intersect(member.addresses.spans, chosen.addresses) if chosen else ()
            return self.outside_part(spans or member.addresses.spans)
        return self.pods_part(_chosen(member, chosen))

    def outside_part(self, spans: Spans) -> dict[str, object]:
        """Return the addresses *spans* as an endpoint."""
        ranges = [addresses.spell(AddressSet((span,))) for span in spans]
        return {"name": self.outside.name(spans), "addresses": ranges}

    def pods_part(self, pods: Collection[Pod]) -> dict[str, object]:
        """Return *pods* as an endpoint."""
        workloads = sorted({pod.owner for pod in pods})
        return {
            "workloads": [{"namespace": space, "name": name, "kind": kind} for space, name, kind in workloads],
            "pods": len(pods),
        }

    def listed(self) -> list[dict[str, object]]:
        return [self.found[number] for number in sorted(self.found)]

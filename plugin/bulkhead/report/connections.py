"""Who reaches whom row by row, and as JSON: what a filter leaves of an answer."""

from collections.abc import Iterator

from bulkhead.core.engine.endpoint_space import EndpointClass
from bulkhead.core.engine.endpoint_terms import EndpointSelection
from bulkhead.core.engine.queries import members, query
from bulkhead.core.engine.reachability import FamilyReachability, Reachability, Rectangle, rectangles
from bulkhead.core.explanation.pair import is_many, name_of
from bulkhead.core.kubernetes.evidence import Evidence
from bulkhead.core.record import record
from bulkhead.core.sets import addresses, ports
from bulkhead.core.sets.addresses import AddressSet
from bulkhead.core.sets.partition import indices
from bulkhead.core.sets.port_spelling import short
from bulkhead.core.sets.ports import PortSet
from bulkhead.report.colour import Palette
from bulkhead.report.cut import SHORT, Cut
from bulkhead.report.evidence import evidence_json
from bulkhead.report.json_document import json_document
from bulkhead.report.markdown import code
from bulkhead.report.outside_names import Outside


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
    """Return the ports between each two names that have any, over all families, sorted."""
    found: Rows = {}
    for layer in answer.layers:
        sources, destinations = (
            [_names(member, outside, end) for member in layer.universe.members]
            for end in (wanted.source, wanted.destination)
        )
        here, there = _ends(layer, wanted, outside)
        for each in query(layer, here, there, wanted.asked):
            for source in indices(each.sources):
                for destination in indices(each.destinations):
                    twins = source != destination or _several(layer.universe.members[source], templates)
                    _add(found, sources[source], destinations[destination], each.ports, twins)
    return dict(sorted(found.items()))


def _add(found: Rows, sources: tuple[str, ...], destinations: tuple[str, ...], opened: PortSet, twins: bool) -> None:
    for source in sources:
        for destination in destinations:
            if source != destination or twins:
                found[source, destination] = ports.union(found.get((source, destination), ports.NONE), opened)


def _several(member: EndpointClass, templates: bool) -> bool:
    return len(member.pods) > 1 or any(is_many(pod, templates) for pod in member.pods)


def _ends(layer: FamilyReachability, wanted: Filter, outside: Outside) -> tuple[int, int]:
    universe = layer.universe
    real = universe.present & ~universe.outside
    for bits in outside.groups(universe).values():
        real |= bits
    here = members(universe, wanted.source) if wanted.source else real
    return here, members(universe, wanted.destination) if wanted.destination else real


def _names(member: EndpointClass, outside: Outside, chosen: EndpointSelection | None) -> tuple[str, ...]:
    """Return the names of *member*: a member is all pods that no rule tells apart, *chosen* perhaps some of them."""
    if member.addresses.spans:
        return (outside.name(member.addresses.spans),)
    pods = set(member.pods) & set(chosen.pods) if chosen and chosen.pods else set(member.pods)
    return tuple(sorted(map(name_of, pods)))


def size(answer: Reachability) -> int:
    """Return how many pairs a list of all of them has at most."""
    total = 0
    for layer in answer.layers:
        owners = [len({pod.owner for pod in member.pods}) or 1 for member in layer.universe.members]
        for each in rectangles(layer):
            here, there = (sum(owners[place] for place in indices(bits)) for bits in (each.sources, each.destinations))
            total += here * there
    return total


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


def as_json(answer: Reachability, wanted: Filter, outside: Outside, evidence: Evidence) -> str:
    """Return the answer as rectangles, and the *evidence* of it."""
    layers = [_layer(layer, wanted, outside) for layer in answer.layers]
    body = {"ipBlock": answer.mode.value, "evidence": evidence_json(evidence), "layers": layers}
    return json_document("reach", body, answer.semantics)


def _layer(layer: FamilyReachability, wanted: Filter, outside: Outside) -> dict[str, object]:
    universe = layer.universe
    here = members(universe, wanted.source) if wanted.source else universe.present
    there = members(universe, wanted.destination) if wanted.destination else universe.present
    found = list(query(layer, here, there, wanted.asked))
    used = 0
    for each in found:
        used |= each.sources | each.destinations
    return {
        "family": universe.family,
        "endpoints": [_endpoint(place, universe.members[place], outside) for place in indices(used)],
        "connections": list(_connections(found)),
    }


def _connections(found: list[Rectangle]) -> Iterator[dict[str, object]]:
    for each in found:
        yield {"from": indices(each.sources), "to": indices(each.destinations), "ports": str(each.ports)}


def _endpoint(place: int, member: EndpointClass, outside: Outside) -> dict[str, object]:
    if member.addresses.spans:
        ranges = [addresses.spell(AddressSet((span,))) for span in member.addresses.spans]
        return {"id": place, "name": outside.name(member.addresses.spans), "addresses": ranges}
    workloads = sorted({pod.owner for pod in member.pods})
    return {
        "id": place,
        "workloads": [{"namespace": space, "name": name, "kind": kind} for space, name, kind in workloads],
        "pods": len(member.pods),
    }

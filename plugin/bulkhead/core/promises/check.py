"""
Checks whether a promise holds in an answer, and finds the pairs for which it does not.
"""

from collections.abc import Callable, Iterator
from functools import cache, partial
from itertools import product

from bulkhead.core.engine.endpoint_space import EndpointSpace, MemberIndex, first_outside, member_of, outside_members
from bulkhead.core.engine.endpoint_terms import EndpointSelection, single_address
from bulkhead.core.engine.queries import members, named_pods
from bulkhead.core.engine.reachability import FamilyReachability, Reachability, is_at, port_set
from bulkhead.core.kubernetes.cluster import Cluster, External, Pod
from bulkhead.core.kubernetes.selectors import Members
from bulkhead.core.record import record
from bulkhead.core.sets import intervals, ports
from bulkhead.core.sets.addresses import WHOLE, Family, spans_of
from bulkhead.core.sets.intervals import Spans
from bulkhead.core.sets.partition import indices
from bulkhead.core.sets.ports import PortSet


@record
class Promise:
    """
    Of every pair of *sources* and *destinations*, each of *asked* is open (*allowed*), or none of them is.

    Where *others* is ``"sources"`` or ``"destinations"``, that side is everything but what is named.
    """

    sources: tuple[EndpointSelection, ...]
    destinations: tuple[EndpointSelection, ...]
    asked: PortSet
    allowed: bool
    others: str = ""


@record
class Breach:
    """A pair of members of the answer's *layer*, by place, and the *ports* that are not as promised."""

    layer: int
    source: MemberIndex
    destination: MemberIndex
    ports: PortSet


@record
class Outcome:
    """*breaches*, one for each pair; none where the promise holds. *pairs* is the number of pairs that were checked."""

    breaches: tuple[Breach, ...]
    pairs: int


def check_promise(answer: Reachability, promise: Promise, alone: tuple[int, ...], unreal: Spans) -> Outcome:
    """
    Return whether *promise* holds in *answer*.

    *alone* are, for each layer, the members that are one pod: such a pod and itself are no pair.
    *unreal* are addresses that no outside end has.  What is promised open has to be so over a family that both ends
    have: IPv4, where that is not known.
    """
    outcomes = [
        Outcome(tuple(breaches), pairs)
        for number, layer in enumerate(answer.layers)
        for breaches, pairs in [_breaches(number, layer, promise, alone[number], unreal)]
    ]
    if promise.allowed:
        found = {(each.layer, each.source, each.destination) for one in outcomes for each in one.breaches}
        is_open = partial(_is_open_elsewhere, answer, found, cache(partial(_members_elsewhere, answer)))
        rest = (each for one in outcomes for each in one.breaches if not is_open(each))
        return Outcome(tuple(rest), max((each.pairs for each in outcomes), default=0))
    return Outcome(tuple(breach for each in outcomes for breach in each.breaches), sum(each.pairs for each in outcomes))


def has_family(cluster: Cluster, pod: Pod, family: Family) -> bool:
    """Say whether *pod* certainly has an address of *family*; IPv4 where nothing is known."""
    known = spans_of(pod.addresses) or spans_of((*cluster.networks, *(cluster.nodes if pod.host_network else ())))
    return bool(intervals.intersect(known, (WHOLE[family],))) if known else family == 4


_Elsewhere = Callable[[int, MemberIndex, int], frozenset[MemberIndex]]
"""See :func:`_members_elsewhere`."""


def _members_elsewhere(answer: Reachability, layer: int, member: MemberIndex, number: int) -> frozenset[MemberIndex]:
    """Return the members of layer *number* with the pods of *member* of *layer*; none where a pod may not have one."""
    space = answer.layers[number].space
    pods = answer.layers[layer].space.classes[member].pods
    if not all(pod in space.by_pod and has_family(answer.cluster, pod, space.family) for pod in pods):
        return frozenset()
    return frozenset(space.by_pod[pod] for pod in pods)


def _is_open_elsewhere(
    answer: Reachability, breaches: set[tuple[int, MemberIndex, MemberIndex]], elsewhere: _Elsewhere, breach: Breach
) -> bool:
    """
    Say whether the ends of *breach* have another address family too, over which they are connected.

    Where they are refused over IPv4 as well, that is one of *breaches*, and is not said again.
    """
    for number, layer in enumerate(answer.layers):
        ends = [elsewhere(breach.layer, each, number) for each in (breach.source, breach.destination)]
        if number == breach.layer or not all(ends):
            continue
        if layer.space.family == 4 or not any((number, *pair) in breaches for pair in product(*ends)):
            return True
    return False


def _breaches(
    number: int, layer: FamilyReachability, promise: Promise, alone: Members, unreal: Spans
) -> tuple[list[Breach], int]:
    space = layer.space
    here, there = (
        others(space, named, unreal) if promise.others == side else _every(space, named)
        for side, named in (("sources", promise.sources), ("destinations", promise.destinations))
    )
    found: list[Breach] = list(_own_node(number, layer, promise))
    known = {(each.source, each.destination) for each in found}
    spared = _spared(layer, promise)
    pairs = 0
    for row, sources in _by_row(layer, here):
        for source in indices(sources):
            reached = there & ~_barred(space, source, alone)
            pairs += reached.bit_count()
            for port_cells, those in (*row, (0, _rest(row, reached))):
                wrong = _wrong(port_set(layer, port_cells), promise) if those & reached else ports.NONE
                if wrong.spans:
                    ends = [each for each in indices(those & reached) if (source, each) not in spared]
                    found += [Breach(number, source, each, wrong) for each in ends if (source, each) not in known]
    return found, pairs


def _own_node(number: int, layer: FamilyReachability, promise: Promise) -> Iterator[Breach]:
    """Yield where the address of a pod's own node is named as a source that is refused: it always reaches the pod."""
    for member, pods in _node_pairs(layer, promise) if not promise.allowed else ():
        for destination in sorted({layer.space.by_pod[pod] for pod in pods}):
            yield Breach(number, member, destination, promise.asked)


def _spared(layer: FamilyReachability, promise: Promise) -> set[tuple[int, int]]:
    """Return the pairs that are open whatever policies say: only addresses of nodes with their own pods are named."""
    found: set[tuple[int, int]] = set()
    named = {pod for each in promise.destinations for pod in each.pods}
    for member, pods in _node_pairs(layer, promise) if promise.allowed else ():
        naming = [each for each in promise.sources if outside_members(layer.space, each.addresses) >> member & 1]
        if len(naming) == 1:
            ends = {layer.space.by_pod[pod] for pod in pods}
            found.update((member, end) for end in ends if named & set(layer.space.classes[end].pods) <= set(pods))
    return found


def _node_pairs(layer: FamilyReachability, promise: Promise) -> Iterator[tuple[int, list[Pod]]]:
    """Yield the outside member of each address that is named as a source, with the named pods that run at it."""
    if promise.others == "sources":
        return
    named = {pod for each in promise.destinations for pod in each.pods}
    for each in promise.sources:
        point = single_address(each)
        if point and (member := member_of(layer.space, External(point))) is not None:
            pods = [
                pod
                for pod in layer.space.by_pod
                if (pod in named) is not bool(promise.others)
                and not pod.host_network
                and is_at(pod.node, External(point))
            ]
            if pods:
                yield member, pods


def _every(space: EndpointSpace, named: tuple[EndpointSelection, ...]) -> Members:
    found = 0
    for each in named:
        found |= members(space, each)
    return found


def _by_row(layer: FamilyReachability, here: int) -> Iterator[tuple[tuple[tuple[int, int], ...], int]]:
    """Yield for each row of *layer* what it opens and its sources among *here*; then those that reach nothing."""
    for row in layer.rows:
        yield row.parts, row.sources & here
        here &= ~row.sources
    yield (), here


def _barred(space: EndpointSpace, source: MemberIndex, alone: Members) -> Members:
    """Return the destinations that make no pair with *source*."""
    bit = 1 << source
    return (space.outside if space.outside & bit else 0) | (bit & alone)


def _rest(row: tuple[tuple[int, int], ...], reached: int) -> int:
    for _, those in row:
        reached &= ~those
    return reached


def _wrong(opened: PortSet, promise: Promise) -> PortSet:
    return ports.subtract(promise.asked, opened) if promise.allowed else ports.intersect(promise.asked, opened)


def others(space: EndpointSpace, named: tuple[EndpointSelection, ...], unreal: Spans) -> Members:
    """
    Return every member that is not wholly *named*, without members outside that are *unreal* addresses only.

    A member that is named in part counts, because its other endpoints were not named and are treated the same.
    """
    pods = {pod for each in named for pod in named_pods(space, each)}
    spans = intervals.merge(span for each in named for span in each.addresses)
    spans = intervals.intersect(intervals.union(spans, unreal), (WHOLE[space.family],))
    found = 0
    for member in indices(space.present & ~space.outside):
        if not pods.issuperset(space.classes[member].pods):
            found |= 1 << member
    base = first_outside(space)
    for member in indices(outside_members(space, (WHOLE[space.family],))):
        if intervals.subtract(space.address_cells.regions[member - base], spans):
            found |= 1 << member
    return found

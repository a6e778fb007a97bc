"""
``expect``: whether a promise holds in an answer, and where it does not.
"""

from bulkhead.core.engine.endpoint_space import EndpointSpace, first_outside, outside_members
from bulkhead.core.engine.endpoint_terms import EndpointSelection
from bulkhead.core.engine.queries import members
from bulkhead.core.engine.reachability import FamilyReachability, Reachability, port_set
from bulkhead.core.record import record
from bulkhead.core.sets import intervals, ports
from bulkhead.core.sets.addresses import WHOLE
from bulkhead.core.sets.intervals import Spans
from bulkhead.core.sets.partition import indices
from bulkhead.core.sets.ports import PortSet

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


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
    source: int
    destination: int
    ports: PortSet


@record
class Outcome:
    """*breaches*, one for each pair; none where the promise holds.  *pairs* is how many were looked at."""

    breaches: tuple[Breach, ...]
    pairs: int


def check_promise(answer: Reachability, promise: Promise, alone: "tuple[int, ...]", unreal: Spans) -> Outcome:
    """
    Return whether *promise* holds in *answer*.

    *alone* are, for each layer, the members that are one pod: such a pod and itself are no pair.
    *unreal* are addresses that no outside end has.  What is promised open may be so over any family.
    """
    outcomes = [
        Outcome(tuple(breaches), pairs)
        for number, layer in enumerate(answer.layers)
        for breaches, pairs in [_breaches(number, layer, promise, alone[number], unreal)]
    ]
    if promise.allowed:
        having = [each for each in outcomes if each.pairs]
        return min(having, key=lambda each: len(each.breaches), default=Outcome((), 0))
    return Outcome(tuple(breach for each in outcomes for breach in each.breaches), sum(each.pairs for each in outcomes))


def _breaches(
    number: int, layer: FamilyReachability, promise: Promise, alone: int, unreal: Spans
) -> "tuple[list[Breach], int]":
    universe = layer.universe
    here, there = (
        others(universe, named, unreal) if promise.others == side else _every(universe, named)
        for side, named in (("sources", promise.sources), ("destinations", promise.destinations))
    )
    found: list[Breach] = []
    pairs = 0
    for row, sources in _by_row(layer, here):
        for source in indices(sources):
            reached = there & ~_barred(universe, source, alone)
            pairs += reached.bit_count()
            for atoms, those in (*row, (0, _rest(row, reached))):
                wrong = _wrong(port_set(layer, atoms), promise) if those & reached else ports.NONE
                if wrong.spans:
                    found += [Breach(number, source, each, wrong) for each in indices(those & reached)]
    return found, pairs


def _every(universe: EndpointSpace, named: tuple[EndpointSelection, ...]) -> int:
    found = 0
    for each in named:
        found |= members(universe, each)
    return found


def _by_row(layer: FamilyReachability, here: int) -> "Iterator[tuple[tuple[tuple[int, int], ...], int]]":
    """Yield for each row of *layer* what it opens and its sources among *here*; then those that reach nothing."""
    for row in layer.rows:
        yield row.parts, row.sources & here
        here &= ~row.sources
    yield (), here


def _barred(universe: EndpointSpace, source: int, alone: int) -> int:
    """Return the destinations that make no pair with *source*."""
    bit = 1 << source
    return (universe.outside if universe.outside & bit else 0) | (bit & alone)


def _rest(row: tuple[tuple[int, int], ...], reached: int) -> int:
    for _, those in row:
        reached &= ~those
    return reached


def _wrong(opened: PortSet, promise: Promise) -> PortSet:
    return ports.subtract(promise.asked, opened) if promise.allowed else ports.intersect(promise.asked, opened)


def others(universe: EndpointSpace, named: tuple[EndpointSelection, ...], unreal: Spans) -> int:
    """
    Return every member that is not wholly *named*, nor an outside one of *unreal* addresses only.

    A member of which a part is named counts: the rest of it behaves alike, and was not named.
    """
    pods = {pod for each in named for pod in each.pods}
    spans = intervals.merge(span for each in named for span in each.addresses)
    spans = intervals.intersect(intervals.union(spans, unreal), (WHOLE[universe.family],))
    found = 0
    for place in indices(universe.present & ~universe.outside):
        if not pods.issuperset(universe.members[place].pods):
            found |= 1 << place
    base = first_outside(universe)
    for place in indices(outside_members(universe, (WHOLE[universe.family],))):
        if intervals.subtract(universe.cells.regions[place - base], spans):
            found |= 1 << place
    return found

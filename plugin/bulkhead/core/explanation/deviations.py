"""
Where an enforcer does differently than the specification says, and because of which of its deviations.

That is found out by asking again: with one deviation alone, and with all others but it.
"""

from collections.abc import Iterable, Iterator

from bulkhead.core.engine.endpoint_space import member_of
from bulkhead.core.engine.matching_rules import PortVerdict
from bulkhead.core.engine.reachability import Reachability
from bulkhead.core.engine.semantics import Deviation, Semantics
from bulkhead.core.engine.solve import reach
from bulkhead.core.explanation.pair import ExplainedEndpoint, PairExplanation, pair
from bulkhead.core.kubernetes.cluster import Cluster
from bulkhead.core.sets import ports
from bulkhead.core.sets.ports import PortSet


def deviations_between(answer: Reachability, accounts: Iterable[PairExplanation]) -> Iterator[PairExplanation]:
    """Yield *accounts* of *answer*, their shares parted where the specification says otherwise and told why."""
    asked = _DeviationQuery(answer)
    for each in accounts:
        yield _told(each, asked) if answer.semantics.deviations else each


class _DeviationQuery:
    """Answers for one cluster by what it is read by, each computed when it is needed."""

    def __init__(self, answer: Reachability) -> None:
        self.cluster: Cluster = answer.cluster
        self.semantics: Semantics = answer.semantics
        self.known = {answer.semantics.deviations: answer}

    def opened(self, account: PairExplanation, deviations: frozenset[Deviation]) -> PortSet:
        """Return what is open between the ends of *account*, of its ports, with *deviations* only."""
        if deviations not in self.known:
            self.known[deviations] = reach(self.cluster, self.semantics.but(deviations))
        answer = self.known[deviations]
        layer = next(each for each in answer.layers if each.space.family == account.family)
        source, destination = (
            _again(end, member_of(layer.space, end.first)) for end in (account.source, account.destination)
        )
        return pair(layer, source, destination, _ports(account), answer.semantics).opened


def _again(end: ExplainedEndpoint, place: int | None) -> ExplainedEndpoint:
    return ExplainedEndpoint(-1 if place is None else place, end.names, end.first, end.many, end.pods)


def _ports(account: PairExplanation) -> PortSet:
    found = ports.NONE
    for share in account.shares:
        found = ports.union(found, share.ports)
    return found


def _told(account: PairExplanation, asked: _DeviationQuery) -> PairExplanation:
    every, none = asked.semantics.deviations, frozenset[Deviation]()
    here, specified = account.opened, asked.opened(account, none)
    if here == specified:
        return account
    differing = _either(here, specified)
    reasons: dict[PortSet, tuple[Deviation, ...]] = {}
    alone = {each: _either(specified, asked.opened(account, frozenset({each}))) for each in every}
    rest = _explained(reasons, differing, alone)
    if rest.spans:  # only several together make the difference: those without which it is not there
        needed = {each: _either(here, asked.opened(account, every - {each})) for each in every}
        rest = _explained(reasons, rest, needed)
    if rest.spans:
        reasons[rest] = tuple(sorted(every, key=list(Deviation).index))
    shares = [part for share in account.shares for part in _parted(share, differing, reasons)]
    return PairExplanation(
        account.family,
        account.source,
        account.destination,
        account.exempt,
        account.egress,
        account.ingress,
        tuple(shares),
    )


def _either(left: PortSet, right: PortSet) -> PortSet:
    return ports.union(ports.subtract(left, right), ports.subtract(right, left))


def _explained(
    reasons: dict[PortSet, tuple[Deviation, ...]], rest: PortSet, found: dict[Deviation, PortSet]
) -> PortSet:
    """Add to *reasons* the parts of *rest* that the same deviations explain; return what none does."""
    parts: list[tuple[PortSet, tuple[Deviation, ...]]] = [(rest, ())]
    for deviation in Deviation:
        having = found.get(deviation, ports.NONE)
        parts = [
            piece
            for part, known in parts
            for piece in (
                (ports.intersect(part, having), (*known, deviation)),
                (ports.subtract(part, having), known),
            )
            if piece[0].spans
        ]
    reasons.update((part, known) for part, known in parts if known)
    return next((part for part, known in parts if not known), ports.NONE)


def _parted(
    share: PortVerdict, differing: PortSet, reasons: dict[PortSet, tuple[Deviation, ...]]
) -> Iterator[PortVerdict]:
    same = ports.subtract(share.ports, differing)
    if same.spans:
        yield PortVerdict(same, share.egress, share.ingress)
    for part, known in reasons.items():
        other = ports.intersect(share.ports, part)
        if other.spans:
            yield PortVerdict(other, share.egress, share.ingress, known)

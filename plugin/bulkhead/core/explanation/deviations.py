"""
Where an enforcer decides differently from the specification, and which of its deviations are the cause.

The causes are found by asking again: with one deviation alone, and with all deviations except one.
"""

from collections.abc import Iterable, Iterator

from bulkhead.core.engine.endpoint_space import MemberIndex, member_of
from bulkhead.core.engine.matching_rules import PortVerdict
from bulkhead.core.engine.reachability import Reachability
from bulkhead.core.engine.semantics import Deviation, Semantics
from bulkhead.core.engine.solve import reach
from bulkhead.core.explanation.pair import ExplainedEndpoint, PairExplanation, explain_pair
from bulkhead.core.kubernetes.cluster import Cluster, Pod
from bulkhead.core.record import replaced
from bulkhead.core.sets import ports
from bulkhead.core.sets.ports import PortSet

Causes = dict[PortSet, tuple[Deviation, ...]]
"""Disjoint sets of ports, each with the deviations that decide differently from the specification on them."""


def with_deviations(answer: Reachability, explanations: Iterable[PairExplanation]) -> Iterator[PairExplanation]:
    """
    Yield *explanations* of *answer* with the deviations that are the cause of a verdict.

    A verdict is split where only some of its ports are decided differently from the specification.
    """
    if not answer.semantics.deviations:
        yield from explanations
        return
    found = list(explanations)
    query = _DeviationQuery(answer, {name for each in found for name in _namespaces(each)})
    for each in found:
        yield _with_causes(each, query)


class _DeviationQuery:
    """
    The reachability of one cluster for sets of deviations; each is computed when it is needed.

    *namespaces* are those of all pods that are asked about. A policy selects pods of its own namespace only, so those
    of other namespaces decide nothing here, except which address families there are.
    """

    def __init__(self, answer: Reachability, namespaces: set[str]) -> None:
        self.cluster: Cluster = answer.cluster
        if len(answer.layers) == 1:
            deciding = tuple(policy for policy in self.cluster.policies if policy.namespace in namespaces)
            self.cluster = replaced(self.cluster, policies=deciding)
        self.semantics: Semantics = answer.semantics
        self.known = {answer.semantics.deviations: answer}

    def open_ports(self, explanation: PairExplanation, deviations: frozenset[Deviation]) -> PortSet:
        """Return which ports of *explanation* are open between its ends with *deviations* only."""
        if deviations not in self.known:
            self.known[deviations] = reach(self.cluster, self.semantics.but(deviations))
        answer = self.known[deviations]
        layer = next(each for each in answer.layers if each.space.family == explanation.family)
        source, destination = (
            _at_member(end, member_of(layer.space, end.first)) for end in (explanation.source, explanation.destination)
        )
        return explain_pair(layer, source, destination, _ports(explanation), answer.semantics).open_ports


def _namespaces(explanation: PairExplanation) -> Iterator[str]:
    for end in (explanation.source, explanation.destination):
        yield from (each.namespace for each in (end.first, *end.pods) if isinstance(each, Pod))


def _at_member(end: ExplainedEndpoint, member: MemberIndex | None) -> ExplainedEndpoint:
    return replaced(end, member=-1 if member is None else member)


def _ports(explanation: PairExplanation) -> PortSet:
    found = ports.NONE
    for verdict in explanation.verdicts:
        found = ports.union(found, verdict.ports)
    return found


def _with_causes(explanation: PairExplanation, query: _DeviationQuery) -> PairExplanation:
    enforced, specified = explanation.open_ports, query.open_ports(explanation, frozenset())
    if enforced == specified:
        return explanation
    differing = _difference(enforced, specified)
    causes = _causes(explanation, query, differing, specified)
    verdicts = tuple(part for verdict in explanation.verdicts for part in _split(verdict, differing, causes))
    return replaced(explanation, verdicts=verdicts)


def _causes(explanation: PairExplanation, query: _DeviationQuery, differing: PortSet, specified: PortSet) -> Causes:
    """Return the deviations that decide on the ports *differing*, where the specification opens *specified*."""
    every = query.semantics.deviations
    causes: Causes = {}
    alone = {each: _difference(specified, query.open_ports(explanation, frozenset({each}))) for each in every}
    rest = _add_causes(causes, differing, alone)
    if rest.spans:  # only several deviations together decide: those without which the ports do not differ
        enforced = explanation.open_ports
        needed = {each: _difference(enforced, query.open_ports(explanation, every - {each})) for each in every}
        rest = _add_causes(causes, rest, needed)
    if rest.spans:
        causes[rest] = tuple(sorted(every, key=list(Deviation).index))
    return causes


def _difference(left: PortSet, right: PortSet) -> PortSet:
    """Return the ports in *left* or in *right* and not in both."""
    return ports.union(ports.subtract(left, right), ports.subtract(right, left))


def _add_causes(causes: Causes, rest: PortSet, found: dict[Deviation, PortSet]) -> PortSet:
    """Add to *causes* the parts of *rest* that the same deviations of *found* explain; return what none explains."""
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
    causes.update((part, known) for part, known in parts if known)
    return next((part for part, known in parts if not known), ports.NONE)


def _split(verdict: PortVerdict, differing: PortSet, causes: Causes) -> Iterator[PortVerdict]:
    """Yield *verdict* in parts: the ports on which the specification agrees, and each set of *causes*."""
    same = ports.subtract(verdict.ports, differing)
    if same.spans:
        yield replaced(verdict, ports=same, deviations=())
    for part, deviations in causes.items():
        other = ports.intersect(verdict.ports, part)
        if other.spans:
            yield replaced(verdict, ports=other, deviations=deviations)

"""
Connections that depend on the address of a pod, where the pods' addresses and networks are not known.
"""

from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import islice

from bulkhead.analysis.analysis_input import AnalysisInput, as_known
from bulkhead.core.engine.endpoint_terms import EndpointSelection
from bulkhead.core.engine.matching_rules import PortVerdict
from bulkhead.core.engine.reachability import Reachability, isolating
from bulkhead.core.engine.semantics import IpBlockMode
from bulkhead.core.explanation.pair import ExplainedEndpoint, PairExplanation, UnknownFact, explain_pairs
from bulkhead.core.kubernetes.cluster import External, Pod
from bulkhead.core.kubernetes.networkpolicy import Direction, IpBlock, NetworkPolicy
from bulkhead.core.possible.flow_class import DESTINATION, PORT, SOURCE
from bulkhead.core.promises.check import Promise
from bulkhead.core.promises.possible import PossibleBreach, PossibleChecker
from bulkhead.core.record import record
from bulkhead.core.sets import addresses, intervals, ports
from bulkhead.core.sets.ports import PortSet

_MOST = 50
"""The number of pairs that are judged for every address; any more are judged by what is known."""


class AddressQuestion:
    """Says which connections that *answer* refuses would be allowed for some address of a pod."""

    def __init__(self, found: AnalysisInput, answer: Reachability) -> None:
        self.found, self.answer = found, answer
        pods_are_matched = not found.cluster.networks and found.semantics.mode is IpBlockMode.PODS
        self.unknown = frozenset(
            pod
            for pod in answer.cluster.pods
            if not pod.addresses and found.loaded is None and (pod.host_network or pods_are_matched)
        )
        self.breaches: list[tuple[PossibleBreach, Promise]] = []

    @cached_property
    def checker(self) -> PossibleChecker:
        """What decides for pods with any address. It reads all policies, so it is made where a pair is asked about."""
        found = self.found
        return PossibleChecker(as_known(found), found.semantics, found.loaded is not None, (), self.answer)

    def with_uncertain_ports(self, explanations: Iterable[PairExplanation]) -> Iterator[PairExplanation]:
        """Yield *explanations*, each with the ports that depend on an address; past a bound without a judgement."""
        left = _MOST
        for each in explanations:
            refused = () if each.exempt else [verdict for verdict in each.verdicts if not each.allows(verdict)]
            if not refused or not self.is_asked(each):
                yield each
            elif left:
                left -= 1
                yield each.with_uncertain(*self.uncertain_ports(each))
            else:
                yield each.with_uncertain(_ports_of(refused), self.facts(each), is_judged=False)

    def is_asked(self, explanation: PairExplanation) -> bool:
        """Say whether the address of a pod of *explanation* is not known."""
        ends = explanation.source, explanation.destination
        return any(not self.unknown.isdisjoint(end.pods) for end in ends)

    def facts(self, explanation: PairExplanation, breach: PossibleBreach | None = None) -> tuple[UnknownFact, ...]:
        """Return what is not known of the ends of *explanation*; of these what *breach* depends on, if it says so."""
        found: dict[str, UnknownFact] = {}
        for end, each in ((SOURCE, explanation.source), (DESTINATION, explanation.destination)):
            for pod in self.unknown.intersection(each.pods):
                found[end] = UnknownFact.NODE_ADDRESS if pod.host_network else UnknownFact.POD_ADDRESS
        asked = [fact for end, fact in found.items() if breach and f"{end}.ip" in breach.flows.spans]
        return tuple(dict.fromkeys(asked or found.values()))

    def uncertain_ports(self, explanation: PairExplanation) -> tuple[PortSet, tuple[UnknownFact, ...]]:
        """Return the ports that *explanation* refuses and that are open for some address, and whose address it is."""
        refused = ports.subtract(_ports_of(explanation.verdicts), explanation.open_ports)
        promise = Promise(_chosen(explanation.source), _chosen(explanation.destination), refused, False)
        found, facts = ports.NONE, dict[UnknownFact, None]()
        for breach in self.checker.check(promise, ()).breaches:
            if breach.space.family == explanation.family:
                self.breaches.append((breach, promise))
                facts.update(dict.fromkeys(self.facts(explanation, breach)))
                found = ports.union(found, PortSet(breach.flows.spans.get(PORT, refused.spans)))
        return ports.intersect(found, refused), tuple(facts)


@record
class UncertainPairs:
    """
    *pairs* that are refused as far as is known, and allowed for some address of a pod whose address is not known.

    Not *complete*: there were too many pairs to judge each of them for every address.
    """

    pairs: tuple[PairExplanation, ...] = ()
    complete: bool = True


def uncertain_pairs(
    found: AnalysisInput,
    answer: Reachability,
    source: EndpointSelection | None,
    destination: EndpointSelection | None,
    asked: PortSet,
) -> UncertainPairs:
    """Return the pairs of *source* and *destination* that depend on a pod's address; an end that is ``None`` is any."""
    question = AddressQuestion(found, answer)
    if not question.unknown or not any(map(_has_block, found.cluster.policies)):
        return UncertainPairs()
    every = EndpointSelection("*", answer.cluster.pods)
    candidates = _refused_by_blocks(question, source or every, destination or every, asked)
    first = list(islice(candidates, _MOST))
    judged = question.with_uncertain_ports(first)
    return UncertainPairs(tuple(each for each in judged if each.uncertain.spans), next(candidates, None) is None)


def _refused_by_blocks(
    question: AddressQuestion, source: EndpointSelection, destination: EndpointSelection, asked: PortSet
) -> Iterator[PairExplanation]:
    """Yield what a policy with an ``ipBlock`` refuses at one end, where the other end is a pod without an address."""
    known: set[object] = set()
    answer = question.answer
    for direction in Direction:
        own, other = (source, destination) if direction is Direction.EGRESS else (destination, source)
        unknown = EndpointSelection(other.text, tuple(pod for pod in other.pods if pod in question.unknown))
        if not unknown.pods:
            continue
        isolated = _isolated_by_blocks(answer, direction)
        subject = EndpointSelection(own.text, tuple(pod for pod in own.pods if pod in isolated))
        ends = (subject, unknown) if direction is Direction.EGRESS else (unknown, subject)
        for each in explain_pairs(answer, *ends, asked, False) if subject.pods else ():
            key = each.family, each.source, each.destination
            if key not in known and not each.exempt and each.denied:
                known.add(key)
                yield each


def _isolated_by_blocks(answer: Reachability, direction: Direction) -> set[Pod]:
    """Return the pods that a policy with an ``ipBlock`` isolates in *direction*."""
    having = {number for number, policy in enumerate(answer.cluster.policies) if _has_block(policy)}
    return {
        pod
        for layer in answer.layers
        for pod, member in layer.space.by_pod.items()
        if having.intersection(isolating(layer, member, direction))
    }


def _has_block(policy: NetworkPolicy) -> bool:
    rules = (*(policy.ingress or ()), *(policy.egress or ()))
    return any(isinstance(peer, IpBlock) for rule in rules for peer in rule.peers or ())


def _ports_of(verdicts: Iterable[PortVerdict]) -> PortSet:
    return PortSet(intervals.merge(span for verdict in verdicts for span in verdict.ports.spans))


def _chosen(end: ExplainedEndpoint) -> tuple[EndpointSelection, ...]:
    if isinstance(end.first, External):
        point = addresses.address(end.first.address)
        return (EndpointSelection(end.names[0], addresses=((point, point),)),)
    return (EndpointSelection(end.names[0], end.pods),)

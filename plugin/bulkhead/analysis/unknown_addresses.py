"""
Connections that depend on the address of a pod, where the pods' addresses and networks are not known.
"""

from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import islice

from bulkhead.analysis.analysis_input import AnalysisInput, as_known
from bulkhead.core.engine.endpoint_terms import EndpointSelection
from bulkhead.core.engine.reachability import Reachability, isolating
from bulkhead.core.engine.semantics import IpBlockMode
from bulkhead.core.explanation.pair import ExplainedEndpoint, PairExplanation, explain_pairs
from bulkhead.core.kubernetes.cluster import External, Pod
from bulkhead.core.kubernetes.networkpolicy import Direction, IpBlock, NetworkPolicy
from bulkhead.core.possible.flow_class import OUTSIDES, PORT
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
        self.is_asked = not found.cluster.networks and found.semantics.mode is IpBlockMode.PODS and found.loaded is None
        self.breaches: list[tuple[PossibleBreach, Promise]] = []

    @cached_property
    def checker(self) -> PossibleChecker:
        """What decides for pods with any address. It reads all policies, so it is made where a pair is asked about."""
        found = self.found
        return PossibleChecker(as_known(found), found.semantics, found.loaded is not None, (), self.answer)

    def with_uncertain_ports(self, explanations: Iterable[PairExplanation]) -> Iterator[PairExplanation]:
        """Yield *explanations*, each with the ports that depend on an address."""
        left = _MOST if self.is_asked else 0
        for each in explanations:
            if (
                left
                and not each.exempt
                and _is_unknown(each)
                and any(not each.allows(verdict) for verdict in each.verdicts)
            ):
                left -= 1
                yield each.with_uncertain(self.uncertain_ports(each))
            else:
                yield each

    def uncertain_ports(self, explanation: PairExplanation) -> PortSet:
        """Return the ports that *explanation* refuses and that are open for some address."""
        asked = PortSet(intervals.merge(span for verdict in explanation.verdicts for span in verdict.ports.spans))
        refused = ports.subtract(asked, explanation.open_ports)
        promise = Promise(_chosen(explanation.source), _chosen(explanation.destination), refused, False)
        found = ports.NONE
        for breach in self.checker.check(promise, ()).breaches:
            axes = {axis for axis in breach.flows.spans if breach.flows.values.get(f"{axis[0]}.kind") != OUTSIDES}
            if breach.space.family == explanation.family and axes - {PORT}:
                self.breaches.append((breach, promise))
                found = ports.union(found, PortSet(breach.flows.spans.get(PORT, refused.spans)))
        return ports.intersect(found, refused)


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
    if not question.is_asked or not any(map(_has_block, found.cluster.policies)):
        return UncertainPairs()
    every = EndpointSelection("*", answer.cluster.pods)
    candidates = _refused_by_blocks(answer, source or every, destination or every, asked)
    first = list(islice(candidates, _MOST))
    judged = question.with_uncertain_ports(first)
    return UncertainPairs(tuple(each for each in judged if each.uncertain.spans), next(candidates, None) is None)


def _refused_by_blocks(
    answer: Reachability, source: EndpointSelection, destination: EndpointSelection, asked: PortSet
) -> Iterator[PairExplanation]:
    """Yield what a policy with an ``ipBlock`` refuses at one end, where the other end is a pod without an address."""
    known: set[object] = set()
    for direction in Direction:
        own, other = (source, destination) if direction is Direction.EGRESS else (destination, source)
        unknown = EndpointSelection(other.text, tuple(filter(_is_unknown_pod, other.pods)))
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


def _has_unknown_pod(end: ExplainedEndpoint) -> bool:
    return any(map(_is_unknown_pod, end.pods))


def _is_unknown_pod(pod: Pod) -> bool:
    return not pod.addresses and not pod.host_network


def _is_unknown(explanation: PairExplanation) -> bool:
    """Say whether the address of a pod of *explanation* is not known."""
    return _has_unknown_pod(explanation.source) or _has_unknown_pod(explanation.destination)


def _chosen(end: ExplainedEndpoint) -> tuple[EndpointSelection, ...]:
    if isinstance(end.first, External):
        point = addresses.address(end.first.address)
        return (EndpointSelection(end.names[0], addresses=((point, point),)),)
    return (EndpointSelection(end.names[0], end.pods),)

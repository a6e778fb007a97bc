"""
Connections that depend on what is not known: addresses of pods and nodes, labels of namespaces, other labels of pods,
and the numbers behind names of ports.

What the given endpoints leave open is asked of the search over pods that could exist, for every pair that is refused.
Where all facts are known, or no policy distinguishes what is not, nothing is asked.
"""

from collections.abc import Iterable, Iterator
from functools import cached_property

from bulkhead.analysis.analysis_input import AnalysisInput, as_known
from bulkhead.core.engine.endpoint_space import MemberIndex, first_outside
from bulkhead.core.engine.endpoint_terms import ANY, EndpointSelection
from bulkhead.core.engine.matching_rules import PortVerdict
from bulkhead.core.engine.reachability import FamilyReachability, Reachability
from bulkhead.core.engine.replicas import treated_differently
from bulkhead.core.engine.semantics import IpBlockMode
from bulkhead.core.explanation.pair import (
    ExplainedEndpoint,
    PairExplanation,
    UnknownFact,
    explain_pair,
    explained_endpoints,
)
from bulkhead.core.kubernetes.added_labels import keys_of, may_be_added
from bulkhead.core.kubernetes.cluster import Cluster, External, Pod
from bulkhead.core.kubernetes.controller_labels import pod_selectors
from bulkhead.core.kubernetes.networkpolicy import NAMESPACE_NAME, IpBlock, PodPeer, PolicyPort
from bulkhead.core.kubernetes.selectors import Members
from bulkhead.core.possible.flow_class import DESTINATION, PORT, SOURCE, FlowClass, flow_class, intersect
from bulkhead.core.promises.check import Promise
from bulkhead.core.promises.possible import PossibleBreach, PossibleChecker
from bulkhead.core.record import record
from bulkhead.core.sets import addresses, intervals, ports
from bulkhead.core.sets.partition import covered, indices
from bulkhead.core.sets.ports import PortSet

_MOST = 50
"""The number of pairs that are judged for everything that could be; of any more it is said that they are not."""


class UnknownFacts:
    """Says which connections that *answer* refuses would be allowed for some value of facts that are not known."""

    def __init__(self, found: AnalysisInput, answer: Reachability) -> None:
        self.found, self.answer = found, answer
        self.known = as_known(found)
        self.breaches: list[tuple[PossibleBreach, Promise]] = []
        self.asked: dict[tuple[int, str, int], bool] = {}
        pods_are_matched = not self.known.networks and found.semantics.mode is IpBlockMode.PODS
        has_blocks = any(isinstance(peer, IpBlock) for peer in _peers(self.known))
        self.addresses = {False: has_blocks and pods_are_matched, True: has_blocks}
        self.spaces = _unknown_namespaces(self.known)
        self.has_names = any(isinstance(port.port, str) for port in _ports(self.known))
        self.labels = frozenset(key for each in pod_selectors(self.known.policies) for key in keys_of(each))

    @cached_property
    def checker(self) -> PossibleChecker:
        """What decides for every pod that could exist. It reads all policies, so it is made where a pair is asked."""
        found = self.found
        return PossibleChecker(self.known, found.semantics, found.loaded is not None, (), self.answer)

    def of_pod(self, pod: Pod) -> tuple[UnknownFact, ...]:
        """Return what is not known of *pod*, as far as a policy may ask for it."""
        found = []
        if self.addresses[pod.host_network] and not pod.addresses:
            found.append(UnknownFact.NODE_ADDRESS if pod.host_network else UnknownFact.POD_ADDRESS)
        if not pod.host_network and (pod.namespace in self.spaces or (self.spaces and ANY in pod.namespace)):
            found.append(UnknownFact.NAMESPACE_LABELS)
        represents = self.found.loaded is not None or pod.is_possible
        if represents and self.labels - dict(pod.labels).keys():
            found.append(UnknownFact.POD_LABELS)
        if represents and self.has_names and not pod.host_network:
            found.append(UnknownFact.PORT_NUMBERS)
        return tuple(found)

    def of(self, end: str, each: ExplainedEndpoint) -> tuple[UnknownFact, ...]:
        """Return what is not known of the pods of *each* at *end*: names of ports are those of the destination."""
        found = dict.fromkeys(fact for pod in each.pods for fact in self.of_pod(pod))
        return tuple(fact for fact in found if end == DESTINATION or fact is not UnknownFact.PORT_NUMBERS)

    def with_uncertain_ports(self, explanations: Iterable[PairExplanation]) -> Iterator[PairExplanation]:
        """Yield *explanations*, each with the ports that depend on what is not known."""
        left = _MOST
        for each in explanations:
            refused = () if each.exempt else [verdict for verdict in each.verdicts if not each.allows(verdict)]
            if not refused or not self.is_asked(each):
                yield each
            elif left:
                left -= 1
                yield self.judged(each)
            else:
                yield each.with_uncertain(_ports_of(refused), self.facts(each), is_judged=False)

    def is_asked(self, pair: PairExplanation) -> bool:
        """Say whether a policy distinguishes what is not known of an end of *pair*."""
        return self.is_split(pair.family, SOURCE, pair.source) or self.is_split(
            pair.family, DESTINATION, pair.destination
        )

    def is_split(self, family: int, end: str, each: ExplainedEndpoint) -> bool:
        """Say whether a selector or block matches a part only of what *each* may be at *end*, or a port has a name."""
        key = family, end, each.member
        if key not in self.asked:
            unknown = self.of(end, each)
            self.asked[key] = bool(unknown) and (
                self._splits(family, end, each.pods)
                or (UnknownFact.PORT_NUMBERS in unknown and self._is_named(family, each.pods))
            )
        return self.asked[key]

    def _splits(self, family: int, end: str, pods: tuple[Pod, ...]) -> bool:
        flows, reader = next(each for each in self.checker.sides if each[0].space.family == family)
        mine = [found.flows for found in reader.given(end, pods[:1])]
        return any(
            intersect(each, part) is not None and not flows.space.contains(part, each)
            for part in self.parts[family, end]
            for each in mine
        )

    def _is_named(self, family: int, pods: tuple[Pod, ...]) -> bool:
        """Say whether a rule for ports by name has *pods* as destinations."""
        flows, reader = next(each for each in self.checker.sides if each[0].space.family == family)
        rules = [each.flows for classes in flows.rules.values() for each in classes]
        named = {_at(each, DESTINATION) for each in rules if any(axis[0] == "?" for axis in each.values)}
        mine = [found.flows for found in reader.given(DESTINATION, pods[:1])]
        return any(intersect(each, part) is not None for part in named for each in mine)

    @cached_property
    def parts(self) -> dict[tuple[int, str], set[FlowClass]]:
        """What selectors and blocks match at each end, by family."""
        found: dict[tuple[int, str], set[FlowClass]] = {}
        for flows, _ in self.checker.sides:
            every = [
                each.flows for those in (flows.subjects, flows.rules) for classes in those.values() for each in classes
            ]
            for end in (SOURCE, DESTINATION):
                found[flows.space.family, end] = {_at(each, end) for each in every}
        return found

    def facts(self, pair: PairExplanation, breach: PossibleBreach | None = None) -> tuple[UnknownFact, ...]:
        """Return what is not known of the ends of *pair*; of these what *breach* depends on, if it says so."""
        known, asked = [], []
        axes = self.conditions(pair, breach) if breach else []
        for end, each in ((SOURCE, pair.source), (DESTINATION, pair.destination)):
            for fact in self.of(end, each):
                known.append(fact)
                start = "?" if fact is UnknownFact.PORT_NUMBERS else f"{end}.{_AXIS[fact]}"
                if any(axis.startswith(start) for axis in axes):
                    asked.append(fact)
        return tuple(dict.fromkeys(asked or known))

    def conditions(self, pair: PairExplanation, breach: PossibleBreach) -> list[str]:
        """Return the axes on which *breach* is a part only of the pods of *pair*."""
        reader = next(ends for _, ends in self.checker.sides if ends.space is breach.space)
        own = [
            found.flows
            for end, each in ((SOURCE, pair.source), (DESTINATION, pair.destination))
            for found in reader.given(end, each.pods[:1])
        ]
        found = {**breach.flows.values, **breach.flows.spans}
        return [axis for axis, it in found.items() if it not in [{**one.values, **one.spans}.get(axis) for one in own]]

    def judged(self, pair: PairExplanation) -> PairExplanation:
        """Return *pair* with the ports that it refuses and that are open for some value of what is not known."""
        refused = ports.subtract(_ports_of(pair.verdicts), pair.open_ports)
        promise = Promise(_chosen(pair.source), _chosen(pair.destination), refused, False)
        outcome = self.checker.check(promise, ())
        if outcome.hard:
            return pair.with_uncertain(refused, self.facts(pair), is_judged=False)
        found, facts = ports.NONE, dict[UnknownFact, None]()
        may_be_named = UnknownFact.PORT_NUMBERS in self.of(DESTINATION, pair.destination)
        for breach in outcome.breaches:
            is_named = any(axis[0] == "?" for axis in breach.flows.values)
            if breach.space.family == pair.family and (may_be_named or not is_named):
                self.breaches.append((breach, promise))
                facts.update(dict.fromkeys(self.facts(pair, breach)))
                found = ports.union(found, PortSet(breach.flows.spans.get(PORT, refused.spans)))
        return pair.with_uncertain(ports.intersect(found, refused), tuple(facts))


@record
class UncertainPairs:
    """
    *pairs* that are refused as far as is known, and allowed for some value of what is not known.

    Not *complete*: there were too many pairs to judge each of them.
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
    """Return the pairs of *source* and *destination* that depend on unknown facts; an end that is ``None`` is any."""
    question = UnknownFacts(found, answer)
    every = EndpointSelection("*", answer.cluster.pods, tuple(addresses.WHOLE.values()))
    ends = source or every, destination or every
    if not any(question.of_pod(pod) for end in ends for pod in end.pods):
        return UncertainPairs()
    pairs: list[PairExplanation] = []
    complete = True
    for number, each in enumerate(_refused(question, *ends, asked)):
        if number == _MOST:
            complete = False
            break
        judged = question.judged(each)
        complete = complete and judged.is_judged
        pairs += [judged] if judged.uncertain.spans and judged.is_judged else []
    return UncertainPairs(tuple(pairs), complete)


def _refused(
    question: UnknownFacts, source: EndpointSelection, destination: EndpointSelection, asked: PortSet
) -> Iterator[PairExplanation]:
    """Yield the pairs that the answer refuses and of which something that is not known may decide."""
    answer, templates = question.answer, question.found.loaded is not None
    apart = treated_differently((answer,))
    for layer in answer.layers:
        family = layer.space.family
        sources = explained_endpoints(layer, source, templates, apart)
        by_member: dict[int, list[ExplainedEndpoint]] = {}
        for each in explained_endpoints(layer, destination, templates, apart):
            by_member.setdefault(each.member, []).append(each)
        ends = sum(1 << member for member in by_member)
        reached = _reached(layer, asked)
        split = sum(1 << m for m, those in by_member.items() if question.is_split(family, DESTINATION, those[0]))
        for one in sources:
            wanted = ends if question.is_split(family, SOURCE, one) else split
            if isinstance(one.first, External):
                wanted &= (1 << first_outside(layer.space)) - 1
            for member in indices(wanted & ~reached.get(one.member, 0)) if wanted else ():
                for other in by_member[member]:
                    pair = explain_pair(layer, one, other, asked, answer.semantics)
                    if not pair.exempt and pair.denied:
                        yield pair


def _reached(layer: FamilyReachability, asked: PortSet) -> dict[MemberIndex, Members]:
    """Return what each member of *layer* reaches on all ports *asked*; members that reach nothing are left out."""
    found: dict[MemberIndex, Members] = {}
    wanted = covered(layer.space.port_cells, asked.spans)
    for row in layer.rows:
        whole = [those for cells, those in row.parts if wanted & ~cells == 0]
        found.update(dict.fromkeys(indices(row.sources), sum(whole)))
    return found


_AXIS = {
    UnknownFact.POD_ADDRESS: "ip",
    UnknownFact.NODE_ADDRESS: "ip",
    UnknownFact.NAMESPACE_LABELS: "n:",
    UnknownFact.POD_LABELS: "l:",
}
"""What the axes of a fact start with, after the end."""


def _unknown_namespaces(cluster: Cluster) -> frozenset[str]:
    """Return the namespaces of which some label is not known that a policy selects by; ``*`` is any other one."""
    keys = {
        key
        for peer in _peers(cluster)
        if isinstance(peer, PodPeer) and peer.namespaces
        for key in keys_of(peer.namespaces)
    }
    keys.discard(NAMESPACE_NAME)
    if not keys:
        return frozenset()
    given = {each.name: each for each in cluster.namespaces}
    mentioned = {pod.namespace for pod in cluster.pods} | {policy.namespace for policy in cluster.policies}
    unknown = {
        name
        for name, each in given.items()
        if not each.stored and any(may_be_added(key, key in dict(each.labels)) for key in keys)
    }
    return frozenset((ANY, *(mentioned - given.keys()), *unknown))


def _peers(cluster: Cluster) -> Iterator[IpBlock | PodPeer]:
    for policy in cluster.policies:
        for rule in policy.rules:
            yield from rule.peers or ()


def _ports(cluster: Cluster) -> Iterator[PolicyPort]:
    for policy in cluster.policies:
        for rule in policy.rules:
            yield from rule.ports or ()


def _at(flows: FlowClass, end: str) -> FlowClass:
    """Return what *flows* have at *end*."""
    return flow_class(
        {axis: found for axis, found in flows.values.items() if axis.startswith(f"{end}.")},
        {axis: found for axis, found in flows.spans.items() if axis.startswith(f"{end}.")},
    )


def _ports_of(verdicts: Iterable[PortVerdict]) -> PortSet:
    return PortSet(intervals.merge(span for verdict in verdicts for span in verdict.ports.spans))


def _chosen(end: ExplainedEndpoint) -> tuple[EndpointSelection, ...]:
    if isinstance(end.first, External):
        point = addresses.address(end.first.address)
        return (EndpointSelection(end.names[0], addresses=((point, point),)),)
    return (EndpointSelection(", ".join(end.names), end.pods),)

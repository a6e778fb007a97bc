"""
Explains pairs of endpoints: each port with the rules that allow it, or the side that denies it.
"""

from collections.abc import Iterable, Iterator
from enum import Enum

from bulkhead.core.engine.endpoint_space import MemberIndex, first_outside, outside_members
from bulkhead.core.engine.endpoint_terms import EndpointSelection, single_address
from bulkhead.core.engine.matching_rules import MatchingRule, PortVerdict, port_verdicts
from bulkhead.core.engine.reachability import FamilyReachability, Reachability, exempt, is_at, isolating, open_anyway
from bulkhead.core.engine.replicas import Owner, treated_differently
from bulkhead.core.engine.rule_effects import NOBODY
from bulkhead.core.engine.semantics import Semantics
from bulkhead.core.kubernetes.cluster import Endpoint, External, Pod, PolicyIndex
from bulkhead.core.kubernetes.networkpolicy import Direction
from bulkhead.core.kubernetes.selectors import Members
from bulkhead.core.record import record, replaced
from bulkhead.core.sets import addresses, intervals, partition, ports
from bulkhead.core.sets.addresses import AddressSet, Family
from bulkhead.core.sets.ports import PortSet


class UnknownFact(Enum):
    """A fact about an endpoint that is not known and may decide a connection; reports print the value."""

    POD_ADDRESS = "the pod's address"
    NODE_ADDRESS = "the node's address"
    NAMESPACE_LABELS = "the namespace's labels"
    POD_LABELS = "the pod's labels"
    PORT_NUMBERS = "the numbers of the pod's named ports"

    @property
    def word(self) -> str:
        """The fact as documents name it: ``pod-address``."""
        return self.name.lower().replace("_", "-")


@record
class ExplainedEndpoint:
    """
    One or more endpoints that no policy distinguishes: all are in the same *member* of the endpoint space.

    *names* are the names for people, *first* is one of the endpoints. *is_several*: it is more than one endpoint, so
    traffic between two of them is not traffic of a pod with itself. *pods* are the pods that were asked for.
    """

    member: MemberIndex
    names: tuple[str, ...]
    first: Endpoint
    is_several: bool
    pods: tuple[Pod, ...] = ()


@record
class PairExplanation:
    """
    What is allowed from *source* to *destination* over one address *family*: *verdicts* on the ports asked for.

    *exempt* says why policies do not matter; it is empty where they do. *egress* and *ingress* are the policies that
    isolate the source and the destination. The ports *uncertain* are denied as far as is known, and allowed for some
    value of the *unknown* facts; without *is_judged* they may be.
    """

    family: Family
    source: ExplainedEndpoint
    destination: ExplainedEndpoint
    exempt: str
    egress: tuple[PolicyIndex, ...]
    ingress: tuple[PolicyIndex, ...]
    verdicts: tuple[PortVerdict, ...]
    uncertain: PortSet = ports.NONE
    unknown: tuple[UnknownFact, ...] = ()
    is_judged: bool = True

    def egress_allows(self, verdict: PortVerdict) -> bool:
        """Say whether the egress of the source allows the ports of *verdict*."""
        return not self.egress or bool(verdict.egress)

    def ingress_allows(self, verdict: PortVerdict) -> bool:
        """Say whether the ingress of the destination allows the ports of *verdict*."""
        return not self.ingress or bool(verdict.ingress)

    def allows(self, verdict: PortVerdict) -> bool:
        """Say whether the ports of *verdict* are allowed."""
        return bool(self.exempt) or (self.egress_allows(verdict) and self.ingress_allows(verdict))

    @property
    def open_ports(self) -> PortSet:
        """The ports that are allowed."""
        found = ports.NONE
        for verdict in self.verdicts:
            found = ports.union(found, verdict.ports) if self.allows(verdict) else found
        return found

    @property
    def decided_by(self) -> object:
        """What decides; equal for pairs that the same policies and rules decide."""
        return self.exempt, self.egress, self.ingress, self.verdicts, self.uncertain, self.unknown, self.is_judged

    def is_uncertain(self, verdict: PortVerdict) -> bool:
        """Say whether a port of *verdict*, which is denied, is allowed for some value of what is not known."""
        return not self.allows(verdict) and bool(ports.intersect(verdict.ports, self.uncertain).spans)

    @property
    def denied(self) -> tuple[PortVerdict, ...]:
        """The verdicts that deny their ports, whatever is true of what is not known."""
        return tuple(each for each in self.verdicts if not self.allows(each) and not self.is_uncertain(each))

    def with_uncertain(
        self, uncertain: PortSet, unknown: tuple[UnknownFact, ...], is_judged: bool = True
    ) -> "PairExplanation":
        """Return the same explanation with the ports *uncertain*, which depend on the facts *unknown*."""
        verdicts = tuple(part for verdict in self.verdicts for part in _split(verdict, uncertain))
        return replaced(self, verdicts=verdicts, uncertain=uncertain, unknown=unknown, is_judged=is_judged)


def _split(verdict: PortVerdict, wanted: PortSet) -> Iterator[PortVerdict]:
    """Yield *verdict* in two parts: on the ports in *wanted*, and on its other ports."""
    for part in (ports.intersect(verdict.ports, wanted), ports.subtract(verdict.ports, wanted)):
        if part.spans:
            yield replaced(verdict, ports=part)


def explain_pairs(
    answer: Reachability, source: EndpointSelection, destination: EndpointSelection, asked: PortSet, templates: bool
) -> Iterator[PairExplanation]:
    """
    Yield the explanation of every pair of what *source* and *destination* name, by family.

    *templates*: each pod of the cluster represents any number of pods. Pairs of two addresses are left out, because
    no policy applies to them.
    """
    apart = treated_differently((answer,))
    for layer in answer.layers:
        sources = explained_endpoints(layer, source, templates, apart, single_address(destination))
        destinations = explained_endpoints(layer, destination, templates, apart, single_address(source))
        for one in sources:
            for other in destinations:
                if isinstance(one.first, Pod) or isinstance(other.first, Pod):
                    yield explain_pair(layer, one, other, asked, answer.semantics)


def explained_endpoints(
    layer: FamilyReachability,
    chosen: EndpointSelection,
    templates: bool,
    apart: frozenset[Owner] = frozenset(),
    node: str = "",
) -> list[ExplainedEndpoint]:
    """
    Return what *chosen* names in *layer*, by member.

    Pods of the workloads *apart* have names of their own. Pods that run on *node* are separate from all others.
    """
    return [*_pods(layer, chosen.pods, templates, apart, node), *_outside(layer, chosen)]


def _pods(
    layer: FamilyReachability, chosen: tuple[Pod, ...], templates: bool, apart: frozenset[Owner], node: str
) -> Iterator[ExplainedEndpoint]:
    by_member: dict[MemberIndex, dict[bool, list[Pod]]] = {}
    for pod in chosen:
        member = layer.space.by_pod.get(pod)
        if member is not None:
            runs_there = bool(node) and is_at(pod.node, External(node))
            by_member.setdefault(member, {}).setdefault(runs_there, []).append(pod)
    for member, by_node in sorted(by_member.items()):
        total = sum(map(len, by_node.values()))
        for _, pods in sorted(by_node.items()):
            names = tuple(sorted({name_of(pod, apart) for pod in pods}))
            is_several = total > 1 or represents_several(pods[0], templates)
            yield ExplainedEndpoint(member, names, pods[0], is_several, tuple(pods))


def _outside(layer: FamilyReachability, chosen: EndpointSelection) -> Iterator[ExplainedEndpoint]:
    base = first_outside(layer.space)
    spans = intervals.intersect(chosen.addresses, (addresses.WHOLE[layer.space.family],))
    for member in partition.indices(outside_members(layer.space, spans)):
        part = intervals.intersect(layer.space.address_cells.regions[member - base], spans)
        text = chosen.text if part == spans else f"{chosen.text} ({addresses.spell(AddressSet(part))})"
        first, last = part[0]
        is_one = first == last and len(part) == 1
        yield ExplainedEndpoint(member, (text,), External(addresses.spell_address(first)), not is_one)


def name_of(pod: Pod, apart: frozenset[Owner] = frozenset()) -> str:
    """Return the name of *pod*'s workload, as ``endpoint_terms`` reads it; the pod's own name if that is *apart*."""
    return f"{pod.namespace}/{pod.name if pod.owner in apart else pod.workload or pod.name}"


def represents_several(pod: Pod, templates: bool) -> bool:
    """Say whether *pod* represents several pods: the template of a workload does, and with *templates* each pod."""
    return templates or pod.is_template


def single_pods(layer: FamilyReachability, templates: bool) -> Members:
    """Return the members of *layer* that are one pod, which reaches itself whatever the policies say."""
    return sum(
        1 << member
        for member, each in enumerate(layer.space.classes)
        if len(each.pods) == 1 and not represents_several(each.pods[0], templates)
    )


def explain_pair(
    layer: FamilyReachability,
    source: ExplainedEndpoint,
    destination: ExplainedEndpoint,
    asked: PortSet,
    semantics: Semantics,
) -> PairExplanation:
    """Return the explanation of one pair in *layer*; the source, the destination or both are pods."""
    different_pods = source.member == destination.member and source.is_several and isinstance(source.first, Pod)
    ranges = any(isinstance(end.first, External) and end.is_several for end in (source, destination))
    opened = ports.NONE if ranges else open_anyway(semantics, source.first, destination.first)
    verdicts = [
        replaced(part, ports=ports.intersect(part.ports, asked))
        for each in port_verdicts(layer, source.member, destination.member)
        for part in _with_open_anyway(each, opened)
    ]
    return PairExplanation(
        layer.space.family,
        source,
        destination,
        "" if different_pods or ranges else exempt(source.first, destination.first),
        isolating(layer, source.member, Direction.EGRESS),
        isolating(layer, destination.member, Direction.INGRESS),
        tuple(verdict for verdict in verdicts if verdict.ports.spans),
    )


def _with_open_anyway(verdict: PortVerdict, opened: PortSet) -> Iterator[PortVerdict]:
    """Yield *verdict* in two parts: the enforcer allows egress to the ports *opened* whatever the policies say."""
    yield replaced(verdict, ports=ports.subtract(verdict.ports, opened))
    egress = (*verdict.egress, MatchingRule(NOBODY, 0))
    yield replaced(verdict, ports=ports.intersect(verdict.ports, opened), egress=egress)


def all_allowed(found: Iterable[PairExplanation], asked: PortSet) -> bool:
    """Say whether every pair of *found* has all ports of *asked* open, over one address family or several together."""
    return all(each == asked for each in open_ports_by_pair(found))


def open_ports_by_pair(found: Iterable[PairExplanation]) -> list[PortSet]:
    """Return the ports that are open, over all address families, for each pair of *found* that policies distinguish."""
    explanations = list(found)
    families = [each.family for each in explanations]
    sources = _endpoints([each.source for each in explanations], families)
    destinations = _endpoints([each.destination for each in explanations], families)
    opened: dict[tuple[object, object], PortSet] = {}
    for each in explanations:
        for one in sources[each.family, each.source]:
            for other in destinations[each.family, each.destination]:
                known = opened.get((one, other), ports.NONE)
                opened[one, other] = ports.union(known, each.open_ports)
    return list(opened.values())


def _endpoints(
    ends: list[ExplainedEndpoint], families: list[Family]
) -> dict[tuple[Family, ExplainedEndpoint], set[object]]:
    """
    Return for each of *ends*, with its family, which endpoints it is, with keys that are equal in all families.

    Pods that are in the same member in every family have one key. The key of addresses is their name.
    """
    members_of: dict[Pod, set[tuple[Family, ExplainedEndpoint]]] = {}
    for family, end in zip(families, ends, strict=True):
        for pod in end.pods:
            members_of.setdefault(pod, set()).add((family, end))
    found: dict[tuple[Family, ExplainedEndpoint], set[object]] = {}
    for family, end in zip(families, ends, strict=True):
        keys = {frozenset(members_of[pod]) for pod in end.pods}
        found.setdefault((family, end), set()).update(keys or {end.names})
    return found


def grouped_by_decision(explanations: Iterable[PairExplanation]) -> list[list[PairExplanation]]:
    """Return *explanations* in groups that the same policies and rules decide, in order of their first."""
    groups: dict[object, list[PairExplanation]] = {}
    for each in explanations:
        groups.setdefault(each.decided_by, []).append(each)
    return list(groups.values())

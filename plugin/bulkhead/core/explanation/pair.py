"""
``account``: for every pair of two endpoints, each port with the rules that open it and the side that refuses it.
"""

from collections.abc import Iterable, Iterator

from bulkhead.core.engine.endpoint_space import first_outside, outside_members
from bulkhead.core.engine.endpoint_terms import EndpointSelection, single_address
from bulkhead.core.engine.matching_rules import MatchingRule, PortVerdict, port_verdicts
from bulkhead.core.engine.reachability import FamilyReachability, Reachability, exempt, is_at, isolating, open_anyway
from bulkhead.core.engine.replicas import Owner, treated_differently
from bulkhead.core.engine.rule_effects import NOBODY
from bulkhead.core.engine.semantics import Semantics
from bulkhead.core.kubernetes.cluster import Endpoint, External, Pod
from bulkhead.core.kubernetes.networkpolicy import Direction
from bulkhead.core.record import record
from bulkhead.core.sets import addresses, intervals, partition, ports
from bulkhead.core.sets.addresses import AddressSet
from bulkhead.core.sets.ports import PortSet


@record
class ExplainedEndpoint:
    """
    One or more endpoints that no policy distinguishes, one *member* of a layer's endpoint space.

    *names* are what they are called, *first* is one of them.  *many*: it represents more than
    one, so a connection between two of them is not one of a pod with itself.  *pods* are those
    that were named.
    """

    place: int
    names: tuple[str, ...]
    first: Endpoint
    many: bool
    pods: tuple[Pod, ...] = ()


@record
class PairExplanation:
    """
    Between *source* and *destination* over one address *family*: *shares* of the ports that were asked for.

    *exempt* says why policies do not matter, else it is empty.  *egress* and *ingress* are the
    policies, by their place in the cluster, that isolate the source and the destination.
    *depends* are ports that are refused as far as is known, and open for some address of a pod
    whose address is not known.
    """

    family: int
    source: ExplainedEndpoint
    destination: ExplainedEndpoint
    exempt: str
    egress: tuple[int, ...]
    ingress: tuple[int, ...]
    shares: tuple[PortVerdict, ...]
    depends: PortSet = ports.NONE

    def leaves(self, share: PortVerdict) -> bool:
        """Say whether the source's side lets the ports of *share* pass."""
        return not self.egress or bool(share.egress)

    def enters(self, share: PortVerdict) -> bool:
        """Say whether the destination's side lets the ports of *share* pass."""
        return not self.ingress or bool(share.ingress)

    def open(self, share: PortVerdict) -> bool:
        """Say whether the ports of *share* are open."""
        return bool(self.exempt) or (self.leaves(share) and self.enters(share))

    @property
    def opened(self) -> PortSet:
        """The ports that are open."""
        found = ports.NONE
        for share in self.shares:
            found = ports.union(found, share.ports) if self.open(share) else found
        return found

    @property
    def reason(self) -> object:
        """What pairs that are alike have in common."""
        return self.exempt, self.egress, self.ingress, self.shares, self.depends

    def is_uncertain(self, share: PortVerdict) -> bool:
        """Say whether a port of *share*, which is refused, is open for some address of a pod."""
        return not self.open(share) and bool(ports.intersect(share.ports, self.depends).spans)

    def depending(self, found: PortSet) -> "PairExplanation":
        """Return the same where the ports *found* depend on the address of a pod."""
        shares = tuple(part for share in self.shares for part in _parted(share, found))
        return PairExplanation(
            self.family, self.source, self.destination, self.exempt, self.egress, self.ingress, shares, found
        )


def _parted(share: PortVerdict, found: PortSet) -> Iterator[PortVerdict]:
    """Yield *share* in two parts: the ports that are in *found*, and the others."""
    for part in (ports.intersect(share.ports, found), ports.subtract(share.ports, found)):
        if part.spans:
            yield PortVerdict(part, share.egress, share.ingress, share.departs)


def explain_pairs(
    answer: Reachability, source: EndpointSelection, destination: EndpointSelection, asked: PortSet, templates: bool
) -> Iterator[PairExplanation]:
    """
    Yield the account of every pair of what *source* and *destination* name, by family.

    *templates*: each pod of the cluster represents any number of them.  A pair of two
    addresses is not accounted for: no policy applies to it.
    """
    apart = treated_differently((answer,))
    for layer in answer.layers:
        here = explained_endpoints(layer, source, templates, apart, single_address(destination))
        there = explained_endpoints(layer, destination, templates, apart, single_address(source))
        for one in here:
            for other in there:
                if isinstance(one.first, Pod) or isinstance(other.first, Pod):
                    yield pair(layer, one, other, asked, answer.semantics)


def explained_endpoints(
    layer: FamilyReachability,
    chosen: EndpointSelection,
    templates: bool,
    apart: frozenset[Owner] = frozenset(),
    node: str = "",
) -> list[ExplainedEndpoint]:
    """
    Return what *chosen* names in *layer*, by place.

    Pods of the workloads *apart* have their own names.  Pods that run on *node* are apart from others.
    """
    space = layer.space
    pods: dict[tuple[int, bool], list[Pod]] = {}
    for pod in chosen.pods:
        place = space.by_pod.get(pod)
        if place is not None:
            pods.setdefault((place, bool(node) and is_at(pod.node, External(node))), []).append(pod)
    found = [
        ExplainedEndpoint(
            place,
            tuple(sorted({name_of(pod, apart) for pod in those})),
            those[0],
            len(pods.get((place, True), ())) + len(pods.get((place, False), ())) > 1 or is_many(those[0], templates),
            tuple(those),
        )
        for (place, _), those in sorted(pods.items())
    ]
    base = first_outside(space)
    spans = intervals.intersect(chosen.addresses, (addresses.WHOLE[space.family],))
    for place in partition.indices(outside_members(space, spans)):
        part = intervals.intersect(space.address_cells.regions[place - base], spans)
        text = chosen.text if part == spans else f"{chosen.text} ({addresses.spell(AddressSet(part))})"
        first, last = part[0]
        is_one = first == last and len(part) == 1
        found.append(ExplainedEndpoint(place, (text,), External(addresses.spell_address(first)), not is_one))
    return found


def name_of(pod: Pod, apart: frozenset[Owner] = frozenset()) -> str:
    """Return what *pod*'s workload is called, as ``endpoints`` reads it; the pod itself where that is *apart*."""
    return f"{pod.namespace}/{pod.name if pod.owner in apart else pod.workload or pod.name}"


def is_many(pod: Pod, templates: bool) -> bool:
    """Say whether *pod* represents more than one: as a workload's template does."""
    return templates or pod.is_template


def single_pods(layer: FamilyReachability, templates: bool) -> int:
    """Return the members of *layer* that are one pod, which reaches itself whatever policies say."""
    return sum(
        1 << place
        for place, member in enumerate(layer.space.classes)
        if len(member.pods) == 1 and not is_many(member.pods[0], templates)
    )


def pair(
    layer: FamilyReachability,
    source: ExplainedEndpoint,
    destination: ExplainedEndpoint,
    asked: PortSet,
    semantics: Semantics,
) -> PairExplanation:
    """Return the account of one pair of *layer*, one end of which is a pod."""
    strangers = source.place == destination.place and source.many and isinstance(source.first, Pod)
    ranges = any(isinstance(end.first, External) and end.many for end in (source, destination))
    shares = [
        PortVerdict(ports.intersect(ports_of, asked), egress, each.ingress)
        for each in port_verdicts(layer, source.place, destination.place)
        for ports_of, egress in _anyway(
            each, ports.NONE if ranges else open_anyway(semantics, source.first, destination.first)
        )
    ]
    return PairExplanation(
        layer.space.family,
        source,
        destination,
        "" if strangers or ranges else exempt(source.first, destination.first),
        isolating(layer, source.place, Direction.EGRESS),
        isolating(layer, destination.place, Direction.INGRESS),
        tuple(share for share in shares if share.ports.spans),
    )


def _anyway(share: PortVerdict, opened: PortSet) -> Iterator[tuple[PortSet, tuple[MatchingRule, ...]]]:
    """Yield the parts of *share* that the enforcer has *opened* by itself, and the rest, with the leaves of egress."""
    yield ports.subtract(share.ports, opened), share.egress
    yield ports.intersect(share.ports, opened), (*share.egress, MatchingRule(NOBODY, 0))


def all_allowed(found: Iterable[PairExplanation], asked: PortSet) -> bool:
    """Say whether every pair of *found* has all ports of *asked* open, over one address family or several together."""
    return all(each == asked for each in opened_by_pair(found))


def opened_by_pair(found: Iterable[PairExplanation]) -> list[PortSet]:
    """Return what is open, over all address families, between each two ends of *found* that a policy distinguishes."""
    accounts = list(found)
    sources, destinations = (
        _ends([each.source if side else each.destination for each in accounts], [each.family for each in accounts])
        for side in (True, False)
    )
    opened: dict[tuple[object, object], PortSet] = {}
    for each in accounts:
        for one in sources[each.family, each.source]:
            for other in destinations[each.family, each.destination]:
                known = opened.get((one, other), ports.NONE)
                opened[one, other] = ports.union(known, each.opened)
    return list(opened.values())


def _ends(ends: list[ExplainedEndpoint], families: list[int]) -> dict[tuple[int, ExplainedEndpoint], set[object]]:
    """Return for each of *ends*, with its family, what its pods are in all families together; addresses by name."""
    at: dict[Pod, set[tuple[int, ExplainedEndpoint]]] = {}
    for family, end in zip(families, ends, strict=True):
        for pod in end.pods:
            at.setdefault(pod, set()).add((family, end))
    found: dict[tuple[int, ExplainedEndpoint], set[object]] = {}
    for family, end in zip(families, ends, strict=True):
        alike = {frozenset(at[pod]) for pod in end.pods}
        found.setdefault((family, end), set()).update(alike or {end.names})
    return found


def alike(accounts: Iterator[PairExplanation]) -> list[list[PairExplanation]]:
    """Return *accounts* in groups for which the same policies and rules decide, in order of their first."""
    groups: dict[object, list[PairExplanation]] = {}
    for each in accounts:
        groups.setdefault(each.reason, []).append(each)
    return list(groups.values())

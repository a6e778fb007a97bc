"""
``account``: for every pair of two endpoints, each port with the rules that open it and the side that refuses it.
"""

from bulkhead.core.engine.endpoint_space import first_outside, outside_members
from bulkhead.core.engine.endpoint_terms import EndpointSelection
from bulkhead.core.engine.matching_rules import MatchingRule, PortVerdict, port_verdicts
from bulkhead.core.engine.reachability import FamilyReachability, Reachability, exempt, isolating, open_anyway
from bulkhead.core.engine.rule_effects import NOBODY
from bulkhead.core.engine.semantics import Semantics
from bulkhead.core.kubernetes.cluster import Endpoint, External, Pod
from bulkhead.core.kubernetes.networkpolicy import Direction
from bulkhead.core.record import record
from bulkhead.core.sets import addresses, intervals, partition, ports
from bulkhead.core.sets.addresses import AddressSet
from bulkhead.core.sets.ports import PortSet

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


@record
class ExplainedEndpoint:
    """
    One or more endpoints that no policy tells apart, at one *place* of a layer's universe.

    *names* are what they are called, *first* is one of them.  *many*: it stands for more than
    one, so a connection between two of them is not one of a pod with itself.
    """

    place: int
    names: tuple[str, ...]
    first: Endpoint
    many: bool


@record
class PairExplanation:
    """
    Between *source* and *destination* over one address *family*: *shares* of the ports that were asked for.

    *exempt* says why policies do not matter, else it is empty.  *egress* and *ingress* are the
    policies, by their place in the cluster, that isolate the source and the destination.
    """

    family: int
    source: ExplainedEndpoint
    destination: ExplainedEndpoint
    exempt: str
    egress: tuple[int, ...]
    ingress: tuple[int, ...]
    shares: tuple[PortVerdict, ...]

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
        return self.exempt, self.egress, self.ingress, self.shares


def explain_pairs(
    answer: Reachability, source: EndpointSelection, destination: EndpointSelection, asked: PortSet, templates: bool
) -> "Iterator[PairExplanation]":
    """
    Yield the account of every pair of what *source* and *destination* name, by family.

    *templates*: each pod of the cluster stands for any number of them.  A pair of two
    addresses is not accounted for: no policy has a say in it.
    """
    for layer in answer.layers:
        here, there = explained_endpoints(layer, source, templates), explained_endpoints(layer, destination, templates)
        for one in here:
            for other in there:
                if isinstance(one.first, Pod) or isinstance(other.first, Pod):
                    yield pair(layer, one, other, asked, answer.semantics)


def explained_endpoints(
    layer: FamilyReachability, chosen: EndpointSelection, templates: bool
) -> list[ExplainedEndpoint]:
    """Return what *chosen* names in *layer*, by place."""
    universe = layer.universe
    pods: dict[int, list[Pod]] = {}
    for pod in chosen.pods:
        place = universe.places.get(pod)
        if place is not None:
            pods.setdefault(place, []).append(pod)
    found = [
        ExplainedEndpoint(
            place,
            tuple(sorted({name_of(pod) for pod in those})),
            those[0],
            len(those) > 1 or is_many(those[0], templates),
        )
        for place, those in sorted(pods.items())
    ]
    base = first_outside(universe)
    spans = intervals.intersect(chosen.addresses, (addresses.WHOLE[universe.family],))
    for place in partition.indices(outside_members(universe, spans)):
        part = intervals.intersect(universe.cells.regions[place - base], spans)
        text = chosen.text if part == spans else f"{chosen.text} ({addresses.spell(AddressSet(part))})"
        found.append(ExplainedEndpoint(place, (text,), External(addresses.spell_address(part[0][0])), True))
    return found


def name_of(pod: Pod) -> str:
    """Return what *pod*'s workload is called, as ``endpoints`` reads it."""
    return f"{pod.namespace}/{pod.workload or pod.name}"


def is_many(pod: Pod, templates: bool) -> bool:
    """Say whether *pod* stands for more than one: as a workload's template does."""
    return templates or pod.is_template


def single_pods(layer: FamilyReachability, templates: bool) -> int:
    """Return the members of *layer* that are one pod, which reaches itself whatever policies say."""
    return sum(
        1 << place
        for place, member in enumerate(layer.universe.members)
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
    strangers = source.place == destination.place and source.many
    shares = [
        PortVerdict(ports.intersect(ports_of, asked), egress, each.ingress)
        for each in port_verdicts(layer, source.place, destination.place)
        for ports_of, egress in _anyway(each, open_anyway(semantics, source.first, destination.first))
    ]
    return PairExplanation(
        layer.universe.family,
        source,
        destination,
        "" if strangers else exempt(source.first, destination.first),
        isolating(layer, source.place, Direction.EGRESS),
        isolating(layer, destination.place, Direction.INGRESS),
        tuple(share for share in shares if share.ports.spans),
    )


def _anyway(share: PortVerdict, opened: PortSet) -> "Iterator[tuple[PortSet, tuple[MatchingRule, ...]]]":
    """Yield the parts of *share* that the enforcer has *opened* by itself, and the rest, with the leaves of egress."""
    yield ports.subtract(share.ports, opened), share.egress
    yield ports.intersect(share.ports, opened), (*share.egress, MatchingRule(NOBODY, 0))


def all_allowed(found: "Iterable[PairExplanation]", asked: PortSet) -> bool:
    """Say whether every pair of *found* has all ports of *asked* open, over one address family or several together."""
    opened: dict[tuple[object, object], PortSet] = {}
    for each in found:
        ends = each.source.names, each.destination.names
        opened[ends] = ports.union(opened.get(ends, ports.NONE), each.opened)
    return all(each == asked for each in opened.values())


def alike(accounts: "Iterator[PairExplanation]") -> list[list[PairExplanation]]:
    """Return *accounts* in groups for which the same policies and rules decide, in order of their first."""
    groups: dict[object, list[PairExplanation]] = {}
    for each in accounts:
        groups.setdefault(each.reason, []).append(each)
    return list(groups.values())

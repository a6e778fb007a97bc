"""What outside addresses are called: by the profile's peers, else by their ranges."""

from collections.abc import Mapping

from bulkhead.analysis.analysis_input import AnalysisInput
from bulkhead.core.engine.endpoint_space import EndpointSpace, first_outside
from bulkhead.core.engine.endpoint_terms import INTERNET, block_spans
from bulkhead.core.kubernetes.cluster import namespaces_of
from bulkhead.core.kubernetes.networkpolicy import IpBlock, PodPeer
from bulkhead.core.language.resources import ClusterProfile
from bulkhead.core.sets import addresses, intervals
from bulkhead.core.sets.addresses import AddressSet
from bulkhead.core.sets.intervals import Spans
from bulkhead.core.sets.ranges import PUBLIC

OTHER = "other addresses"


class Outside:
    """Names the outside members of an endpoint space."""

    def __init__(self, found: AnalysisInput, peers: Mapping[str, tuple[IpBlock | PodPeer, ...]]) -> None:
        self.known: list[tuple[int, str, Spans]] = []
        taken = namespaces_of(found.cluster)
        for name, terms in peers.items():
            if terms and all(isinstance(term, IpBlock) for term in terms):
                spans = block_spans(terms)
                self.known.append((_size(spans), f"peer={name}" if name in taken else name, spans))
        if all(name != INTERNET for _, name, _ in self.known):
            self.known.append((_size(PUBLIC), INTERNET, PUBLIC))
        self.known.sort()
        self.never = unreal(found.profile)
        self.given = found.profile is not None

    def name(self, region: Spans) -> str:
        """Return the smallest peer that holds *region*; its first range where only all addresses do."""
        for size, name, spans in self.known:
            if intervals.subtract(region, spans) == () and size < _size((addresses.WHOLE[4],)):
                return name
        first = addresses.spell(AddressSet(region[:1]))
        more = len(region) - 1
        return f"{first} and {more} more range{'s' if more > 1 else ''}" if more else first

    def group(self, region: Spans) -> str:
        """Return what a matrix calls *region*, one of few names; ``""``: no outside end has such an address."""
        if intervals.subtract(region, self.never) == ():
            return ""
        if self.given:
            named = self.name(region)
            return named if any(name == named for _, name, _ in self.known) else OTHER
        return INTERNET if intervals.intersect(region, PUBLIC) else "private addresses"

    def groups(self, space: EndpointSpace) -> dict[str, int]:
        """Return the outside members of *space* by what a matrix calls them."""
        base = first_outside(space)
        found: dict[str, int] = {}
        for cell, region in enumerate(space.address_cells.regions):
            name = self.group(region)
            if name:
                found[name] = found.get(name, 0) | 1 << base + cell
        return dict(sorted(found.items(), key=lambda item: (item[0] == OTHER, item[0])))


def unreal(profile: ClusterProfile | None) -> Spans:
    """
    Return the addresses that no outside end has: those of pods are pods, those of Services become pods'.
    """
    networks = profile.spec.networks if profile else None
    cidrs = (*(networks.pods or ()), *(networks.services or ())) if networks else ()
    return intervals.merge(addresses.network(str(cidr)) for cidr in cidrs)


def _size(spans: Spans) -> int:
    return sum(last - first + 1 for first, last in spans)

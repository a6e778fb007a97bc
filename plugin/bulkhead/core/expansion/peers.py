"""The named peers of a profile, as peers of a NetworkPolicy."""

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

from bulkhead.core.diagnostics import Diagnostic, Path, in_resource, nearest
from bulkhead.core.kubernetes.networkpolicy import EVERY_POD, NAMESPACE_NAME, IpBlock, PodPeer, Requirement, Selector
from bulkhead.core.language.resources import EVERYONE, EVERYONE_PEER, ClusterProfile, LabelSelector, Peer
from bulkhead.core.language.scalars import Name, quoted


class Peers:
    """The named peers of a profile, resolved. A named peer can be a list with other names in it."""

    def __init__(self, profile: ClusterProfile) -> None:
        self.profile = profile
        self.named: Mapping[Name, tuple[Name | Peer, ...]] = profile.spec.peers

    def problems(self) -> Iterator[Diagnostic]:
        """Yield the problems of the profile itself: unknown names, peers that refer to themselves, missing networks."""
        for name, members in self.named.items():
            for i, member in enumerate(members):
                path: Path = ("spec", "peers", name, i) if len(members) > 1 else ("spec", "peers", name)
                message, hint = self.trouble(member)
                if not message and name in self.circular and name in self.reached(member):
                    message, hint = f"peer `{name}` refers to itself", "write the peers without the name itself"
                if message:
                    yield Diagnostic(in_resource(f"cluster {self.profile.name}", path), message, hint)

    def trouble(self, peer: Name | Peer) -> tuple[str, str]:
        """Return what is wrong with one reference and a hint, ``("", "")`` where nothing is."""
        if isinstance(peer, Name):
            if peer in self.named or peer == EVERYONE:
                return "", ""
            near = nearest(peer, list(self.named))
            known = ", ".join(f"`{name}`" for name in self.named) or "none"
            return (
                f"unknown peer {quoted(peer)}",
                f"did you mean `{near}`?" if near else f"the profile's peers: {known}",
            )
        if peer.ranges is not None:
            from bulkhead.core.expansion.provider_peers import provider_trouble  # here: few builds have ranges

            return provider_trouble(self.profile.ranges, peer)
        for network in peer.network or ():
            if self.profile.spec.networks.of(network) is None:
                return (
                    f"the profile has no CIDR for network `{network.value}`",
                    f"add `networks: {{{network.value}: CIDR}}` to the ClusterProfile",
                )
        return "", ""

    def reached(self, peer: Name | Peer) -> set[Name]:
        """Return every name that *peer* leads to, itself included."""
        seen: set[Name] = set()
        waiting = [peer]
        while waiting:
            each = waiting.pop()
            if isinstance(each, Name) and each not in seen:
                seen.add(each)
                waiting += self.named.get(each, ())
        return seen

    def written_out(self, peers: Iterable[Name | Peer]) -> Iterator[Peer]:
        """
        Yield *peers*, each name replaced by its peers, in order. The peers of a name are yielded once: lists of lists
        would be exponentially many. Names must be known and not refer to themselves.
        """
        seen: set[Name] = set()
        waiting = [*peers][::-1]
        while waiting:
            peer = waiting.pop()
            if not isinstance(peer, Name):
                yield peer
            elif peer not in seen:
                seen.add(peer)
                waiting += reversed(self.named.get(peer, (EVERYONE_PEER,)))

    def blocks(self, peer: Peer) -> Iterator[IpBlock]:
        """Yield the ``ipBlock``s of a peer that is addresses, each with the exclusions inside it."""
        for network in peer.network or ():
            yield from (IpBlock(str(cidr)) for cidr in self.profile.spec.networks.of(network) or ())
        if peer.ranges is not None:
            from bulkhead.core.expansion.provider_peers import provider_blocks  # here: few builds have ranges

            yield from map(IpBlock, provider_blocks(self.profile.ranges, peer))
        for cidr in peer.cidr or ():
            yield IpBlock(str(cidr), tuple(str(cut) for cut in peer.excluded or () if cidr.holds(cut)))

    def in_trouble(self, name: Name) -> bool:
        """Say whether the profile's own peer *name* is wrong, which :meth:`problems` reports once."""
        return name in self.circular or any(self.trouble(each)[0] for each in self.named.get(name, ()))

    @cached_property
    def circular(self) -> set[Name]:
        """The names that refer to themselves, be it through others."""
        near = _near_circles(
            {name: {each for each in peers if isinstance(each, Name)} for name, peers in self.named.items()}
        )
        return {name for name in near if any(name in self.reached(each) for each in self.named[name])}


def _near_circles(names: dict[Name, set[Name]]) -> set[Name]:
    """Return the names that lead to a circle, each name leading to its *names*."""
    leading: dict[Name, list[Name]] = {}
    for name, others in names.items():
        for other in others & names.keys():
            leading.setdefault(other, []).append(name)
    left = {name: len(others & names.keys()) for name, others in names.items()}
    ended = [name for name, count in left.items() if not count]
    while ended:
        for name in leading.get(ended.pop(), ()):
            left[name] -= 1
            if not left[name]:
                ended.append(name)
    return {name for name, count in left.items() if count}


def pod_peer(peer: Peer) -> PodPeer:
    """Return the pods that *peer*, which is not addresses, represents."""
    pods = EVERY_POD if peer.pods is None else selector(peer.pods)
    if peer.namespaces is not None:
        return PodPeer(pods, selector(peer.namespaces))
    if peer.namespace is None:
        return PodPeer(pods)
    if len(peer.namespace) == 1:
        return PodPeer(pods, Selector(((NAMESPACE_NAME, str(peer.namespace[0])),)))
    return PodPeer(pods, Selector((), (Requirement(NAMESPACE_NAME, "In", tuple(map(str, peer.namespace))),)))


def selector(labels: LabelSelector) -> Selector:
    """Return the NetworkPolicy's selector, its labels sorted."""
    requirements = tuple(
        Requirement(str(each.key), each.operator.value, tuple(map(str, each.values or ())))
        for each in labels.match_expressions or ()
    )
    return Selector(tuple(sorted((str(key), str(word)) for key, word in labels.match_labels.items())), requirements)

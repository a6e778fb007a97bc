"""
Endpoints as people name them: one notation for the command line and for tests.

=====================  ============================================================================
``media``              every pod of the namespace, whether a rule names it or not
``media/jellyfin``     one workload or pod
``media/*``            any other pod: one that no rule names; where all pods are known, every pod
``media/post*``        those whose name fits; ``open*`` namespaces whose name fits
``*``                  every pod of every namespace
``*/*``                any pod of a namespace that is not listed; where all are known, every pod
``192.168.1.40``       an address: the pod that has it, else an outside one; also a CIDR. Of the pod
                       network: whichever pod has it
``internet``           the public addresses
``lan``                a named peer of the profile
``peer=lan``           the named peer, where a namespace has the same name
``namespace=lan``      the namespace, where a named peer has the same name
=====================  ============================================================================
"""

from collections.abc import Iterable, Iterator, Mapping

from bulkhead.core.diagnostics import nearest
from bulkhead.core.expansion.peers import Peers, pod_peer
from bulkhead.core.kubernetes.cluster import Cluster, Pod, namespaces_of
from bulkhead.core.kubernetes.networkpolicy import IpBlock, PodPeer
from bulkhead.core.kubernetes.selectors import matches
from bulkhead.core.language.resources import ClusterProfile, Peer
from bulkhead.core.language.scalars import Cidr, InvalidValue, quoted
from bulkhead.core.record import record, replaced
from bulkhead.core.sets import addresses, intervals
from bulkhead.core.sets.addresses import WHOLE, spans_of
from bulkhead.core.sets.intervals import Spans
from bulkhead.core.sets.ranges import PUBLIC

ANY = "*"
INTERNET = "internet"
_SHOWN = 12


@record
class EndpointSelection:
    """
    What *text* names: *pods*, *addresses* outside, or, for the named peer *peer*, both.

    Among *pods* are all of the namespaces *whole*; ``*`` is every namespace, listed or not.  Those that
    *selectors* select are given by the peer, not one by one.  *of_pods* are addresses of the pod network: they mean
    whichever pod has one.  The pods *holders* have one for certain, *candidates* may have one.
    """

    text: str
    pods: tuple[Pod, ...] = ()
    addresses: Spans = ()
    peer: str = ""
    whole: tuple[str, ...] = ()
    selectors: tuple[PodPeer, ...] = ()
    of_pods: Spans = ()
    holders: tuple[Pod, ...] = ()
    candidates: tuple[Pod, ...] = ()


def single_address(chosen: EndpointSelection) -> str:
    """Return the one address that *chosen* names; empty where it names anything else."""
    spans = chosen.addresses
    is_one = not chosen.pods and len(spans) == 1 and spans[0][0] == spans[0][1]
    return addresses.spell_address(spans[0][0]) if is_one else ""


class EndpointVocabulary:
    """
    The endpoints of *cluster* by name; *peers* are the profile's, written out, and *networks* the CIDRs of its pods.
    """

    def __init__(
        self,
        cluster: Cluster,
        peers: Mapping[str, tuple[IpBlock | PodPeer, ...]] | None = None,
        networks: tuple[str, ...] = (),
    ) -> None:
        self.peers = peers or {}
        self.networks = spans_of(networks or cluster.networks)
        self.labels = namespaces_of(cluster)
        self.pods: dict[str, list[Pod]] = {name: [] for name in self.labels}
        for pod in cluster.pods:
            self.pods[pod.namespace].append(pod)

    def choose(self, text: str) -> EndpointSelection:
        """
        Return what *text* names, at least one pod or address.

        :raises InvalidValue: where it names nothing, with the nearest name that does, and where it names both a
            namespace and a peer that is something else.
        """
        kind, marked, marked_name = text.partition("=")
        if marked and kind in ("peer", "namespace"):
            return self.peer(marked_name, text) if kind == "peer" else self.namespace(marked_name, text)
        head, slash, name = text.partition("/")
        if _is_address(head):
            return self.at(text)
        whole: tuple[str, ...] = ()
        if slash:
            found = self.workloads(head, name)
            whole = self.whole(head, found) if name == ANY else ()
        elif ANY in text:
            found = [pod for space in self.spaces(text) for pod in self.pods[space]]
            whole = self.whole(text, ())
        elif text in self.pods:
            return self.namespace_or_peer(text)
        else:
            return self.peer(text, text)
        if not found:
            raise self.unknown(text)
        return EndpointSelection(text, tuple(found), whole=whole)

    def whole(self, pattern: str, found: Iterable[Pod]) -> tuple[str, ...]:
        """Return the namespaces that *pattern* names wholly; none where those *found* represent a part of them."""
        if any(pod.name == ANY for pod in found):
            return ()
        return (ANY,) if pattern == ANY else tuple(self.spaces(pattern))

    def namespace_or_peer(self, name: str) -> EndpointSelection:
        """Return the namespace *name*, if no peer of that name is something else."""
        found = self.namespace(name, name)
        if name not in self.peers:
            return found
        try:
            peer = self.peer(name, name)
        except InvalidValue:
            return found  # no connection has such a peer at an end
        if (set(peer.pods), peer.addresses, peer.of_pods) != (set(found.pods), (), ()):
            raise InvalidValue(
                f"{quoted(name)} is a namespace and a named peer", f"write `namespace={name}` or `peer={name}`"
            )
        return found

    def namespace(self, name: str, text: str) -> EndpointSelection:
        """Return every pod of the namespace *name*."""
        if name not in self.pods:
            raise self.unknown(name)
        if not self.pods[name]:
            raise InvalidValue(f"namespace {quoted(name)} has no pods", "name another one, or an address")
        return EndpointSelection(text, tuple(self.pods[name]), whole=(name,))

    def at(self, text: str) -> EndpointSelection:
        """Return what has the address, or the addresses of the CIDR, *text*."""
        if "/" in text:
            cidr = Cidr.parse(text)
            return self.addressed(EndpointSelection(text), (addresses.network(str(cidr)),))
        try:
            point = addresses.address(text)
        except ValueError:
            raise InvalidValue(f"{quoted(text)} is not an address", "write `192.168.1.40` or `fd00::1`") from None
        owners = tuple(
            pod for pods in self.pods.values() for pod in pods if not pod.host_network and text in pod.addresses
        )
        if owners:
            return EndpointSelection(text, owners)
        return self.addressed(EndpointSelection(text), ((point, point),))

    def addressed(self, chosen: EndpointSelection, spans: Spans) -> EndpointSelection:
        """Return *chosen* with the addresses *spans*, those of the pod network as those of pods."""
        held = intervals.intersect(spans, self.networks)
        holders: list[Pod] = []
        candidates: list[Pod] = []
        for pod in (pod for pods in self.pods.values() for pod in pods if not pod.host_network):
            own = spans_of(pod.addresses) if pod.addresses else self.networks
            if found := intervals.intersect(own, spans):
                families = [whole for whole in WHOLE.values() if intervals.intersect(found, (whole,))]
                own = intervals.intersect(own, tuple(families))
                (candidates if intervals.subtract(own, spans) else holders).append(pod)
        return replaced(
            chosen,
            addresses=intervals.subtract(spans, held),
            of_pods=held,
            holders=tuple(holders),
            candidates=tuple(candidates),
        )

    def spaces(self, pattern: str) -> list[str]:
        """Return the namespaces that *pattern* fits."""
        return [space for space in sorted(self.pods) if fits(pattern, space)]

    def workloads(self, space: str, name: str) -> list[Pod]:
        """Return the pods of the namespaces *space* that *name* means."""
        if name != ANY:
            pods = [pod for each in self.spaces(space) for pod in self.pods[each]]
            return [pod for pod in pods if fits(name, pod.name) or (pod.workload and fits(name, pod.workload))]
        spaces = [ANY] if space == ANY and ANY in self.pods else self.spaces(space)
        pods = [pod for each in spaces for pod in self.pods[each]]
        return [pod for pod in pods if pod.name == ANY] or pods

    def peer(self, name: str, text: str) -> EndpointSelection:
        """Return what the named peer *name* represents; `internet` needs none of that name."""
        if name not in self.peers:
            if name != INTERNET:
                raise self.unknown(name)
            return self.addressed(EndpointSelection(text), PUBLIC)
        peers = self.peers[name]
        spans = block_spans(peers)
        selected = [peer for peer in peers if isinstance(peer, PodPeer)]
        if any(peer.namespaces is None for peer in selected):
            raise InvalidValue(
                f"peer {quoted(name)} means another namespace in each rule", "write the namespace instead of the peer"
            )
        pods = [pod for space in sorted(self.pods) for pod in self.pods[space] if self.selects(selected, pod)]
        if not pods and not spans:
            raise InvalidValue(f"peer {quoted(name)} selects nothing that is here", "name a namespace or an address")
        return self.addressed(EndpointSelection(text, tuple(pods), peer=name, selectors=tuple(selected)), spans)

    def selects(self, peers: Iterable[PodPeer], pod: Pod) -> bool:
        """Say whether one of *peers* selects *pod*; a pod on the host network is never selected."""
        return not pod.host_network and any(
            peer.namespaces is not None
            and matches(peer.namespaces, self.labels[pod.namespace])
            and matches(peer.pods, dict(pod.labels))
            for peer in peers
        )

    def unknown(self, text: str) -> InvalidValue:
        """Return the refusal of *text*, with the nearest name: a namespace's, a workload's in it, a peer's."""
        head, slash, name = text.partition("/")
        if not slash or head not in self.pods:
            spaces = [space for space in sorted(self.pods) if ANY not in space]
            near = nearest(head, [*spaces, *self.peers, INTERNET])
            whole = f"{near}/{name}" if slash and near in self.pods else near
            message = (
                f"there is no namespace {quoted(head)}" if slash else f"there is no namespace or peer {quoted(head)}"
            )
            return InvalidValue(message, f"did you mean `{whole}`?" if near else f"the namespaces are {_some(spaces)}")
        known = sorted({pod.workload or pod.name for pod in self.pods[head]})
        near = nearest(name, known)
        listed = _some([f"{head}/{each}" for each in known])
        return InvalidValue(
            f"nothing in namespace `{head}` is known as {quoted(name)}",
            f"did you mean `{head}/{near}`?" if near else f"there are {listed}" if known else "",
        )


def _some(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names[:_SHOWN]) + (", …" if names[_SHOWN:] else "")


def fits(pattern: str, word: str) -> bool:
    """
    Say whether *word* is *pattern*, in which each ``*`` represents any text.

    >>> fits("post*", "postgresql"), fits("post", "postgresql")
    (True, False)
    """
    first, *rest = pattern.split(ANY)
    if not rest:
        return word == pattern
    if not word.startswith(first) or len(word) < len(first):
        return False
    at = len(first)
    for part in rest[:-1]:
        found = word.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    return len(word) - len(rest[-1]) >= at and word.endswith(rest[-1])


def _is_address(head: str) -> bool:
    return ":" in head or (head.count(".") == 3 and head.replace(".", "").isdigit())


def block_spans(peers: Iterable[IpBlock | PodPeer]) -> Spans:
    """Return the addresses of the blocks among *peers*."""
    blocks = (each for each in peers if isinstance(each, IpBlock))
    return intervals.merge(span for each in blocks for span in addresses.block(each.cidr, each.excluded))


def named_peers(profile: ClusterProfile) -> dict[str, tuple[IpBlock | PodPeer, ...]]:
    """Return what each named peer of *profile* represents, in a NetworkPolicy's own terms."""
    peers = Peers(profile)
    found = {str(name): tuple(peers.written_out((name,))) for name in peers.named}
    return {
        name: tuple(_terms(peers, written))
        for name, written in found.items()
        if not any(peer.is_everyone for peer in written)
    }


def _terms(peers: Peers, written: Iterable[Peer]) -> Iterator[IpBlock | PodPeer]:
    for peer in written:
        if peer.by_address:
            yield from peers.blocks(peer)
        else:
            yield pod_peer(peer)


def target(text: str) -> tuple[str, str]:
    """
    Return the endpoint and the port of ``DST[:PORT[/PROTO]]``, the port ``""`` where none is written.

    >>> target("trade-bot/*:5432"), target("[fd00::1]:53/UDP"), target("fd00::1")
    (('trade-bot/*', '5432'), ('fd00::1', '53/UDP'), ('fd00::1', ''))
    """
    if text.startswith("["):
        end, _, port = text[1:].partition("]")
        return end, port.removeprefix(":")
    if text.count(":") > 1:
        return text, ""
    end, _, port = text.partition(":")
    return end, port

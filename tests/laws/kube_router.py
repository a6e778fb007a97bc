"""
What kube-router programs, one packet at a time: sets of addresses, and chains of rules that a packet walks through.

Written from its controller (k3s-io/kube-router v2.2.1, ``pkg/controllers/netpol``) and from ipset's manual, and
from nothing of the engine.  One thing there is chance: in which order it sees the pods of a named port.  *lucky*
packets find the order that lets them through, others none that adds anything.
"""

from collections.abc import Callable, Iterable, Iterator
from ipaddress import IPv4Address, IPv6Address
from itertools import permutations
from typing import Any, TypeGuard

from bulkhead.core.kubernetes.cluster import Cluster, Endpoint, External, Pod, namespaces_of
from bulkhead.core.kubernetes.networkpolicy import IpBlock, NetworkPolicy, PolicyRule
from laws.brute import families, fits, ip_address, ip_network, remembered

Address = IPv4Address | IPv6Address
Packet = tuple[Address, Address, str, int]
Numbers = tuple[str, int | None, int | None]
AddressTest = Callable[[Address], bool]
Entry = tuple[AddressTest | None, AddressTest | None, str | None, int | None, int | None]
Named = tuple[tuple[str, int, int], list[Pod]]
NamedPods = dict[tuple[str, str, int], list[Pod]]

NODE_PORTS = range(30000, 32768)


def allows(cluster: Cluster, source: Endpoint, destination: Endpoint, protocol: str, port: int, lucky: bool) -> bool:
    """A connection passes if its first packet does, over any address family that both ends have."""
    both = families(cluster, source) & families(cluster, destination)
    return any(passes(cluster, source, destination, protocol, port, lucky, family) for family in both)


def passes(
    cluster: Cluster, source: Endpoint, destination: Endpoint, protocol: str, port: int, lucky: bool, family: int
) -> bool:
    if source == destination:
        return True
    packet = address(source, family), address(destination, family), protocol, port
    out = into = True
    if is_pod(source):
        out = is_node_port(source, packet) or firewall(cluster, source, packet, lucky, family)
    if is_pod(destination):
        into = comes_from_node(source, destination, packet) or firewall(cluster, destination, packet, lucky, family)
    return out and into


def is_pod(end: Endpoint) -> TypeGuard[Pod]:
    """hostNetwork pods have no chain of their own."""
    return not isinstance(end, External) and not end.host_network


def address(end: Endpoint, family: int) -> Address:
    if isinstance(end, External):
        return ip_address(end.address)
    return next(each for each in map(ip_address, end.addresses) if each.version == family)


def is_node_port(source: Pod, packet: Packet) -> bool:
    """KUBE-ROUTER-INPUT returns for TCP and UDP to a local address and a node port, before the pod's chain."""
    _, target, protocol, port = packet
    return source.node != "" and target == ip_address(source.node) and protocol != "SCTP" and port in NODE_PORTS


def comes_from_node(source: Endpoint, destination: Pod, packet: Packet) -> bool:
    """The first rule of a pod's chain accepts what comes from an address of its own node."""
    return destination.node != "" and packet[0] == ip_address(destination.node) and not is_pod(source)


def firewall(cluster: Cluster, pod: Pod, packet: Packet, lucky: bool, family: int) -> bool:
    """The pod's chain: a policy of both types is walked by every packet, others by those of their direction."""
    here, there, *_ = packet
    own = address(pod, family)
    types = [(p, p.ingress is not None, p.egress is not None) for p in cluster.policies if selects(p, pod)]
    if there == own and not any(ingress for _, ingress, _ in types):
        return True
    if here == own and not any(egress for _, _, egress in types):
        return True
    walked = [p for p, ingress, egress in types if (ingress and egress) or (there if ingress else here) == own]
    return any(matches(rule, packet) for policy in walked for rule in chain(cluster, policy, lucky, family))


@remembered
def selects(policy: NetworkPolicy, pod: Pod) -> bool:
    return policy.namespace == pod.namespace and fits(policy.pods, dict(pod.labels))


def matches(rule: Entry, packet: Packet) -> bool:
    sources, targets, protocol, first, last = rule
    here, there, known, port = packet
    return (
        (sources is None or sources(here))
        and (targets is None or targets(there))
        and protocol in (None, known)
        and (first is None or last is None or first <= port <= last)
    )


@remembered
def chain(cluster: Cluster, policy: NetworkPolicy, lucky: bool, family: int) -> tuple[Entry, ...]:
    """Return the rules of a policy's chain, which all packets walk through."""
    return tuple(entries(cluster, policy, lucky, family))


def entries(cluster: Cluster, policy: NetworkPolicy, lucky: bool, family: int) -> Iterator[Entry]:
    """Yield the rules of a policy's chain: sets of sources and targets, protocol, first and last port."""
    subjects = [pod for pod in cluster.pods if is_pod(pod) and selects(policy, pod)]
    own = addresses(subjects, family)
    for rule in policy.ingress or ():
        endpoints = grab(subjects, lucky)
        numbers, named = split(rule, endpoints)
        for sources, is_pods in peers(cluster, policy, rule, family):
            yield from with_ports(
                numbers, [(sources, own, *each) for each in numbers], rule, (sources, own), named, is_pods
            )
            yield from ((sources, hash_ip(found, family), *what) for what, found in named)
    for rule in policy.egress or ():
        others = selected(cluster, policy, rule)
        if rule.peers is None:
            others = [pod for pod in cluster.pods if is_pod(pod) and pod.namespace == policy.namespace]
        numbers, named = split(rule, grab(others, lucky))
        for targets, is_pods in peers(cluster, policy, rule, family):
            yield from with_ports(
                numbers, [(own, targets, *each) for each in numbers], rule, (own, targets), named, is_pods
            )
            if rule.peers is None:
                yield from ((own, None, *what) for what, _ in named)
            elif is_pods:
                yield from ((own, hash_ip(found, family), *what) for what, found in named)


def with_ports(
    numbers: list[Any], numbered: list[Any], rule: PolicyRule, ends: tuple[Any, Any], named: list[Any], is_pods: bool
) -> Iterator[Entry]:
    """A rule without ports is for all; so is one to pods of whose ports nothing was left."""
    if rule.ports is None or (is_pods and not numbers and not named):
        yield (*ends, None, None, None)
    yield from numbered


def split(rule: PolicyRule, endpoints: dict[tuple[str, str, int], Any]) -> tuple[list[Any], list[Any]]:
    """The numbered ports of a rule, and what its names mean: protocol, number, and the addresses that have it."""
    numbers, named = [], []
    for port in rule.ports or ():
        if isinstance(port.port, str):
            for (name, protocol, number), found in endpoints.items():
                if (name, protocol) == (port.port, port.protocol):
                    named.append(((protocol, number, number), found))
        else:
            numbers.append((port.protocol, port.port, port.end or port.port))
    return numbers, named


def peers(cluster: Cluster, policy: NetworkPolicy, rule: PolicyRule, family: int) -> Iterator[tuple[Any, bool]]:
    """Yield a set for everyone, or one for the pods (True) and one for the blocks; an empty one is not there."""
    if rule.peers is None:
        yield None, False
        return
    pods = selected(cluster, policy, rule)
    if pods:
        yield addresses(pods, family), True
    entries = [entry for peer in rule.peers if isinstance(peer, IpBlock) for entry in written(peer, family)]
    if entries:
        yield hash_net(entries), False


def selected(cluster: Cluster, policy: NetworkPolicy, rule: PolicyRule) -> list[Pod]:
    labels = namespaces_of(cluster)
    return [
        pod
        for peer in rule.peers or ()
        if not isinstance(peer, IpBlock)
        for pod in cluster.pods
        if is_pod(pod) and fits(peer.pods, dict(pod.labels))
        if (
            pod.namespace == policy.namespace
            if peer.namespaces is None
            else fits(peer.namespaces, labels[pod.namespace])
        )
    ]


def written(block: IpBlock, family: int) -> Any:
    """The entries for a block: a length of 0 cannot be stored, so that is two others."""
    whole = ip_network(block.cidr)
    if whole.version != family:
        return
    for cidr in (
        {4: ("0.0.0.0/1", "128.0.0.0/1"), 6: ("2000::/3", "fd00::/8")}[family]
        if whole.prefixlen == 0
        else (block.cidr,)
    ):
        yield ip_network(cidr), True
    for cidr in block.excluded:
        yield ip_network(cidr), False


def hash_net(entries: Any) -> AddressTest:
    """The longest prefix decides; an entry that is added again is overwritten."""
    stored = dict(entries)

    def holds(one: Address) -> bool:
        found = [network for network in stored if one in network]
        return bool(found) and stored[max(found, key=lambda network: network.prefixlen)]

    return holds


def addresses(pods: Iterable[Pod], family: int) -> Any:
    return hash_ip([each for pod in pods for each in pod.addresses], family)


def hash_ip(found: Any, family: int) -> AddressTest:
    return {one for one in map(ip_address, found) if one.version == family}.__contains__


def grab(pods: list[Pod], lucky: bool) -> dict[tuple[str, str, int], Any]:
    """
    The addresses for each name, protocol and number: as the controller collects them, in an order of the pods.

    All ports of a pod that are new share one list, to which later pods are added for any of them.
    """
    if not lucky:
        return {
            key: [ip for pod in pods if key in keys(pod) for ip in pod.addresses] for pod in pods for key in keys(pod)
        }
    every: dict[tuple[str, str, int], set[str]] = {}
    for order in permutations(dict.fromkeys(pods)):
        endpoints: dict[tuple[str, str, int], list[str]] = {}
        for pod in order:
            own = list(pod.addresses)
            for key in keys(pod):
                if key in endpoints:
                    endpoints[key] += pod.addresses
                else:
                    endpoints[key] = own
        for key, found in endpoints.items():
            every.setdefault(key, set()).update(found)
    return every


def keys(pod: Pod) -> Any:
    """The ports of its containers; those of init containers are not looked at."""
    return [(port.name, port.protocol, port.number) for port in pod.ports if not port.sidecar]

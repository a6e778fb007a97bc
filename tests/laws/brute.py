"""
NetworkPolicy as plainly as its specification: one flow at a time, no sets, no classes.

What the engine computes for all flows at once must agree with this for every one.
"""

import ipaddress
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import TypeVar

from bulkhead.core.engine.semantics import IpBlockMode
from bulkhead.core.kubernetes.cluster import Cluster, Endpoint, External, Pod, namespaces_of
from bulkhead.core.kubernetes.networkpolicy import IpBlock, NetworkPolicy, PodPeer, PolicyPort, Selector

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
ip_address = cache(ipaddress.ip_address)
ip_network = cache(ipaddress.ip_network)
"""Each text is read once: a plain evaluator would spend most of its time on that."""

Connection = tuple[Endpoint, Endpoint, str, int]
"""Source, destination, protocol and port."""

T = TypeVar("T")
MOST_REMEMBERED = 5000


def remembered(function: Callable[..., T]) -> Callable[..., T]:
    """
    Return *function* so that it is computed once for the same objects, which nothing may change.

    The same is what ``is`` says: to compare two clusters takes longer than to judge a flow.
    """
    known: dict[tuple[int, ...], tuple[tuple[object, ...], T]] = {}

    def once(*given: object) -> T:
        key = tuple(map(id, given))
        found = known.get(key)
        if found is None:
            if len(known) >= MOST_REMEMBERED:
                known.clear()
            known[key] = found = given, function(*given)  # with *given*: no other object gets one of these numbers
        return found[1]

    return once


def allows(
    cluster: Cluster, source: Endpoint, destination: Endpoint, protocol: str, port: int, mode: IpBlockMode
) -> bool:
    """A flow passes if it does over any address family that both ends have."""
    both = families(cluster, source) & families(cluster, destination)
    return any(allows_over(cluster, source, destination, protocol, port, mode, family) for family in both)


def allows_over(
    cluster: Cluster, source: Endpoint, destination: Endpoint, protocol: str, port: int, mode: IpBlockMode, family: int
) -> bool:
    """It needs the source's egress and the destination's ingress; a pod reaches itself, a node its own pods."""
    if source == destination or is_own_node(source, destination):
        return True
    flow = (source, destination, protocol, port)
    for pod, direction in ((source, "egress"), (destination, "ingress")):
        if isolating(cluster, pod, direction) and not any(allowing(cluster, direction, flow, mode, family)):
            return False
    return True


def is_own_node(source: Endpoint, destination: Endpoint) -> bool:
    if isinstance(destination, External) or destination.host_network or not destination.node:
        return False
    if isinstance(source, External):
        return source.address == destination.node
    return source.host_network and source.node == destination.node


@remembered
def isolating(cluster: Cluster, pod: Endpoint, direction: str) -> list[NetworkPolicy]:
    """The policies that select the pod and have the direction among their types: any such isolates it."""
    return [p for p in cluster.policies if getattr(p, direction) is not None and selects(p, pod)]


def allowing(
    cluster: Cluster, direction: str, flow: Connection, mode: IpBlockMode, family: int
) -> Iterator[tuple[int, int]]:
    """Yield the place of each policy and rule that allows the flow on this side, whatever the others say."""
    source, destination, protocol, port = flow
    pod, peer = (source, destination) if direction == "egress" else (destination, source)
    for number, policy in enumerate(cluster.policies):
        rules = getattr(policy, direction)
        for place, rule in enumerate(rules if rules and selects(policy, pod) else ()):
            if (
                rule.peers is None or any(is_peer(cluster, policy, one, peer, mode, family) for one in rule.peers)
            ) and (rule.ports is None or any(is_port(one, destination, protocol, port) for one in rule.ports)):
                yield number, place


@remembered
def selects(policy: NetworkPolicy, pod: Endpoint) -> bool:
    """Policies select pods of their own namespace, and none that is on the host network."""
    return (
        not isinstance(pod, External)
        and not pod.host_network
        and pod.namespace == policy.namespace
        and fits(policy.pods, dict(pod.labels))
    )


def fits(selector: Selector, labels: Mapping[str, str]) -> bool:
    for key, wanted in selector.labels:
        if key not in labels or labels[key] != wanted:
            return False
    for one in selector.expressions:
        there = one.key in labels
        among = there and labels[one.key] in one.values
        if not {"In": among, "NotIn": not among, "Exists": there, "DoesNotExist": not there}[one.operator]:
            return False
    return True


@remembered
def is_peer(
    cluster: Cluster, policy: NetworkPolicy, peer: IpBlock | PodPeer, endpoint: Endpoint, mode: IpBlockMode, family: int
) -> bool:
    if isinstance(peer, IpBlock):
        return is_in_block(cluster, peer, endpoint, mode, family)
    if isinstance(endpoint, External) or endpoint.host_network or not fits(peer.pods, dict(endpoint.labels)):
        return False
    if peer.namespaces is None:
        return endpoint.namespace == policy.namespace
    return fits(peer.namespaces, namespaces_of(cluster)[endpoint.namespace])


def is_in_block(cluster: Cluster, block: IpBlock, endpoint: Endpoint, mode: IpBlockMode, family: int) -> bool:
    if isinstance(endpoint, External):
        return holds(block, ip_address(endpoint.address))
    if mode is IpBlockMode.NEVER and not endpoint.host_network:  # the address of a node is no pod's
        return False
    known = networks(cluster, endpoint)
    if not known:
        whole = ip_network(block.cidr)
        return whole.prefixlen == 0 and whole.version == family and not block.excluded
    return any(holds(block, address) for network in known if network.version == family for address in network)


def holds(block: IpBlock, address: Address) -> bool:
    return is_in(block.cidr, address) and not any(is_in(cidr, address) for cidr in block.excluded)


def is_in(cidr: str, address: Address) -> bool:
    network = ip_network(cidr)
    return network.version == address.version and address in network


def networks(cluster: Cluster, pod: Pod) -> list[Network]:
    known = pod.addresses or (cluster.nodes if pod.host_network else cluster.networks)
    return [ip_network(text) for text in known]


def is_port(wanted: PolicyPort, destination: Endpoint, protocol: str, port: int) -> bool:
    """A name is a port of the destination pod with that name and protocol; an address has no names."""
    if wanted.protocol != protocol:
        return False
    if isinstance(wanted.port, str):
        return (
            not isinstance(destination, External)
            and not destination.host_network
            and (wanted.port, protocol, port) in {(one.name, one.protocol, one.number) for one in destination.ports}
        )
    return wanted.port is None or wanted.port <= port <= (wanted.end or wanted.port)


def families(cluster: Cluster, endpoint: Endpoint) -> set[int]:
    if isinstance(endpoint, External):
        return {ip_address(endpoint.address).version}
    return {network.version for network in networks(cluster, endpoint)} or {4, 6}

"""
Random small clusters, dense in collisions: few names, labels, addresses and ports, so that policies meet.
"""

from collections.abc import Iterator
from typing import TypeVar

from bulkhead.core.engine.semantics import IpBlockMode
from bulkhead.core.kubernetes.cluster import Cluster, Endpoint, External, Flow, NamedPort, Namespace, Pod
from bulkhead.core.kubernetes.networkpolicy import (
    NAMESPACE_NAME,
    IpBlock,
    NetworkPolicy,
    PodPeer,
    PolicyPort,
    PolicyRule,
    Requirement,
    Selector,
)
from hypothesis import strategies as st

T = TypeVar("T")
NAMESPACES = ("alpha", "beta")
KEYS = ("app", "tier")
VALUES = ("web", "db", "x")
PROTOCOLS = ("TCP", "UDP", "SCTP")
PORTS = (1, 53, 79, 80, 81, 443, 65535)
PROBES = [(protocol, port) for protocol in PROTOCOLS for port in PORTS]
FOUR = ("10.0.0.1", "10.0.0.2", "10.0.0.5", "10.0.0.6")
SIX = ("fd00::1", "fd00::2", "fd00::5")
NODES = ("192.168.0.1", "192.168.0.2")
BLOCKS = {
    "0.0.0.0/0": ("10.0.0.0/29", "10.0.0.0/8", "192.168.0.0/24", "8.8.8.0/24"),
    "10.0.0.0/29": ("10.0.0.4/30", "10.0.0.5/32"),
    "10.0.0.4/30": ("10.0.0.6/32",),
    "10.0.0.1/32": (),
    "192.168.0.0/24": ("192.168.0.1/32",),
    "8.8.8.0/24": ("8.8.8.8/32",),
    "::/0": ("fd00::/125",),
    "fd00::/125": ("fd00::4/126", "fd00::1/128"),
}
OUTSIDE = tuple(map(External, ("8.8.8.8", "8.8.8.9", "1.1.1.1", "10.0.0.7", "192.168.0.1", "2001:db8::1", "fd00::7")))

modes = st.sampled_from(IpBlockMode)
outside = st.sampled_from(OUTSIDE)
labels = st.dictionaries(st.sampled_from(KEYS), st.sampled_from(VALUES)).map(lambda found: tuple(sorted(found.items())))


def few(strategy: st.SearchStrategy[T], most: int = 2, least: int = 0) -> st.SearchStrategy[tuple[T, ...]]:
    return st.lists(strategy, min_size=least, max_size=most).map(tuple)


requirements = st.one_of(
    st.builds(
        Requirement, st.sampled_from(KEYS), st.sampled_from(("In", "NotIn")), few(st.sampled_from(VALUES), 2, least=1)
    ),
    st.builds(Requirement, st.sampled_from(KEYS), st.sampled_from(("Exists", "DoesNotExist"))),
)
selectors = st.one_of(
    st.builds(Selector, labels, few(requirements, 1)), st.just(Selector()), st.just(Selector()), st.just(Selector())
)
named = st.sampled_from(NAMESPACES).map(lambda name: Selector(((NAMESPACE_NAME, name),)))
pod_peers = st.builds(PodPeer, selectors, st.none() | selectors | named)
blocks = st.sampled_from(sorted(BLOCKS)).flatmap(
    lambda cidr: st.builds(
        IpBlock, st.just(cidr), few(st.sampled_from(BLOCKS[cidr]), 2) if BLOCKS[cidr] else st.just(())
    )
)
policy_ports = st.one_of(
    st.builds(PolicyPort, st.sampled_from(PROTOCOLS)),
    st.builds(PolicyPort, st.sampled_from(PROTOCOLS), st.sampled_from(PORTS)),
    st.builds(PolicyPort, st.sampled_from(PROTOCOLS), st.sampled_from(("http", "dns"))),
    st.builds(PolicyPort, st.sampled_from(PROTOCOLS), st.just(53), st.sampled_from((53, 80, 443))),
)
peers = few(st.one_of(pod_peers, blocks, blocks), 2, least=1)
several = few(policy_ports, 2, least=1)
rules = st.builds(
    PolicyRule, st.one_of(st.none(), peers, peers, peers), st.one_of(st.none(), several, several, several)
)
directions = st.one_of(st.none(), few(rules, 2), few(rules, 2, least=1), few(rules, 2, least=1))
policies = st.builds(NetworkPolicy, st.sampled_from(NAMESPACES), st.just("policy"), selectors, directions, directions)
ports = st.builds(
    NamedPort, st.sampled_from(("http", "dns")), st.sampled_from(("TCP", "UDP")), st.sampled_from((53, 80, 81))
)
known = st.sampled_from(
    [(four,) for four in FOUR]
    + [(six,) for six in SIX]
    + [(FOUR[0], SIX[0]), (FOUR[2], SIX[2]), ("10.0.0.4/30",), (), (), ()]
)


@st.composite
def pods(draw: st.DrawFn, name: str, owned: bool) -> Pod:
    namespace, node = draw(st.sampled_from(NAMESPACES)), draw(st.sampled_from(("", *NODES)))
    owner = draw(st.sampled_from((("Pod", ""), ("Deployment", "one"), ("Deployment", "two")))) if owned else ("Pod", "")
    if draw(st.integers(0, 3)) == 0:  # on the host network: its address is the node's
        return Pod(namespace, name, *owner, draw(labels), draw(few(ports)), (node,) if node else (), True, node)
    return Pod(namespace, name, *owner, draw(labels), draw(few(ports)), draw(known), False, node)


@st.composite
def clusters(draw: st.DrawFn, most: int = 5, owned: bool = True) -> Cluster:
    count = draw(st.integers(1, most))
    return Cluster(
        namespaces=tuple(Namespace(name, draw(labels)) for name in NAMESPACES),
        pods=tuple(draw(pods(f"pod-{number}", owned)) for number in range(count)),
        policies=draw(few(policies, 4, least=1)),
        networks=draw(st.sampled_from(((), (), ("10.0.0.0/29",), ("10.0.0.0/29", "fd00::/125")))),
        nodes=draw(st.sampled_from(((), ("192.168.0.0/29",)))),
    )


shared = st.builds(
    NamedPort,
    st.sampled_from(("http", "dns", "")),
    st.sampled_from(("TCP", "UDP")),
    st.sampled_from((53, 80, 81)),
    st.sampled_from((False, False, False, True)),
)


@st.composite
def settled(draw: st.DrawFn, most: int = 4) -> Cluster:
    """A cluster as an enforcer sees it: every pod has an address of its own, and where it runs is known."""
    pods = []
    for number in range(draw(st.integers(1, most))):
        namespace, node = draw(st.sampled_from(NAMESPACES)), draw(st.sampled_from(NODES))
        found, host = (f"10.0.0.{number + 1}", f"fd00::{number + 1}"), draw(st.integers(0, 4)) == 0
        own = draw(st.sampled_from((found[:1], found[:1], found, found[1:])))
        named = tuple(dict.fromkeys(draw(few(shared, 3))))
        pods.append(
            Pod(namespace, f"pod-{number}", "Pod", "", draw(labels), named, (node,) if host else own, host, node)
        )
    return Cluster(
        tuple(Namespace(name, draw(labels)) for name in NAMESPACES), tuple(pods), draw(few(policies, 3, least=1))
    )


@st.composite
def flows(draw: st.DrawFn, cluster: Cluster) -> Flow:
    ends = draw(st.permutations([draw(st.sampled_from(cluster.pods)), draw(st.sampled_from(cluster.pods) | outside)]))
    return Flow(ends[0], ends[1], draw(st.sampled_from(PROTOCOLS)), draw(st.sampled_from(PORTS)))


def pairs(cluster: Cluster) -> Iterator[tuple[Endpoint, Endpoint]]:
    """Every two endpoints, at least one of them a pod."""
    every: tuple[Endpoint, ...] = (*cluster.pods, *OUTSIDE)
    for source in every:
        for destination in every:
            if source in cluster.pods or destination in cluster.pods:
                yield source, destination

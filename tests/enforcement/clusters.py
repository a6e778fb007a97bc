"""
Random clusters for the lab, dense in collisions: few names, labels, ports, and addresses on both sides of every edge.
"""

from typing import Any

from bulkhead.core.kubernetes.cluster import Cluster, External, NamedPort, Namespace, Pod
from bulkhead.core.kubernetes.networkpolicy import (
    IpBlock,
    NetworkPolicy,
    PodPeer,
    PolicyPort,
    PolicyRule,
    Requirement,
    Selector,
)
from enforcement.lab import DUAL, DUAL_TWO, Node, Object, Probe
from enforcement.objects import namespace, pod, policy
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

TWO_NODES = (DUAL, DUAL_TWO)
HOSTS = {"lan": ("192.168.1.10", "fd00:1::10"), "nas": ("192.168.30.5",), "inet": ("203.0.113.7", "2001:db8::7")}
NAMESPACES = ("alpha", "beta")
BLOCKS: dict[str, tuple[str, ...]] = {
    "0.0.0.0/0": ("10.0.0.0/8", "10.42.0.0/24", "192.168.0.0/16", "0.0.0.0/1", "203.0.113.7/32"),
    "10.0.0.0/8": ("10.42.0.0/16", "10.42.0.8/29", "10.42.0.10/32"),
    "10.42.0.0/16": ("10.42.0.0/24", "10.42.0.10/31", "10.42.1.0/24"),
    "10.42.0.8/29": ("10.42.0.10/32", "10.42.0.12/30"),
    "192.168.0.0/16": ("192.168.20.0/24", "192.168.1.0/24", "192.168.30.5/32"),
    "192.168.20.0/24": ("192.168.20.2/32",),
    "192.168.1.0/24": (),
    "203.0.113.0/24": ("203.0.113.7/32",),
    "::/0": ("fd00::/8", "2000::/3", "fd00:42::/64"),
    "fd00:42::/56": ("fd00:42::/64", "fd00:42::a/128"),
    "2001:db8::/32": (),
}
PORTS = (53, 80, 81, 8080)

labels = st.dictionaries(st.sampled_from(("app", "tier")), st.sampled_from(("web", "db", "x"))).map(
    lambda found: tuple(sorted(found.items()))
)


def few(strategy: SearchStrategy[Any], most: int = 2, least: int = 0) -> SearchStrategy[tuple[Any, ...]]:
    return st.lists(strategy, min_size=least, max_size=most).map(tuple)


requirements = st.one_of(
    st.builds(
        Requirement,
        st.sampled_from(("app", "tier")),
        st.sampled_from(("In", "NotIn")),
        few(st.sampled_from(("web", "db", "x")), 2, least=1),
    ),
    st.builds(Requirement, st.sampled_from(("app", "tier")), st.sampled_from(("Exists", "DoesNotExist"))),
)
selectors = st.one_of(st.just(Selector()), st.builds(Selector, labels, few(requirements, 1)))
named = st.sampled_from(NAMESPACES).map(lambda name: Selector((("kubernetes.io/metadata.name", name),)))
pod_peers = st.builds(PodPeer, selectors, st.none() | selectors | named)
blocks = st.sampled_from(sorted(BLOCKS)).flatmap(
    lambda cidr: st.builds(
        IpBlock, st.just(cidr), few(st.sampled_from(BLOCKS[cidr]), 2) if BLOCKS[cidr] else st.just(())
    )
)
protocols = st.sampled_from(("TCP", "UDP"))
policy_ports = st.one_of(
    st.builds(PolicyPort, protocols, st.sampled_from((None, *PORTS))),
    st.builds(PolicyPort, protocols, st.sampled_from(("http", "dns"))),
    st.builds(PolicyPort, protocols, st.sampled_from((53, 80)), st.sampled_from((80, 81, 8080))),
)
peers = few(st.one_of(pod_peers, blocks, blocks), 3, least=1)
rules = st.builds(
    PolicyRule, st.one_of(st.none(), peers, peers, peers), st.one_of(st.none(), few(policy_ports, 2, least=1))
)
directions = st.one_of(st.none(), few(rules, 2), few(rules, 2, least=1))
container_ports = st.builds(
    NamedPort,
    st.sampled_from(("http", "dns", "")),
    protocols,
    st.sampled_from(PORTS),
    st.sampled_from((False,) * 4 + (True,)),
)


@st.composite
def policies(draw: DrawFn) -> tuple[NetworkPolicy, ...]:
    found = []
    for number in range(draw(st.integers(1, 4))):
        ingress, egress = draw(directions), draw(directions)
        if ingress is None and egress is None:
            ingress = ()  # the API server would say so
        found.append(NetworkPolicy(draw(st.sampled_from(NAMESPACES)), f"p{number}", draw(selectors), ingress, egress))
    return tuple(found)


@st.composite
def clusters(draw: DrawFn, nodes: tuple[Node, ...]) -> Any:
    pods = []
    six = len(nodes[0].addresses) > 1
    for number in range(draw(st.integers(2, 5))):
        node = draw(st.sampled_from(nodes))
        host = draw(st.integers(0, 5)) == 0
        third, last = nodes.index(node), 10 + number
        both = f"10.42.{third}.{last}", f"fd00:42:0:{third}::{last:x}"
        own = node.addresses if host else draw(st.sampled_from((both, both[:1], both[1:]))) if six else both[:1]
        found = tuple(dict.fromkeys(draw(few(container_ports, 3))))
        space = draw(st.sampled_from(NAMESPACES))
        pods.append(
            Pod(
                space,
                f"pod{number}",
                labels=draw(labels),
                ports=found,
                addresses=own,
                host_network=host,
                node=node.addresses[0],
            )
        )
    spaces = tuple(Namespace(name, draw(labels)) for name in NAMESPACES)
    return Cluster(spaces, tuple(pods), draw(policies()))


def objects(cluster: Cluster) -> list[Object]:
    """Return the manifests of *cluster*, its policies left out."""
    made = [namespace(each.name, dict(each.labels)) for each in cluster.namespaces]
    for each in cluster.pods:
        ports = [(port.name, port.number, port.protocol) for port in each.ports if not port.sidecar]
        one = pod(
            each.namespace,
            each.name,
            *(() if each.host_network else each.addresses),
            labels=dict(each.labels),
            ports=ports,
            node=each.node,
            host_network=each.host_network,
        )
        sidecars = [
            {"name": port.name, "containerPort": port.number, "protocol": port.protocol}
            for port in each.ports
            if port.sidecar
        ]
        if sidecars:
            one["spec"]["initContainers"] = [
                {"name": "sidecar", "image": "none", "restartPolicy": "Always", "ports": sidecars}
            ]
        made.append(one)
    return made


def manifests(found: tuple[NetworkPolicy, ...]) -> list[Object]:
    """Return the manifests of policies, with everything that the API server would write into them."""
    return [policy(each.namespace, each.name, _spec(each)) for each in found]


def _spec(each: NetworkPolicy) -> dict[str, object]:
    given = {"Ingress": ("from", each.ingress), "Egress": ("to", each.egress)}
    spec: dict[str, object] = {
        "podSelector": _selector(each.pods),
        "policyTypes": [kind for kind, (_, rules) in given.items() if rules is not None],
    }
    for kind, (word, rules) in given.items():
        if rules is not None:
            spec[kind.lower()] = [_rule(rule, word) for rule in rules]
    return spec


def _rule(rule: PolicyRule, word: str) -> dict[str, object]:
    found: dict[str, object] = {}
    if rule.peers is not None:
        found[word] = [_peer(one) for one in rule.peers]
    if rule.ports is not None:
        found["ports"] = [
            {"protocol": port.protocol}
            | ({} if port.port is None else {"port": port.port})
            | ({} if port.end is None else {"endPort": port.end})
            for port in rule.ports
        ]
    return found


def _peer(peer: IpBlock | PodPeer) -> dict[str, object]:
    if isinstance(peer, IpBlock):
        return {"ipBlock": {"cidr": peer.cidr} | ({"except": list(peer.excluded)} if peer.excluded else {})}
    found: dict[str, object] = {"podSelector": _selector(peer.pods)}
    return found if peer.namespaces is None else found | {"namespaceSelector": _selector(peer.namespaces)}


def _selector(selector: Selector) -> dict[str, object]:
    expressions = [
        {"key": one.key, "operator": one.operator} | ({"values": list(one.values)} if one.values else {})
        for one in selector.expressions
    ]
    return {"matchLabels": dict(selector.labels)} | ({"matchExpressions": expressions} if expressions else {})


def hosts(nodes: tuple[Node, ...]) -> dict[str, tuple[str, ...]]:
    """Return the machines outside, with addresses of the families that *nodes* have."""
    return {name: found[: len(nodes[0].addresses)] for name, found in HOSTS.items()}


def probes(cluster: Cluster, nodes: tuple[Node, ...]) -> dict[Probe, tuple[Pod | External, Pod | External]]:
    """Return a connection for every two ends, one of them a pod, on ports of every kind, with its ends as values."""
    ends: dict[str, tuple[Pod | None, tuple[str, ...]]] = {
        f"{each.namespace}/{each.name}": (each, each.addresses) for each in cluster.pods
    }
    ends |= {name: (None, found) for name, found in hosts(nodes).items()}
    ends |= {node.name: (None, node.addresses[:1]) for node in nodes}  # a pod names its node by one address
    ends |= {f"bridge:{nodes[0].name}": (None, ("10.42.0.1",))}
    found = {}
    for source, (one, own) in ends.items():
        for target, (other, theirs) in ends.items():
            if (
                source == target
                or source.startswith("bridge")
                or not ((one and not one.host_network) or (other and not other.host_network))
            ):
                continue
            for family in {_family(each) for each in own} & {_family(each) for each in theirs}:
                here, there = (
                    each or External(next(text for text in known if _family(text) == family))
                    for each, known in ((one, own), (other, theirs))
                )
                for port, protocol in ((53, "UDP"), (80, "TCP"), (81, "TCP"), (8080, "UDP"), (30080, "TCP")):
                    if port != 30080 or target in {node.name for node in nodes} or (other and other.host_network):
                        found[Probe(source, target, port, protocol, family)] = here, there
    return found


def _family(address: str) -> int:
    return 6 if ":" in address else 4

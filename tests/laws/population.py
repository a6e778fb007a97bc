"""
Pods that could exist: with labels, namespaces, addresses and ports that policies mention, and others.
"""

from collections.abc import Callable, Sequence
from itertools import product
from random import Random
from typing import Any

from bulkhead.core.kubernetes.cluster import Cluster, Endpoint, External, NamedPort, Namespace, Pod
from bulkhead.core.kubernetes.networkpolicy import NAMESPACE_NAME, Direction, NetworkPolicy, PolicyRule, Selector
from bulkhead.core.possible.flow_class import OUTSIDE, POD, SAME, FlowClass
from bulkhead.core.sets import addresses, intervals, ports, value_sets
from hypothesis import strategies as st
from laws import brute, kube_router
from laws.strategies import KEYS, NAMESPACES, VALUES

Spaces = dict[str, dict[str, str]]
"""The labels of each namespace, by its name."""

SPACES = (*NAMESPACES, "gamma", "nobody-mentions-it")
ADDRESSES = (
    "10.0.0.1",
    "10.0.0.3",
    "10.0.0.5",
    "10.0.0.6",
    "8.8.8.8",
    "172.16.0.1",
    "fd00::1",
    "fd00::5",
    "2001:db8::9",
)
OUTSIDES = tuple(map(External, ("8.8.8.8", "8.8.8.9", "1.1.1.1", "10.0.0.7", "192.168.0.1", "2001:db8::1", "fd00::7")))

labels = st.dictionaries(st.sampled_from(KEYS), st.sampled_from((*VALUES, "nobody-mentions-it"))).map(
    lambda found: tuple(sorted(found.items()))
)
named = st.builds(
    NamedPort, st.sampled_from(("http", "dns")), st.sampled_from(("TCP", "UDP")), st.sampled_from((53, 80, 7777))
)


@st.composite
def populations(draw: st.DrawFn, within: Sequence[str] = ADDRESSES, most: int = 5) -> tuple[tuple[Pod, ...], Spaces]:
    """Some pods, each with one address, and the labels of the namespaces that are not given."""
    count = draw(st.integers(2, most))
    own = draw(st.lists(st.sampled_from(within), min_size=count, max_size=count, unique=True))
    pods = tuple(
        Pod(
            draw(st.sampled_from(SPACES)),
            f"possible-{number}",
            labels=draw(labels),
            ports=tuple(dict.fromkeys(draw(st.lists(named, max_size=2)))),
            addresses=(own[number],),
        )
        for number in range(count)
    )
    return pods, {name: dict(draw(labels)) for name in SPACES}


def random_pods(random: Random, own: Sequence[str], probes: Sequence[tuple[str, int]]) -> tuple[Pod, ...]:
    """Return a pod for each address of *own*; its named port is one of *probes*."""
    values = (*VALUES, "nobody-mentions-it")
    return tuple(
        Pod(
            random.choice(SPACES),
            f"possible-{number}",
            labels=tuple((key, random.choice(values)) for key in KEYS if random.random() < 0.7),
            ports=(NamedPort(random.choice(("http", "dns")), *random.choice(probes)),),
            addresses=(address,),
        )
        for number, address in enumerate(own)
    )


def is_in(
    flows: FlowClass,
    source: Endpoint,
    destination: Endpoint,
    protocol: str,
    port: int,
    spaces: Spaces,
    fact: Callable[[str, Endpoint, Endpoint, str, int], bool] | None = None,
) -> bool:
    """Whether the flow is in the class *flows*; *spaces* are the labels of namespaces, *fact* what names mean."""
    return ends_are_in(flows, source, destination, spaces) and port_is_in(
        flows, source, destination, protocol, port, fact
    )


def ends_are_in(flows: FlowClass, source: Endpoint, destination: Endpoint, spaces: Spaces) -> bool:
    """Whether some flow between the two ends could be in the class: all of its axes but those of ports and names."""
    for axis, wanted in flows.values.items():
        if axis[0] == "?":
            continue
        value: bool | str | None
        if axis == SAME:
            value = getattr(source, "namespace", "") == getattr(destination, "namespace", None)
        else:
            value = on_axis(axis[2:], source if axis[0] == "s" else destination, spaces)
        if not value_sets.holds(wanted, value):
            return False
    return all(
        axis == "port" or intervals.holds(spans, place(source if axis[0] == "s" else destination))
        for axis, spans in flows.spans.items()
    )


def port_is_in(
    flows: FlowClass,
    source: Endpoint,
    destination: Endpoint,
    protocol: str,
    port: int,
    fact: Callable[[str, Endpoint, Endpoint, str, int], bool] | None = None,
) -> bool:
    """Whether a flow between two ends that are in the class is in it: its port, and what names of ports mean."""
    if "port" in flows.spans and not intervals.holds(flows.spans["port"], ports.point(protocol, port)):
        return False
    for axis, wanted in flows.values.items():
        if axis[0] != "?":
            continue
        value = None
        if fact and not axis.startswith("?named::"):
            value = fact(axis, source, destination, protocol, port)
        elif axis.startswith("?named:"):
            own = {f"{each.protocol}/{each.name}" for each in getattr(destination, "ports", ()) if each.number == port}
            value = axis.split(":", 2)[2] in {name for name in own if name.startswith(protocol)}
        if not value_sets.holds(wanted, value):
            return False
    return True


def kube_router_fact(
    axis: str,
    cluster: Cluster,
    groups: dict[Any, int],
    source: Endpoint,
    destination: Endpoint,
    protocol: str,
    port: int,
    lucky: bool,
) -> bool:
    """Whether the fact *axis* holds, as kube-router looks names up on the pods of *cluster*."""
    kind, number, wanted = axis[1:].split(":", 2)
    named_protocol, _, name = wanted.partition("/")
    key = next(key for key, at in groups.items() if str(at) == number)
    own, there = (end.namespace if isinstance(end, Pod) else "" for end in (source, destination))
    if key == "home":
        group = [pod for pod in cluster.pods if pod.namespace == own]
    elif key[0] is Direction.INGRESS:
        group = [pod for pod in cluster.pods if pod.namespace == there and brute.fits(key[1], dict(pod.labels))]
    else:
        rule = PolicyRule(tuple(sorted(key[1], key=repr)))
        policy = NetworkPolicy(own, "policy", Selector(), None, None)
        group = kube_router.selected(cluster, policy, rule)
    found = kube_router.grab(group, lucky)
    if kind == "unheld":
        return all((each, at) != (name, named_protocol) for each, at, _ in found)
    if protocol != named_protocol or (name, protocol, port) not in found:
        return False
    holders = set(map(str, found[name, protocol, port]))
    return key == "home" or not holders.isdisjoint(getattr(destination, "addresses", ()))


def facts(
    cluster: Cluster, groups: dict[object, int], lucky: bool
) -> Callable[[str, Endpoint, Endpoint, str, int], bool]:
    """What names mean on the pods of *cluster*, by kube-router."""

    def holds(axis: str, source: Endpoint, destination: Endpoint, protocol: str, port: int) -> bool:
        return kube_router_fact(axis, cluster, groups, source, destination, protocol, port, lucky)

    return holds


def on_axis(axis: str, end: Endpoint, spaces: Spaces) -> str | None:
    if axis == "kind":
        return OUTSIDE if isinstance(end, External) else POD
    assert isinstance(end, Pod)  # the axes of namespaces and labels constrain pods only
    if axis == "ns":
        return end.namespace
    where = spaces[end.namespace] | {NAMESPACE_NAME: end.namespace} if axis.startswith("n:") else dict(end.labels)
    return where.get(axis[2:])


def place(end: Endpoint) -> int:
    return addresses.address(end.address if isinstance(end, External) else end.addresses[0])


def pairs(pods: Sequence[Pod], family: int) -> list[tuple[Endpoint, Endpoint]]:
    """Every two different ends of *family*, at least one of them a pod."""
    every: tuple[Endpoint, ...] = (*pods, *OUTSIDES)
    ends = [end for end in every if (":" in spell(end)) == (family == 6)]
    return [
        (source, destination)
        for source, destination in product(ends, ends)
        if (source != destination and not isinstance(source, External) | isinstance(destination, External))
        or (source != destination and isinstance(source, External) is not isinstance(destination, External))
    ]


def spell(end: Endpoint) -> str:
    return end.address if isinstance(end, External) else end.addresses[0]


def living(cluster: Cluster, pods: tuple[Pod, ...], spaces: Spaces) -> Cluster:
    """*cluster* with *pods*, in which the namespaces that it does not give have the labels *spaces*."""
    given = {each.name for each in cluster.namespaces}
    more = tuple(Namespace(name, tuple(sorted(found.items()))) for name, found in spaces.items() if name not in given)
    return Cluster(cluster.namespaces + more, pods, cluster.policies, cluster.networks, cluster.nodes, cluster.services)

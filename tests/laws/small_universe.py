"""Policies with one label key and one block, and every pod that they can tell apart."""

from bulkhead.core.kubernetes.cluster import Namespace, Pod
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
from bulkhead.core.record import replaced
from hypothesis import strategies as st
from laws.strategies import NAMESPACES, few

NETWORKS = ("10.0.0.0/29",)
DENIED = tuple(NetworkPolicy(name, "default-deny-all", Selector(), (), ()) for name in NAMESPACES)
SPACES = tuple(Namespace(name, ()) for name in NAMESPACES)

LABELS = ((), (("app", "web"),), (("app", "db"),), (("app", "nobody-mentions-it"),))
UNIVERSE = [
    [
        Pod(space, f"{end}-{number}-{address}", labels=each, addresses=(address,))
        for space in NAMESPACES
        for number, each in enumerate(LABELS)
        for address in own
    ]
    for end, own in (
        ("source", ("10.0.0.1", "10.0.0.5")),
        ("destination", ("10.0.0.2", "10.0.0.6")),
    )
]
"""A source and a destination for everything that policies with one label key and one block can tell apart."""

one_key = st.sampled_from(
    (
        Selector(),
        Selector((("app", "web"),)),
        Selector((("app", "db"),)),
        Selector((), (Requirement("app", "NotIn", ("web",)),)),
        Selector((), (Requirement("app", "DoesNotExist", ()),)),
        Selector((), (Requirement("app", "In", ("web", "db")),)),
    )
)
spaces = st.sampled_from((None, Selector(), *(Selector(((NAMESPACE_NAME, name),)) for name in NAMESPACES)))
peers = st.one_of(
    st.builds(PodPeer, one_key, spaces),
    st.sampled_from((IpBlock("10.0.0.0/29"), IpBlock("10.0.0.4/30"))),
)
ports = st.sampled_from(
    (
        None,
        (PolicyPort("TCP", 80),),
        (PolicyPort("TCP", 443),),
        (PolicyPort("TCP", 80, 443),),
        (PolicyPort("UDP", 80),),
    )
)
small_rules = st.builds(PolicyRule, few(peers, 2, least=1), ports)
small_directions = st.one_of(st.none(), few(small_rules, 2, least=1))
small = st.builds(
    NetworkPolicy,
    st.sampled_from(NAMESPACES),
    st.just("policy"),
    one_key,
    small_directions,
    small_directions,
)


def unique(found: tuple[NetworkPolicy, ...]) -> tuple[NetworkPolicy, ...]:
    return tuple(replaced(each, name=f"policy-{number}") for number, each in enumerate(found))

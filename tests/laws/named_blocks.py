"""Policies with blocks of both address families and with names of ports."""

from bulkhead.core.kubernetes.networkpolicy import EVERY_POD, IpBlock, NetworkPolicy, PodPeer, PolicyPort, PolicyRule
from hypothesis import strategies as st
from laws.small_universe import one_key, spaces, unique
from laws.strategies import NAMESPACES, few

HERE, THERE = NAMESPACES[:2]

blocks = st.sampled_from(
    [
        *map(IpBlock, ("10.0.0.0/8", "0.0.0.0/0", "::/0", "fd00::/8", "8.8.8.0/24", "2a00::/16")),
        IpBlock("0.0.0.0/0", ("10.0.0.0/8",)),
    ]
)
peers = st.one_of(st.builds(PodPeer, one_key, spaces), st.just(PodPeer(EVERY_POD, EVERY_POD)), blocks)
port_lists = st.sampled_from((None, (PolicyPort("TCP", "http"),), (PolicyPort("TCP", 80),), (PolicyPort("TCP", 22),)))
rules = st.builds(PolicyRule, st.one_of(st.none(), few(peers, 2, least=1)), port_lists)
by_block = st.builds(PolicyRule, blocks.map(lambda one: (one,)), port_lists)
directions = st.one_of(st.none(), few(rules, 2))
one_policy = st.builds(
    NetworkPolicy, st.sampled_from((HERE, HERE, THERE)), st.just("policy"), one_key, directions, directions
)
policies = few(one_policy, 2, least=1).map(unique)

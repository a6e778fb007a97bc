"""Pods can have IPv6 addresses, whatever the profile says about the networks of the cluster."""

import pytest
from bulkhead.core.diff.possible_changes import possible_changes
from bulkhead.core.engine.semantics import API
from bulkhead.core.kubernetes.cluster import Cluster
from bulkhead.core.kubernetes.networkpolicy import EVERY_POD, IpBlock, NetworkPolicy, PodPeer, PolicyRule

EVERYWHERE = PodPeer(EVERY_POD, EVERY_POD)
IPV4_RULES = {
    "every IPv4 address": (IpBlock("0.0.0.0/0"),),
    "the pod network": (IpBlock("10.42.0.0/16"),),
    "two halves": (IpBlock("0.0.0.0/1"), IpBlock("128.0.0.0/1")),
}


def cluster(rule: PolicyRule) -> Cluster:
    policy = NetworkPolicy("shop", "out", EVERY_POD, None, (rule,))
    return Cluster(policies=(policy,), networks=("10.42.0.0/16",))


@pytest.mark.parametrize("after", [PolicyRule(None), PolicyRule((EVERYWHERE,))], ids=["everyone", "every pod"])
@pytest.mark.parametrize("before", IPV4_RULES.values(), ids=IPV4_RULES)
def test_a_rule_that_adds_ipv6_opens_traffic_where_the_networks_are_ipv4(
    before: tuple[IpBlock, ...], after: PolicyRule
) -> None:
    old, new = cluster(PolicyRule(before)), cluster(after)
    assert any(each.opens and each.space.family == 6 for each in possible_changes(old, new, (API, API)))
    assert any(not each.opens and each.space.family == 6 for each in possible_changes(new, old, (API, API)))

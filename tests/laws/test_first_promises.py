"""What an import promises about the internet holds for every pod, by brute force over public addresses."""

from itertools import product

from bulkhead.core.engine.semantics import IpBlockMode
from bulkhead.core.importing.first_promises import ClosedToInternet, closed_to_internet
from bulkhead.core.kubernetes.cluster import Cluster, External
from bulkhead.core.kubernetes.networkpolicy import (
    EVERY_POD,
    Direction,
    IpBlock,
    NetworkPolicy,
    PodPeer,
    PolicyRule,
    Selector,
)
from hypothesis import event, given
from laws import brute
from laws.strategies import clusters

PUBLIC = [External(each) for each in ("8.8.8.8", "1.1.1.1", "223.255.255.254", "11.0.0.1", "2001:4860::1")]
PORTS = [("TCP", 53), ("TCP", 80), ("UDP", 53), ("TCP", 7777), ("SCTP", 1)]


@given(clusters())
def test_closed_namespace_has_no_traffic_with_a_public_address(cluster: Cluster) -> None:
    for closed in closed_to_internet(cluster.policies):
        event("closed")
        for pod in cluster.pods:
            if pod.namespace == closed.namespace and not pod.host_network:
                for address in PUBLIC:
                    ends = (pod, address) if closed.direction is Direction.EGRESS else (address, pod)
                    for mode, (protocol, port) in product(IpBlockMode, PORTS):
                        assert not brute.allows(cluster, ends[0], ends[1], protocol, port, mode)


def policy(*peers: IpBlock | PodPeer, pods: Selector = EVERY_POD) -> NetworkPolicy:
    return NetworkPolicy("shop", "p", pods, (PolicyRule(peers or None),), None)


def test_private_blocks_and_pods_are_closed_and_everything_else_is_not() -> None:
    found = (ClosedToInternet("shop", Direction.INGRESS),)
    assert closed_to_internet([policy(IpBlock("10.42.0.0/16"), PodPeer(EVERY_POD))]) == found
    assert closed_to_internet([policy(IpBlock("0.0.0.0/0", ("8.8.8.8/32",)))]) == ()
    assert closed_to_internet([policy(IpBlock("172.0.0.0/8"))]) == ()
    assert closed_to_internet([policy(IpBlock("2000::/3"))]) == ()
    assert closed_to_internet([policy()]) == (), "no peer is everyone"
    assert closed_to_internet([policy(PodPeer(EVERY_POD), pods=Selector((("app", "web"),)))]) == ()

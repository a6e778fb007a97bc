"""
Which address families pods that could exist may have addresses of.
"""

from collections.abc import Iterator

from bulkhead.core.kubernetes.cluster import Cluster
from bulkhead.core.kubernetes.networkpolicy import IpBlock
from bulkhead.core.sets import addresses, intervals
from bulkhead.core.sets.intervals import Spans


def possible_families(*clusters: Cluster) -> tuple[int, ...]:
    """Return the families that pods may have addresses of: both, except where only IPv4 is spoken of."""
    networks = [text for each in clusters for text in each.networks]
    texts = [*networks, *(cidr for each in clusters for cidr in _blocks(each))]
    return addresses.FAMILIES if not networks or any(":" in text for text in texts) else (4,)


def _blocks(cluster: Cluster) -> Iterator[str]:
    for policy in cluster.policies:
        for rule in (*(policy.ingress or ()), *(policy.egress or ())):
            yield from (peer.cidr for peer in rule.peers or () if isinstance(peer, IpBlock))


def spans_of(networks: tuple[str, ...]) -> Spans:
    """Return the addresses of *networks*."""
    return intervals.merge(addresses.network(text) for text in networks)

"""
Which addresses the ``ipBlock``s of a rule match, as the specification and as enforcers read them.
"""

from collections.abc import Iterable, Iterator

from bulkhead.core.engine.semantics import Deviation
from bulkhead.core.kubernetes.cluster import Cluster
from bulkhead.core.kubernetes.networkpolicy import IpBlock
from bulkhead.core.sets import addresses, intervals
from bulkhead.core.sets.intervals import Span, Spans

Entry = tuple[str, bool]
"""A CIDR of a ``hash:net`` set, and whether it matches (``nomatch`` otherwise)."""

UNICAST = ("2000::/3", "fd00::/8")
"""What kube-router puts into a set for ``::/0``: a set of networks cannot have one of length 0."""

_HALVES = ("0.0.0.0/1", "128.0.0.0/1")


def read(
    blocks: Iterable[IpBlock], family: int, deviations: frozenset[Deviation], never_matched: tuple[str, ...] = ()
) -> tuple[Spans, ...]:
    """
    Return sets of addresses of *family*: what each of *blocks* matches, or in one set what all together do.

    None of them has an address that is *never_matched*.
    """
    entries = [entry for block in blocks if (entry := _entries(block, family, deviations))]
    if Deviation.ONE_ADDRESS_SET in deviations and entries:
        entries = [[entry for each in entries for entry in each]]
    found = [one_address_set(each) for each in entries]
    gone = intervals.merge(addresses.network(cidr) for cidr in never_matched)
    return tuple(intervals.subtract(spans, gone) for spans in found)


def _entries(block: IpBlock, family: int, deviations: frozenset[Deviation]) -> list[Entry]:
    if addresses.family(addresses.network(block.cidr)[0]) != family:
        return []
    whole = whole_ipv6 if Deviation.WHOLE_IPV6 in deviations and family == 6 else _whole
    return [(cidr, True) for cidr in whole(block.cidr)] + [(cidr, False) for cidr in block.excluded]


def _whole(cidr: str) -> tuple[str, ...]:
    return _HALVES if cidr.endswith("/0") and ":" not in cidr else (cidr,)


def whole_ipv6(cidr: str) -> tuple[str, ...]:
    """
    Return what kube-router writes for *cidr*: ``::/0`` is the global and the local unicast addresses, no others.

    Probe: ``tests/truth/kube-router/addresses.yaml``, "::/0 is 2000::/3 and fd00::/8".
    """
    return UNICAST if cidr.endswith("/0") else (cidr,)


def one_address_set(entries: Iterable[Entry]) -> Spans:
    """
    Return what a ``hash:net`` set of *entries* matches: the narrowest entry decides, of two equal ones the later.

    kube-router has one such set for all ``ipBlock``s of a rule, so that the ``except`` of one
    removes addresses from the other peers.

    Probe: ``tests/truth/kube-router/addresses.yaml``, "all blocks of a rule share one set".

    >>> one_address_set([("10.0.0.0/8", True), ("10.1.0.0/16", False), ("10.1.0.0/16", True)]) == (
    ...     addresses.network("10.0.0.0/8"),
    ... )
    True
    """
    decided = {addresses.network(cidr): matches for cidr, matches in entries}
    found: list[Span] = []
    around: list[tuple[int, bool]] = []  # networks that contain *at*: the last address, whether it matches
    at = 0

    def close() -> int:
        last, matches = around.pop()
        if matches and at <= last:
            found.append((at, last))
        return max(at, last + 1)

    for (first, last), matches in sorted(decided.items(), key=lambda entry: (entry[0][0], -entry[0][1])):
        while around and around[-1][0] < first:
            at = close()
        if around and around[-1][1] and at < first:
            found.append((at, first - 1))
        at = first
        around.append((last, matches))
    while around:
        at = close()
    return intervals.merge(found)


def never_matched(cluster: Cluster, deviations: frozenset[Deviation]) -> tuple[str, ...]:
    """Return the addresses of *cluster* that no ``ipBlock`` matches."""
    found = service_addresses(cluster) if Deviation.SERVICE_ADDRESS in deviations else ()
    return found + (node_addresses(cluster) if Deviation.NODE_ADDRESS in deviations else ())


def service_addresses(cluster: Cluster) -> tuple[str, ...]:
    """
    Return the addresses of Services: each is replaced by an address of a pod or a node before policies are applied.

    Probe: ``tests/truth/kube-router/addresses.yaml``, "a Service's address is replaced before policies look".
    Calico: "Pre-DNAT policy" in its reference.  Cilium: "IP/CIDR based" under layer 3 in its documentation.
    """
    return cluster.services


def node_addresses(cluster: Cluster) -> tuple[str, ...]:
    """
    Return the known addresses of nodes: Cilium matches a node by its identity, not by its address.

    Cilium: "Network Policy" under Kubernetes networking in its documentation; an option lets ``ipBlock`` match them.
    """
    return tuple(sorted({pod.node for pod in cluster.pods if addresses.is_address(pod.node)}))


def everywhere(family: int, deviations: frozenset[Deviation], never_matched: tuple[str, ...]) -> Spans:
    """Return the addresses of *family* that a pod may have whose address and network are not known."""
    local = UNICAST if family == 6 and Deviation.WHOLE_IPV6 in deviations else ()
    whole = intervals.merge(addresses.network(cidr) for cidr in local) or (addresses.WHOLE[family],)
    return intervals.subtract(whole, intervals.merge(addresses.network(cidr) for cidr in never_matched))


def cuts(blocks: Iterable[IpBlock], never_matched: tuple[str, ...], family: int) -> Iterator[Spans]:
    """Yield every network of *family* that any reading of *blocks* may distinguish."""
    cidrs = {cidr for block in blocks for cidr in (block.cidr, *block.excluded)}
    for cidr in sorted(cidrs.union(never_matched, UNICAST if family == 6 else ())):
        span = addresses.network(cidr)
        if addresses.family(span[0]) == family:
            yield (span,)

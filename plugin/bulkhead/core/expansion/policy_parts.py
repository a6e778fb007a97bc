"""Rules with more peers than one object can have, as several policies."""

from collections.abc import Iterator

from bulkhead.core.diagnostics import Path
from bulkhead.core.kubernetes.networkpolicy import IpBlock, PodPeer, PolicyRule

LARGEST_POLICY = 200_000
"""
Bytes of the peers of a policy, as JSON. `kubectl apply` keeps the object in an annotation of at most 256 KiB, which is
about 6,000 blocks of IPv4; kube-router takes 65,536 blocks in a rule.
"""

PolicyPart = tuple[tuple[PolicyRule, ...], tuple[Path, ...]]


def policy_parts(entries: tuple[PolicyRule, ...], origins: tuple[Path, ...]) -> Iterator[PolicyPart]:
    """Yield *entries*, each with its origin, in as many parts as have to be policies of their own."""
    part: list[tuple[PolicyRule, Path]] = []
    size = 0
    for entry, origin in zip(entries, origins, strict=True):
        if entry.peers is None:  # everyone, which is no list
            part.append((entry, origin))
            continue
        taken: list[IpBlock | PodPeer] = []
        for peer in entry.peers:
            more = _size(peer)
            if size + more > LARGEST_POLICY and (part or taken):
                part += [(PolicyRule(tuple(taken), entry.ports), origin)] if taken else []
                yield tuple(rule for rule, _ in part), tuple(path for _, path in part)
                part, taken, size = [], [], 0
            taken.append(peer)
            size += more
        part.append((PolicyRule(tuple(taken), entry.ports), origin))
    yield tuple(rule for rule, _ in part), tuple(path for _, path in part)


_LONGEST_BLOCK = len('{"ipBlock":{"cidr":"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128"}},')


def _size(peer: IpBlock | PodPeer) -> int:
    """Return how many bytes of JSON *peer* is; a selector, which is never one of thousands, counts as one block."""
    if not isinstance(peer, IpBlock):
        return _LONGEST_BLOCK
    return len('{"ipBlock":{"cidr":""}},') + len(peer.cidr) + sum(len(each) + 3 for each in peer.excluded)

"""Decides without the engine that two sets of policies say the same."""

from collections.abc import Iterable

from bulkhead.core.kubernetes.networkpolicy import Direction, IpBlock, NetworkPolicy

_ALLOWS = tuple[object, ...]


def say_the_same(one: Iterable[NetworkPolicy], other: Iterable[NetworkPolicy], additive: bool) -> bool:
    """
    Say whether the two isolate the same pods and allow the same, entry by entry. ``False``: the engine has to decide.

    Policies add up in the API: which policy an entry is in does not matter. Where the enforcer is not *additive*, as
    kube-router is, whole policies are compared, without their names.
    """
    form = _entries if additive else _policies
    return form(one) == form(other)


def _entries(policies: Iterable[NetworkPolicy]) -> frozenset[_ALLOWS]:
    """Return who is isolated in which direction, and each peer and port that is allowed there."""
    found: set[_ALLOWS] = set()
    for policy in policies:
        for direction in policy.types:
            key = policy.namespace, policy.meaning[2], direction
            found.add(key)
            for rule in policy.of(direction) or ():
                peers = (None,) if rule.peers is None else tuple(_peer(each) for each in rule.peers)
                for peer in peers:
                    found |= {(*key, peer, port) for port in (rule.ports or (None,))}
    return frozenset(found)


def _peer(peer: object) -> object:
    return (peer.cidr, frozenset(peer.excluded)) if isinstance(peer, IpBlock) else peer


def _policies(policies: Iterable[NetworkPolicy]) -> frozenset[_ALLOWS]:
    """Return the policies by what they say; one that only isolates counts by its directions."""
    found: set[_ALLOWS] = set()
    for policy in policies:
        namespace, _, pods, ingress, egress = policy.meaning
        sides = ((Direction.INGRESS, ingress), (Direction.EGRESS, egress))
        found |= {(namespace, pods, direction) for direction, side in sides if side is not None}
        if ingress or egress:
            found.add((namespace, pods, ingress, egress))
    return frozenset(found)

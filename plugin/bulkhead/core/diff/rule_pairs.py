"""Finds the same rule in two versions of a policy. Rules have no names, so their contents are compared."""

from bulkhead.core.kubernetes.networkpolicy import IpBlock, PodPeer, PolicyRule, Selector
from bulkhead.core.sets import addresses


def rule_pairs(ours: tuple[PolicyRule, ...], theirs: tuple[PolicyRule, ...]) -> dict[int, int]:
    """
    Return the index in *theirs* of each rule of *ours* that is still there, by its index in *ours*.

    First the rules that are equal, then those that share a peer, then those with related peers: addresses that overlap,
    labels with a key in common. Other rules are no pair, and neither are rules for everyone and for some peers, unless
    their ports are the same.
    """
    candidates = [
        (unlikeness, abs(here - there), here, there)
        for here, rule in enumerate(ours)
        for there, other in enumerate(theirs)
        if (unlikeness := _unlikeness(rule, other)) is not None
    ]
    pairs: dict[int, int] = {}
    taken: set[int] = set()
    for _, _, here, there in sorted(candidates):
        if here not in pairs and there not in taken:
            pairs[here] = there
            taken.add(there)
    return pairs


def _unlikeness(rule: PolicyRule, other: PolicyRule) -> tuple[int, bool] | None:
    """Return how far apart the rules are, least first; ``None`` where they have nothing in common."""
    if rule == other:
        return 0, False
    same_ports = rule.ports == other.ports
    if rule.peers is None or other.peers is None:
        return (1, not same_ports) if rule.peers is other.peers else (3, True) if same_ports else None
    if set(rule.peers) & set(other.peers):
        return 1, not same_ports
    related = any(_related(one, another) for one in rule.peers for another in other.peers)
    return (2, not same_ports) if related else None


def _related(one: IpBlock | PodPeer, other: IpBlock | PodPeer) -> bool:
    if isinstance(one, IpBlock) and isinstance(other, IpBlock):
        first, second = addresses.network(one.cidr), addresses.network(other.cidr)
        return first[0] <= second[1] and second[0] <= first[1]
    if isinstance(one, PodPeer) and isinstance(other, PodPeer):
        return one.pods == other.pods or (one.namespaces == other.namespaces and _share_key(one.pods, other.pods))
    return False


def _share_key(one: Selector, other: Selector) -> bool:
    """Say whether both selectors are about the same label, or one of them is about none."""
    first, second = (
        {key for key, _ in each.labels} | {wanted.key for wanted in each.expressions} for each in (one, other)
    )
    return not first or not second or bool(first & second)

"""Policies and namespaces that have another name after a change and are the same otherwise."""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping
from typing import TypeVar

from bulkhead.core.kubernetes.cluster import Cluster, policies_by_namespace
from bulkhead.core.kubernetes.networkpolicy import NAMESPACE_NAME, NetworkPolicy, PodPeer, PolicyRule, Selector
from bulkhead.core.record import replaced

Item = TypeVar("Item")

_ITSELF = "{itself}"
"""Takes the place of a namespace's own name. No label has this value: the API takes no braces in one."""


def renamed_policies(before: Cluster, after: Cluster) -> tuple[tuple[NetworkPolicy, NetworkPolicy], ...]:
    """Return each policy of *before* with the one of *after* that is new, in its namespace, and means the same."""
    was, now = ({(each.namespace, each.name): each for each in side.policies} for side in (before, after))
    gone = {policy: (policy.namespace, _anonymous(policy, "")) for key, policy in was.items() if key not in now}
    come = {policy: (policy.namespace, _anonymous(policy, "")) for key, policy in now.items() if key not in was}
    return tuple(sorted(_pairs(gone, come), key=lambda pair: (pair[0].namespace, pair[0].name)))


def renamed_namespaces(before: Cluster, after: Cluster) -> tuple[tuple[str, str], ...]:
    """
    Return the namespaces that had policies and have none, each with the one that has the same policies since.

    A policy that selects its own namespace by name selects the new one then.
    """
    was, now = (policies_by_namespace(side.policies) for side in (before, after))
    gone = {name: _meanings(found, name) for name, found in was.items() if name not in now}
    come = {name: _meanings(found, name) for name, found in now.items() if name not in was}
    return tuple(sorted(_pairs(gone, come)))


def _pairs(gone: Mapping[Item, Hashable], come: Mapping[Item, Hashable]) -> Iterable[tuple[Item, Item]]:
    """Yield each of *gone* with the only one of *come* that has the same value, where no other of *gone* has it."""
    by_value: dict[Hashable, tuple[list[Item], list[Item]]] = defaultdict(lambda: ([], []))
    for number, side in enumerate((gone, come)):
        for item, value in side.items():
            by_value[value][number].append(item)
    for old, new in by_value.values():
        if len(old) == len(new) == 1:
            yield old[0], new[0]


def _meanings(policies: Iterable[NetworkPolicy], namespace: str) -> Hashable:
    return frozenset((each.name, _anonymous(each, namespace)) for each in policies)


def _anonymous(policy: NetworkPolicy, namespace: str) -> Hashable:
    """Return what *policy* means without its own name and that of its *namespace*."""
    sides = (
        rules if rules is None else tuple(_anonymous_rule(rule, namespace) for rule in rules)
        for rules in (policy.ingress, policy.egress)
    )
    ingress, egress = sides
    return replaced(policy, namespace="", name="", ingress=ingress, egress=egress).meaning, policy.has_types


def _anonymous_rule(rule: PolicyRule, namespace: str) -> PolicyRule:
    if rule.peers is None:
        return rule
    peers = (
        PodPeer(each.pods, each.namespaces and _anonymous_selector(each.namespaces, namespace))
        if isinstance(each, PodPeer)
        else each
        for each in rule.peers
    )
    return PolicyRule(tuple(peers), rule.ports)


def _anonymous_selector(selector: Selector, namespace: str) -> Selector:
    own = (NAMESPACE_NAME, namespace)
    return replaced(
        selector, labels=tuple((key, _ITSELF if (key, value) == own else value) for key, value in selector.labels)
    )

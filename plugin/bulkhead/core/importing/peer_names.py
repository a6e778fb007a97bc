"""Names for the peers of imported rules."""

from collections.abc import Iterable, Mapping

from bulkhead.core.importing.imported_rules import Written, rule_name
from bulkhead.core.kubernetes.networkpolicy import EVERY_POD, NAMESPACE_NAME, IpBlock, PodPeer, Selector
from bulkhead.core.language.resources import EVERYONE
from bulkhead.core.sets import addresses, intervals
from bulkhead.core.sets.ranges import PRIVATE_CIDRS

_APPLICATION = ("app.kubernetes.io/name", "k8s-app", "app", "app.kubernetes.io/component", "component", "name", "role")
"""Labels that name what a pod is, the best first."""

_KNOWN = {
    "0.0.0.0/0": "anywhere",
    "::/0": "anywhere-ipv6",
    "10.42.0.0/16": "pod-network",
    "10.244.0.0/16": "pod-network",
    "10.43.0.0/16": "service-network",
    "10.96.0.0/12": "service-network",
    "10.96.0.0/16": "service-network",
    "169.254.169.254/32": "metadata",
    "10.0.0.0/8": "private-10",
    "172.16.0.0/12": "private-172",
    "192.168.0.0/16": "private-192",
}
"""Names of blocks: those that mean the same everywhere, and networks that distributions use by default."""


def peer_names(peers: Iterable[Written], taken: Mapping[Written, str]) -> dict[Written, str]:
    """
    Return a name for each of *peers* that deserves one; those in *taken* have one.

    Pods of the rule's own namespace have none: they are another peer in each namespace.
    """
    names = dict(taken)
    used = {EVERYONE, *names.values()}
    for peer in sorted(set(peers) - set(names), key=repr):
        if isinstance(peer, PodPeer) and peer.namespaces is None:
            continue
        wanted = _of_block(peer) if isinstance(peer, IpBlock) else _of_pods(peer)
        names[peer] = _unique(wanted, used)
        used.add(names[peer])
    return names


def _unique(wanted: list[str], used: set[str]) -> str:
    """Return the first of *wanted* that is free, else the last with a number."""
    for name in wanted:
        if name not in used:
            return name
    number = 2
    while f"{wanted[-1]}-{number}" in used:
        number += 1
    return f"{wanted[-1]}-{number}"


def _of_block(block: IpBlock) -> list[str]:
    plain = rule_name(block.cidr.removesuffix("/32").removesuffix("/128"))
    if block.excluded:
        return [*_internet(block), f"{_KNOWN.get(block.cidr, f'net-{plain}')}-except"]
    known = [_KNOWN[block.cidr]] if block.cidr in _KNOWN else []
    if block.cidr.endswith(("/32", "/128")):
        return [*known, f"host-{plain}"]
    lan = ["lan"] if block.cidr.startswith("192.168.") and not known else []
    return [*known, *lan, f"net-{plain}"]


def _internet(block: IpBlock) -> list[str]:
    """Return the name of everything without private networks, where *block* is that."""
    if block.cidr not in ("0.0.0.0/0", "::/0"):
        return []
    if block.cidr == "::/0":
        return ["internet-ipv6"]
    left = addresses.block(block.cidr, block.excluded)
    private = [addresses.network(cidr) for cidr in PRIVATE_CIDRS if ":" not in cidr]
    return [] if intervals.intersect(left, intervals.merge(private)) else ["internet"]


def _of_pods(peer: PodPeer) -> list[str]:
    pods, namespace = _of_labels(peer.pods), _of_namespace(peer.namespaces)
    if not pods:
        return [namespace] if peer.pods == EVERY_POD else [f"pods-of-{namespace}"[:60]]
    return [pods, f"{pods}-{namespace}"[:58].rstrip("-")]


def _of_namespace(namespaces: Selector | None) -> str:
    if namespaces is None or namespaces == EVERY_POD:
        return "every-namespace"
    labels = dict(namespaces.labels)
    if NAMESPACE_NAME in labels:
        return rule_name(labels[NAMESPACE_NAME])
    words = [word for _, word in namespaces.labels if word] or [
        word for each in namespaces.expressions for word in each.values[:2] or (each.key.rpartition("/")[2],)
    ]
    return rule_name("-".join(words)) if words else "namespaces"


def _of_labels(selector: Selector) -> str:
    """Return the word by which labels name an application, ``""`` for pods without one."""
    labels = dict(selector.labels)
    for key in _APPLICATION:
        if labels.get(key):
            return rule_name(labels[key])
    words = [word for _, word in selector.labels if word]
    words = words or [word for each in selector.expressions for word in each.values[:1]]
    return rule_name(words[0]) if words else ""

"""What a rule of a policy says, in words: its peers and its ports. Selectors are written as people read them."""

from bulkhead.core.kubernetes.networkpolicy import (
    EVERY_POD,
    NAMESPACE_NAME,
    IpBlock,
    PodPeer,
    PolicyPort,
    PolicyRule,
    Selector,
)
from bulkhead.core.language.resources import Rule
from bulkhead.core.language.scalars import Name
from bulkhead.core.sets import ports
from bulkhead.core.sets.port_spelling import in_rule

EVERY_PORT = "all"
"""Every port of every protocol."""

_EVERYONE = "everyone"


def peers_text(rule: PolicyRule, written: Rule | None) -> str:
    """Return who the peers of *rule* are: by their names in the profile, where all have one."""
    if written and all(isinstance(each, Name) for each in written.peers):
        return ", ".join(map(str, written.peers))
    if rule.peers is None:
        return _EVERYONE
    return ", ".join(peer_text(each) for each in rule.peers) or "nobody"


def peer_text(peer: IpBlock | PodPeer) -> str:
    """Return what *peer* matches."""
    if isinstance(peer, IpBlock):
        return f"{peer.cidr} except {', '.join(peer.excluded)}" if peer.excluded else peer.cidr
    where = "its own namespace" if peer.namespaces is None else _namespaces(peer.namespaces)
    return f"pods of {where}" if peer.pods == EVERY_POD else f"pods {pods_text(peer.pods)} of {where}"


def _namespaces(selector: Selector) -> str:
    if selector == EVERY_POD:
        return "every namespace"
    name = dict(selector.labels).get(NAMESPACE_NAME)
    if name and len(selector.labels) == 1 and not selector.expressions:
        return name
    return f"namespaces {pods_text(selector)}"


def pods_text(selector: Selector) -> str:
    """Return the conditions of *selector*; ``every pod`` without any."""
    words = [f"{key}={value}" for key, value in selector.labels]
    for each in selector.expressions:
        words.append(" ".join([each.key, each.operator, *([f"[{', '.join(each.values)}]"] if each.values else [])]))
    return " and ".join(words) or "every pod"


def ports_text(rule: PolicyRule) -> str:
    """Return the ports of *rule*; `all` where it has none."""
    return EVERY_PORT if rule.ports is None else ", ".join(map(_port, rule.ports))


def _port(found: PolicyPort) -> str:
    if found.port is None:
        return f"all {found.protocol}"
    if isinstance(found.port, str):
        return found.port if found.protocol == ports.PROTOCOLS[0] else f"{found.port}/{found.protocol}"
    return in_rule(found.protocol, found.port, found.end or found.port)

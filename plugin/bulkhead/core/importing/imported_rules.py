"""One NetworkPolicy as rules of a SegmentedNamespace."""

import re
from collections.abc import Iterable, Iterator
from typing import TypeVar

from bulkhead.core.kubernetes.networkpolicy import (
    EVERY_POD,
    NAMESPACE_NAME,
    Direction,
    IpBlock,
    NetworkPolicy,
    PodPeer,
    PolicyPort,
    PolicyRule,
    Selector,
)
from bulkhead.core.language.resources import API_GROUP, Enforcer, Expression, LabelSelector, Operator, Peer, is_acted_on
from bulkhead.core.language.scalars import Cidr, Date, InvalidValue, LabelKey, LabelValue, Name, Port, Text
from bulkhead.core.record import FrozenMap, record

Written = IpBlock | PodPeer
"""A peer as a NetworkPolicy says it."""

RESOLVING = (Enforcer.CALICO, Enforcer.CILIUM)
"""Enforcers for which a rule may name a port in egress."""

_OWN_LABELS = ("app.kubernetes.io/managed-by", "app.kubernetes.io/instance", "helm.sh/chart")
_REASONS = ("why", "description", "reason", "comment", "purpose")
_RULE, _WHY = f"{API_GROUP}/rule", f"{API_GROUP}/why"


_Scalar = TypeVar("_Scalar", Text, Date, LabelValue)


class NotSayable(Exception):
    """A policy has something that an overlay cannot say; the text is the reason."""


@record
class ImportedRule:
    """
    A rule of *direction* called *name*: its *peers*, ``None`` for everyone, and its *ports*, ``None`` for all.

    *reason* is what somebody wrote as the reason; ``""``: nobody did, and *origin* says where the rule comes from.
    """

    direction: Direction
    name: str
    peers: tuple[Written, ...] | None
    ports: tuple[Port, ...] | None
    reason: str = ""
    origin: str = ""
    owner: Text | None = None
    until: Date | None = None
    labels: FrozenMap = FrozenMap()
    annotations: FrozenMap = FrozenMap()

    @property
    def content(self) -> tuple[object, ...]:
        """What the rule allows and the metadata that it sets, without name and reason and the order of lists."""
        peers = None if self.peers is None else frozenset(map(_unordered, self.peers))
        ports = None if self.ports is None else frozenset(self.ports)
        notes = self.owner, self.until, frozenset(self.labels.items()), frozenset(self.annotations.items())
        return (self.direction, peers, ports, *notes)


def _unordered(peer: Written) -> Written:
    return IpBlock(peer.cidr, tuple(sorted(peer.excluded))) if isinstance(peer, IpBlock) else peer


def check_split(policy: NetworkPolicy, enforcer: Enforcer) -> None:
    """
    Check that *enforcer* reads *policy* as it reads the policies of its rules.

    :raises NotSayable: where kube-router does not: see ``docs/decisions/0004-one-direction-a-policy.md``.
    """
    if enforcer is not Enforcer.KUBE_ROUTER:
        return
    if len(policy.types) > 1 and policy.rules:
        raise NotSayable("it has both policyTypes, and kube-router applies the rules of each to the other, too")
    for rule in policy.rules:
        cut = [peer for peer in rule.peers or () if isinstance(peer, IpBlock) and peer.excluded]
        if cut and len(rule.peers or ()) > 1:
            raise NotSayable("kube-router cuts an `except` out of the other peers of its rule, too")


def imported_rules(policy: NetworkPolicy, origin: str, comment: str, enforcer: Enforcer) -> list[ImportedRule]:
    """
    Return the rules of *policy*, which comes from *origin*, with the *comment* above it as their reason.

    Entries of one direction with the same ports become one rule: policies add up.

    :raises NotSayable: where an overlay cannot say what the policy says.
    """
    found: list[ImportedRule] = []
    for direction in Direction:
        merged = _by_ports(policy.of(direction) or ())
        names = _names(policy, direction, len(merged))
        for name, (ports, peers) in zip(names, merged, strict=True):
            _check_named_ports(ports, peers, direction, enforcer)
            for peer in peers or ():
                written_peer(peer)  # refuses what cannot be said
            found.append(_rule(policy, direction, name, peers, _ports(ports), origin, comment))
    return found


def _by_ports(
    rules: tuple[PolicyRule, ...],
) -> list[tuple[tuple[PolicyPort, ...] | None, tuple[Written, ...] | None]]:
    """Return the peers of *rules* by their ports; where everyone is among them, ``None``."""
    found: dict[object, tuple[tuple[PolicyPort, ...] | None, list[Written] | None]] = {}
    for rule in rules:
        key = rule.ports and frozenset(rule.ports)
        ports, peers = found.setdefault(key, (rule.ports, []))
        if rule.peers is None or peers is None:
            found[key] = ports, None
        else:
            peers += [each for each in rule.peers if each not in peers]
    return [(ports, None if peers is None else tuple(peers)) for ports, peers in found.values()]


def _check_named_ports(
    ports: tuple[PolicyPort, ...] | None, peers: tuple[Written, ...] | None, direction: Direction, enforcer: Enforcer
) -> None:
    named = next((each.port for each in ports or () if isinstance(each.port, str)), None)
    if named is None or direction is Direction.INGRESS:
        return
    if enforcer not in RESOLVING:
        raise NotSayable(f"named port `{named}` in egress, which `{enforcer.value}` does not resolve as the API says")
    if any(isinstance(each, IpBlock) for each in peers or ()):
        raise NotSayable(f"named port `{named}` in egress to addresses, which have no named ports")


def _ports(ports: tuple[PolicyPort, ...] | None) -> tuple[Port, ...] | None:
    return None if ports is None else tuple(dict.fromkeys(map(_port, ports)))


def _port(port: PolicyPort) -> Port:
    if isinstance(port.port, str):
        return Port.parse(f"{port.port}/{port.protocol}")
    if port.port is None:
        return Port(port.protocol)
    return Port(port.protocol, port.port, port.port if port.end is None else port.end)


def _rule(
    policy: NetworkPolicy,
    direction: Direction,
    name: str,
    peers: tuple[Written, ...] | None,
    ports: tuple[Port, ...] | None,
    origin: str,
    comment: str,
) -> ImportedRule:
    notes = dict(policy.annotations)
    reason = _reason(notes, comment)
    return ImportedRule(
        direction,
        name,
        peers,
        ports,
        reason,
        origin,
        _parsed(Text, notes.get(f"{API_GROUP}/owner")),
        _parsed(Date, notes.get(f"{API_GROUP}/until")),
        FrozenMap(_kept(policy.labels, LabelValue)),
        FrozenMap((key, value) for key, value in _kept(policy.annotations, Text) if str(notes.get(str(key))) != reason),
    )


def _kept(pairs: Iterable[tuple[str, str]], shape: type[_Scalar]) -> Iterator[tuple[LabelKey, _Scalar]]:
    """Yield the labels or annotations that a rule can set; the others belong to whoever delivered the policy."""
    for key, value in sorted(pairs):
        parsed = _parsed(shape, value)
        if parsed is not None and key not in _OWN_LABELS and not is_acted_on(key):
            yield LabelKey(key), parsed


def _parsed(shape: type[_Scalar], value: str | None) -> _Scalar | None:
    """Return *value* as *shape*, ``None`` where there is none or it is not valid."""
    try:
        return None if value is None else shape.parse(value)
    except InvalidValue:
        return None


def _reason(notes: dict[str, str], comment: str) -> str:
    """Return the reason that an annotation gives, else *comment*."""
    if _WHY in notes:
        return " ".join(notes[_WHY].split())
    for key in sorted(notes):
        if key.rpartition("/")[2].lower() in _REASONS and _parsed(Text, notes[key]) is not None:
            return notes[key]
    return comment


def _names(policy: NetworkPolicy, direction: Direction, count: int) -> list[str]:
    """Return *count* names of rules: those that this project wrote on the policy, else its name, numbered."""
    noted = [each.strip() for each in dict(policy.annotations).get(_RULE, "").split(",") if each.strip()]
    if len(noted) == count and len(set(noted)) == count:
        return [rule_name(each) for each in noted]
    name = _stripped(policy.name, direction)
    return [name if number == 0 else f"{name[:58]}-{number + 1}" for number in range(count)]


def _stripped(name: str, direction: Direction) -> str:
    """Return what the name of a policy says besides its direction and that it allows."""
    words = rule_name(name)
    for lead in ("allow-", "np-", "netpol-"):
        words = words.removeprefix(lead)
    for end in (f"-{direction}", f"-{direction}-allow", "-netpol", "-network-policy", "-networkpolicy", "-allow"):
        words = words.removesuffix(end)
    for lead in (f"{direction}-from-", f"{direction}-to-", f"{direction}-", "from-", "to-"):
        words = words.removeprefix(lead)
    return words or rule_name(name)


def rule_name(text: str) -> str:
    """Return *text* as the name of a rule or a peer."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower())[:60].strip("-") or "rule"


def written_peer(peer: Written) -> Peer:
    """
    Return *peer* as a person writes it.

    :raises NotSayable: where that is not possible.
    """
    try:
        made = _block(peer) if isinstance(peer, IpBlock) else _pods(peer)
    except InvalidValue as refused:
        raise NotSayable(refused.message) from None
    for _, message, _ in made.complaints():
        raise NotSayable(message)
    return made


def _block(block: IpBlock) -> Peer:
    excluded = tuple(map(_cidr, block.excluded))
    return Peer(cidr=(_cidr(block.cidr),), excluded=excluded or None)


def _cidr(text: str) -> Cidr:
    """Return the network of *text*, which may be written with the address of a host in it."""
    try:
        return Cidr.parse(text)
    except InvalidValue as refused:
        network = re.search(r"write `([^`]*)` for the network", refused.hint)
        if network is None:
            raise
        return Cidr.parse(network[1])


def _pods(peer: PodPeer) -> Peer:
    pods = written_selector(peer.pods) if peer.namespaces is None or peer.pods != EVERY_POD else None
    if peer.namespaces is None:
        return Peer(pods=pods)
    names = _namespace_names(peer.namespaces)
    if names:
        return Peer(namespace=names, pods=pods)
    if peer.namespaces == EVERY_POD:
        every = Expression(LabelKey(NAMESPACE_NAME), Operator.EXISTS)
        return Peer(namespaces=LabelSelector(match_expressions=(every,)), pods=pods)
    return Peer(namespaces=written_selector(peer.namespaces), pods=pods)


def _namespace_names(selector: Selector) -> tuple[Name, ...]:
    """Return the namespaces that *selector* names, none where it selects by something else."""
    if len(selector.labels) == 1 and not selector.expressions and selector.labels[0][0] == NAMESPACE_NAME:
        return (Name.parse(selector.labels[0][1]),)
    if not selector.labels and len(selector.expressions) == 1:
        (only,) = selector.expressions
        if only.key == NAMESPACE_NAME and only.operator == "In":
            return tuple(dict.fromkeys(map(Name.parse, only.values)))
    return ()


def written_selector(selector: Selector) -> LabelSelector:
    """
    Return *selector* as a person writes it.

    :raises InvalidValue: where the API server would refuse it.
    """
    labels = FrozenMap((LabelKey.parse(key), LabelValue.parse(value)) for key, value in selector.labels)
    if not selector.expressions:
        return LabelSelector(labels)
    expressions = tuple(
        Expression(LabelKey.parse(each.key), Operator(each.operator), tuple(map(LabelValue.parse, each.values)) or None)
        for each in selector.expressions
    )
    return LabelSelector(labels, expressions)

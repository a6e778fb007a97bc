"""
NetworkPolicies as the YAML text that ``kustomize build`` itself prints.

kustomize reads the output of the plugin and prints it again, so the plugin could use any style.
``bulkhead render`` prints the same text without kustomize, and both must give the same bytes.
Therefore keys are in the order of kustomize's YAML library, and scalars are quoted and folded by
its rules.
"""

from collections.abc import Iterable, Iterator
from functools import cmp_to_key, lru_cache

import yaml
from yaml.events import (
    DocumentEndEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    StreamEndEvent,
    StreamStartEvent,
)

from bulkhead.core.kubernetes.networkpolicy import IpBlock, NetworkPolicy, PodPeer, PolicyPort, PolicyRule, Selector
from bulkhead.core.record import replaced
from bulkhead.io.yaml.nodes import reads_as_text

_SAFE_FIRST = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
_SAFE = _SAFE_FIRST | frozenset("0123456789 ,./()_'-")
_SAFE_LENGTH = 40
_KEY_LENGTH = 128  # the library writes a longer key as `? key`


_SOME = "\0"
"""A namespace that no text contains."""


def document(policy: NetworkPolicy) -> str:
    """Return *policy* as one YAML document, without ``---``, ending in a newline."""
    before, _, after = _without_namespace(replaced(policy, namespace=_SOME)).partition(_SOME)
    return f"{before}{plain(policy.namespace)}{after}"


@lru_cache(4096)
def _without_namespace(policy: NetworkPolicy) -> str:
    """Return the document of *policy*, whose namespace is ``_SOME``: a thousand namespaces share most policies."""
    return "\n".join(_document(policy)) + "\n"


def _document(policy: NetworkPolicy) -> Iterator[str]:
    yield "apiVersion: networking.k8s.io/v1"
    yield "kind: NetworkPolicy"
    yield "metadata:"
    yield from _texts("annotations", policy.annotations, 1)
    yield from _texts("labels", policy.labels, 1)
    yield f"  name: {plain(policy.name)}"
    yield f"  namespace: {policy.namespace}"
    yield "spec:"
    if policy.egress:
        yield "  egress:"
        for rule in policy.egress:
            yield from _rule(rule, "to")
    if policy.ingress:
        yield "  ingress:"
        for rule in policy.ingress:
            yield from _rule(rule, "from")
    yield from _selector("podSelector", policy.pods, 1)
    yield "  policyTypes:"
    if policy.ingress is not None:
        yield "  - Ingress"
    if policy.egress is not None:
        yield "  - Egress"


def _rule(rule: PolicyRule, end: str) -> Iterator[str]:
    lines: list[str] = []
    if rule.peers is not None and end == "from":
        lines += ["from:", *(line for peer in rule.peers for line in _peer(peer))]
    if rule.ports is not None:
        lines += ["ports:", *(line for port in rule.ports for line in _ports(port))]
    if rule.peers is not None and end == "to":
        lines += ["to:", *(line for peer in rule.peers for line in _peer(peer))]
    return _item(lines or ["{}"], 1)


def _item(lines: Iterable[str], depth: int) -> Iterator[str]:
    """Indent *lines* as one item of a list at *depth*."""
    lead = "  " * depth + "- "
    for line in lines:
        yield lead + line
        lead = "  " * depth + "  "


def _peer(peer: IpBlock | PodPeer) -> Iterator[str]:
    if isinstance(peer, IpBlock):
        lines = ["ipBlock:", f"  cidr: {plain(peer.cidr)}"]
        if peer.excluded:
            lines += ["  except:", *(f"  - {plain(cut)}" for cut in peer.excluded)]
        return _item(lines, 0)
    lines = [] if peer.namespaces is None else list(_selector("namespaceSelector", peer.namespaces, 0))
    if peer.namespaces is None or peer.pods != Selector():
        lines += _selector("podSelector", peer.pods, 0)
    return _item(lines, 0)


def _ports(port: PolicyPort) -> Iterator[str]:
    lines = [] if port.end is None else [f"endPort: {port.end}"]
    if port.port is not None:
        lines.append(f"port: {port.port if isinstance(port.port, int) else plain(port.port)}")
    return _item([*lines, f"protocol: {port.protocol}"], 0)


def _selector(key: str, selector: Selector, depth: int) -> Iterator[str]:
    lead = "  " * depth
    if not selector.labels and not selector.expressions:
        yield f"{lead}{key}: {{}}"
        return
    yield f"{lead}{key}:"
    if selector.expressions:
        yield f"{lead}  matchExpressions:"
        for each in selector.expressions:
            lines = [f"key: {plain(each.key)}", f"operator: {each.operator}"]
            if each.values:
                lines += ["values:", *(f"- {plain(word)}" for word in each.values)]
            yield from _item(lines, depth + 1)
    yield from _texts("matchLabels", selector.labels, depth + 1)


def _texts(key: str, pairs: tuple[tuple[str, str], ...], depth: int) -> Iterator[str]:
    """Yield a map of texts; nothing where it is empty."""
    if not pairs:
        return
    lead = "  " * depth
    yield f"{lead}{key}:"
    texts = dict(pairs)
    for name in sorted(texts, key=cmp_to_key(natural)):
        text = texts[name]
        if _is_safe(text) and len(text) <= _SAFE_LENGTH and len(name) <= _KEY_LENGTH:
            yield f"{lead}  {plain(name)}: {text}"
        else:
            yield from _emitted(name, text, depth + 1)


def plain(text: str) -> str:
    """Return *text*, which has no white space, as one YAML scalar."""
    return text if _is_safe(text) else _emitted("k", text, 0)[0][3:]


def _is_safe(text: str) -> bool:
    """Say whether *text* is certainly printed without quotes. libyaml's emitter decides about all other text."""
    return (
        text[:1] in _SAFE_FIRST
        and text[-1] != " "
        and _SAFE.issuperset(text)
        and (len(text) > 5 or reads_as_text(text))
    )


def _emitted(name: str, text: str, depth: int) -> list[str]:
    """Return ``name: text`` at *depth* as libyaml's emitter writes it; kustomize's emitter is a translation of it."""
    style = "|" if "\n" in text else None if reads_as_text(text) else '"'
    start = MappingStartEvent(None, None, True, flow_style=False)
    events = [StreamStartEvent(), DocumentStartEvent(explicit=False), start]
    for level in range(depth):
        events += [ScalarEvent(None, None, (True, True), str(level)), start]
    quoted = None if reads_as_text(name) else '"'
    events += [
        ScalarEvent(None, None, (True, True), str(name), style=quoted),
        ScalarEvent(None, None, (True, True), str(text), style=style),
    ]
    events += [MappingEndEvent()] * (depth + 1) + [DocumentEndEvent(explicit=False), StreamEndEvent()]
    emitted: str = yaml.emit(events, Dumper=yaml.CDumper, allow_unicode=True)
    lines = emitted.split("\n")[depth:]
    return lines[: -1 if lines[-1] == "" else None]


def natural(one: str, other: str) -> int:
    """
    Compare two keys as kustomize's YAML library sorts them: less than 0 where *one* comes first.

    At the first difference letters are last, and digits compare by the number that they make from there.

    >>> sorted(["a10", "a9", "a-b", "aa"], key=cmp_to_key(natural))
    ['a-b', 'a9', 'a10', 'aa']
    """
    for i, (left, right) in enumerate(zip(one, other, strict=False)):
        if left == right:
            continue
        letters = left.isalpha(), right.isalpha()
        if any(letters):
            return letters[0] - letters[1] or ord(left) - ord(right)
        counts = "0" in (left, right) and one[:i].rstrip("0")[-1:].isdigit()  # a zero after a digit counts
        first, second = (f"{counts:d}{_digits(key, i)}" for key in (one, other))
        return int(first) - int(second) or len(first) - len(second) or ord(left) - ord(right)
    return len(one) - len(other)


def _digits(key: str, start: int) -> str:
    end = start
    while end < len(key) and key[end].isdigit():
        end += 1
    return key[start:end]

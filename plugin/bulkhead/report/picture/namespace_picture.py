"""The picture of one namespace: its pods, who may come in, where they may go, and what is denied by default."""

from collections.abc import Iterator

from bulkhead.analysis.analysis_input import AnalysisInput
from bulkhead.core.kubernetes.networkpolicy import (
    EVERY_POD,
    NAMESPACE_NAME,
    Direction,
    NetworkPolicy,
    PodPeer,
    PolicyRule,
    Selector,
)
from bulkhead.core.language.resources import Rule
from bulkhead.io.folders import is_inside
from bulkhead.report.names.rule_words import peer_text, peers_text, pods_text, ports_text
from bulkhead.report.picture.picture import Arrow, ArrowKind, Box, Column, Picture

_MOST_PEERS = 6
"""Peers of one rule that have a line each."""

_EVERYTHING = "everything else"
_ANYTHING = "anything"

_Found = tuple[int, int, ArrowKind]
"""An arrow without its text: the numbers of two boxes, and the kind."""


def namespace_picture(found: AnalysisInput, namespace: str) -> Picture:
    """
    Return the picture of *namespace*, from its policies in *found*.

    An arrow is a rule of this namespace. Policies of the other side are not looked at.
    """
    return _Writer(found, namespace).picture()


class _Writer:
    """The boxes and arrows so far, of the pods that a policy of the namespace selects and of its peers."""

    def __init__(self, found: AnalysisInput, namespace: str) -> None:
        self.found, self.namespace = found, namespace
        self.policies = [each for each in found.cluster.policies if each.namespace == namespace]
        selectors = dict.fromkeys(each.pods for each in self.policies)
        self.groups = [EVERY_POD, *(each for each in selectors if each != EVERY_POD)]
        self.boxes = [self._group(each) for each in self.groups]
        self.numbers: dict[tuple[Column, tuple[str, ...]], int] = {}
        self.arrows: dict[_Found, list[str]] = {}

    def picture(self) -> Picture:
        """Return the picture."""
        for policy in self.policies:
            for direction in Direction:
                for at, rule in enumerate(policy.of(direction) or ()):
                    self._rule(policy, direction, at, rule)
        for direction in Direction:
            self._default(direction)
        is_walled = all(self._isolates(EVERY_POD, direction) for direction in Direction)
        reason = self.found.unprotected.get(self.namespace)
        state = "" if self.policies else f"UNPROTECTED: {reason}" if reason else "UNPROTECTED: no policy"
        state = "what no rule allows is denied" if is_walled else state or "NOT ALL IS DENIED BY DEFAULT"
        arrows = tuple(Arrow(*key, tuple(lines), 1) for key, lines in self.arrows.items())
        return Picture(
            f"namespace {self.namespace}",
            f"{self.namespace}: {state}",
            tuple(self.boxes),
            arrows,
            is_walled,
            tuple(self._notes()),
        )

    def _group(self, selector: Selector) -> Box:
        is_open = not all(self._isolates(selector, direction) for direction in Direction)
        return Box(Column.MIDDLE, (pods_text(selector),), is_open)

    def _isolates(self, selector: Selector, direction: Direction) -> bool:
        """Say whether a policy isolates every pod that *selector* selects."""
        return any(each.pods in (EVERY_POD, selector) and each.of(direction) is not None for each in self.policies)

    def _rule(self, policy: NetworkPolicy, direction: Direction, at: int, rule: PolicyRule) -> None:
        written = self.found.rules.rule(policy, direction, at)
        folder = self.found.rules.folders.get(self.namespace)
        is_own = folder is None or is_inside(written.location.file, folder)
        kind = ArrowKind.OWN if is_own else ArrowKind.STANDARD
        inner = [self._inner(each) for each in rule.peers or ()]
        if not inner or any(each is None for each in inner):
            other = self._peer_box(direction, rule, written.rule)
            self._arrow(policy, direction, kind, other, f"{written.title}: {ports_text(rule)}")
            return
        for number in inner:
            way = "in" if direction is Direction.INGRESS else "out"
            self._arrow(policy, direction, kind, number or 0, f"{way} by {written.title}: {ports_text(rule)}")

    def _arrow(self, policy: NetworkPolicy, direction: Direction, kind: ArrowKind, other: int, text: str) -> None:
        own = self.groups.index(policy.pods)
        ends = (other, own) if direction is Direction.INGRESS else (own, other)
        self.arrows.setdefault((*ends, kind), []).append(text)

    def _inner(self, peer: object) -> int | None:
        """Return the box of the pods of this namespace that *peer* is, ``None`` where it is no box of the middle."""
        if not isinstance(peer, PodPeer) or peer.pods not in self.groups:
            return None
        own = Selector(((NAMESPACE_NAME, self.namespace),))
        return self.groups.index(peer.pods) if peer.namespaces in (None, own) else None

    def _peer_box(self, direction: Direction, rule: PolicyRule, written: Rule | None) -> int:
        named = peers_text(rule, written)
        details = [peer_text(each) for each in rule.peers or ()]
        more = len(details) - _MOST_PEERS
        shown = [*details[:_MOST_PEERS], *([f"and {more} more"] if more > 0 else [])]
        lines = tuple(shown) if named == ", ".join(details) and shown else (named, *shown)
        return self._box(Column.LEFT if direction is Direction.INGRESS else Column.RIGHT, lines)

    def _box(self, column: Column, lines: tuple[str, ...], is_open: bool = False) -> int:
        key = column, lines
        if key not in self.numbers:
            self.numbers[key] = len(self.boxes)
            self.boxes.append(Box(column, lines, is_open))
        return self.numbers[key]

    def _default(self, direction: Direction) -> None:
        """Add what happens to traffic of *direction* that no rule is about: for every pod, or by group."""
        column = Column.LEFT if direction is Direction.INGRESS else Column.RIGHT
        for number, selector in enumerate(self.groups):
            if number and self._isolates(EVERY_POD, direction):
                return
            if self._isolates(selector, direction):
                kind, name, text = ArrowKind.DENIED, _EVERYTHING, "denied by default"
            else:
                kind, name, text = ArrowKind.OPEN, _ANYTHING, self._open_text(direction)
            other = self._box(column, (name,), kind is ArrowKind.OPEN)
            ends = (other, number) if direction is Direction.INGRESS else (number, other)
            self.arrows.setdefault((*ends, kind), []).append(text)

    def _open_text(self, direction: Direction) -> str:
        if any(each.of(direction) is not None for each in self.policies):
            return f"open, unless another policy isolates the {direction} of the pod"
        return f"open: no policy isolates the {direction}"

    def _notes(self) -> Iterator[str]:
        if self.policies:
            yield "an arrow is a rule of this namespace: the other side has to allow it too"
        kinds = {each.kind for each in self.found.unjudged if each.namespace in ("", self.namespace)}
        if kinds:
            yield f"NOT JUDGED, and not in the picture: {', '.join(sorted(kinds))}"

"""The rules of many namespaces, sorted by who they are for; what most of them share is the standard pattern."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum

from bulkhead.core.importing.imported_rules import (
    ImportedRule,
    NotSayable,
    check_split,
    imported_rules,
    rule_name,
    written_selector,
)
from bulkhead.core.kubernetes.networkpolicy import EVERY_POD, Direction, NetworkPolicy, Selector
from bulkhead.core.language.resources import Enforcer, Isolation
from bulkhead.core.language.scalars import InvalidValue
from bulkhead.core.record import record

Origin = Callable[[NetworkPolicy], tuple[str, str]]
"""Returns where a policy comes from, and the comment above it."""


class Kept(Enum):
    """Which policies stay as they are: those that no overlay can say, also those that it would change, or every one."""

    UNSAYABLE = "unsayable"
    WHAT_DIFFERS = "what differs"
    EVERY = "every"


@record
class RawPolicy:
    """A *policy* that an overlay cannot say, and the *reason*."""

    policy: NetworkPolicy
    reason: str


@dataclass
class ImportedPods:
    """The *rules* for the pods of one selector, by direction and name; the directions in which they are *isolated*."""

    rules: dict[tuple[Direction, str], ImportedRule] = field(default_factory=dict)
    isolated: set[Direction] = field(default_factory=set)

    def add(self, rule: ImportedRule) -> None:
        """Add *rule*; its name gets a number where another one has it."""
        name, number = rule.name, 2
        while (rule.direction, name) in self.rules:
            name, number = f"{rule.name[:58]}-{number}", number + 1
        self.rules[rule.direction, name] = rule


@dataclass
class ImportedNamespace:
    """What the policies of the namespace *name* say: of all its pods, of some (by selector), and what is *raw*."""

    name: str
    every: ImportedPods = field(default_factory=ImportedPods)
    workloads: dict[Selector, ImportedPods] = field(default_factory=dict)
    names: dict[Selector, str] = field(default_factory=dict)
    raw: list[RawPolicy] = field(default_factory=list)

    @property
    def isolation(self) -> Isolation:
        """The directions in which every pod is isolated."""
        return isolation_of(self.every.isolated)

    def add(self, policy: NetworkPolicy, origin: tuple[str, str], enforcer: Enforcer, kept: Kept) -> None:
        """Add *policy* with its *origin* and comment, as rules or as it is: see :class:`Kept`."""
        try:
            if kept is Kept.EVERY:
                raise NotSayable("overlays with its rules would allow something else")
            if kept is Kept.WHAT_DIFFERS:
                check_split(policy, enforcer)
            rules = imported_rules(policy, *origin, enforcer)
            if policy.pods != EVERY_POD:
                written_selector(policy.pods)
        except (NotSayable, InvalidValue) as refused:
            self.raw.append(RawPolicy(policy, str(refused) or getattr(refused, "message", "")))
            return
        pods = self.every if policy.pods == EVERY_POD else self.workloads.setdefault(policy.pods, ImportedPods())
        pods.isolated |= set(policy.types)
        for rule in rules:
            pods.add(rule)
        if policy.pods != EVERY_POD:
            self._name(policy)

    def _name(self, policy: NetworkPolicy) -> None:
        """Name the selector of *policy*: as this project did, else after a label's value, else after the policy."""
        if policy.pods in self.names:
            return
        noted = dict(policy.annotations).get("bulkhead.dev/workload", "")
        labels = [word for _, word in policy.pods.labels if word]
        wanted = rule_name(noted or "-".join(labels[:2]) or policy.name)
        name, number = wanted, 2
        while name in self.names.values():
            name, number = f"{wanted[:56]}-{number}", number + 1
        self.names[policy.pods] = name


def isolation_of(directions: Iterable[Direction]) -> Isolation:
    """Return the isolation of exactly *directions*."""
    found = set(directions)
    if len(found) == len(Direction):
        return Isolation.BOTH
    return Isolation(next(iter(found)).value) if found else Isolation.NONE


def imported_namespaces(
    policies: Iterable[NetworkPolicy], origin: Origin, enforcer: Enforcer, kept: Kept
) -> dict[str, ImportedNamespace]:
    """Return what *policies* say by namespace."""
    found: dict[str, ImportedNamespace] = {}
    for policy in policies:
        namespace = found.setdefault(policy.namespace, ImportedNamespace(policy.namespace))
        namespace.add(policy, origin(policy), enforcer, kept)
    return dict(sorted(found.items()))


Standard = dict[tuple[Direction, str], ImportedRule]
"""The rules of the standard pattern by direction and name."""


def standard_pattern(namespaces: Mapping[str, ImportedNamespace]) -> Standard:
    """Return the rules for every pod that most of *namespaces* have, each with its most frequent name."""
    used: dict[tuple[object, ...], list[tuple[str, ImportedRule]]] = {}
    having: dict[tuple[object, ...], set[str]] = {}
    for namespace in namespaces.values():
        for (_, name), rule in namespace.every.rules.items():
            used.setdefault(rule.content, []).append((name, rule))
            having.setdefault(rule.content, set()).add(namespace.name)
    found: Standard = {}
    for uses in sorted(used.values(), key=lambda each: (-len(each), each[0][0])):
        count = len(having[uses[0][1].content])
        if count * 2 > len(namespaces) and count > 1:
            names = [name for name, _ in uses]
            name = max(sorted(set(names)), key=names.count)
            free, number = name, 2
            while (uses[0][1].direction, free) in found:
                free, number = f"{name[:58]}-{number}", number + 1
            reasons = [rule for _, rule in uses if rule.reason]
            found[uses[0][1].direction, free] = max(reasons or [uses[0][1]], key=lambda each: _count(reasons, each))
    return found


def _count(rules: list[ImportedRule], wanted: ImportedRule) -> int:
    return sum(each.reason == wanted.reason for each in rules)


def aligned(namespace: ImportedNamespace, standard: Standard) -> dict[tuple[Direction, str], ImportedRule]:
    """Return the rules for every pod of *namespace*, those of *standard* under their names there."""
    known = {rule.content: key for key, rule in standard.items()}
    found: dict[tuple[Direction, str], ImportedRule] = {}
    others: list[tuple[str, ImportedRule]] = []
    mine = namespace.every.rules
    same_name = [key for key, rule in mine.items() if known.get(rule.content) == key]
    for key in [*same_name, *(each for each in mine if each not in same_name)]:
        (_, name), rule = key, mine[key]
        if rule.content in known and known[rule.content] not in found:
            found[known[rule.content]] = rule
        else:
            others.append((name, rule))
    for name, rule in others:
        free, number = name, 2
        while (rule.direction, free) in found or (rule.direction, free) in standard:
            free, number = f"{name[:58]}-{number}", number + 1
        found[rule.direction, free] = rule
    return found

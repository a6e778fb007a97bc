"""
Searches the flows of every pod that could exist for those that one cluster allows and another one does not.

A flow is allowed where egress and ingress both allow it, and one direction allows it where no
policy isolates its end or a rule matches.  Written for sets, with ``E`` and ``I`` for what
egress and ingress allow, before and after a change:

    opened  =  (E_after - E_before) & I_after  |  (I_after - I_before) & E_after
    E_after - E_before  =  (rules_after - rules_before) & isolated_before
                           | (isolated_before - isolated_after) - rules_before

So the search starts from what differs: rules and selectors that only one side has.  Each of
them is a small class of flows.  From it the other side's rules are subtracted one by one,
which splits it only on labels, addresses and ports that both mention.  What nobody compares
is never multiplied.

What closes is what opens with the sides exchanged.

A subtraction may still split into very many classes.  Each cause has a number of steps; where
they are used up before anything was found, the search says so (``Undecided``) and never that
nothing opens.  Where very many classes open for one cause, the class that they are part of
represents them.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence

from bulkhead.core.engine.semantics import Semantics
from bulkhead.core.kubernetes.cluster import Cluster
from bulkhead.core.kubernetes.networkpolicy import Direction
from bulkhead.core.possible.flow_class import (
    OUTSIDES,
    PODS,
    FlowClass,
    FlowSpace,
    flow_class,
    intersect,
    is_disjoint,
    merged,
    settled,
)
from bulkhead.core.possible.rule_classes import BOTH, END, RuleClass, RuleReader, SubjectClass
from bulkhead.core.record import record
from bulkhead.core.sets import value_sets
from bulkhead.core.sets.value_sets import EVERY, Value

STEPS = 200_000
"""Comparisons of two classes that one cause may take: about a second."""

MOST_STEPS = 2_000_000
"""The same for all causes together."""

MOST_CLASSES = 200
"""Classes that are listed for one cause."""


class TooManySteps(Exception):
    """The steps of a search are used up."""


class Steps:
    """Counts the comparisons of a search: *left* for one cause, *total* for all."""

    def __init__(self) -> None:
        self.left, self.total = STEPS, MOST_STEPS

    def begin(self) -> None:
        """Begin another cause."""
        self.left = min(STEPS, self.total)

    def take(self, count: int) -> None:
        """
        Use *count* steps.

        :raises TooManySteps: where there are not so many.
        """
        self.left -= count
        self.total -= count
        if self.left < 0:
            raise TooManySteps


KnownPorts = Callable[[RuleClass], Iterable[RuleClass]]
"""Returns the parts of a rule: those where ports are known have numbers in the place of names."""

Cause = RuleClass | SubjectClass
"""A rule that only the one side has; or a selector: the other side isolates its pods."""


@record
class Opened:
    """
    Flows that open because of *cause*.  *is_part*: only some of them do.

    *direction* is the one in which the cause counts.
    """

    flows: FlowClass
    cause: Cause
    direction: Direction
    is_part: bool = False


@record
class Undecided:
    """It was not decided whether anything opens because of *cause*."""

    cause: Cause
    direction: Direction


class _Index:
    """Classes whose flows have a pod of some listed namespaces at *end*, found by these."""

    def __init__(self, classes: Sequence[FlowClass], end: str) -> None:
        self.axis = f"{end}.ns"
        self.kind = f"{end}.kind"
        by_name: dict[Value, list[int]] = {}
        for number, each in enumerate(classes):
            for name in each.values[self.axis][1]:
                by_name.setdefault(name, []).append(number)
        alike: dict[tuple[int, ...], list[Value]] = {}
        for name, numbers in by_name.items():
            alike.setdefault(tuple(numbers), []).append(name)
        self.parts = [(numbers, value_sets.only(names)) for numbers, names in alike.items()]
        self.names = frozenset(by_name)

    def split(self, flows: FlowClass) -> Iterator[tuple[FlowClass, tuple[int, ...]]]:
        """Yield the parts of *flows* by namespace, each with the places of the classes that may meet it."""
        if flows.values.get(self.kind) == OUTSIDES:
            yield flows, ()
            return
        mine = flows.values.get(self.axis, EVERY)
        rest = value_sets.subtract(mine, (False, self.names))
        if not value_sets.is_empty(rest) and (found := self._within(flows, rest)):
            yield found, ()
        for numbers, names in self.parts:
            both = value_sets.intersect(mine, names)
            if both[1] and (found := self._within(flows, both)):
                yield found, numbers

    def _within(self, flows: FlowClass, names: value_sets.ValueSet) -> FlowClass | None:
        if flows.values.get(self.axis) == names:
            return flows
        return settled({**flows.values, self.axis: names}, dict(flows.spans))


class PossibleFlows:
    """
    What a cluster allows in a *space* of flows; *groups* is shared by the sides of a comparison.

    *known* returns the parts of a rule, with the numbers of those destinations whose ports are known.
    """

    def __init__(
        self,
        cluster: Cluster,
        space: FlowSpace,
        semantics: Semantics,
        groups: dict[object, int],
        known: KnownPorts | None = None,
    ) -> None:
        reader = RuleReader(cluster, space, semantics, groups)
        self.space = space
        self.subjects = {each: reader.subjects(each) for each in BOTH}
        self.rules = {each: reader.rules(each) for each in BOTH}
        if known:
            self.rules = {each: [part for rule in rules for part in known(rule)] for each, rules in self.rules.items()}
        self.by_subject = {each: _Index([one.flows for one in self.subjects[each]], END[each]) for each in BOTH}
        self.by_rule = {each: _Index([one.flows for one in self.rules[each]], END[each]) for each in BOTH}

    def permitted(self, direction: Direction, flows: FlowClass, steps: Steps) -> Iterator[FlowClass]:
        """Yield the part of *flows* that *direction* allows, in classes that may overlap."""
        yield from self.not_isolated(direction, flows, steps)
        for part, numbers in self.by_rule[direction].split(flows):
            steps.take(len(numbers) + 1)
            found = [both for number in numbers if (both := intersect(part, self.rules[direction][number].flows))]
            yield from found[:1] if found and found[0] == part else found

    def not_isolated(self, direction: Direction, flows: FlowClass, steps: Steps) -> Iterator[FlowClass]:
        """Yield the part of *flows* whose end no policy isolates in *direction*."""
        for part, numbers in self.by_subject[direction].split(flows):
            yield from self.minus(part, [self.subjects[direction][number].flows for number in numbers], steps)

    def isolated(self, direction: Direction, flows: FlowClass, steps: Steps) -> Iterator[FlowClass]:
        """Yield the part of *flows* whose end a policy isolates in *direction*, in classes that may overlap."""
        for part, numbers in self.by_subject[direction].split(flows):
            steps.take(len(numbers) + 1)
            found = [both for number in numbers if (both := intersect(part, self.subjects[direction][number].flows))]
            yield from [part] if part in found else found

    def not_matched(self, direction: Direction, flows: FlowClass, steps: Steps) -> Iterator[FlowClass]:
        """Yield the part of *flows* that no rule of *direction* matches."""
        for part, numbers in self.by_rule[direction].split(flows):
            yield from self.minus(part, [self.rules[direction][number].flows for number in numbers], steps)

    def minus(self, flows: FlowClass, others: Iterable[FlowClass], steps: Steps) -> Iterator[FlowClass]:
        """Yield disjoint classes of what is in *flows* and in none of *others*."""
        meeting = sorted(
            (other for other in others if not is_disjoint(flows, other)),
            key=lambda each: len(each.values) + len(each.spans),
        )
        pieces = [(flows, 0)]
        while pieces:
            piece, at = pieces.pop()
            steps.take(len(meeting) - at + 1)
            while at < len(meeting) and is_disjoint(piece, meeting[at]):
                at += 1
            if at == len(meeting):
                yield piece
            else:
                pieces += [(rest, at + 1) for rest in self.space.subtract(piece, meeting[at])]


def opened(before: PossibleFlows, after: PossibleFlows, steps: Steps) -> Iterator[Opened | Undecided]:
    """Yield everything that *after* allows and *before* does not, and what could not be decided."""
    for direction in BOTH:
        for cause, flows in _differing(before, after, direction):
            steps.begin()
            found: list[FlowClass] = []
            try:
                for each in _opened_by(before, after, direction, cause, flows, steps):
                    found.append(each)
                    if len(found) > MOST_CLASSES:
                        raise TooManySteps
            except TooManySteps:
                if not found:
                    yield Undecided(cause, direction)
                else:
                    yield from (Opened(each, cause, direction, True) for each in flows)
                continue
            yield from (Opened(each, cause, direction) for each in merged(before.space, found))


def _differing(
    before: PossibleFlows, after: PossibleFlows, direction: Direction
) -> Iterator[tuple[Cause, list[FlowClass]]]:
    """Yield what may let flows through *after* and not *before*, with these flows."""
    known = {each.flows for each in before.rules[direction]}
    yield from ((each, [each.flows]) for each in after.rules[direction] if each.flows not in known)
    isolated = {each.flows for each in after.subjects[direction]}
    for each in before.subjects[direction]:
        if each.flows not in isolated:
            other = "d.kind" if END[direction] == "s" else "s.kind"
            yield each, [flow_class({**each.flows.values, other: kind}, {}) for kind in (PODS, OUTSIDES)]


def _opened_by(
    before: PossibleFlows,
    after: PossibleFlows,
    direction: Direction,
    cause: Cause,
    flows: list[FlowClass],
    steps: Steps,
) -> Iterator[FlowClass]:
    for whole in flows:
        if isinstance(cause, RuleClass):
            parts = before.isolated(direction, whole, steps)
        else:
            parts = after.not_isolated(direction, whole, steps)
        for part in parts:
            for refused in before.not_matched(direction, part, steps):
                yield from after.permitted(direction.opposite, refused, steps)

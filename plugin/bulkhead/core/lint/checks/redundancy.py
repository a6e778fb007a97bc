"""The check for rules that another rule makes superfluous: exact, by the engine."""

from collections.abc import Iterator

from bulkhead.core.engine.reachability import FamilyReachability, SourceRow
from bulkhead.core.engine.rule_effects import RuleEffect
from bulkhead.core.kubernetes.networkpolicy import Direction
from bulkhead.core.lint.context import LintContext, RuleReference, alone, grants
from bulkhead.core.lint.finding import Check, CheckResult, Severity
from bulkhead.core.record import record
from bulkhead.core.sets.partition import indices

Opens = dict[int, int]
"""What is open at one end: for each port atom the members at the other end."""


@record
class _Side:
    """One direction of one layer, with every line that opens something in it, by its policy."""

    layer: FamilyReachability
    direction: Direction
    lines: dict[int, list[RuleReference]]
    rows: tuple[SourceRow | None, ...]
    single: int


def superfluous(scene: LintContext) -> dict[RuleReference, tuple[RuleReference, ...]]:
    """
    Return the lines without which the traffic is the same, each with those that allow what it allows.

    All of them can go at once.  A line that lets nothing pass (because the other side refuses, or
    because it matches nothing) is not among them.  Of two that say the same, the one that fewer
    namespaces share is.
    """
    found: dict[RuleReference, tuple[RuleReference, ...]] = {}
    sides = {direction: _sides(scene, direction) for direction in Direction}
    for line in sorted(scene.lines, key=lambda each: each.shared):
        by = _covering(scene, sides[line.direction], line, found)
        if by:
            found[line] = by
    return found


def _sides(scene: LintContext, direction: Direction) -> list[_Side]:
    lines: dict[int, list[RuleReference]] = {}
    for line in scene.lines:
        if line.direction == direction:
            lines.setdefault(line.policy, []).append(line)
    return [_Side(layer, direction, lines, _row_of(layer), alone(scene, layer)) for layer in scene.answer.layers]


def _row_of(layer: FamilyReachability) -> tuple[SourceRow | None, ...]:
    found: list[SourceRow | None] = [None] * len(layer.universe.members)
    for row in layer.rows:
        for place in indices(row.sources):
            found[place] = row
    return tuple(found)


def _covering(
    scene: LintContext, sides: list[_Side], line: RuleReference, gone: dict[RuleReference, tuple[RuleReference, ...]]
) -> tuple[RuleReference, ...]:
    """Return the lines that allow all that passes by *line*; none where something passes by it alone."""
    passes, by = False, dict[RuleReference, None]()
    for side in sides:
        for place in indices(side.layer.granted[line.policy].subjects):
            mine = _passing(side, place, _opens(side, place, [line]))
            others = [other for other in _beside(side, place) if other is not line and other not in gone]
            opened = _opens(side, place, others)
            if any(those & ~opened.get(atom, 0) for atom, those in mine.items()):
                return ()
            if mine:
                passes = True
                by |= dict.fromkeys(_least(side, place, mine, others))
    return tuple(by) if passes else ()


def _least(side: _Side, place: int, mine: Opens, others: list[RuleReference]) -> list[RuleReference]:
    """Return the first of *others* that alone opens all of *mine*, else each that opens some of it."""
    some = []
    for other in others:
        opened = _opens(side, place, [other])
        if all(not those & ~opened.get(atom, 0) for atom, those in mine.items()):
            return [other]
        if any(those & opened.get(atom, 0) for atom, those in mine.items()):
            some.append(other)
    return some


def _beside(side: _Side, place: int) -> list[RuleReference]:
    """Return every line of the direction that holds for the member at *place*."""
    isolating = side.layer.ingress if side.direction is Direction.INGRESS else side.layer.egress
    return [line for policy in isolating[place] for line in side.lines.get(policy, [])]


def _opens(side: _Side, place: int, lines: list[RuleReference]) -> Opens:
    found: Opens = {}
    for line in lines:
        for grant in grants(side.layer, line):
            _add(found, grant, place, side.direction)
    return found


def _add(found: Opens, grant: RuleEffect, place: int, direction: Direction) -> None:
    for atoms, having in grant.ports:
        here = having if direction is Direction.EGRESS else -(having >> place & 1)  # where the port means these atoms
        peers = grant.peers & here
        for atom in indices(atoms) if peers else ():
            found[atom] = found.get(atom, 0) | peers


def _passing(side: _Side, place: int, opened: Opens) -> Opens:
    """Return the part of *opened* that the other side allows too, and that not policies but nature allows left out."""
    found: Opens = {}
    aside = side.single & 1 << place | _own_node(side, place)
    for atom, those in opened.items():
        passing = those & ~aside & _allowed(side, place, atom, those)
        if passing:
            found[atom] = passing
    return found


def _own_node(side: _Side, place: int) -> int:
    """Return the node's own members, from which the member at *place* cannot be closed."""
    if side.direction is Direction.EGRESS:
        return 0
    return sum(nodes for nodes, pods in side.layer.universe.nodes if pods >> place & 1)


def _allowed(side: _Side, place: int, atom: int, those: int) -> int:
    """Return which of *those* the member at *place* exchanges *atom* with, all policies considered."""
    if side.direction is Direction.EGRESS:
        return _reached(side.rows[place], atom)
    return sum(row.sources & those for row in side.layer.rows if _reached(row, atom) >> place & 1)


def _reached(row: SourceRow | None, atom: int) -> int:
    return sum(those for atoms, those in row.parts if atoms >> atom & 1) if row else 0


def _already_allowed(scene: LintContext) -> Iterator[CheckResult]:
    for line, by in superfluous(scene).items():
        yield CheckResult(
            line.at,
            f"{line.title} opens nothing: {_listed(other.title for other in by)} "
            f"{'allows' if len(by) == 1 else 'allow'} all of it",
            "remove it, or narrow the other one so that this rule is the one that counts",
            (line.namespace,),
        )


def _listed(titles: Iterator[str]) -> str:
    *first, last = dict.fromkeys(titles)
    return f"{', '.join(first)} and {last}" if first else last


ALREADY_ALLOWED = Check(
    "already-allowed",
    Severity.NOTE,
    "Already allowed by another rule",
    "The rule can be taken out and the same traffic flows, to the last port: other rules on the same pods allow it "
    "all. Whoever reads the rule believes that it decides something. Every rule that this check finds can be removed "
    "at once.",
    "egress:\n  intra-namespace: {to: pod-network}\n  scan-workloads: {to: pod-network}   # the same again",
    "Remove the rule, or narrow the wider one. Where the rule is there for the day when the wider one goes, accept "
    "the finding and say so.",
    _already_allowed,
)

CHECKS = (ALREADY_ALLOWED,)

"""The check for rules that another rule makes superfluous, for every pod that could exist."""

from collections.abc import Iterator

from bulkhead.core.lint.context import LintContext, RuleReference
from bulkhead.core.lint.finding import Check, CheckResult, Severity
from bulkhead.core.possible.coverage import STEPS, NamespaceCoverage, RuleCoverage, RuleKey
from bulkhead.core.record import record


@record
class Superfluous:
    """
    The lines that other lines cover, each with those that do, and the lines that were not *decided*.

    All of the first can go at once.
    """

    found: dict[RuleReference, tuple[RuleReference, ...]]
    undecided: tuple[RuleReference, ...] = ()


def superfluous(scene: LintContext, steps: int = STEPS) -> Superfluous:
    """
    Return the lines without which no possible pod sees a difference.

    A line that allows nothing at all is not among them.  Of two that allow the same, the one that fewer namespaces
    share is.  *steps* is how many comparisons one class of flows may take; what takes more is not decided.
    """
    coverage = RuleCoverage(scene.possible, scene.readings, steps)
    spaces: dict[str, list[RuleReference]] = {}
    for line in scene.lines:
        spaces.setdefault(line.namespace, []).append(line)
    found: dict[RuleReference, tuple[RuleReference, ...]] = {}
    undecided: list[RuleReference] = []
    for name, lines in spaces.items():
        of = {key: line for line in lines for key in _keys(line)}
        rules = coverage.namespace(name)
        for line in sorted(lines, key=lambda each: each.shared):
            by = _covering(rules, line, of, undecided)
            if by:
                found[line] = by
                rules.remove(_keys(line))
    return Superfluous(found, tuple(undecided))


def _covering(
    rules: NamespaceCoverage,
    line: RuleReference,
    of: dict[RuleKey, RuleReference],
    undecided: list[RuleReference],
) -> tuple[RuleReference, ...]:
    answer = rules.covered(_keys(line))
    if not answer.decided:
        undecided.append(line)
    return tuple(dict.fromkeys(of[key] for key in answer.by))


def _keys(line: RuleReference) -> list[RuleKey]:
    return [RuleKey(line.policy, line.direction, entry) for entry in line.entries]


def _already_allowed(scene: LintContext) -> Iterator[CheckResult]:
    answer = superfluous(scene)
    for line in answer.undecided:
        yield undecided(line)
    for line, by in answer.found.items():
        yield CheckResult(
            line.at,
            f"{line.title} opens nothing: {_listed(other.title for other in by)} "
            f"{'allows' if len(by) == 1 else 'allow'} all of it",
            "remove it, or narrow the other one so that this rule is the one that counts",
            (line.namespace,),
        )


def undecided(line: RuleReference) -> CheckResult:
    """Return that nothing is known about *line*."""
    return CheckResult(
        line.at,
        f"NOT DECIDED: whether other rules allow all that {line.title} allows takes too many comparisons",
        "compare it with the other rules of the namespace yourself, or split the policies that overlap most",
        (line.namespace,),
    )


def _listed(titles: Iterator[str]) -> str:
    *first, last = dict.fromkeys(titles)
    return f"{', '.join(first)} and {last}" if first else last


ALREADY_ALLOWED = Check(
    "already-allowed",
    Severity.NOTE,
    "Already allowed by another rule",
    "The rule can be removed and the same traffic is allowed, to the last port: other rules on the same pods allow "
    "all of it, not only for the pods that exist, but for every pod that could exist. Readers of the rule believe "
    "that it decides something. Every rule that this check finds can be removed at once. In a NetworkPolicy, write "
    "`policyTypes` out before you remove its last egress rule.",
    "egress:\n  intra-namespace: {to: pod-network}\n  scan-workloads: {to: pod-network}   # the same again",
    "Remove the rule, or narrow the wider one. If the rule is needed after the wider one is removed, accept "
    "the finding and say so.",
    _already_allowed,
)

CHECKS = (ALREADY_ALLOWED,)

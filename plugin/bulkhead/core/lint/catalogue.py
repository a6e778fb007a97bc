"""``lint``: every check, run over one scene."""

from collections.abc import Iterator

from bulkhead.core.lint import coverage, deviations, effect, exposure, names, redundancy, sides, upkeep
from bulkhead.core.lint.acceptance import CHECKS as ACCEPTANCE
from bulkhead.core.lint.acceptance import Acceptance, acceptances, accepting, unknown, unused
from bulkhead.core.lint.check import Check, Finding
from bulkhead.core.lint.scene import At, Scene
from bulkhead.core.problem import Path
from bulkhead.core.value import value

CHECKS: tuple[Check, ...] = (
    *exposure.CHECKS,
    *redundancy.CHECKS,
    *sides.CHECKS,
    *effect.CHECKS,
    *deviations.CHECKS,
    *names.CHECKS,
    *coverage.CHECKS,
    *upkeep.CHECKS,
    *ACCEPTANCE,
)
"""Every check, in the order of the reference."""


@value
class Linted:
    """All *findings*, and the places of those acceptances that suppress one (*heeded*)."""

    findings: tuple[Finding, ...]
    heeded: tuple[At, ...]


def lint(scene: Scene, checks: tuple[Check, ...]) -> Linted:
    """Return what *checks* find in *scene*, each finding with the reason with which it is accepted, if it is."""
    known = acceptances(scene)
    findings: list[Finding] = []
    heeded: set[Acceptance] = set()
    for finding in _found(scene, checks):
        by = accepting(known, finding)
        heeded |= set(by)
        findings.append(Finding(finding.check, finding.found, by[0].reason if by else ""))
    ids = tuple(check.id for check in CHECKS)
    ran = {check.id for check in checks}
    findings += [each for each in unknown(known, ids) if each.check in checks]
    if scene.whole and not scene.workloads:  # part of a tree, or the pods of one day, do not need every acceptance
        findings += [each for each in unused(known, heeded, ran) if each.check in checks]
    return Linted(tuple(findings), tuple(each.at for each in known if each in heeded))


def _found(scene: Scene, checks: tuple[Check, ...]) -> Iterator[Finding]:
    """Yield the findings; that a rule opens nothing is not said where it is said already that it has no effect."""
    dead: set[tuple[str, Path]] = set()
    for check in sorted(checks, key=lambda each: each is redundancy.ALREADY_ALLOWED):
        for found in check.find(scene):
            at = found.at
            if check in effect.CHECKS:
                dead |= {(at.name, at.path[:length]) for length in range(len(at.path) + 1)}
            if check is not redundancy.ALREADY_ALLOWED or (at.name, at.path) not in dead:
                yield Finding(check, found)

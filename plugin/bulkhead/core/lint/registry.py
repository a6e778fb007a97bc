"""``lint``: every check, run over one scene."""

from collections.abc import Iterator

from bulkhead.core.diagnostics import Path
from bulkhead.core.lint.acceptance import CHECKS as ACCEPTANCE
from bulkhead.core.lint.acceptance import Acceptance, AcceptanceIndex, acceptances, unknown, unused
from bulkhead.core.lint.checks import (
    coverage,
    dead_parts,
    deviations,
    exposure,
    half_open,
    hygiene,
    named_ports,
    namespace_labels,
    networks,
    no_effect,
    provider_ranges,
    redundancy,
)
from bulkhead.core.lint.context import FieldReference, LintContext
from bulkhead.core.lint.finding import Check, LintFinding
from bulkhead.core.record import record

CHECKS: tuple[Check, ...] = (
    *exposure.CHECKS,
    *redundancy.CHECKS,
    *half_open.CHECKS,
    *dead_parts.CHECKS,
    *no_effect.CHECKS,
    *deviations.CHECKS,
    *named_ports.CHECKS,
    *coverage.CHECKS,
    *networks.CHECKS,
    *namespace_labels.CHECKS,
    *hygiene.CHECKS,
    *provider_ranges.CHECKS,
    *ACCEPTANCE,
)
"""Every check, in the order of the reference."""


@record
class LintResult:
    """All *findings*, and the places of the acceptances that suppress a finding (*heeded*)."""

    findings: tuple[LintFinding, ...]
    heeded: tuple[FieldReference, ...]


def lint(scene: LintContext, checks: tuple[Check, ...]) -> LintResult:
    """Return what *checks* find in *scene*, each finding with the reason with which it is accepted, if it is."""
    known = acceptances(scene)
    index = AcceptanceIndex(known)
    findings: list[LintFinding] = []
    heeded: set[Acceptance] = set()
    for finding in _found(scene, checks):
        by = index.accepting(finding)
        heeded |= set(by)
        findings.append(LintFinding(finding.check, finding.found, by[0].reason if by else ""))
    ids = tuple(check.id for check in CHECKS)
    ran = {check.id for check in checks}
    findings += [each for each in unknown(known, ids) if each.check in checks]
    if scene.whole and not scene.workloads:  # part of a tree, or the pods of one day, do not need every acceptance
        findings += [each for each in unused(known, heeded, ran) if each.check in checks]
    return LintResult(tuple(findings), tuple(each.at for each in known if each in heeded))


def _found(scene: LintContext, checks: tuple[Check, ...]) -> Iterator[LintFinding]:
    """Yield the findings, without "opens nothing" for rules that another finding reports as without effect."""
    dead: set[tuple[str, Path]] = set()
    for check in sorted(checks, key=lambda each: each is redundancy.ALREADY_ALLOWED):
        for found in check.find(scene):
            at = found.at
            if check in no_effect.CHECKS:
                dead |= {(at.name, at.path[:length]) for length in range(len(at.path) + 1)}
            if check is not redundancy.ALREADY_ALLOWED or (at.name, at.path) not in dead:
                yield LintFinding(check, found)

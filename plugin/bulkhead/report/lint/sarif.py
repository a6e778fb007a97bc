"""Findings of ``lint`` as SARIF 2.1.0, for code scanning."""

from collections.abc import Iterable

from bulkhead.core.diagnostics import Location
from bulkhead.core.kubernetes.evidence import Evidence
from bulkhead.core.lint.finding import Check
from bulkhead.core.lint.grouping import FindingGroup
from bulkhead.report.layout.sarif_log import Json, sarif_location, sarif_log
from bulkhead.report.names.evidence import evidence_text


def sarif(found: Iterable[FindingGroup], checks: tuple[Check, ...], root: str, evidence: Evidence) -> str:
    """
    Return *found* as one run, files relative to *root*; accepted findings are in it, suppressed in the source.

    *evidence* is among the properties of the run.
    """
    rules: list[Json] = [_rule(check) for check in checks]
    results: list[Json] = [_result(each, at, checks, root) for each in found for at in each.places]
    return sarif_log(rules, results, {"evidence": evidence_text(evidence), "notes": list(evidence.notes)})


def _rule(check: Check) -> dict[str, Json]:
    help_text = f"{check.why}\n\nExample:\n{check.example}\n\nFix: {check.fix}"
    return {
        "id": check.id,
        "name": "".join(word.capitalize() for word in check.id.split("-")),
        "shortDescription": {"text": check.title},
        "fullDescription": {"text": check.why},
        "help": {
            "text": help_text,
            "markdown": f"{check.why}\n\n```yaml\n{check.example}\n```\n\n**Fix**: {check.fix}",
        },
        "defaultConfiguration": {"level": check.severity.value, "enabled": check.on},
    }


def _result(each: FindingGroup, at: Location, checks: tuple[Check, ...], root: str) -> dict[str, Json]:
    """Return the finding *each* at one of its places."""
    finding = each.finding
    made: dict[str, Json] = {
        "ruleId": finding.check.id,
        "ruleIndex": [check.id for check in checks].index(finding.check.id),
        "level": finding.severity.value,
        "message": {"text": _message(each)},
        "locations": [sarif_location(at, root)],
    }
    if finding.accepted:
        made["suppressions"] = [{"kind": "inSource", "justification": finding.accepted}]
    return made


def _message(each: FindingGroup) -> str:
    found = each.finding.found
    lists = [("namespaces", found.namespaces), *found.facts]
    lines = [found.message, *(f"{title}: {', '.join(words)}" for title, words in lists if words)]
    return "\n".join([*lines, *([f"hint: {found.hint}"] if found.hint else [])])

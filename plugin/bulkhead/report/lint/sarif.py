"""Findings of ``lint`` as SARIF 2.1.0, for code scanning."""

import os
from collections.abc import Iterable
from urllib.parse import quote

from bulkhead import __version__
from bulkhead.core.diagnostics import Location
from bulkhead.core.kubernetes.evidence import Evidence
from bulkhead.core.lint.finding import Check
from bulkhead.core.lint.grouping import FindingGroup
from bulkhead.report.layout.json_document import json_text
from bulkhead.report.names.evidence import evidence_text

Json = None | bool | int | str | list["Json"] | dict[str, "Json"]

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def sarif(found: Iterable[FindingGroup], checks: tuple[Check, ...], root: str, evidence: Evidence) -> str:
    """
    Return *found* as one run, files relative to *root*; accepted findings are in it, suppressed in the source.

    *evidence* is among the properties of the run.
    """
    rules: list[Json] = [_rule(check) for check in checks]
    results: list[Json] = [_result(each, at, checks, root) for each in found for at in each.places]
    driver: dict[str, Json] = {"name": "bulkhead", "version": __version__, "rules": rules}
    run: dict[str, Json] = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {"SRCROOT": {"description": {"text": "The root of the repository."}}},
        "results": results,
        "properties": {"evidence": evidence_text(evidence), "notes": list(evidence.notes)},
    }
    whole: dict[str, Json] = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return json_text(whole)


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
    physical: dict[str, Json] = {"artifactLocation": _artifact(at.file, root)}
    if at.line:
        physical["region"] = {"startLine": at.line, "startColumn": max(1, at.column)}
    made: dict[str, Json] = {
        "ruleId": finding.check.id,
        "ruleIndex": [check.id for check in checks].index(finding.check.id),
        "level": finding.severity.value,
        "message": {"text": _message(each)},
        "locations": [{"physicalLocation": physical}],
    }
    if finding.accepted:
        made["suppressions"] = [{"kind": "inSource", "justification": finding.accepted}]
    return made


def _message(each: FindingGroup) -> str:
    found = each.finding.found
    lists = [("namespaces", found.namespaces), *found.facts]
    lines = [found.message, *(f"{title}: {', '.join(words)}" for title, words in lists if words)]
    return "\n".join([*lines, *([f"hint: {found.hint}"] if found.hint else [])])


def _artifact(file: str, root: str) -> dict[str, Json]:
    whole, top = os.path.realpath(file), os.path.realpath(root)
    if os.path.commonpath([whole, top]) == top:
        return {"uri": quote(os.path.relpath(whole, top)), "uriBaseId": "SRCROOT"}
    return {"uri": "file://" + quote(whole)}

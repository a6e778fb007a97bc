"""
A comparison as JSON, for other programs: complete, sorted, described by ``docs/reference/diff.schema.json``.
"""

import json

from bulkhead.comparison import Comparison
from bulkhead.core.review import Ends, Finding
from bulkhead.report.account import Account, Row, grades
from bulkhead.report.ends import cidrs
from bulkhead.report.semantics import stated

VERSION = "bulkhead.dev/diff/v1"


def review_json(comparison: Comparison, found: Account) -> str:
    """Write *comparison*, whose account is *found*, as JSON."""
    opened, closed = (grades(comparison.findings, opens) for opens in (True, False))
    return (
        json.dumps(
            {
                "version": VERSION,
                "verdict": found.verdict,
                "before": found.names[0],
                "after": found.names[1],
                "ipBlock": comparison.semantics.mode.value,
                **stated(comparison.semantics),
                "opens": [grade.value for grade in opened],
                "closes": [grade.value for grade in closed],
                "notes": list(found.notes),
                "findings": [_finding(*pair) for pair in zip(comparison.findings, found.rows, strict=True)],
            },
            indent=2,
        )
        + "\n"
    )


def _finding(finding: Finding, row: Row) -> dict[str, object]:
    return {
        "effect": "opens" if finding.opens else "closes",
        "grades": [grade.value for grade in finding.grades],
        "from": _ends(finding.sources) | {"says": row.sources},
        "to": _ends(finding.destinations) | {"says": row.destinations},
        "ports": str(finding.ports),
        "before": list(map(str, finding.before)),
        "after": list(map(str, finding.after)),
        "because": [
            {"what": each.happened, "rule": each.rule, "place": each.place, "why": each.why} for each in row.causes
        ],
    }


def _ends(end: Ends) -> dict[str, object]:
    return {
        "pods": [{"namespace": namespace, "name": name} for namespace, name in end.pods],
        "hosts": [{"namespace": namespace, "name": name} for namespace, name in end.hosts],
        "cidrs": cidrs(end.addresses.spans),
    }

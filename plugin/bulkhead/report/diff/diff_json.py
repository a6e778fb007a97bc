"""
A comparison as JSON, for other programs: complete, sorted, described by ``docs/reference/diff.schema.json``.
"""

from bulkhead.analysis.changes.comparison import Comparison
from bulkhead.analysis.changes.unjudged_changes import UnjudgedChange
from bulkhead.analysis.changes.unwritten_types import TypesReading, UnwrittenTypes
from bulkhead.core.diff.findings import FindingEndpoints, TrafficFinding
from bulkhead.core.possible.described import LabelCondition, PortFact, PossiblePods
from bulkhead.report.diff.diff_rows import DiffRow, diff_summary, grades
from bulkhead.report.diff.live_policies import kept_json, live_json
from bulkhead.report.layout.cut import EVERYTHING
from bulkhead.report.layout.json_document import json_document
from bulkhead.report.layout.style import Style
from bulkhead.report.names.endpoint_names import cidrs
from bulkhead.report.names.evidence import evidence_json


def json_report(comparison: Comparison, style: Style) -> str:
    """Return *comparison* as JSON."""
    found = diff_summary(comparison, style.folder, EVERYTHING)
    opened, closed = (grades(comparison.findings, opens) for opens in (True, False))
    rows = zip(comparison.findings, found.rows, strict=True)
    body = {
        "verdict": found.verdict,
        "before": found.names[0],
        "after": found.names[1],
        "ipBlock": comparison.semantics.mode.value,
        "opens": [grade.value for grade in opened],
        "closes": [grade.value for grade in closed],
        "notDecided": len(comparison.undecided) + sum(not each.decided for each in comparison.relabelled),
        "plugin": list(found.programs),
        "delivery": [{"file": each.file, "reason": each.reason.name.lower()} for each in found.deliveries],
        "notes": list(found.notes),
        "notRendered": list(map(live_json, comparison.live)),
        "notReplaced": list(map(kept_json, comparison.kept)),
        "policyTypes": list(map(_unwritten, comparison.unwritten)),
        "notJudged": list(map(_unjudged, comparison.unjudged)),
        "evidence": dict(zip(("before", "after"), map(evidence_json, comparison.evidence), strict=True)),
        "findings": [_finding(each, row, comparison.by_reading.get(each)) for each, row in rows],
    }
    return json_document("diff", body, comparison.semantics)


def _unjudged(found: UnjudgedChange) -> dict[str, object]:
    policy = found.policy
    name = {"kind": policy.kind, "namespace": policy.namespace or None, "name": policy.name}
    return {**name, "event": found.event.value}


def _unwritten(found: UnwrittenTypes) -> dict[str, object]:
    readings = [{"before": list(was), "after": list(now)} for was, now in found.readings]
    return {"namespace": found.namespace, "name": found.name, "readings": readings}


def _finding(finding: TrafficFinding, row: DiffRow, reading: TypesReading | None) -> dict[str, object]:
    return {
        "effect": "opens" if finding.opens else "closes",
        "grades": [grade.value for grade in finding.grades],
        "from": _ends(finding.sources) | {"says": row.sources},
        "to": _ends(finding.destinations) | {"says": row.destinations},
        "ports": str(finding.ports),
        "possible": finding.is_possible,
        "namedPorts": [_fact(each) for each in finding.facts],
        "ipv6": finding.ipv6,
        "inPart": finding.in_part,
        "when": reading.value if reading else None,
        "before": list(map(str, finding.before)),
        "after": list(map(str, finding.after)),
        "because": [
            {
                "what": each.happened,
                "rule": each.rule,
                "through": each.through or None,
                "place": each.place,
                "file": each.location.file or None,
                "line": each.location.line or None,
                "why": each.why,
            }
            for each in row.causes
        ],
    }


def _fact(fact: PortFact) -> dict[str, object]:
    return {"name": fact.name, "protocol": fact.protocol, "ofAnyPod": fact.about_group, "holds": fact.holds}


def _ends(end: FindingEndpoints) -> dict[str, object]:
    return {
        "pods": [{"namespace": namespace, "name": name} for namespace, name in end.pods],
        "hosts": [{"namespace": namespace, "name": name} for namespace, name in end.hosts],
        "cidrs": cidrs(end.addresses.spans),
        "possible": [_possible(pods) for pods in end.possible],
    }


def _possible(pods: PossiblePods) -> dict[str, object]:
    return {
        "namespaces": {"names": list(pods.namespaces), "excluded": pods.excluded},
        "namespaceLabels": [_condition(each) for each in pods.namespace_labels],
        "labels": [_condition(each) for each in pods.labels],
        "cidrs": cidrs(pods.addresses.spans),
        "sameNamespace": pods.same,
        "exist": pods.exist,
    }


def _condition(condition: LabelCondition) -> dict[str, object]:
    values = [*condition.values, *([None] if condition.absent else [])]
    return {"key": condition.key, "values": values, "excluded": condition.excluded}

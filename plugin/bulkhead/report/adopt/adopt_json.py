"""A plan of adoption as JSON, for other programs: complete, in the order of the plan."""

from bulkhead.analysis.changes.adoption import Adoption, Deletion, Step
from bulkhead.analysis.changes.comparison import Comparison
from bulkhead.report.adopt.adopt_text import apply_command, headline
from bulkhead.report.diff.diff_rows import diff_summary
from bulkhead.report.diff.live_policies import delete_command, kept_json, live_json
from bulkhead.report.layout.cut import EVERYTHING
from bulkhead.report.layout.json_document import json_document
from bulkhead.report.layout.style import Style
from bulkhead.report.names.evidence import evidence_json


def json_report(found: Adoption, style: Style) -> str:
    """Return *found* as JSON."""
    body = {
        "verdict": headline(found),
        "decided": found.is_decided,
        "doubts": list(found.doubts),
        "steps": [_step(each, style) for each in found.steps],
        "ours": [{"namespace": each.namespace, "name": each.name} for each in found.ours],
        "elsewhere": list(map(live_json, found.elsewhere)),
        "notInDump": list(found.absent),
        "withoutPolicies": list(found.open),
        "notJudged": [
            {"kind": each.kind, "namespace": each.namespace or None, "name": each.name} for each in found.dump.unjudged
        ],
        "evidence": {"dump": evidence_json(found.dump.evidence), "overlays": evidence_json(found.overlays.evidence)},
    }
    semantics = found.steps[0].applied.semantics if found.steps else found.overlays.semantics
    return json_document("adopt", body, semantics)


def _step(step: Step, style: Style) -> dict[str, object]:
    return {
        "namespace": step.namespace,
        "ingressFirst": _effect(step.ingress, style) if step.ingress else None,
        "apply": apply_command(step, style.folder) if step.renders else None,
        "effect": _effect(step.applied, style),
        "notReplaced": list(map(kept_json, step.kept)),
        "deletions": [_deletion(each, style) for each in step.deletions],
    }


def _deletion(found: Deletion, style: Style) -> dict[str, object]:
    return {
        "namespace": found.live.policy.namespace,
        "name": found.live.policy.name,
        "withoutEffect": found.is_free,
        "decided": found.is_decided,
        "command": delete_command(found.live),
        "effect": _effect(found.effect, style),
    }


def _effect(found: Comparison, style: Style) -> dict[str, object]:
    summary = diff_summary(found, style.folder, EVERYTHING)
    rows = [
        {"effect": "opens" if row.opens else "closes", "from": row.sources, "to": row.destinations, "ports": row.ports}
        for row in summary.rows
    ]
    return {"verdict": summary.verdict, "rows": rows}

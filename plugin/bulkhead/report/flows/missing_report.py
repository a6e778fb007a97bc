"""What ``bulkhead missing`` prints before the change: the rules, and the connections that none is written for."""

from collections.abc import Iterable, Iterator

from bulkhead.analysis.flows.judge_flows import JudgedFlow
from bulkhead.analysis.flows.missing_rules import MissingRule, MissingRules, evidence_text
from bulkhead.core.flows.flow_evidence import FlowEvidence
from bulkhead.core.flows.flow_table import FlowRow
from bulkhead.core.flows.observation import ObservedVerdict
from bulkhead.core.kubernetes.networkpolicy import Direction
from bulkhead.core.safe_text import printable
from bulkhead.report.flows.flow_report import end_text, evidence_parts
from bulkhead.report.layout.text import count

_SHOWN = 20
"""Connections of one reason that are listed."""

NOT_IN_FORCE = "the overlays allow it: they were not in force, or something else refused it"


def missing_text(found: MissingRules, flows: Iterable[JudgedFlow], evidence: FlowEvidence, whole: bool = False) -> str:
    """Return the report for a terminal about *flows*; *whole* lists every connection."""
    flows = tuple(flows)
    undecided = [each for each in flows if each.is_allowed is None]
    refused = [each.row for each in flows if each.is_allowed and each.row.verdict is ObservedVerdict.DENIED]
    lines = []
    if found.rules:
        lines.append(f"{count(len(found.allowed), 'connection')} would need {count(len(found.rules), 'rule')}:")
        lines += [f"  {_rule(each)}" for each in found.rules]
    else:
        lines.append("no rule is missing that can be written from these records")
    lines += _reasons("no rule is written, decide about it yourself", found.apart, whole)
    lines += _reasons("no rule can be written here", found.by_hand, whole)
    lines += _reasons("not decided", ((each.row, each.undecided) for each in undecided), whole)
    lines += _reasons("refused in the records", ((row, NOT_IN_FORCE) for row in refused), whole)
    return "\n".join((*lines, "", *(f"evidence: {each}" for each in evidence_parts(evidence)))) + "\n"


def _rule(each: MissingRule) -> str:
    rule = each.rule
    where = f"{rule.namespace}/{rule.workload}" if rule.workload else rule.namespace
    key = "from" if rule.direction is Direction.INGRESS else "to"
    written = f"{rule.name}: {{{key}: {rule.peer}, ports: {rule.ports}}}"
    return printable(f"{where} {rule.direction.value}: {written}  # {evidence_text(each.seen)}")


def _reasons(what: str, found: Iterable[tuple[FlowRow, str]], whole: bool) -> Iterator[str]:
    by_reason: dict[str, list[FlowRow]] = {}
    for row, reason in found:
        by_reason.setdefault(reason, []).append(row)
    for reason, rows in by_reason.items():
        yield f"{what}: {printable(reason)}"
        shown = rows if whole else rows[:_SHOWN]
        for row in shown:
            ends = f"{end_text(row.source)} -> {end_text(row.destination)}"
            yield f"  {ends}:{row.port}/{row.protocol}, seen {count(row.seen.count, 'time')}"
        if len(shown) < len(rows):
            yield f"  ... {len(rows) - len(shown):,} more: --all shows them"

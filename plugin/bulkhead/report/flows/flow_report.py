"""What ``bulkhead flows`` prints: each row with its verdict and the line that decides, and the evidence."""

from collections.abc import Iterator
from datetime import datetime, timezone

from bulkhead.analysis.analysis_input import AnalysisInput
from bulkhead.analysis.flows.judge_flows import JudgedFlow
from bulkhead.core.flows.flow_evidence import Counted, FlowEvidence
from bulkhead.core.flows.flow_table import EndKind, FlowEnd
from bulkhead.core.record import record
from bulkhead.core.safe_text import printable
from bulkhead.report.explain.explained import in_one_line
from bulkhead.report.layout.json_document import json_document
from bulkhead.report.layout.markdown import code, escaped, message
from bulkhead.report.layout.style import Style
from bulkhead.report.layout.text import count

_SHOWN = 50
_WORDS = {True: "allowed", False: "denied", None: "not decided"}


@record
class FlowReport:
    """The rows of the input *judged*, and the *evidence*."""

    judged: AnalysisInput
    flows: tuple[JudgedFlow, ...]
    evidence: FlowEvidence


def verdict_of(flow: JudgedFlow) -> str:
    """Return the verdict of the policies in a word."""
    return _WORDS[flow.is_allowed]


def reason_of(flow: JudgedFlow, report: FlowReport, style: Style) -> str:
    """Return the line that allows *flow* or the reason that denies it, or why it is not decided."""
    if flow.undecided:
        return flow.undecided
    denied = [each for each in flow.explanations if not each.open_ports.spans] or flow.explanations[:1]
    return in_one_line(denied[0], report.judged, style.folder, style.cut)


def end_text(end: FlowEnd) -> str:
    """Return an end for people: a workload, an address with the named peer that contains it."""
    if end.kind is EndKind.WORKLOAD:
        return printable(end.name)
    kind = "node " if end.kind is EndKind.NODE else ""
    peer = f" ({printable(end.peer)})" if end.peer else ""
    return f"{kind}{printable(end.address) or '(no address)'}{peer}"


def moment(seconds: float | None) -> str:
    """Return a time in UTC, ``""`` where there is none."""
    if seconds is None:
        return ""
    return datetime.fromtimestamp(int(seconds), timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def text(report: FlowReport, style: Style) -> str:
    """Return the report for a terminal."""
    shown = report.flows if style.cut.whole else report.flows[:_SHOWN]
    lines = []
    for flow in shown:
        row = flow.row
        lines.append(f"{end_text(row.source)} -> {end_text(row.destination)}:{row.port}/{row.protocol}")
        lines.append(f"  seen {_seen(flow)}; the records say {row.verdict.value}")
        lines.append(f"  {verdict_of(flow)}: {reason_of(flow, report, style)}")
    if len(shown) < len(report.flows):
        lines.append(f"... {count(len(report.flows) - len(shown), 'more row')}: --all shows them")
    if not report.flows:
        lines.append("no connection was read")
    return "\n".join((*lines, "", *(f"evidence: {each}" for each in evidence_parts(report.evidence)))) + "\n"


def _seen(flow: JudgedFlow) -> str:
    seen = flow.row.seen
    last = f", last on {moment(seen.last)}" if seen.last is not None else ", at a time that the records do not say"
    return f"{count(seen.count, 'time')}{last}"


def evidence_parts(found: FlowEvidence) -> Iterator[str]:
    """Yield what the rows are based on, a sentence each."""
    read = ", ".join(f"{each.count:,} {each.kind}" for each in found.read)
    yield f"{count(found.total, 'connection')} read{f' ({read})' if read else ''}"
    if found.first is not None:
        yield f"the records cover {moment(found.first)} to {moment(found.last)}"
    if found.untimed:
        yield f"{count(found.untimed, 'connection')} without a time"
    yield from _counted("left out", found.left_out)
    yield from _counted("end not resolved", found.unresolved)
    yield from _counted("cannot be read", found.unreadable)
    yield from found.caveats


def _counted(what: str, found: tuple[Counted, ...]) -> Iterator[str]:
    for each in found:
        example = f"; the first: {printable(each.example)}" if each.example else ""
        yield f"{each.count:,} {what}: {printable(each.kind)}{example}"


def markdown(report: FlowReport, style: Style) -> str:
    """Return the report as Markdown."""
    lines = ["| from | to | port | seen | last | records | overlays | because |", "|---|---|---|---|---|---|---|---|"]
    for flow in report.flows:
        row = flow.row
        ends = f"{code(end_text(row.source))} | {code(end_text(row.destination))}"
        facts = f"{row.port}/{row.protocol} | {row.seen.count:,} | {moment(row.seen.last)} | {row.verdict.value}"
        lines.append(f"| {ends} | {facts} | {verdict_of(flow)} | {message(reason_of(flow, report, style))} |")
    notes = (f"- {escaped(each)}" for each in evidence_parts(report.evidence))
    return "\n".join((*lines, "", *notes)) + "\n"


def as_json(report: FlowReport, style: Style) -> str:
    """Return the report as a JSON document."""
    rows = [_row_json(flow, report, style) for flow in report.flows]
    return json_document("flows", {"rows": rows, "evidence": _evidence_json(report.evidence)}, report.judged.semantics)


def _row_json(flow: JudgedFlow, report: FlowReport, style: Style) -> dict[str, object]:
    row = flow.row
    return {
        "from": _end_json(row.source),
        "to": _end_json(row.destination),
        "port": row.port,
        "protocol": row.protocol,
        "recorded": row.verdict.value,
        "count": row.seen.count,
        "first": moment(row.seen.first) or None,
        "last": moment(row.seen.last) or None,
        "verdict": verdict_of(flow),
        "reason": reason_of(flow, report, style),
    }


def _end_json(end: FlowEnd) -> dict[str, object]:
    found = {"kind": end.kind.value, "namespace": end.namespace, "workload": end.workload}
    found |= {"address": end.address, "peer": end.peer, "reason": end.reason}
    return {key: value for key, value in found.items() if value}


def _evidence_json(found: FlowEvidence) -> dict[str, object]:
    lists = {"read": found.read, "leftOut": found.left_out, "unreadable": found.unreadable}
    lists["unresolved"] = found.unresolved
    counted = {
        name: [{"kind": each.kind, "count": each.count, "example": each.example} for each in those]
        for name, those in lists.items()
    }
    times = {"first": moment(found.first) or None, "last": moment(found.last) or None, "untimed": found.untimed}
    return {**counted, **times, "caveats": list(found.caveats)}

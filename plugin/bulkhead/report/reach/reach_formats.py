"""The formats of ``bulkhead reach``: a matrix by namespace, or with a filter one row for each connection."""

from collections.abc import Callable, Iterator, Mapping

from bulkhead.analysis.unknown_facts import UncertainPairs
from bulkhead.core.engine.reachability import Reachability
from bulkhead.core.kubernetes.evidence import Evidence
from bulkhead.core.record import record
from bulkhead.report.layout.markdown import escaped
from bulkhead.report.layout.style import Style
from bulkhead.report.names.evidence import evidence_json, evidence_lines, markdown_lines
from bulkhead.report.names.outside_names import Outside
from bulkhead.report.reach import connections, matrix, pairs
from bulkhead.report.reach.connections import Filter, Rows
from bulkhead.report.reach.depending import depending_json, depending_lines


@record
class ReachReport:
    """
    The *answer* of the engine, and the part of it that was asked for: *wanted*, or ``None`` for everything.

    *templates*: each pod represents any number of pods, because the pods of the cluster are not known.
    *evidence* is what the answer is based on. *depending* are connections that depend on an address that is not known.
    """

    answer: Reachability
    outside: Outside
    templates: bool
    wanted: Filter | None = None
    evidence: Evidence = Evidence()
    depending: UncertainPairs = UncertainPairs()


def text_report(found: ReachReport, style: Style) -> str:
    """Return the matrix or the rows as text."""
    if found.wanted is None:
        shown = matrix.text(_matrix(found, style), style.width, style.palette, style.cut)
    else:
        rows = _rows(found, found.wanted)
        shown = connections.text(rows, style.palette, style.cut) if rows else NO_CONNECTION
    depending = "".join(f"{line}\n" for line in depending_lines(found.depending, style.cut))
    return shown + depending + _caution(found) + evidence_lines(found.evidence)


def markdown_report(found: ReachReport, style: Style) -> str:
    """Return the matrix or the rows as Markdown."""
    if found.wanted is None:
        caution = _caution(found)
        shown = matrix.markdown(_matrix(found, style), style.cut) + (f"- {caution}" if caution else "")
        return shown + _depending_markdown(found, style) + markdown_lines(found.evidence)
    rows = _rows(found, found.wanted)
    shown = (connections.markdown(rows, style.cut) if rows else NO_CONNECTION) + _caution(found)
    return f"{shown}\n{_depending_markdown(found, style)}{markdown_lines(found.evidence)}"


def json_report(found: ReachReport, _style: Style) -> str:
    """Return the answer as rectangles of endpoint classes."""
    more: dict[str, object] = {
        "evidence": evidence_json(found.evidence),
        "dependsOnAddress": depending_json(found.depending),
    }
    return connections.as_json(found.answer, found.wanted or Filter(), found.outside, more)


def pairs_report(found: ReachReport, _style: Style) -> Iterator[str]:
    """Yield every pair of workloads or address ranges."""
    return pairs.reach_pairs(found.answer)


REACH_FORMATS: Mapping[str, Callable[[ReachReport, Style], str | Iterator[str]]] = {
    "text": text_report,
    "markdown": markdown_report,
    "json": json_report,
    "pairs": pairs_report,
}

NO_CONNECTION = "no connection\n"


def _matrix(found: ReachReport, style: Style) -> matrix.Matrix:
    return matrix.Matrix(found.answer, found.outside, found.templates, style.cut)


def _rows(found: ReachReport, wanted: Filter) -> Rows:
    return connections.rows(found.answer, wanted, found.outside, found.templates)


def _depending_markdown(found: ReachReport, style: Style) -> str:
    lines = [escaped(line.strip()) for line in depending_lines(found.depending, style.cut)]
    return "".join(f"{'  ' if number else ''}- {line}\n" for number, line in enumerate(lines))


def _caution(found: ReachReport) -> str:
    semantics = found.answer.semantics
    return "" if semantics.measured else f"read {semantics.description}\n"

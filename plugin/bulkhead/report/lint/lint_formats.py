"""The formats of ``bulkhead lint``."""

from bulkhead.core.kubernetes.evidence import Evidence
from bulkhead.core.lint.grouping import FindingGroup
from bulkhead.core.lint.registry import CHECKS
from bulkhead.core.record import record
from bulkhead.report.layout.fitted import fitted
from bulkhead.report.layout.style import Formats, Style
from bulkhead.report.lint import findings as lint
from bulkhead.report.lint import sarif
from bulkhead.report.names.evidence import evidence_lines, markdown_lines


@record
class LintReport:
    """All findings, those to be *shown* to a person, and what they are based on."""

    findings: tuple[FindingGroup, ...]
    shown: tuple[FindingGroup, ...]
    evidence: Evidence = Evidence()


def text_report(found: LintReport, style: Style) -> str:
    """Return the findings to be shown as text."""
    text = lint.text(found.shown, style.folder, style.cut, style.palette) + evidence_lines(found.evidence)
    return fitted(text, style.columns)


def json_report(found: LintReport, style: Style) -> str:
    """Return all findings as JSON."""
    return lint.as_json(found.findings, style.folder, found.evidence)


def sarif_report(found: LintReport, style: Style) -> str:
    """Return all findings as SARIF."""
    return sarif.sarif(found.findings, CHECKS, style.root, found.evidence)


def markdown_report(found: LintReport, style: Style) -> str:
    """Return the findings to be shown as Markdown."""
    return f"{lint.markdown(found.shown, style.folder, style.cut)}\n{markdown_lines(found.evidence)}"


LINT_FORMATS: Formats[LintReport] = {
    "text": text_report,
    "json": json_report,
    "sarif": sarif_report,
    "markdown": markdown_report,
}

"""The formats of ``bulkhead lint``."""

from bulkhead.core.lint.grouping import FindingGroup
from bulkhead.core.lint.registry import CHECKS
from bulkhead.core.record import record
from bulkhead.report import lint, sarif
from bulkhead.report.style import Formats, Style


@record
class LintReport:
    """All findings, those of them to be *shown* to a person, and the *root* of the repository."""

    findings: tuple[FindingGroup, ...]
    shown: tuple[FindingGroup, ...]
    root: str


def text_report(found: LintReport, style: Style) -> str:
    """Return the findings to be shown as text."""
    return lint.text(found.shown, style.folder)


def json_report(found: LintReport, style: Style) -> str:
    """Return all findings as JSON."""
    return lint.as_json(found.findings, style.folder)


def sarif_report(found: LintReport, _style: Style) -> str:
    """Return all findings as SARIF."""
    return sarif.sarif(found.findings, CHECKS, found.root)


def markdown_report(found: LintReport, style: Style) -> str:
    """Return the findings to be shown as Markdown."""
    return lint.markdown(found.shown, style.folder)


LINT_FORMATS: Formats[LintReport] = {
    "text": text_report,
    "json": json_report,
    "sarif": sarif_report,
    "markdown": markdown_report,
}

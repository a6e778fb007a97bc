"""The formats of ``bulkhead explain``."""

from bulkhead.analysis.analysis_input import AnalysisInput
from bulkhead.report.explain import explained as explain
from bulkhead.report.explain.explained import Explained
from bulkhead.report.layout.style import Formats, Style


def text_report(found: tuple[Explained, AnalysisInput], style: Style) -> str:
    """Return the explanation of an input as text."""
    return explain.text(*found, style.folder, style.palette, style.width, style.cut)


def json_report(found: tuple[Explained, AnalysisInput], style: Style) -> str:
    """Return the explanation of an input as JSON."""
    return explain.as_json(*found, style.folder)


EXPLAIN_FORMATS: Formats[tuple[Explained, AnalysisInput]] = {"text": text_report, "json": json_report}

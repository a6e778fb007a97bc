"""The formats of ``bulkhead test``."""

from bulkhead.core.engine.semantics import Semantics
from bulkhead.core.kubernetes.evidence import Evidence
from bulkhead.core.record import record
from bulkhead.report.layout.fitted import fitted
from bulkhead.report.layout.style import Formats, Style
from bulkhead.report.test import test_results
from bulkhead.report.test.test_results import PromiseResult


@record
class PromiseReport:
    """The results of all rows, by which semantics policies were read, and what the results are based on."""

    results: tuple[PromiseResult, ...]
    semantics: Semantics
    evidence: Evidence = Evidence()


def text_report(found: PromiseReport, style: Style) -> str:
    """Return the results as text."""
    text = test_results.text(found.results, style.folder, style.palette, found.semantics, found.evidence)
    return fitted(text, style.columns)


def json_report(found: PromiseReport, style: Style) -> str:
    """Return the results as JSON."""
    return test_results.as_json(found.results, style.folder, found.semantics, found.evidence)


def junit_report(found: PromiseReport, style: Style) -> str:
    """Return the results as JUnit XML."""
    return test_results.junit(found.results, style.folder, found.evidence)


TEST_FORMATS: Formats[PromiseReport] = {"text": text_report, "json": json_report, "junit": junit_report}

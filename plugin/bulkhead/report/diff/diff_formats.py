"""The formats of ``bulkhead diff``."""

from bulkhead.analysis.changes.comparison import Comparison
from bulkhead.report.diff import diff_html, diff_json, diff_markdown, diff_pairs, diff_sarif, diff_text
from bulkhead.report.layout.style import Formats

DIFF_FORMATS: Formats[Comparison] = {
    "text": diff_text.text_report,
    "markdown": diff_markdown.markdown_report,
    "json": diff_json.json_report,
    "html": diff_html.html_report,
    "sarif": diff_sarif.sarif_report,
    "pairs": diff_pairs.diff_report,
}

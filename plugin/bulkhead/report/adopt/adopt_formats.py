"""The formats of ``bulkhead adopt``."""

from bulkhead.analysis.changes.adoption import Adoption
from bulkhead.report.adopt import adopt_json, adopt_text
from bulkhead.report.layout.style import Formats

ADOPT_FORMATS: Formats[Adoption] = {"text": adopt_text.text_report, "json": adopt_json.json_report}

"""The formats of ``bulkhead flows``."""

from bulkhead.report.flows import flow_report
from bulkhead.report.flows.flow_report import FlowReport
from bulkhead.report.layout.style import Formats

FLOWS_FORMATS: Formats[FlowReport] = {
    "text": flow_report.text,
    "json": flow_report.as_json,
    "markdown": flow_report.markdown,
}

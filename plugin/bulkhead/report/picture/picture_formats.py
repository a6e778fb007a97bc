"""The formats of ``bulkhead draw``. An SVG is the graph of ``dot``, laid out by Graphviz and finished here."""

from collections.abc import Callable, Mapping

from bulkhead.report.picture.dot import dot
from bulkhead.report.picture.mermaid import mermaid
from bulkhead.report.picture.picture import Picture

SVG = "svg"

PICTURE_FORMATS: Mapping[str, Callable[[Picture], str]] = {SVG: dot, "mermaid": mermaid, "dot": dot}

"""The SVG of Graphviz with a style of its own: light and dark, without what names the version of Graphviz."""

import re

_STYLE = """\
<style>
.graph > polygon { fill: #ffffff }
text { fill: #1a1a1a }
.node path, .node polygon { fill: #f6f8fa; stroke: #444444 }
.node.middle path { fill: #e7f0fa }
.node.open path { fill: #fdecee; stroke: #b00020 }
.cluster.wall polygon { fill: none; stroke: #1a1a1a }
.cluster.unwalled polygon { fill: none; stroke: #b00020 }
@media (prefers-color-scheme: dark) {
  .graph > polygon { fill: #0d1117 }
  text { fill: #e6edf3 }
  .node path, .node polygon { fill: #161b22; stroke: #9aa4ae }
  .node.middle path { fill: #12263f }
  .node.open path { fill: #3d1118; stroke: #ff8a94 }
  .cluster.wall polygon { stroke: #e6edf3 }
  .cluster.unwalled polygon { stroke: #ff8a94 }
  .edge.standard path { stroke: #7ab8f5 }
  .edge.standard polygon { stroke: #7ab8f5; fill: #7ab8f5 }
  .edge.standard text { fill: #7ab8f5 }
  .edge.own path { stroke: #f2a65a }
  .edge.own polygon { stroke: #f2a65a; fill: #f2a65a }
  .edge.own text { fill: #f2a65a }
  .edge.denied path { stroke: #b0b8c0 }
  .edge.denied polygon { stroke: #b0b8c0; fill: #b0b8c0 }
  .edge.denied text { fill: #b0b8c0 }
  .edge.open path { stroke: #ff8a94 }
  .edge.open polygon { stroke: #ff8a94; fill: #ff8a94 }
  .edge.open text { fill: #ff8a94 }
}
</style>
"""

_BEFORE = re.compile(r"\A.*?(?=<svg )", re.DOTALL)
_COMMENTS = re.compile(r"<!--.*?-->\n?", re.DOTALL)
_TITLES = re.compile(r"<title>(?:n\d+(?:&#45;&gt;n\d+)?|cluster_pods)</title>\n?")
_OPENING = re.compile(r"<svg [^>]*>\n?")


def finished_svg(drawn: str) -> str:
    """Return what ``dot`` has *drawn*, so that it can be embedded in HTML too: no prologue, one style, the title."""
    whole = _TITLES.sub("", _COMMENTS.sub("", _BEFORE.sub("", drawn)))
    return _OPENING.sub(lambda match: match.group().replace("<svg ", '<svg role="img" ') + _STYLE, whole, count=1)

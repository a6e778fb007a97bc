"""A picture in the language of Graphviz, which lays it out."""

from collections.abc import Iterator

from bulkhead.core.safe_text import printable
from bulkhead.report.picture.legend import cut_line, legend
from bulkhead.report.picture.picture import Arrow, ArrowKind, Box, Column, Picture

_HEAD = """\
  graph [rankdir=LR, compound=true, ranksep=1.1, nodesep=0.3, fontname="Helvetica", fontsize=11, labelloc=b,
    labeljust=l]
  node [shape=box, style=rounded, fontname="Helvetica", fontsize=11, margin="0.2,0.1"]
  edge [fontname="Helvetica", fontsize=10, arrowsize=0.8]
"""

_ARROWS = {
    ArrowKind.STANDARD: 'color="#0b5394", fontcolor="#0b5394"',
    ArrowKind.OWN: 'color="#9c4a00", fontcolor="#9c4a00", penwidth=3',
    ArrowKind.DENIED: 'color="#555555", fontcolor="#555555", style=dashed, arrowhead=tee, arrowsize=2',
    ArrowKind.OPEN: 'color="#b00020", fontcolor="#b00020", penwidth=2, arrowhead=normalnormal',
    ArrowKind.OPENED: 'color="#b00020", fontcolor="#b00020", penwidth=3',
    ArrowKind.CLOSED: 'color="#0b5394", fontcolor="#0b5394", style=dotted',
}


def dot(picture: Picture) -> str:
    """Return *picture* as a graph for ``dot``. The classes are those that the style of the SVG is about."""
    return "".join(f"{line}\n" for line in _lines(picture))


def _lines(picture: Picture) -> Iterator[str]:
    yield f"digraph {_quoted([picture.title])} {{"
    yield _HEAD.rstrip("\n")
    foot = legend(picture)
    if foot:
        yield f"  label={_quoted(['', *foot], left=True)}"
    inner = [number for number, each in enumerate(picture.boxes) if picture.middle and each.column is Column.MIDDLE]
    if inner:
        frame = "solid, penwidth=6" if picture.is_walled else "dashed, penwidth=1.5"
        state = "wall" if picture.is_walled else "unwalled"
        yield "  subgraph cluster_pods {"
        yield f"    graph [label={_quoted([picture.middle])}, class={state}, style={frame}, labelloc=t, margin=20]"
        yield from (f"    {_box(number, picture.boxes[number])}" for number in inner)
        yield "  }"
    yield from (f"  {_box(number, each)}" for number, each in enumerate(picture.boxes) if number not in inner)
    yield from _columns(picture, inner)
    wall = inner if picture.is_walled else []
    yield from (f"  {_arrow(each, inner, wall)}" for each in picture.arrows)
    yield "}"


def _columns(picture: Picture, inner: list[int]) -> Iterator[str]:
    """Yield edges that are not drawn: they keep the pods between the left and the right column."""
    sides = ((Column.LEFT, "n{0} -> n{1}"), (Column.RIGHT, "n{1} -> n{0}"))
    for column, edge in sides:
        outer = next((number for number, each in enumerate(picture.boxes) if each.column is column), None)
        if outer is not None:
            yield from (f"  {edge.format(outer, number)} [style=invis]" for number in inner)


def _box(number: int, box: Box) -> str:
    look = ', style="rounded,dashed"' if box.is_open else ""
    kind = "open" if box.is_open else box.column.value
    return f"n{number} [label={_quoted(box.lines)}, class={kind}{look}]"


def _arrow(arrow: Arrow, inner: list[int], wall: list[int]) -> str:
    """Return an arrow. What is denied ends at the *wall* around those boxes."""
    width = f", penwidth={arrow.width}" if arrow.width > 1 else ""
    free = ", constraint=false" if arrow.source in inner and arrow.target in inner else ""
    look = f"{_ARROWS[arrow.kind]}, class={arrow.kind.value}{width}{free}"
    if arrow.kind is ArrowKind.DENIED and arrow.target in wall:
        look += ", lhead=cluster_pods"
    elif arrow.kind is ArrowKind.DENIED and arrow.source in wall:
        look += ", ltail=cluster_pods, dir=back, arrowtail=tee"
    return f"n{arrow.source} -> n{arrow.target} [label={_quoted(arrow.lines)}, {look}]"


def _quoted(lines: list[str] | tuple[str, ...], left: bool = False) -> str:
    """Return *lines* as a string of the language: no character of them ends it, and none is an entity or an escape."""
    ending = "\\l" if left else "\\n"
    escaped = [
        cut_line(printable(each)).replace("\\", "\\\\").replace('"', '\\"').replace("&", "&amp;") for each in lines
    ]
    return f'"{ending.join(escaped)}{ending if left else ""}"'

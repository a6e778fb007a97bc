"""A picture in the language of Mermaid, which GitHub, GitLab and Forgejo draw in Markdown."""

import re
from collections.abc import Iterable, Iterator
from re import Match

from bulkhead.core.safe_text import printable
from bulkhead.report.picture.legend import cut_line, legend
from bulkhead.report.picture.picture import Arrow, ArrowKind, Box, Column, Picture

_SPECIAL = re.compile(r"[^\w .,:/=()+-]|_|:(?=\S)")
"""
Every character that could mean something to Mermaid, Markdown or HTML.

Mermaid takes a colon before a letter or an entity for a style (``style x:#35;``) or an icon (``fa:fa-car``).
"""

_LINES = {
    ArrowKind.STANDARD: "-->",
    ArrowKind.OWN: "==>",
    ArrowKind.DENIED: "--x",
    ArrowKind.OPEN: "<==>",
    ArrowKind.OPENED: "==>",
    ArrowKind.CLOSED: "-.->",
}

_COLOURS = {
    ArrowKind.STANDARD: "stroke:#1f77b4",
    ArrowKind.OWN: "stroke:#d55e00,stroke-width:3px",
    ArrowKind.DENIED: "stroke:#888888,stroke-dasharray:5 4",
    ArrowKind.OPEN: "stroke:#d62728,stroke-width:3px",
    ArrowKind.OPENED: "stroke:#d62728,stroke-width:3px",
    ArrowKind.CLOSED: "stroke:#1f77b4,stroke-dasharray:3 4",
}


def mermaid(picture: Picture) -> str:
    """Return *picture* as a flowchart."""
    return "".join(f"{line}\n" for line in _lines(picture))


def mermaid_text(lines: Iterable[str]) -> str:
    """
    Return *lines* between quotes, each of them as text that Mermaid shows as it is.

    >>> mermaid_text(['a"]--x', "b"])
    '"a#34;#93;--x<br/>b"'
    """
    shown = [_SPECIAL.sub(_entity, cut_line(printable(each))) for each in lines]
    return f'"{"<br/>".join(shown)}"'


def _entity(special: Match[str]) -> str:
    """Return a character as an entity. Those that make a formula, a line break or an icon together are kept apart."""
    apart = "#8203;" if special.group() in "$\\:" else ""
    return f"#{ord(special.group())};{apart}"


def _lines(picture: Picture) -> Iterator[str]:
    yield f"%% {_SPECIAL.sub('?', cut_line(printable(picture.title)))}"
    yield "flowchart LR"
    inner = [number for number, each in enumerate(picture.boxes) if picture.middle and each.column is Column.MIDDLE]
    if inner:
        yield f"  subgraph pods[{mermaid_text([picture.middle])}]"
        yield from (f"    {_box(number, picture.boxes[number])}" for number in inner)
        yield "  end"
        look = "stroke-width:6px" if picture.is_walled else "stroke-width:1px,stroke-dasharray:6 4"
        yield f"  style pods fill:none,stroke:#888888,{look}"
    yield from (f"  {_box(number, each)}" for number, each in enumerate(picture.boxes) if number not in inner)
    yield from (f"  {_arrow(each)}" for each in picture.arrows)
    for number, each in enumerate(picture.arrows):
        width = f",stroke-width:{each.width}px" if each.width > 1 else ""
        yield f"  linkStyle {number} {_COLOURS[each.kind]}{width}"
    yield from (f"  style n{number} stroke-dasharray:5 4" for number, each in enumerate(picture.boxes) if each.is_open)
    for line in legend(picture):
        yield f"  %% {_SPECIAL.sub('?', cut_line(printable(line)))}"


def _box(number: int, box: Box) -> str:
    return f"n{number}[{mermaid_text(box.lines)}]"


def _arrow(arrow: Arrow) -> str:
    line = _LINES[arrow.kind]
    text = f"|{mermaid_text(arrow.lines)}|" if arrow.lines else ""
    return f"n{arrow.source} {line}{text} n{arrow.target}"

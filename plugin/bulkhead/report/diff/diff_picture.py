"""A change as a picture for Markdown: who may now reach whom, and who no longer may."""

from collections.abc import Sequence

from bulkhead.report.diff.diff_rows import DiffRow
from bulkhead.report.picture.mermaid import mermaid
from bulkhead.report.picture.picture import Arrow, ArrowKind, Box, Column, Picture

MOST = 8
"""Rows of a picture that says more than the table below it."""

_LINE = 40
_LONGEST = 160


def diff_picture(rows: Sequence[DiffRow]) -> str:
    """Return *rows* as a block of Mermaid; empty where they are none, too many, or have too long names."""
    names = [name for row in rows for name in (row.sources, row.destinations)]
    if not 0 < len(rows) <= MOST or any(len(name) > _LONGEST for name in names):
        return ""
    numbers: dict[tuple[Column, str], int] = {}
    arrows = []
    for row in rows:
        source = numbers.setdefault((Column.LEFT, row.sources), len(numbers))
        target = numbers.setdefault((Column.RIGHT, row.destinations), len(numbers))
        kind = ArrowKind.OPENED if row.opens else ArrowKind.CLOSED
        text = f"{'opens' if row.opens else 'closes'} {row.ports}"
        arrows.append(Arrow(source, target, kind, (text, *([row.condition] if row.condition else []))))
    boxes = tuple(Box(column, _wrapped(name)) for column, name in numbers)
    return f"\n```mermaid\n{mermaid(Picture('what changes', '', boxes, tuple(arrows)))}```\n"


def _wrapped(name: str) -> tuple[str, ...]:
    """Return *name* in lines that a box has the width for."""
    lines = [""]
    for word in name.split(" "):
        if lines[-1] and len(lines[-1]) + len(word) >= _LINE:
            lines.append("")
        lines[-1] += f" {word}" if lines[-1] else word
    return tuple(lines)

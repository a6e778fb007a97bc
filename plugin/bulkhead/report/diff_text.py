"""An account for a terminal: the verdict, then what opens and what closes, by grade."""

from collections.abc import Iterator

from bulkhead.analysis.comparison import Comparison
from bulkhead.report.colour import PLAIN, Palette
from bulkhead.report.diff_rows import DiffCause, DiffRow, DiffSummary, diff_summary
from bulkhead.report.safe_text import printable
from bulkhead.report.style import Style

_CAUSES = 4
"""So many places stand below a row; the rest is counted."""

_WHY = 80


def text_report(comparison: Comparison, style: Style) -> str:
    """Return *comparison* as text."""
    return diff_text(diff_summary(comparison, style.folder), style.palette)


def diff_text(found: DiffSummary, paint: Palette = PLAIN) -> str:
    """Write *found* as lines of text."""
    first = found.rows[0] if found.rows else None
    colour = paint.good if first is None or not first.opens else paint.bad
    lines = [paint.bold(colour(printable(found.verdict)))]
    lines.append(paint.faint(f"before: {printable(found.names[0])}; after: {printable(found.names[1])}"))
    lines += [f"note: {printable(note)}" for note in found.notes]
    title = ""
    for row in found.rows:
        if heading(row) != title:
            title = heading(row)
            lines += ["", (paint.bad if row.opens else paint.good)(title)]
        lines += _row(row)
    return "".join(line + "\n" for line in lines)


def heading(row: DiffRow) -> str:
    """Return the heading of the rows of one effect and grade."""
    possible = ", for pods that could exist" if row.is_possible else ""
    return f"{'OPENS' if row.opens else 'CLOSES'} {' and '.join(grade.message for grade in row.grades)}{possible}"


def before_after(row: DiffRow) -> str:
    """Return the ports that change, with what was open before and is now; nothing twice."""
    if row.is_possible:
        return row.ports
    if len(row.before) > 1:
        return f"{row.ports} (before: {' or '.join(row.before[:3])}{' or others' if len(row.before) > 3 else ''})"
    (before,), (after,) = row.before, row.after
    if row.opens:
        return row.ports if before == "nothing" else f"{row.ports} (before: {before}; now: {after})"
    return row.ports if after == "nothing" else f"{row.ports} (still open: {after})"


def listed(causes: tuple[DiffCause, ...]) -> tuple[tuple[DiffCause, ...], int]:
    """Return the causes to show, and how many are left out."""
    shown = causes if len(causes) <= _CAUSES + 1 else causes[:_CAUSES]
    return shown, len(causes) - len(shown)


def brief(text: str) -> str:
    """Return the beginning of a text that people wrote."""
    return text if len(text) <= _WHY else text[: _WHY - 1].rstrip() + "…"


def _row(row: DiffRow) -> Iterator[str]:
    sign = "+" if row.opens else "-"
    yield f"  {sign} {printable(row.sources)} -> {printable(row.destinations)}: {printable(before_after(row))}"
    shown, more = listed(row.causes)
    for each in shown:
        why = f" ({printable(brief(each.why))})" if each.why else ""
        yield f"      {each.happened} {printable(each.title)}, {printable(each.place)}{why}"
    if more:
        yield f"      and {more} more"

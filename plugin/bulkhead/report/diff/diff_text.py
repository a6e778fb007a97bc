"""A comparison for a terminal: the verdict, then what opens and what closes, by grade."""

from collections.abc import Callable, Iterator
from itertools import groupby
from operator import attrgetter

from bulkhead.analysis.changes.comparison import Comparison
from bulkhead.core.safe_text import printable
from bulkhead.report.diff.diff_rows import DELIVERIES, PROGRAMS, DiffCause, DiffRow, DiffSummary, diff_summary
from bulkhead.report.diff.live_policies import live_sections
from bulkhead.report.layout.colour import PLAIN, Palette
from bulkhead.report.layout.cut import SHORT, Cut
from bulkhead.report.layout.fitted import fitted
from bulkhead.report.layout.permalinks import Forge
from bulkhead.report.layout.style import Style

_ROWS = 100
"""Rows below one heading. The rest is counted."""

_CAUSES = 4
"""Places below a row."""

_BEFORE = 3
"""Sets of ports that were open before."""

_WHY = 80


def text_report(comparison: Comparison, style: Style) -> str:
    """Return *comparison* as text."""
    text = diff_text(diff_summary(comparison, style.folder, style.cut), style.palette, style.cut)
    return fitted(text, style.columns)


def diff_text(found: DiffSummary, paint: Palette = PLAIN, cut: Cut = SHORT) -> str:
    """Write *found* as lines of text."""
    first = found.rows[0] if found.rows else None
    colour = paint.bad if found.programs or found.deliveries or (first and first.opens) else paint.good
    lines = [paint.bold(colour(printable(found.verdict)))]
    lines.append(paint.faint(f"before: {printable(found.names[0])}; after: {printable(found.names[1])}"))
    lines += [f"note: {printable(note)}" for note in found.notes]
    if found.programs:
        lines += ["", paint.bad(PROGRAMS), *(f"  {printable(path)}" for path in found.programs)]
    if found.deliveries:
        files = (f"  {printable(each.file)} ({each.reason.value})" for each in found.deliveries)
        lines += ["", paint.bad(DELIVERIES), *files]
    for title, group in groupby(found.rows, key=heading):
        rows = list(group)
        shown, more = cut.first(rows, _ROWS)
        lines += ["", (paint.bad if rows[0].opens else paint.good)(title)]
        lines += [line for row in shown for line in row_lines(row, cut)]
        lines += [f"  and {more} more rows like these (--all)"] if more else []
    for section in live_sections(found.live, found.kept, cut):
        lines += ["", paint.odd(section.title)]
        for entry, command in section.entries:
            lines += [f"  {printable(entry)}", *([f"      {printable(command)}"] if command else [])]
    lines += ["", *(paint.faint(printable(line)) for line in found.evidence)] if found.evidence else []
    return "".join(line + "\n" for line in lines)


def heading(row: DiffRow) -> str:
    """Return the heading of the rows of one effect and grade."""
    possible = ", for pods that could exist" if row.is_possible else ""
    return f"{'OPENS' if row.opens else 'CLOSES'} {' and '.join(grade.message for grade in row.grades)}{possible}"


def before_after(row: DiffRow, cut: Cut = SHORT) -> str:
    """Return the ports that change, with what was open before and is now; nothing twice."""
    if row.is_possible:
        return row.ports
    if len(row.before) > 1:
        return f"{row.ports} (before: {cut.row(row.before, _BEFORE, ' or ')})"
    (before,), (after,) = row.before, row.after
    if row.opens:
        return row.ports if before == "nothing" else f"{row.ports} (before: {before}; now: {after})"
    return row.ports if after == "nothing" else f"{row.ports} (still open: {after})"


def causes_of(
    row: DiffRow,
    cut: Cut,
    text: Callable[[str], str] = str,
    place: Callable[[DiffCause], str] = attrgetter("place"),
) -> Iterator[str]:
    """Yield what caused *row*, a line for each cause. *text* writes a text, and *place* the place of a cause."""
    shown, more = cut.first(row.causes, _CAUSES)
    for cause in shown:
        why = f" ({_brief(cause.why, cut)})" if cause.why else ""
        yield text(f"{cause.happened} {cause.title}, ") + place(cause) + text(why)
    if more:
        yield f"and {more} more"


def permalink(cause: DiffCause, forge: Forge | None) -> str:
    """Return the link to the line of *cause*; empty where no commit has it, or no *forge* shows it."""
    if forge is None or not cause.commit or not cause.location.line:
        return ""
    return forge.link(cause.commit, cause.path, cause.location.line)


def _brief(text: str, cut: Cut) -> str:
    """Return the beginning of a text that people wrote."""
    return text if cut.whole or len(text) <= _WHY else text[: _WHY - 1].rstrip() + "…"


def row_lines(row: DiffRow, cut: Cut) -> Iterator[str]:
    """Yield the lines of *row*."""
    sign = "+" if row.opens else "-"
    yield f"  {sign} {printable(row.sources)} -> {printable(row.destinations)}: {printable(before_after(row, cut))}"
    if row.condition:
        yield f"      {row.condition}"
    yield from (f"      {printable(cause)}" for cause in causes_of(row, cut))

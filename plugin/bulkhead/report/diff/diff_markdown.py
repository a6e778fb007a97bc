"""A comparison as a pull-request comment: the verdict first, the details folded, all text of others escaped."""

from collections.abc import Sequence
from functools import partial
from itertools import groupby

from bulkhead.analysis.changes.comparison import Comparison
from bulkhead.report.diff.diff_picture import diff_picture
from bulkhead.report.diff.diff_rows import DELIVERIES, PROGRAMS, DiffCause, DiffRow, DiffSummary, diff_summary
from bulkhead.report.diff.diff_text import before_after, causes_of, heading, permalink
from bulkhead.report.diff.live_policies import live_sections
from bulkhead.report.layout.cut import SHORT, Cut
from bulkhead.report.layout.markdown import code, escaped
from bulkhead.report.layout.permalinks import Forge
from bulkhead.report.layout.style import Style

LIMIT = 65_000
"""The longest comment, in characters: GitHub takes 65,536, and the program that posts it puts a mark before it."""

_NOTES = 10


def markdown_report(comparison: Comparison, style: Style) -> str:
    """Return *comparison* as Markdown."""
    return diff_markdown(diff_summary(comparison, style.folder, style.cut), style.cut, style.forge)


def diff_markdown(found: DiffSummary, cut: Cut = SHORT, forge: Forge | None = None) -> str:
    """
    Write *found* as Markdown of at most ``LIMIT`` characters; it says what was left out.

    Places are links where *forge* shows the commits.
    """
    head = f"**{escaped(found.verdict)}**\n\n{escaped(found.names[0])} → {escaped(found.names[1])}\n"
    notes, more = SHORT.first(found.notes, _NOTES)
    head += "".join(f"\n> {escaped(note)}\n" for note in notes)
    head += f"\n> and {more} more notes\n" if more else ""
    head += _files(PROGRAMS, found.programs)
    head += _files(DELIVERIES, [f"{each.file} ({each.reason.value})" for each in found.deliveries])
    head += diff_picture(found.rows)
    tail = _live(found, cut)
    tail = tail if len(tail) < LIMIT // 4 else _live(found, SHORT)
    tail += _evidence(found)
    sections = [(title, list(rows)) for title, rows in groupby(found.rows, key=heading)]
    space = LIMIT - len(head) - len(tail) - 200  # for the line that says what is left out
    left_out = 0
    body = ""
    for title, rows in sections:
        opening, closing = _frame(title, len(rows))
        text = ""
        for row in rows:
            line = _row(row, cut, forge)
            fits = not left_out and len(body) + len(opening) + len(text) + len(line) + len(closing) <= space
            text += line if fits else ""
            left_out += not fits
        body += opening + text + closing if text else ""
    if left_out:
        body += f"\n**Cut short:** {left_out} of {len(found.rows)} rows do not fit here. `bulkhead diff` shows all.\n"
    return head + body + tail


def _files(title: str, files: Sequence[str]) -> str:
    """Return all *files* below *title*, as far as a quarter of the comment reaches."""
    text = f"\n**{escaped(title)}**\n\n" if files else ""
    for i, path in enumerate(files):
        if len(text) > LIMIT // 4:
            return text + f"- **Cut short:** {len(files) - i} more files. `bulkhead diff` shows all.\n"
        text += f"- {escaped(path)}\n"
    return text


def _live(found: DiffSummary, cut: Cut) -> str:
    """Return the policies that do not become what the overlays render, folded."""
    lines = []
    for section in live_sections(found.live, found.kept, cut):
        lines += ["", f"<details><summary>{escaped(section.title)}</summary>", ""]
        lines += [f"- {escaped(name)}" + (f": {code(command)}" if command else "") for name, command in section.entries]
        lines += ["", "</details>"]
    return "".join(f"{line}\n" for line in lines)


def _evidence(found: DiffSummary) -> str:
    """Return what both sides are based on, in small print."""
    lines = "<br>".join(escaped(line) for line in found.evidence)
    return f"\n<sub>{lines[: LIMIT // 4]}</sub>\n" if lines else ""


def _frame(title: str, rows: int) -> tuple[str, str]:
    unfolded = " open" if title.startswith("OPENS") else ""
    return (
        f"\n<details{unfolded}><summary>{escaped(title)} ({rows})</summary>\n\n"
        "| from | to | ports | because |\n|---|---|---|---|\n",
        "\n</details>\n",
    )


def _row(row: DiffRow, cut: Cut, forge: Forge | None) -> str:
    cells = [escaped(row.sources), escaped(row.destinations), escaped(before_after(row, cut))]
    because = [escaped(row.condition)] if row.condition else []
    because += causes_of(row, cut, escaped, partial(_place, forge))
    return f"| {' | '.join([*cells, '<br>'.join(because)])} |\n"


def _place(forge: Forge | None, cause: DiffCause) -> str:
    """Return the place of *cause*, a link where *forge* shows the commit."""
    link = permalink(cause, forge)
    return f"[{escaped(cause.place)}]({link})" if link else escaped(cause.place)

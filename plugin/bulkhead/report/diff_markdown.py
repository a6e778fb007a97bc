"""An account as a pull-request comment: the verdict first, the details folded, everything else as plain text."""

from itertools import groupby

from bulkhead.analysis.comparison import Comparison
from bulkhead.report.diff_rows import DiffRow, DiffSummary, diff_summary
from bulkhead.report.diff_text import before_after, brief, heading, listed
from bulkhead.report.markdown import escaped
from bulkhead.report.style import Style

LIMIT = 65_000
"""The longest comment, in characters: GitHub takes 65,536, and whoever posts it puts a mark before it."""


def markdown_report(comparison: Comparison, style: Style) -> str:
    """Return *comparison* as Markdown."""
    return diff_markdown(diff_summary(comparison, style.folder))


def diff_markdown(found: DiffSummary) -> str:
    """Write *found* as Markdown of at most ``LIMIT`` characters; what is left out is said."""
    head = f"**{escaped(found.verdict)}**\n\n{escaped(found.names[0])} → {escaped(found.names[1])}\n"
    head += "".join(f"\n> {escaped(note)}\n" for note in found.notes[:10])
    sections = [(title, list(rows)) for title, rows in groupby(found.rows, key=heading)]
    room = LIMIT - len(head) - 200  # for the line that says what is left out
    left_out = 0
    body = ""
    for title, rows in sections:
        opening, closing = _frame(title, len(rows))
        text = ""
        for row in rows:
            line = _row(row)
            fits = not left_out and len(body) + len(opening) + len(text) + len(line) + len(closing) <= room
            text += line if fits else ""
            left_out += not fits
        body += opening + text + closing if text else ""
    if left_out:
        body += f"\n**Cut short:** {left_out} of {len(found.rows)} rows do not fit here. `bulkhead diff` shows all.\n"
    return head + body


def _frame(title: str, rows: int) -> tuple[str, str]:
    unfolded = " open" if title.startswith("OPENS") else ""
    return (
        f"\n<details{unfolded}><summary>{escaped(title)} ({rows})</summary>\n\n"
        "| from | to | ports | because |\n|---|---|---|---|\n",
        "\n</details>\n",
    )


def _row(row: DiffRow) -> str:
    shown, more = listed(row.causes)
    causes = [
        escaped(f"{each.happened} {each.title}, {each.place}" + (f" ({brief(each.why)})" if each.why else ""))
        for each in shown
    ]
    cells = [escaped(row.sources), escaped(row.destinations), escaped(before_after(row))]
    return f"| {' | '.join([*cells, '<br>'.join(causes + ([f'and {more} more'] if more else []))])} |\n"

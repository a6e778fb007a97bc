"""A comparison as one HTML file: before and after next to each other, what changes marked, with filters."""

from collections.abc import Iterable, Iterator
from functools import partial

from bulkhead.analysis.changes.comparison import Comparison
from bulkhead.core.diff.grades import Grade
from bulkhead.report.diff.diff_rows import DELIVERIES, PROGRAMS, DiffCause, DiffRow, DiffSummary, diff_summary
from bulkhead.report.diff.diff_text import causes_of, permalink
from bulkhead.report.diff.live_policies import live_sections
from bulkhead.report.layout.cut import EVERYTHING
from bulkhead.report.layout.permalinks import Forge
from bulkhead.report.layout.style import Style
from bulkhead.report.page.page_frame import asset, framed, shown

_HEAD = ("from", "to", "before", "after", "because")
_NOTHING, _CLOSED = "nothing", "closed"


def html_report(comparison: Comparison, style: Style) -> str:
    """Return *comparison* as a page. It shows everything without its script, which only filters."""
    found = diff_summary(comparison, style.folder, EVERYTHING)
    body = "\n".join(_body(found, style.forge))
    title = f"{found.names[0]} → {found.names[1]}: what opens and closes"
    return framed(title, body, asset("diff.js"), asset("page.css") + asset("diff.css"))


def _body(found: DiffSummary, forge: Forge | None) -> Iterator[str]:
    opens = any(row.opens for row in found.rows) or bool(found.programs or found.deliveries)
    evidence = "".join(f"<p>{shown(line)}</p>" for line in found.evidence)
    before, after = map(shown, found.names)
    yield "<header><h1>What opens and what closes</h1></header>\n<main>"
    yield f'<p class="headline{" opens" if opens else ""}">{shown(found.verdict)}</p>'
    yield f"<p>before: <code>{before}</code>; after: <code>{after}</code></p>"
    yield from _list("Notes", found.notes)
    yield from _list(PROGRAMS, found.programs)
    yield from _list(DELIVERIES, [f"{each.file} ({each.reason.value})" for each in found.deliveries])
    if found.rows:
        yield from _filters(found.rows)
        yield from _table(found.rows, forge)
    for section in live_sections(found.live, found.kept, EVERYTHING):
        entries = (f"{name}: {command}" if command else name for name, command in section.entries)
        yield from _list(section.title, entries)
    yield f"</main>\n<footer>{evidence}</footer>"


def _list(title: str, lines: Iterable[str]) -> Iterator[str]:
    items = "".join(f"<li>{shown(line)}</li>" for line in lines)
    if items:
        yield f"<h2>{shown(title)}</h2><ul>{items}</ul>"


def _filters(rows: Iterable[DiffRow]) -> Iterator[str]:
    there = {grade for row in rows for grade in row.grades}
    grades = [(grade.value, grade.message) for grade in Grade if grade in there]
    yield '<form class="filters" aria-label="Filters">'
    yield '<label>Search <input id="text" type="search" autocomplete="off"></label>'
    yield _choice("effect", "Effect", [("opens", "opens"), ("closes", "closes")])
    yield _choice("grade", "Traffic", grades)
    yield _choice("pods", "Pods", [("existing", "that exist"), ("possible", "that could exist")])
    yield "</form>"
    yield '<p id="status" role="status" class="small"></p>'


def _choice(key: str, title: str, options: Iterable[tuple[str, str]]) -> str:
    given = "".join(f'<option value="{shown(value)}">{shown(text)}</option>' for value, text in options)
    return f'<label>{title} <select id="{key}"><option value="">all</option>{given}</select></label>'


def _table(rows: Iterable[DiffRow], forge: Forge | None) -> Iterator[str]:
    yield '<div class="scroll" tabindex="0" role="region" aria-label="Changes"><table class="changes">'
    yield "<caption>Ports that are open before and after; what changes is marked</caption>"
    head = "".join(f"<th scope=col>{each}</th>" for each in _HEAD)
    yield f"<thead><tr>{head}</tr></thead><tbody>"
    yield from (_row(row, forge) for row in rows)
    yield "</tbody></table></div>"


def _row(row: DiffRow, forge: Forge | None) -> str:
    effect = "opens" if row.opens else "closes"
    marked = "ins" if row.opens else "del"
    change = f"<{marked}>{effect} {shown(row.ports)}</{marked}>"
    before, after = (_ports(side) for side in (row.before, row.after))
    cells = {
        True: (f"<td>{before}</td>", f'<td class="changed">{change}{_also(after)}</td>'),
        False: (f'<td class="changed">{change}{_also(before)}</td>', f"<td>{after}</td>"),
    }[row.opens]
    because = [shown(row.condition)] if row.condition else []
    because += causes_of(row, EVERYTHING, shown, partial(_place, forge))
    listed = "".join(f"<li>{each}</li>" for each in because)
    grades = " ".join(each.value for each in row.grades)
    pods = "possible" if row.is_possible else "existing"
    return (
        f'<tr class="{effect}" data-effect="{effect}" data-grades="{grades}" data-pods="{pods}">'
        f'<th scope="row">{shown(row.sources)}</th><td>{shown(row.destinations)}</td>{"".join(cells)}'
        f"<td><ul>{listed}</ul></td></tr>"
    )


def _ports(side: tuple[str, ...]) -> str:
    """Return all ports that are open on a side, each of several; of pods that could exist none are known."""
    return " or ".join(map(shown, side)) or _CLOSED


def _also(side: str) -> str:
    """Return what is open on all ports of this side."""
    return f"<br>all that is open: {side}" if side not in (_NOTHING, _CLOSED) else ""


def _place(forge: Forge | None, cause: DiffCause) -> str:
    """Return the place of *cause*, a link where *forge* shows the commit."""
    link = permalink(cause, forge)
    return f'<a href="{shown(link)}" rel="noreferrer">{shown(cause.place)}</a>' if link else shown(cause.place)

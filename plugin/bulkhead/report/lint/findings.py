"""Findings of ``lint`` as text, Markdown and JSON, and the list of checks."""

from collections.abc import Iterable, Iterator

from bulkhead.core.diagnostics import Location
from bulkhead.core.kubernetes.evidence import Evidence
from bulkhead.core.lint.finding import Check, Severity
from bulkhead.core.lint.grouping import FindingGroup
from bulkhead.core.safe_text import printable
from bulkhead.report.layout.colour import PLAIN, Palette
from bulkhead.report.layout.cut import SHORT, Cut
from bulkhead.report.layout.json_document import json_document
from bulkhead.report.layout.markdown import code, escaped, message
from bulkhead.report.layout.text import count, shortened
from bulkhead.report.names.evidence import evidence_json

MOST = 8
"""Items of a list that people read: namespaces, places, endpoints."""


def text(found: Iterable[FindingGroup], folder: str, cut: Cut = SHORT, paint: Palette = PLAIN) -> str:
    """Return each finding as ``file:line:column: severity: check: what``, its lists and its hint below it."""
    lines: list[str] = []
    for each in found:
        finding = each.finding
        lines.append(
            f"{printable(_place(each, folder))}: {_painted(finding.severity, paint)}: {finding.check.id}: "
            f"{printable(finding.found.message)}"
        )
        lines += [f"  {printable(title)}: {printable(words)}" for title, words in _lists(each, folder, cut)]
        if finding.found.hint and not finding.accepted:
            lines.append(paint.faint(f"hint: {printable(finding.found.hint)}"))
    return "".join(f"{line}\n" for line in lines)


def _painted(severity: Severity, paint: Palette) -> str:
    colours = {Severity.ERROR: paint.bad, Severity.WARNING: paint.odd}
    return colours.get(severity, paint.bold)(severity.value)


def summary(everything: Iterable[FindingGroup], shown: Iterable[FindingGroup]) -> str:
    """Return one line: the number of findings of each severity, and of accepted findings that are not shown."""
    shown = tuple(shown)
    hidden = len(tuple(everything)) - len(shown)
    counts = [(sum(each.finding.severity is severity for each in shown), severity.value) for severity in Severity]
    line = ", ".join(count(number, noun) for number, noun in counts if number) or "no finding"
    accepted = f"; {count(hidden, 'accepted finding')} not shown (--all)" if hidden else ""
    return f"bulkhead: {line}{accepted}\n"


def markdown(found: Iterable[FindingGroup], folder: str, cut: Cut = SHORT) -> str:
    """Return the findings as Markdown, for a comment on a pull request: worst first, a list of each severity."""
    found = tuple(found)
    lines = ["**bulkhead lint**: " + summary(found, found).removeprefix("bulkhead: ").rstrip()]
    for severity in Severity:
        chosen = [each for each in found if each.finding.severity is severity]
        if chosen:
            lines += ["", f"### {severity.value.capitalize()}s", ""]
            for each in chosen:
                lines += _bullet(each, folder, cut)
    return "".join(f"{line}\n" for line in lines)


def _bullet(each: FindingGroup, folder: str, cut: Cut) -> Iterator[str]:
    found = each.finding.found
    yield f"- {code(_place(each, folder))} **{each.finding.check.id}**: {message(found.message)}"
    for title, words in _lists(each, folder, cut):
        yield f"  - {title}: {escaped(words)}"
    if found.hint and not each.finding.accepted:
        yield f"  - hint: {message(found.hint)}"


def as_json(found: Iterable[FindingGroup], folder: str, evidence: Evidence) -> str:
    """Return every finding, accepted ones included, as JSON; docs/reference/lint.md describes it."""
    entries = [
        {
            "check": each.finding.check.id,
            "severity": each.finding.severity.value,
            "file": shortened(each.location.file, folder),
            "line": each.location.line or None,
            "column": each.location.column or None,
            "says": each.finding.found.message,
            "hint": each.finding.found.hint or None,
            "places": [
                {"file": shortened(at.file, folder), "line": at.line or None, "column": at.column or None}
                for at in each.places
            ],
            "namespaces": list(each.finding.found.namespaces),
            "facts": {title: list(words) for title, words in each.finding.found.facts},
            "accepted": each.finding.accepted or None,
        }
        for each in found
    ]
    return json_document("lint", {"findings": entries, "evidence": evidence_json(evidence)})


def listing(checks: Iterable[Check]) -> str:
    """Return one line for each of *checks*: its id, its severity and its title."""
    checks = tuple(checks)
    width = max(len(check.id) for check in checks)
    return "".join(
        f"{check.id:<{width}}  {check.severity.value:<7}  {check.title}{'' if check.on else ' (off: --enable)'}\n"
        for check in checks
    )


def _place(each: FindingGroup, folder: str) -> str:
    return _spelt(each.location, folder)


def _spelt(at: Location, folder: str) -> str:
    return ":".join([shortened(at.file, folder), *map(str, (at.line, at.column) if at.line else ())])


def _lists(each: FindingGroup, folder: str, cut: Cut) -> Iterator[tuple[str, str]]:
    found = each.finding.found
    if found.namespaces:
        yield (
            "namespace" if len(found.namespaces) == 1 else f"{len(found.namespaces)} namespaces",
            cut.row(found.namespaces, MOST),
        )
    if each.others:
        yield "also at", cut.row([_spelt(at, folder) for at in each.others], MOST)
    for title, words in found.facts:
        yield title, cut.row(words, MOST)
    if each.finding.accepted:
        yield "accepted", " ".join(each.finding.accepted.split())

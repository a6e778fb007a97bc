"""What came of every promise: text, JSON, and JUnit XML for CI."""

from collections.abc import Sequence
from xml.sax.saxutils import escape, quoteattr

from bulkhead.core.engine.semantics import Semantics
from bulkhead.core.kubernetes.evidence import Evidence
from bulkhead.core.record import record
from bulkhead.report.layout.colour import Palette
from bulkhead.report.layout.json_document import json_document
from bulkhead.report.layout.text import count, shortened
from bulkhead.report.names.evidence import evidence_json, evidence_lines, evidence_text

OK, FAIL, KNOWN, UNDECIDED = "ok", "FAIL", "known", "NOT DECIDED"


@record
class PromiseResult:
    """
    A row's *word* (``ok``, ``FAIL``, ``known``, ``NOT DECIDED``), where it is written, what it *message*, and why.

    *reasons* explain the word, a line each; *because* is the person's reason for the promise. *notes* are what is open
    whatever the policies say, if that depends on what is not known: on which node a pod runs.
    """

    word: str
    test: str
    file: str
    line: int
    message: str
    because: str = ""
    reasons: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def text(found: Sequence[PromiseResult], folder: str, paint: Palette, semantics: Semantics, evidence: Evidence) -> str:
    """Return a line for each row, and below it the reasons where it does not simply hold."""
    colours = {OK: paint.good, FAIL: paint.bad, KNOWN: paint.odd, UNDECIDED: paint.bad}
    lines = []
    for each in found:
        place = paint.faint(f"{shortened(each.file, folder)}:{each.line}")
        lines.append(f"{colours[each.word](f'{each.word:<5}')} {place}  {each.message}")
        if each.word != OK:
            lines += [f"      {reason}" for reason in each.reasons]
            lines += [f"      because: {each.because}"] if each.because else []
        lines += [f"      note: {note}" for note in each.notes]
    caution = [] if semantics.measured else [f"policies are read {semantics.description}"]
    based_on = evidence_lines(evidence).splitlines()
    return "\n".join([*lines, *caution, *based_on, summary(found)]) + "\n"


def summary(found: Sequence[PromiseResult]) -> str:
    """Return how many rows came to what."""
    words = [each.word for each in found]
    held = f"{count(words.count(OK), 'row')} {'holds' if words.count(OK) == 1 else 'hold'}"
    parts = [held, f"{words.count(FAIL)} failed"]
    if KNOWN in words:
        parts.append(f"{words.count(KNOWN)} known not to")
    if UNDECIDED in words:
        parts.append(f"{words.count(UNDECIDED)} not decided")
    return ", ".join(parts)


def as_json(found: Sequence[PromiseResult], folder: str, semantics: Semantics, evidence: Evidence) -> str:
    """Return the verdicts as JSON."""
    rows = [
        {
            "test": each.test,
            "file": shortened(each.file, folder),
            "line": each.line,
            "verdict": each.word.lower(),
            "says": each.message,
            "because": each.because or None,
            "reasons": list(each.reasons),
            "notes": list(each.notes),
        }
        for each in found
    ]
    holds = all(each.word in (OK, KNOWN) for each in found)
    body = {"holds": holds, "evidence": evidence_json(evidence), "rows": rows}
    return json_document("test", body, semantics)


def junit(found: Sequence[PromiseResult], folder: str, evidence: Evidence) -> str:
    """Return the verdicts as JUnit XML: a suite for each test, a known breach is skipped."""
    suites: dict[str, list[PromiseResult]] = {}
    for each in found:
        suites.setdefault(each.test, []).append(each)
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', "<testsuites>"]
    for name, rows in suites.items():
        failed, known, undecided = (sum(row.word == word for row in rows) for word in (FAIL, KNOWN, UNDECIDED))
        lines.append(
            f'  <testsuite name={quoteattr(name)} tests="{len(rows)}" failures="{failed}" '
            f'errors="{undecided}" skipped="{known}">'
        )
        value = quoteattr(evidence_text(evidence))
        lines.append(f'    <properties><property name="evidence" value={value}/></properties>')
        lines += [line for row in rows for line in _case(name, row, folder)]
        lines.append("  </testsuite>")
    return "\n".join([*lines, "</testsuites>"]) + "\n"


def _case(suite: str, row: PromiseResult, folder: str) -> list[str]:
    named = f"classname={quoteattr(suite)} name={quoteattr(row.message)}"
    head = f'    <testcase {named} file={quoteattr(shortened(row.file, folder))} line="{row.line}"'
    if row.word == OK:
        said = [f"      <system-out>{escape(note)}</system-out>" for note in row.notes]
        return [head + ">", *said, "    </testcase>"] if said else [head + "/>"]
    reasons = "\n".join(row.reasons)
    if row.word == KNOWN:
        return [head + ">", f"      <skipped message={quoteattr(reasons)}/>", "    </testcase>"]
    first = row.reasons[0] if row.reasons else row.message
    kind = "error" if row.word == UNDECIDED else "failure"
    return [head + ">", f"      <{kind} message={quoteattr(first)}>{escape(reasons)}</{kind}>", "    </testcase>"]

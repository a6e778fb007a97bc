"""
A comparison as SARIF 2.1.0, for code scanning: what opens at the line that opens it.

A location is a line of the side after where there is one: that is the text which a reviewer sees. What is only on the
side before, such as a rule that is gone, is placed there.
"""

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass

from bulkhead.analysis.changes.comparison import Comparison
from bulkhead.core.diagnostics import Location
from bulkhead.core.diff.grades import Grade
from bulkhead.report.diff.diff_rows import (
    DiffCause,
    DiffRow,
    DiffSummary,
    Headline,
    diff_summary,
    headlines,
)
from bulkhead.report.diff.diff_text import before_after, causes_of
from bulkhead.report.diff.live_policies import live_headlines
from bulkhead.report.layout.cut import EVERYTHING, SHORT
from bulkhead.report.layout.sarif_log import Json, sarif_location, sarif_log
from bulkhead.report.layout.style import Style
from bulkhead.report.names.evidence import evidence_text


@dataclass(frozen=True)
class _Rule:
    id: str
    title: str
    help: str
    level: str


_LEVELS = {Grade.INTERNET: "error", Grade.OUTSIDE: "error", Grade.WITHIN: "note"}
_OPENS = {
    grade: _Rule(
        f"opens-{grade.value}",
        f"Opens traffic {grade.message}",
        f"The change allows traffic {grade.message} that was denied before. Is it meant to?",
        _LEVELS.get(grade, "warning"),
    )
    for grade in Grade
}
_CLOSES = _Rule(
    "closes", "Closes traffic", "The change denies traffic that was allowed before. Does anybody need it?", "note"
)
_STAYS = _Rule(
    "stays-in-the-cluster",
    "Policies of the cluster that the overlays do not render",
    "NetworkPolicies add up: what they allow stays open. `bulkhead diff --dump` prints the commands.",
    "warning",
)
_HEADLINES = {
    each: _Rule(
        each.id,
        each.title,
        "Read it before the rows: they are about the rest.",
        "error" if each in (Headline.UNDECIDED, Headline.UNJUDGED) else "warning",
    )
    for each in Headline
}
_RULES = (*_OPENS.values(), _CLOSES, *_HEADLINES.values(), _STAYS)


def sarif_report(comparison: Comparison, style: Style) -> str:
    """Return *comparison* as SARIF: a result for each finding, and for each headline or each of its files."""
    found = diff_summary(comparison, style.folder, EVERYTHING)
    writer = _Writer(comparison, found, style)
    return sarif_log(
        [_rule(each) for each in _RULES],
        [*writer.headlines(), *map(writer.row, found.rows)],
        {
            "verdict": found.verdict,
            "before": found.names[0],
            "after": found.names[1],
            "notes": list(found.notes),
            "evidence": {
                side: evidence_text(each) for side, each in zip(("before", "after"), comparison.evidence, strict=True)
            },
        },
    )


def _rule(rule: _Rule) -> Json:
    return {
        "id": rule.id,
        "name": "".join(word.capitalize() for word in rule.id.split("-")),
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.help},
        "help": {"text": rule.help, "markdown": rule.help},
        "defaultConfiguration": {"level": rule.level},
    }


class _Writer:
    def __init__(self, comparison: Comparison, found: DiffSummary, style: Style) -> None:
        self.comparison, self.found, self.style = comparison, found, style

    def row(self, row: DiffRow) -> Json:
        """Return one finding, at the lines that cause it."""
        rule = _OPENS[row.grades[0]] if row.opens else _CLOSES
        ends = f"{row.sources} -> {row.destinations}: {before_after(row, EVERYTHING)}"
        says = [f"{'OPENS' if row.opens else 'CLOSES'} {ends}"]
        says += [row.condition] if row.condition else []
        says += causes_of(row, SHORT)
        causes = sorted(row.causes, key=lambda each: each.is_before)
        known = "opens" if row.opens else "closes", row.sources, row.destinations, row.ports
        return self.result(rule, "\n".join(says), [self.place(each) for each in causes], known)

    def place(self, cause: DiffCause) -> Location:
        """Return the place of *cause*; a commit has a file from the top of the repository."""
        at = cause.location
        return Location(os.path.join(self.style.root, cause.path), at.line, at.column) if cause.path else at

    def headlines(self) -> Iterator[Json]:
        """Yield what a reader has to know before the rows."""
        files = {
            Headline.PLUGIN: [(path, "a build executes it") for path in self.found.programs],
            Headline.DELIVERY: [(each.file, each.reason.value) for each in self.found.deliveries],
        }
        for each, said in headlines(self.comparison, SHORT):
            for path, why in files.get(each, ()):
                text = f"{said}\n{path}: {why}"
                at = Location(os.path.join(self.style.root, path), 1, 1)
                yield self.result(_HEADLINES[each], text, [at], (each.id, path))
            if each not in files:
                yield self.result(_HEADLINES[each], said, [self.profile(each)], (each.id, said))
        for said in live_headlines(self.comparison.live, self.comparison.kept):
            yield self.result(_STAYS, said, [self.profile(Headline.NETWORKS)], (_STAYS.id, said))

    def profile(self, about: Headline) -> Location:
        """Return the line of the profile that a headline is about; its first line where there is no such line."""
        path = ("spec", "enforcer" if about is Headline.ENFORCER else "networks")
        rules = self.comparison.after.rules
        exact = about in (Headline.ENFORCER, Headline.NETWORKS)
        return rules.profile(path) if exact else rules.profile(())

    def result(self, rule: _Rule, says: str, places: list[Location], known: tuple[str, ...]) -> Json:
        """Return a result. *known* is what it is recognised by when lines move."""
        shown = list(dict.fromkeys(at for at in places if at.file))
        made: dict[str, Json] = {
            "ruleId": rule.id,
            "ruleIndex": _RULES.index(rule),
            "level": rule.level,
            "message": {"text": says},
            "locations": [sarif_location(at, self.style.root) for at in shown[:1]],
            "partialFingerprints": {"bulkheadDiff/v1": hashlib.sha256(json.dumps(known).encode()).hexdigest()},
        }
        related: list[Json] = [{"id": i, **sarif_location(at, self.style.root)} for i, at in enumerate(shown[1:])]
        if related:
            made["relatedLocations"] = related
        return made

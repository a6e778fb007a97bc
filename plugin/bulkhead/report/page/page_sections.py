"""The sections of a page in addition to the matrix: namespaces, findings, promises, and what was not understood."""

from collections.abc import Iterable, Iterator

from bulkhead.analysis.analysis_input import AnalysisInput
from bulkhead.analysis.unknown_facts import UncertainPairs
from bulkhead.core.diagnostics import Location
from bulkhead.core.engine.semantics import Semantics
from bulkhead.core.kubernetes.evidence import Evidence
from bulkhead.core.lint.grouping import FindingGroup
from bulkhead.report.layout.cut import EVERYTHING
from bulkhead.report.layout.text import shortened, spelt
from bulkhead.report.names.evidence import not_read_text
from bulkhead.report.page.page_groups import PageGroups
from bulkhead.report.page.page_rules import PageRules
from bulkhead.report.page.page_tables import Tables
from bulkhead.report.reach.depending import depending_lines
from bulkhead.report.test.test_results import PromiseResult

_MOST = 200
"""Items of a list that belongs to one finding; the rest is counted."""


def namespaces_json(found: AnalysisInput, groups: PageGroups, rules: PageRules, tables: Tables) -> list[object]:
    """Return for each namespace: its name, its group or -1, its policies, its rules, and why it is unprotected."""
    group_of = {name: number for number, name in enumerate(groups.names) if groups.is_namespace(number)}
    policies: dict[str, list[int]] = {}
    for number, policy in enumerate(found.cluster.policies):
        policies.setdefault(policy.namespace, []).append(number)
    return [
        [
            tables.text(name),
            group_of.get(name, -1),
            policies.get(name, []),
            [rule for number in policies.get(name, []) for rule in rules.of_policy(number)],
            tables.text(found.unprotected[name]) if name in found.unprotected else -1,
        ]
        for name in sorted({*group_of, *policies, *found.unprotected})
    ]


def findings_json(found: Iterable[FindingGroup], folder: str, tables: Tables) -> list[object]:
    """Return each finding: severity, check, what, hint, places, namespaces, lists, and why it is accepted."""
    return [
        [
            each.finding.severity.value,
            each.finding.check.id,
            tables.text(each.finding.found.message),
            tables.text(each.finding.found.hint),
            _cut([_place(at, folder) for at in each.places], tables),
            tables.every_text(each.finding.found.namespaces),
            [[tables.text(title), _cut(words, tables)] for title, words in each.finding.found.facts],
            tables.text(each.finding.accepted),
        ]
        for each in found
    ]


def promises_json(found: Iterable[PromiseResult], folder: str, tables: Tables) -> list[object]:
    """Return each promise: the result, the test, what it says, its place, its reason, why it came so, and notes."""
    return [
        [
            each.word,
            tables.text(each.test),
            tables.text(each.message),
            tables.text(f"{shortened(each.file, folder)}:{each.line}"),
            tables.text(each.because),
            tables.every_text(each.reasons),
            tables.every_text(each.notes),
        ]
        for each in found
    ]


def not_understood(
    found: AnalysisInput, evidence: Evidence, depending: UncertainPairs, semantics: Semantics
) -> Iterator[tuple[str, list[str]]]:
    """Yield a heading and a list for each thing that was not judged, not read or not known."""
    if found.unjudged:
        yield "Policies and objects that are not judged", sorted(each.title for each in found.unjudged)
    left_out = not_read_text(evidence)
    if left_out:
        yield "Left out, not counted or not judged", left_out.split("; ")
    lines = [line.strip() for line in depending_lines(depending, EVERYTHING)]
    if lines:
        yield f"Connections that are {lines[0].removesuffix(':')}", lines[1:]
    if not semantics.measured:
        yield "How policies are read", [f"Policies are read {semantics.description}."]


def _place(at: Location, folder: str) -> str:
    return spelt(at, folder)


def _cut(words: Iterable[str], tables: Tables) -> list[int]:
    listed = list(words)
    more = [f"and {len(listed) - _MOST} more"] if len(listed) > _MOST else []
    return tables.every_text([*listed[:_MOST], *more])

"""
The report of a cluster as one HTML file, which asks nothing of any server.

The page is a template, a style and a script, which are files of this package, and the values as JSON. The script writes
every value as text.
"""

import json

from bulkhead import __version__
from bulkhead.analysis.analysis_input import AnalysisInput
from bulkhead.analysis.unknown_facts import UncertainPairs
from bulkhead.core.engine.reachability import Reachability
from bulkhead.core.kubernetes.evidence import Evidence
from bulkhead.core.lint.grouping import FindingGroup
from bulkhead.core.record import record
from bulkhead.core.safe_text import printable
from bulkhead.report.layout.style import Style
from bulkhead.report.names.evidence import evidence_text
from bulkhead.report.names.outside_names import Outside
from bulkhead.report.page.page_frame import asset, framed
from bulkhead.report.page.page_groups import matrix_json, page_groups
from bulkhead.report.page.page_reasons import reasons_json
from bulkhead.report.page.page_rules import PageRules
from bulkhead.report.page.page_sections import findings_json, namespaces_json, not_understood, promises_json
from bulkhead.report.page.page_tables import Tables
from bulkhead.report.test.test_results import PromiseResult

SCRIPTS = ("data.js", "elements.js", "matrix.js", "reasons.js", "picture.js", "sections.js", "page.js")
"""The parts of the script, in order: a part uses the parts before it."""

_NO_SCRIPT = "This page shows its values with a script, which is part of this file. Allow scripts to read it."


@record
class PageReport:
    """
    All that a page shows: the *answer* of the engine for *found*, what ``lint`` *findings* and ``test`` *promises* say.

    *promises* are ``None`` where there are no tests. *title* names the cluster, *revision* the commit, *day* is what
    ``until`` is compared with. *depending* are connections that depend on what is not known. *tests_left_out*: there
    are tests, which were not wanted.
    """

    title: str
    found: AnalysisInput
    answer: Reachability
    outside: Outside
    evidence: Evidence
    findings: tuple[FindingGroup, ...]
    promises: tuple[PromiseResult, ...] | None
    depending: UncertainPairs
    revision: str
    day: str
    tests_left_out: bool = False


def html_report(report: PageReport, style: Style) -> str:
    """Return the page."""
    values = _inert(page_json(report, style.folder))
    body = f'<noscript>{_NO_SCRIPT}</noscript>\n<script type="application/json" id="values">{values}</script>'
    return framed(f"{report.title}: network segmentation", body, "".join(map(asset, SCRIPTS)), asset("page.css"))


def page_json(report: PageReport, folder: str) -> dict[str, object]:
    """Return the values of the page; files are named relative to *folder*."""
    tables = Tables()
    found, answer = report.found, report.answer
    groups = page_groups(answer, report.outside)
    rules = PageRules(found, folder, tables)
    templates = found.loaded is not None
    body = {
        "schema": "bulkhead.dev/page/v1",
        "title": printable(report.title),
        "bulkhead": __version__,
        "revision": printable(report.revision),
        "day": report.day,
        "evidence": evidence_text(report.evidence),
        "semantics": answer.semantics.description,
        "templates": templates,
        "groups": groups.as_json(tables),
        "matrix": matrix_json(answer, groups, templates, tables),
        "families": reasons_json(found, answer, report.outside, groups, rules, tables),
        "namespaces": namespaces_json(found, groups, rules, tables),
        "policies": rules.policies_json(),
        "rules": rules.listed,
        "findings": findings_json(report.findings, folder, tables),
        "promises": None if report.promises is None else promises_json(report.promises, folder, tables),
        "testsLeftOut": report.tests_left_out,
        "notUnderstood": [
            [heading, [printable(each) for each in lines]]
            for heading, lines in not_understood(found, report.evidence, report.depending, answer.semantics)
        ],
    }
    return {**body, **tables.as_json()}


def _inert(value: object) -> str:
    """
    Return *value* as JSON of ASCII characters, without characters that mean something to a reader of HTML.

    ``##`` is escaped: some CI systems run a command that follows it in a log.
    """
    text = json.dumps(value, separators=(",", ":")).replace("##", "#\\u0023")
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")

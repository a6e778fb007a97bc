"""No format of `bulkhead diff` leaves out a change that another one shows."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from html import escape
from itertools import product
from typing import Any

import pytest
from bulkhead.analysis.analysis_input import AnalysisInput
from bulkhead.analysis.changes.comparison import ComparedSides, Comparison, compare_manifests
from bulkhead.analysis.judged_endpoints import Endpoints
from bulkhead.core.diff.findings import FindingEndpoints
from bulkhead.core.diff.possible_changes import PossibleChange, possible_changes
from bulkhead.core.engine.semantics import Semantics
from bulkhead.core.kubernetes.cluster import Cluster, Pod
from bulkhead.core.kubernetes.networkpolicy import EVERY_POD, NetworkPolicy, Selector
from bulkhead.core.safe_text import printable
from bulkhead.core.sets.partition import indices
from bulkhead.core.sets.ports import read
from bulkhead.report.diff.diff_formats import DIFF_FORMATS
from bulkhead.report.diff.diff_rows import DiffSummary, diff_summary
from bulkhead.report.diff.diff_text import before_after
from bulkhead.report.layout.cut import EVERYTHING
from bulkhead.report.layout.markdown import escaped
from bulkhead.report.layout.style import Style
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from laws.revisions import revisions
from laws.strategies import modes

WHOLE = Style(cut=EVERYTHING)
Entry = dict[str, Any]


def shows_text(comparison: Comparison, summary: DiffSummary) -> None:
    lines = DIFF_FORMATS["text"](comparison, WHOLE).splitlines()
    assert lines[0] == printable(summary.verdict)
    shown = [line for line in lines if line.startswith(("  + ", "  - "))]
    assert shown == [
        f"  {'+' if row.opens else '-'} {row.sources} -> {row.destinations}: {before_after(row, EVERYTHING)}"
        for row in summary.rows
    ]


def shows_markdown(comparison: Comparison, summary: DiffSummary) -> None:
    text = DIFF_FORMATS["markdown"](comparison, WHOLE)
    assert text.startswith(f"**{escaped(summary.verdict)}**")
    rows = [line for line in text.splitlines() if line.startswith("| ") and not line.startswith("| from |")]
    assert len(rows) == len(summary.rows) or "**Cut short:**" in text
    for line, row in zip(rows, summary.rows, strict=False):
        assert line.startswith(f"| {escaped(row.sources)} | {escaped(row.destinations)} | ")


def shows_json(comparison: Comparison, summary: DiffSummary) -> None:
    found = json.loads(DIFF_FORMATS["json"](comparison, Style()))
    assert found["verdict"] == summary.verdict
    assert found["notDecided"] == len(comparison.undecided)
    assert [(each["from"]["says"], each["to"]["says"]) for each in found["findings"]] == [
        (row.sources, row.destinations) for row in summary.rows
    ]
    for each, finding in zip(found["findings"], comparison.findings, strict=True):
        assert (each["effect"] == "opens", read(each["ports"])) == (finding.opens, finding.ports)


def shows_pairs(comparison: Comparison, summary: DiffSummary) -> None:
    found: list[Entry] = json.loads(DIFF_FORMATS["pairs"](comparison, Style()))
    possible = [each for each in found if each["before"] is None]
    for finding, row in zip(comparison.findings, summary.rows, strict=True):
        if finding.is_possible:
            effect = {"opens" if finding.opens else "closes": str(finding.ports), "says": row.ports}
            assert {"src": row.sources, "dst": row.destinations, "before": None, "after": None, **effect} in possible
    assert any("notDecided" in each for each in possible) == bool(comparison.undecided)
    given_ones = [each for each in found if each["before"] is not None]
    assert all(read(each["before"]) != read(each["after"]) for each in given_ones)
    every_change_is_a_pair(comparison, given_ones)
    assert found or not comparison.findings


def shows_html(comparison: Comparison, summary: DiffSummary) -> None:
    text = DIFF_FORMATS["html"](comparison, Style())
    assert f">{escape(printable(summary.verdict))}</p>" in text
    rows = re.findall(r'<tr class="(opens|closes)".*?<th scope="row">(.*?)</th><td>(.*?)</td>', text)
    assert rows == [
        ("opens" if row.opens else "closes", escape(printable(row.sources)), escape(printable(row.destinations)))
        for row in summary.rows
    ]


def shows_sarif(comparison: Comparison, summary: DiffSummary) -> None:
    (run,) = json.loads(DIFF_FORMATS["sarif"](comparison, Style()))["runs"]
    assert run["properties"]["verdict"] == summary.verdict
    found = [each for each in run["results"] if each["ruleId"] == "closes" or each["ruleId"].startswith("opens-")]
    assert [each["message"]["text"].split("\n")[0] for each in found] == [
        f"{'OPENS' if row.opens else 'CLOSES'} {row.sources} -> {row.destinations}: {before_after(row, EVERYTHING)}"
        for row in summary.rows
    ]
    assert any(each["ruleId"] == "not-decided" for each in run["results"]) == bool(comparison.undecided)


SHOWS: dict[str, Callable[[Comparison, DiffSummary], None]] = {
    "text": shows_text,
    "markdown": shows_markdown,
    "html": shows_html,
    "sarif": shows_sarif,
    "json": shows_json,
    "pairs": shows_pairs,
}


def test_every_registered_format_is_held_to_the_law() -> None:
    assert SHOWS.keys() == DIFF_FORMATS.keys()


def name(pod: Pod) -> str:
    return f"{pod.namespace}/{pod.workload or pod.name}[{pod.kind}]"


def every_change_is_a_pair(comparison: Comparison, found: list[Entry]) -> None:
    """Check for each two pods of the cluster, over each family, that the list has exactly what changes between them."""
    listed: dict[tuple[str, str], list[Entry]] = {}
    for entry in found:
        listed.setdefault((entry["src"], entry["dst"]), []).append(entry)
    difference = comparison.difference
    templates = {(name(pod), exact(pod)) for pod in difference.before.cluster.pods + difference.after.cluster.pods
                 if pod.is_template}  # fmt: skip
    everyone = {*difference.before.cluster.pods, *difference.after.cluster.pods}
    for number, (old, new) in enumerate(zip(difference.before.layers, difference.after.layers, strict=True)):
        pods = [
            [*dict.fromkeys((*one.pods, *other.pods))]
            for one, other in zip(old.space.classes, new.space.classes, strict=True)
        ]
        changes = {
            (source, destination): (str(change.before), str(change.after))
            for change in difference.changes
            if change.layer == number
            for source in indices(change.sources)
            for destination in indices(change.destinations)
        }
        expected: dict[tuple[tuple[str, str], tuple[str, str]], set[tuple[str, str]]] = {}
        for source, destination in product(range(len(pods)), repeat=2):
            for pods_of in product(pods[source], pods[destination]):
                change = changes.get((source, destination))
                one, other = ((name(pod), exact(pod)) for pod in pods_of)
                expected.setdefault((one, other), set()).update({change} if change else ())
        for (one, other), wanted in expected.items():
            if one == other and one not in templates:
                continue  # a pod reaches itself; an entry of its workload with itself is about its other pods
            said = {
                (entry["before"], entry["after"])
                for ends in product(one, other)
                for entry in listed.get(ends, [])
                if entry.get("family", old.space.family) == old.space.family
            }
            assert said == wanted, (one, other)
    for entry in found:
        fellows = {pod.name for pod in everyone if name(pod) == entry["src"] == entry["dst"]}
        assert len(fellows) != 1 or any(pod.is_template for pod in everyone if name(pod) == entry["src"])


def exact(pod: Pod) -> str:
    return f"{pod.namespace}/{pod.name}[Pod]"


@st.composite
def comparisons(draw: st.DrawFn) -> Comparison:
    before, after = draw(revisions())
    read_by = Semantics(draw(modes))
    endpoints = draw(st.sampled_from(list(Endpoints)))
    return compare_manifests(
        ComparedSides(("a", "b"), AnalysisInput(before), AnalysisInput(after), (read_by, read_by), endpoints)
    )


@settings(phases=(Phase.explicit, Phase.reuse, Phase.generate))  # what fails is too large to be shrunk in time
@given(comparisons())
def test_no_change_is_absent_from_any_format(comparison: Comparison) -> None:
    summary = diff_summary(comparison, ".", EVERYTHING)
    for name_, shows in SHOWS.items():
        if comparison.endpoints is Endpoints.POSSIBLE and name_ == "pairs":
            continue
        shows(comparison, summary)


def ends(found: FindingEndpoints) -> int:
    return len(found.pods) + len(found.hosts) + len(found.addresses.spans) + len(found.possible)


@given(comparisons())
def test_every_finding_has_two_ends_and_some_ports(comparison: Comparison) -> None:
    for finding in comparison.findings:
        assert ends(finding.sources)
        assert ends(finding.destinations)
        assert finding.ports.spans


@pytest.mark.parametrize("form", DIFF_FORMATS)
def test_a_change_of_one_replica_is_shown(form: str) -> None:
    """One pod of two loses what the other one keeps: its workload as a whole looks unchanged."""
    pods = tuple(
        Pod("shop", f"web-{number}", "StatefulSet", "web", (("pod", str(number)),), addresses=(f"10.0.0.{number}",))
        for number in (1, 2)
    )
    client = Pod("shop", "client", addresses=("10.0.0.9",))
    policy = NetworkPolicy("shop", "deny", Selector((("pod", "1"),)), (), None)
    sides = [AnalysisInput(Cluster(pods=(*pods, client), policies=each)) for each in ((), (policy,))]
    comparison = compare_manifests(
        ComparedSides(("a", "b"), sides[0], sides[1], (Semantics(), Semantics()), Endpoints.EXISTING)
    )
    said = DIFF_FORMATS[form](comparison, Style())
    assert "web" in said
    if form == "pairs":
        closed = {"before": "All Connections", "after": "No Connections"}
        assert {"src": "shop/client[Pod]", "dst": "shop/web-1[Pod]", **closed} in json.loads(said)


@pytest.mark.parametrize("form", DIFF_FORMATS)
def test_what_is_not_decided_is_shown(form: str) -> None:
    policy = NetworkPolicy("shop", "hard", EVERY_POD, (), None)
    sides = [AnalysisInput(Cluster(policies=each)) for each in ((), (policy,))]
    comparison = compare_manifests(ComparedSides(("a", "b"), sides[0], sides[1], (Semantics(), Semantics())))
    changes = possible_changes(sides[0].cluster, sides[1].cluster, (Semantics(), Semantics()))
    first = changes[0]
    hard = PossibleChange(first.opens, first.space, first.flows, first.causes, first.is_part, False)
    said = DIFF_FORMATS[form](replace(comparison, findings=(), possible=(hard,)), Style())
    assert "NOT DECIDED" in said or "notDecided" in said

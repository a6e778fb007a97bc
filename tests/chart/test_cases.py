"""Every example of tests/cases that can be written as values: the same policies, or the same words."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from bulkhead.io.yaml.nodes import documents as read
from conftest import ROOT

from chart import Answer, rendered, template

CASES = ROOT / "tests" / "cases"
NOT_AS_VALUES = {
    "a-policy-of-that-name-is-there": "other resources are no part of a release; the API server refuses the second",
    "alias-bomb": "text, and Helm reads it",
    "ambiguous-scalars": "text, and Helm reads it",
    "binary-noise": "text, and Helm reads it",
    "broken-utf-8": "text, and Helm reads it",
    "duplicate-key": "text, and Helm reads it",
    "missing-namespace": "a namespace is the key of its values",
    "missing-profile": "there is always one",
    "not-yaml": "text, and Helm reads it",
    "nothing-to-expand": "the chart speaks of values: see test_chart.py",
    "second-profile": "there is always one",
    "unknown-api-version": "values have none",
    "unknown-kind": "values have none",
}
BY_SCHEMA = {
    "all-problems-at-once": "/namespaces/shop/egress/c",
    "empty-peer": "/namespaces/shop/ingress/c/from",
    "invalid-labels": "/namespaces/shop/ingress/a/from/pods/tier",
    "list-where-a-map-belongs": "/namespaces/shop/ingress",
    "host-name-in-a-peer": "/namespaces/shop/egress/a/to",
    "networkpolicy-fields-in-a-peer": "/namespaces/shop/egress/a/to",
    "port-of-another-type": "/namespaces/shop/egress/b/ports",
    "port-out-of-range": "/namespaces/shop/egress/a/ports",
    "profile-with-mistakes": "/profile/enforcer",
    "text-where-a-map-belongs": "/namespaces/shop/ingress/web",
    "unknown-key": "/namespaces/shop",
}
"""Where Helm's schema speaks first, the field that it names; elsewhere the chart itself says everything."""


def cases(file: str) -> list[str]:
    return sorted(path.parent.name for path in CASES.glob(f"*/{file}") if path.parent.name not in NOT_AS_VALUES)


def values_of(name: str) -> dict[str, Any]:
    folder = CASES / name
    profile = folder / "profile.yaml"
    return {
        "profile": spec(profile if profile.exists() else CASES / "profile.yaml"),
        "standard": {},
        "namespaces": {"shop": spec(folder / "input.yaml")},
    }


def spec(file: Path) -> Any:
    (document,) = read(file.read_text())
    assert isinstance(document.value, dict)
    return document.value["spec"]


def told(text: str) -> set[tuple[str, str]]:
    """Return each problem in *text*: what is wrong, and the hint behind it."""
    return set(re.findall(r": error: (.*)\n(?:hint: (.*)\n)?", text + "\n"))


@pytest.mark.parametrize("name", cases("errors.txt"))
def test_bad_values_are_refused_in_the_same_words(name: str) -> None:
    wanted = told((CASES / name / "errors.txt").read_text())
    done = template(values_of(name), "--skip-schema-validation")
    assert (done.status, done.stdout) == (1, "")
    assert told(done.stderr[done.stderr.index("execution error at ") :].partition("\n")[2]) == wanted
    assert "netpol: nothing was rendered" in done.stderr


@pytest.mark.parametrize("name", cases("errors.txt"))
def test_what_the_schema_refuses_first_it_names(name: str) -> None:
    done = template(values_of(name))
    assert (done.status, done.stdout) == (1, "")
    if name in BY_SCHEMA:
        assert f"at '{BY_SCHEMA[name]}'" in done.stderr
    else:
        assert "netpol: nothing was rendered" in done.stderr


@pytest.mark.parametrize("name", cases("expected.yaml"))
def test_good_values_render_what_the_case_says(name: str) -> None:
    expected = list(yaml.safe_load_all((CASES / name / "expected.yaml").read_text()))
    assert rendered(values_of(name)) == Answer([each for each in expected if each is not None], ())


def test_what_is_left_out_is_there_and_the_rest_is_covered() -> None:
    everything = {path.name for path in CASES.iterdir() if path.is_dir()}
    assert set(NOT_AS_VALUES) < everything
    assert set(BY_SCHEMA) < set(cases("errors.txt"))
    assert everything == {*NOT_AS_VALUES, *cases("errors.txt"), *cases("expected.yaml")}

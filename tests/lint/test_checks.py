"""
Every check finds what it is for and leaves alone what is right: cases written by hand, a file of cases a check.

A case has ``overlays`` (the text below ``spec:`` of each, from line 5 on), ``manifests``, or both;
``finds`` lists what the check says of it, as ``file:line`` and the beginning of the text.  ``from``
is the list that a finding has under that title.
"""

from pathlib import Path
from typing import Any

import pytest
import yaml
from bulkhead.core.lint.registry import CHECKS
from lint.scenes import Scene

FOLDER = Path(__file__).parent
CASES = [
    pytest.param(file.stem, case, id=f"{file.stem}: {case['shows']}")
    for file in sorted(FOLDER.glob("*.yaml"))
    for case in yaml.safe_load(file.read_text())
]


@pytest.mark.parametrize(("check", "case"), CASES)
def test_the_check_says_what_is_written_by_hand(check: str, case: dict[str, Any], tmp_path: Path) -> None:
    scene = Scene.of(case)
    scene.write(tmp_path)
    _, printed = scene.lint(tmp_path)
    found = [each for each in printed["findings"] if each["check"] == check]
    said = [f"{each['file']}:{each['line']} {each['says']}" for each in found]
    assert len(said) == len(case["finds"]), said
    for expected, actual in zip(case["finds"], said, strict=True):
        assert actual.startswith(expected), said
    for title in ("from", "covers", "namespaces"):
        if title in case:
            assert [each["facts"].get(title, each["namespaces"]) for each in found] == [case[title]]


@pytest.mark.parametrize("check", [check.id for check in CHECKS])
def test_every_check_has_a_case_in_which_it_finds_something_and_one_in_which_it_does_not(check: str) -> None:
    cases = yaml.safe_load((FOLDER / f"{check}.yaml").read_text())
    assert {bool(case["finds"]) for case in cases} == {True, False}


def test_every_check_is_explained() -> None:
    for check in CHECKS:
        assert all((check.title, check.why, check.example, check.fix)), check.id
    assert len({check.id for check in CHECKS}) == len(CHECKS)

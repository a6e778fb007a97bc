"""The KRM function itself, in this process: a ResourceList in, a ResourceList or an explanation out."""

import io
import re
from pathlib import Path

import pytest
import yaml
from bulkhead import krm
from conftest import ROOT

CASES = ROOT / "tests" / "cases"
# What kustomize reads in another way, or adds to, tests/system/test_cases.py builds with the real one.
SPECIAL = ("kustomize.txt", "kustomization.yaml")
HEAD = "apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems:\n"


def cases(file: str) -> list[str]:
    plain = [
        path.parent for path in CASES.glob(f"*/{file}") if not any((path.parent / one).exists() for one in SPECIAL)
    ]
    return sorted(folder.name for folder in plain)


def resource_list(case: Path) -> str:
    """Return the profile and the input of *case* as kustomize hands them to the function: with their namespace."""
    own = case / "profile.yaml"
    profile = (own if own.exists() else CASES / "profile.yaml").read_text()
    given = re.sub(r"(?m)^(metadata: \{name: [^,}]+)", r"\1, namespace: shop", (case / "input.yaml").read_text())
    return HEAD + "".join(item(text) for text in (*profile.split("---\n"), *given.split("---\n")))


def item(text: str) -> str:
    first, *rest = text.splitlines()
    return f"- {first}\n" + "".join(f"  {line}\n" for line in rest)


def expand(text: str) -> tuple[int, str, str]:
    stdout, stderr = io.BytesIO(), io.StringIO()
    return krm.run([], io.BytesIO(text.encode()), stdout, stderr), stdout.getvalue().decode(), stderr.getvalue()


@pytest.mark.parametrize("name", cases("expected.yaml"))
def test_good_input_becomes_the_policies_that_the_case_expects(name: str) -> None:
    status, stdout, stderr = expand(resource_list(CASES / name))
    assert (status, stderr) == (0, "")
    expected = list(yaml.safe_load_all((CASES / name / "expected.yaml").read_text()))
    assert yaml.safe_load(stdout)["items"] == expected


@pytest.mark.parametrize("name", cases("errors.txt"))
def test_bad_input_is_explained_and_renders_nothing(name: str) -> None:
    status, stdout, stderr = expand(resource_list(CASES / name))
    assert (status, stdout) == (1, "")
    lines = (CASES / name / "errors.txt").read_text().splitlines()
    reasons = [line.partition(": error: ")[2] for line in lines if ": error: " in line]
    assert reasons
    assert [reason for reason in reasons if reason not in stderr] == []


def test_there_are_cases_of_both_kinds() -> None:
    assert len(cases("errors.txt")) > 25
    assert len(cases("expected.yaml")) > 5

"""
Policies that the API server refuses are refused, and what it accepts is read as it is stored.

The verdicts are those of Kubernetes' own code, recorded by `validation/verdicts.py`; `make test-engines` asks it again.
"""

import json
from typing import Any

import pytest
from validation import verdicts

POLICIES = json.loads(verdicts.POLICIES.read_text())
OBJECTS = json.loads(verdicts.OBJECTS.read_text())
READINGS = json.loads(verdicts.READINGS.read_text())


def test_policies_are_judged_as_by_the_api_server() -> None:
    assert not verdicts.disagreements((row["text"], row) for row in POLICIES)


def test_namespaces_pods_and_workloads_are_judged_as_by_the_api_server() -> None:
    assert not verdicts.disagreements((row["text"], row) for row in OBJECTS)
    refused = sum(map(verdicts.is_refused, OBJECTS))
    assert refused > 50 and len(OBJECTS) - refused > 25


def test_the_record_has_policies_of_both_verdicts() -> None:
    refused = sum(verdicts.is_refused(row) for row in POLICIES)
    assert len(POLICIES) > 450 and refused > 200 and len(POLICIES) - refused > 100


@pytest.mark.parametrize("row", READINGS, ids=lambda row: repr(row["scalar"]))
def test_a_scalar_is_what_kubectl_takes_it_for(row: dict[str, Any]) -> None:
    assert verdicts.reads_alike(row)

"""What each operator of a label selector matches, as the Kubernetes documentation says."""

import pytest
from bulkhead.core.kubernetes.networkpolicy import Requirement, Selector
from bulkhead.core.kubernetes.selectors import matches


@pytest.mark.parametrize(
    ("operator", "values", "labels", "expected"),
    [
        ("In", ("web",), {"tier": "web"}, True),
        ("In", ("web",), {"tier": "db"}, False),
        ("In", ("web",), {}, False),
        ("NotIn", ("web",), {"tier": "web"}, False),
        ("NotIn", ("web",), {"tier": "db"}, True),
        ("NotIn", ("web",), {}, True),
        ("Exists", (), {"tier": ""}, True),
        ("Exists", (), {"app": "web"}, False),
        ("DoesNotExist", (), {"tier": ""}, False),
        ("DoesNotExist", (), {"app": "web"}, True),
    ],
)
def test_an_operator_matches_what_the_documentation_says(
    operator: str, values: tuple[str, ...], labels: dict[str, str], expected: bool
) -> None:
    assert matches(Selector((), (Requirement("tier", operator, values),)), labels) is expected


def test_all_of_a_selector_has_to_hold() -> None:
    both = Selector((("app", "web"),), (Requirement("tier", "Exists"),))
    assert matches(both, {"app": "web", "tier": "x"})
    assert not matches(both, {"app": "web"})
    assert not matches(both, {"app": "db", "tier": "x"})
    assert matches(Selector(), {})

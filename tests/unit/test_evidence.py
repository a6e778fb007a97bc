"""The evidence of a report."""

from bulkhead.core.kubernetes.evidence import NO_EVIDENCE, Evidence
from bulkhead.core.record import fields_of


def test_a_file_that_is_called_otherwise_changes_only_the_notes() -> None:
    found = Evidence(1, 2, 3, 4, 5, 6, ("shop/idle",), (("A", 1),), (("B", 1),), 7, 8, 9, 10, ("in a.yaml",), ("shop",))
    assert found.renamed("a.yaml", "stdin") == Evidence(
        1, 2, 3, 4, 5, 6, ("shop/idle",), (("A", 1),), (("B", 1),), 7, 8, 9, 10, ("in stdin",), ("shop",)
    )  # fmt: skip


def test_together_with_nothing_every_field_stays() -> None:
    found = Evidence(
        1, 2, 3, 4, 5, 6, ("shop/idle",), (("A", 1),), (("B", 1),), 7, 8, 9, 10, ("a note",), ("shop",), ((".bak", 1),)
    )
    assert all(getattr(found, name) != getattr(NO_EVIDENCE, name) for name in fields_of(Evidence))
    assert found.and_of(NO_EVIDENCE) == NO_EVIDENCE.and_of(found) == found


def test_numbers_of_two_reports_are_added_and_the_later_number_of_classes_counts() -> None:
    one = Evidence(1, 2, 3, 4, 5, 6, ("a/x",), (("A", 1),), (("B", 1),), 7, 8, 9, 10, ("one",), ("b", "c"))
    other = Evidence(1, 1, 1, 1, 9, 1, ("a/y",), (("A", 2), ("C", 1)), (), 1, 1, 1, 1, ("two",), ("a", "b"))
    assert one.and_of(other) == Evidence(
        2, 3, 4, 5, 9, 7, ("a/x", "a/y"), (("A", 3), ("C", 1)), (("B", 1),), 8, 9, 10, 11, ("one", "two"),
        ("a", "b", "c"),
    )  # fmt: skip

"""The evidence of a report."""

from bulkhead.core.kubernetes.evidence import Evidence


def test_a_file_that_is_called_otherwise_changes_only_the_notes() -> None:
    found = Evidence(1, 2, 3, 4, 5, 6, ("shop/idle",), (("A", 1),), (("B", 1),), 7, 8, 9, 10, ("in a.yaml",), ("shop",))
    assert found.renamed("a.yaml", "stdin") == Evidence(
        1, 2, 3, 4, 5, 6, ("shop/idle",), (("A", 1),), (("B", 1),), 7, 8, 9, 10, ("in stdin",), ("shop",)
    )  # fmt: skip

"""Input with thousands of mistakes: the first are written, and all are counted."""

import pytest
from conftest import Tree


@pytest.mark.parametrize("number", [1, 200, 201, 3000])
def test_first_problems_are_written_and_all_are_counted(tree: Tree, number: int) -> None:
    pods = "".join(
        f"---\napiVersion: v1\nkind: Pod\nmetadata: {{name: p{each}, namespace: shop}}\nstatus: {{podIP: 10.0.0.999}}\n"
        for each in range(number)
    )
    tree.write("pods.yaml", pods)
    done = tree.bulkhead("reach", "--manifests", "pods.yaml")
    assert (done.status, done.stdout) == (2, "")
    lines = done.stderr.splitlines()
    shown = [line for line in lines if "error: " in line]
    assert len(shown) == min(number, 200)
    assert shown[0].startswith("pods.yaml:5:")
    assert lines[-1].startswith(f"bulkhead: {number} problem")
    assert ("bulkhead: the first 200 problems are shown" in lines) == (number > 200)


def test_one_object_with_thousands_of_unknown_fields_is_refused_at_their_lines(tree: Tree) -> None:
    fields = "".join(f"field{each}: 1\n" for each in range(3000))
    head = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: x, namespace: shop}\n"
    tree.write("policy.yaml", f"{head}spec: {{podSelector: {{}}}}\n{fields}")
    done = tree.bulkhead("reach", "--manifests", "policy.yaml")
    assert (done.status, done.stdout) == (2, "")
    lines = done.stderr.splitlines()
    assert any(line.startswith("policy.yaml:5:9: error: unknown field `field0`") for line in lines), lines[:3]
    assert any(line.startswith("policy.yaml:104:10: error: ") for line in lines)
    assert lines[-1].startswith("bulkhead: 3000 problems")


@pytest.mark.parametrize("field", ["apiVersion: {}/v1\nkind: NetworkPolicy", "apiVersion: v1\nkind: {}"])
def test_a_very_long_name_is_compared_with_no_other(tree: Tree, field: str) -> None:
    text = field.format("x" * 200_000)
    tree.write("policy.yaml", f"{text}\nmetadata: {{name: x, namespace: shop}}\nspec: {{podSelector: {{}}}}\n")
    assert tree.bulkhead("reach", "--manifests", "policy.yaml").status == 2


def test_a_very_long_word_is_refused_without_a_suggestion(tree: Tree) -> None:
    folder = tree.overlay("shop", f"  egress:\n    smtp: {{to: {'x' * 200_000}, ports: 25}}\n")
    done = tree.bulkhead("validate", str(folder))
    assert (done.status, "did you mean" in done.stderr) == (1, False)

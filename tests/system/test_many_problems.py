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

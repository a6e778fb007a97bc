"""How the tests are laid out: what several test modules share is in a module whose name says what it is."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import ROOT

TESTS = sorted((ROOT / "tests").rglob("*.py"))


def imported(file: Path) -> Iterator[str]:
    """Yield the dotted names that *file* imports, with those that it takes out of modules."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{each.name}" for each in node.names)


@pytest.mark.parametrize("file", TESTS, ids=lambda file: str(file.relative_to(ROOT)))
def test_no_module_imports_a_test_module(file: Path) -> None:
    modules = {".".join(test.relative_to(ROOT / "tests").with_suffix("").parts) for test in TESTS}
    tests = {module for module in modules if module.rpartition(".")[2].startswith("test_")}
    found = [name for name in imported(file) if name in tests or name.rpartition(".")[0] in tests]
    assert found == []


def test_only_one_module_copies_parts_of_this_repository() -> None:
    copying = [
        str(file.relative_to(ROOT))
        for file in TESTS
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "copytree"
        if ast.unparse(node.args[0]).startswith("ROOT")
    ]
    under_another_name = ["tests/engines/test_argocd_clusters.py"]
    assert sorted(copying) == ["tests/copies.py", *under_another_name]

"""The package has only the syntax of the oldest Python that it supports, and every module of it can be imported."""

import ast
import importlib
import pkgutil
from pathlib import Path

import bulkhead
import pytest
from conftest import ROOT

OLDEST = (3, 10)
FILES = sorted(
    path.relative_to(ROOT) for folder in ("plugin", "tests", "deploy", ".ci") for path in (ROOT / folder).rglob("*.py")
)
MODULES = [
    module.name
    for module in pkgutil.walk_packages(bulkhead.__path__, "bulkhead.")
    if not module.name.endswith(".__main__")  # importing it runs the command line
]


@pytest.mark.parametrize("file", FILES, ids=str)
def test_file_has_the_syntax_of_the_oldest_python(file: Path) -> None:
    ast.parse((ROOT / file).read_text(), str(file), feature_version=OLDEST)


@pytest.mark.parametrize("module", MODULES)
def test_module_can_be_imported(module: str) -> None:
    importlib.import_module(module)


def test_there_are_modules() -> None:
    assert len(MODULES) > 100

"""`docs/architecture.md` has a row for every package, and every file and folder that it names exists."""

import re

import pytest
from conftest import ROOT

PACKAGE = ROOT / "plugin" / "bulkhead"
PAGE = (ROOT / "docs" / "architecture.md").read_text()
PACKAGES = sorted(str(file.parent.relative_to(PACKAGE)) for file in PACKAGE.rglob("__init__.py"))[1:]
FIRST_CELLS = [line.split("|")[1] for line in PAGE.splitlines() if line.startswith("| `")]
PATHS = sorted({found.removeprefix("bulkhead/") for found in re.findall(r"`([a-z_]+/[a-z_/]*(?:\w+\.py)?)`", PAGE)})


@pytest.mark.parametrize("package", PACKAGES)
def test_every_package_has_a_row(package: str) -> None:
    assert any(f"`{package}/`" in cell for cell in FIRST_CELLS)


@pytest.mark.parametrize("path", PATHS)
def test_every_path_that_is_named_exists(path: str) -> None:
    assert (PACKAGE / path).exists() or (ROOT / path).exists()


def test_there_are_packages_and_paths() -> None:
    assert len(PACKAGES) > 20
    assert len(PATHS) > 30

"""What .ci/build-engines has built."""

import os
from pathlib import Path

import pytest
from conftest import ROOT

FOLDER = ROOT / ".tools" / "engines"


def missing(what: str) -> None:
    """End the test: *what* is needed and not there."""
    if os.environ.get("CI"):
        pytest.fail(what)
    pytest.skip(what)


def engine(name: str) -> Path:
    """Return the engine *name*, built."""
    path = FOLDER / name
    if not path.exists():
        missing(f".tools/engines/{name} is not built: `make test-engines` does it, once")
    return path

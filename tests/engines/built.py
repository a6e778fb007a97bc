"""What .ci/build-engines has built."""

from pathlib import Path

import pytest
from conftest import ROOT

FOLDER = ROOT / ".tools" / "engines"


def engine(name: str) -> Path:
    """Return the engine *name*, built; skip the test if it is not."""
    path = FOLDER / name
    if not path.exists():
        pytest.skip(f".tools/engines/{name} is not built: run `make test-engines`")
    return path

"""Tests that share a set-up are sent to one worker, and what takes long is sent first."""

import os
import sys
from pathlib import Path

import pytest
from conftest import ROOT, run
from distribution import slow_first, together

pytestmark = pytest.mark.native
SHARES = """\
import os
import pytest

@pytest.fixture(scope="module")
def made(tmp_path_factory):
    with open(os.environ["MADE"], "a") as file:
        file.write("made ")

@pytest.mark.parametrize("number", range(6))
def test_one(made, number): ...
"""


@pytest.mark.slow
def test_set_up_of_a_module_is_made_once(tmp_path: Path) -> None:
    folder = tmp_path / "tests"
    folder.mkdir()
    (folder / "distribution.py").write_text((ROOT / "tests/distribution.py").read_text())
    (folder / "conftest.py").write_text("from distribution import *\n")
    (folder / "test_shares.py").write_text(SHARES)
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = slow\npythonpath = tests\n")
    options = ("-p", "no:cacheprovider", "-n", "2", "--dist", "loadscope", "--no-loadscope-reorder")
    env = {"MADE": str(folder / "made"), "PATH": os.environ["PATH"]}
    done = run(sys.executable, "-m", "pytest", *options, cwd=tmp_path, env=env)
    assert done.status == 0, done.stdout
    assert (folder / "made").read_text() == "made "


def test_module_without_a_set_up_of_its_own_is_spread() -> None:
    assert together("tests/unit/test_dates.py::test_one") == "tests/unit/test_dates.py::test_one"
    assert together("tests/system/test_packaging.py::test_one") == "tests/system/test_packaging.py"


def test_what_is_slow_comes_first_with_what_is_sent_with_it() -> None:
    packaging, dates = "tests/system/test_packaging.py", "tests/unit/test_dates.py"
    tests = {f"{dates}::a": False, f"{packaging}::a": False, f"{packaging}::b": True, f"{dates}::b": True}
    assert slow_first(tests) == [f"{packaging}::a", f"{packaging}::b", f"{dates}::b", f"{dates}::a"]

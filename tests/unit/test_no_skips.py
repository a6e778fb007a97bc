"""A skipped test fails where CI is set, and only there."""

import sys
from pathlib import Path

import pytest
from conftest import ROOT, Done, run

HOOKS = "from no_skips import pytest_make_collect_report, pytest_runtest_makereport\n"
SKIPS = {
    "mark": "@pytest.mark.skip(reason='no kpt')\ndef test_one(): ...\n",
    "condition": "@pytest.mark.skipif(True, reason='no kpt')\ndef test_one(): ...\n",
    "call": "def test_one(): pytest.skip('no kpt')\n",
    "fixture": "@pytest.fixture\ndef tool(): pytest.skip('no kpt')\ndef test_one(tool): ...\n",
    "module": "pytest.skip('no kpt', allow_module_level=True)\n",
    "import": "pytest.importorskip('no_kpt_here', reason='no kpt')\ndef test_one(): ...\n",
}
pytestmark = pytest.mark.native
XFAIL = "@pytest.mark.xfail(strict=True, reason='no kpt')\ndef test_one(): assert False\n"


def result(folder: Path, test: str, ci: str) -> Done:
    folder.joinpath("conftest.py").write_text(HOOKS)
    folder.joinpath("test_it.py").write_text(f"import pytest\ndef test_other(): ...\n{test}")
    command = (sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:hypothesispytest", folder)
    return run(*command, cwd=folder, env={"CI": ci, "PYTHONPATH": str(ROOT / "tests"), "PYTHONDONTWRITEBYTECODE": "1"})


@pytest.mark.parametrize("way", SKIPS)
def test_skipped_test_fails_in_ci_with_its_reason(tmp_path: Path, way: str) -> None:
    done = result(tmp_path, SKIPS[way], ci="true")
    assert done.status in {1, 2}, done.stdout
    assert "in CI no test is skipped: " in done.stdout
    assert "no kpt" in done.stdout


@pytest.mark.parametrize("way", ["call", "module"])
def test_skipped_test_is_no_failure_elsewhere(tmp_path: Path, way: str) -> None:
    done = result(tmp_path, SKIPS[way], ci="")
    assert done.status in {0, 5}, done.stdout  # 5: nothing but the skip was collected
    assert "1 skipped" in done.stdout


def test_expected_failure_is_no_skip(tmp_path: Path) -> None:
    done = result(tmp_path, XFAIL, ci="true")
    assert done.status == 0, done.stdout
    assert "1 passed, 1 xfailed" in done.stdout

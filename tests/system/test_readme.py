"""The README's commands, run as written, in order, in a clean clone."""

import re
import sys
from pathlib import Path

import pytest
from conftest import ROOT, TOOLS, fresh_clone, run

RECURSIVE = "make test"


def commands(page: Path) -> list[str]:
    """Return the lines of every block of shell in *page*."""
    blocks = re.findall(r"^```sh\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line]


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fresh_clone(tmp_path_factory.mktemp("clone") / "bulkhead")


def test_the_commands_of_the_readme_work_in_order(clone: Path) -> None:
    listed = commands(ROOT / "README.md")
    assert listed[:2] == ["make demo", RECURSIVE]
    # A Python, and kustomize or Go, which `make demo` needs: those with which this test runs.
    path = f"{Path(sys.executable).resolve().parent}:{TOOLS}:/usr/bin:/bin"
    activate = ""
    for command in listed:
        if command.startswith("eval "):
            activate += f"{command}\n"
        elif command != RECURSIVE:  # this very test would start itself
            done = run("bash", "-ec", activate + command, cwd=clone, env={"PATH": path})
            assert done.status == 0, f"{command}\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
            if command.startswith(("kustomize", "bulkhead render")):
                assert "kind: NetworkPolicy" in done.stdout, command


def test_every_page_that_is_linked_is_there() -> None:
    for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
        for link in re.findall(r"\]\(([^)#]+)", page.read_text()):
            if "://" not in link:
                assert (page.parent / link).exists(), f"{page}: {link}"


@pytest.mark.parametrize("flags", [[], ["--enable-alpha-plugins"], ["--enable-alpha-plugins", "--enable-exec"]])
def test_what_happens_without_the_flags_is_what_the_readme_says(flags: list[str]) -> None:
    done = run("kustomize", "build", *flags, "overlays/media")
    assert (done.status == 0) == (len(flags) == 2)
    assert bool(done.stdout) == (len(flags) == 2)

"""The README's commands, run as written, in order, in a clean clone."""

import re
import subprocess
from pathlib import Path

import pytest
from conftest import ROOT, run

RECURSIVE = "make test"


def commands(page: Path) -> list[str]:
    """Return the lines of every block of shell in *page*."""
    blocks = re.findall(r"^```sh\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line]


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone of what is tracked, as it is in the working tree."""
    path = tmp_path_factory.mktemp("clone") / "bulkhead"
    subprocess.run(["git", "clone", "-q", ROOT, path], check=True)
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode()
    for name in filter(None, listed.split("\0")):
        source, target = ROOT / name, path / name
        if source.exists() and not source.is_symlink():
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read_bytes())
            target.chmod(source.stat().st_mode)
    return path


def test_the_commands_of_the_readme_work_in_order(clone: Path) -> None:
    listed = commands(ROOT / "README.md")
    assert listed[:2] == ["make demo", RECURSIVE]
    # Only these two exist before `make demo`: go (where it is installed) and a Python.
    path = f"{clone}/.venv/bin:{clone}/.tools/bin:/usr/local/go/bin:/root/.pyenv/shims:/usr/local/bin:/usr/bin:/bin"
    for command in listed:
        if command != RECURSIVE:  # this very test would start itself
            done = run("bash", "-ec", command, cwd=clone, env={"PATH": path})
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

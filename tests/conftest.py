"""Fixtures: the real tools, and trees of overlays made for one test."""

import io
import os
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from bulkhead.cli import command_line
from bulkhead.cli.console import NO_TERMINAL, Console
from bulkhead.io.kustomize import build
from copies import copy_reference_cluster, copy_with_environment
from distribution import pytest_collection_modifyitems, pytest_xdist_make_scheduler
from hypothesis import HealthCheck, settings
from no_skips import pytest_make_collect_report, pytest_runtest_makereport
from remembered_builds import remembering

__all__ = [
    "pytest_collection_modifyitems",
    "pytest_make_collect_report",
    "pytest_runtest_makereport",
    "pytest_xdist_make_scheduler",
]

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ROOT / ".tools" / "bin"
PYTHON = ROOT / ".venv" / "bin" / "python"
PATIENCE = 900
"""Seconds after which something is taken for hanging. A loaded machine takes long, and no test measures it."""

IN_CI = bool(os.environ.get("CI"))
"""Where a law that takes long has ten times as many examples as elsewhere."""

FLAGS = ("--enable-alpha-plugins", "--enable-exec")

STANDARD_OVERLAY = """\
resources: [../../base]
namespace: {namespace}
transformers: [../../plugin]
"""


@dataclass(frozen=True)
class Done:
    """A finished process."""

    status: int
    stdout: str
    stderr: str


def run(*command: str | Path, cwd: Path = ROOT, stdin: str | bytes = b"", env: Mapping[str, str] | None = None) -> Done:
    """Run a program to its end; *env* is added to a plain environment, as of a shell in which nothing is activated."""
    data = stdin.encode() if isinstance(stdin, str) else stdin
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        input=data,
        capture_output=True,
        env={**plain_environment(), **(env or {})},
        timeout=PATIENCE,
    )
    return Done(done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"))


def wait_until(ready: Callable[[], bool], what: str) -> None:
    """Return when *ready*; fail where that never comes."""
    end = time.monotonic() + PATIENCE
    while not ready():
        assert time.monotonic() < end, f"{what}: not so after {PATIENCE} s"
        time.sleep(0.02)


def plain_environment() -> dict[str, str]:
    """Return the environment of a shell in which nothing is activated, with the project's tools on PATH."""
    return {
        "PATH": f"{TOOLS}:/usr/local/bin:/usr/bin:/bin",
        "HOME": os.environ.get("HOME", "/root"),
        "LANG": "C.UTF-8",
    }


def bulkhead(
    *arguments: str | Path,
    cwd: Path = ROOT,
    stdin: str = "",
    env: Mapping[str, str] | None = None,
    width: int = NO_TERMINAL,
    colour: bool = False,
    is_terminal: bool = False,
) -> Done:
    """
    Run the command line in this process, through a console of its own, in the folder *cwd*.

    It is much faster than a process. What needs one (a terminal, a pipe, a signal, the interpreter's start or end)
    uses ``Tree.process``.
    """
    stdout, stderr = io.StringIO(), io.StringIO()
    console = Console(io.StringIO(stdin), stdout, stderr, colour, width, is_terminal=is_terminal)
    with _in_folder(cwd), _with_environment({**plain_environment(), **(env or {})}):
        status = command_line.run([str(part) for part in arguments], console)
    return Done(status, stdout.getvalue(), stderr.getvalue())


def without_evidence(report: str) -> str:
    """Return a report in text without its line of evidence, of which there must be exactly one."""
    lines = report.splitlines(keepends=True)
    assert sum(line.startswith("evidence: ") for line in lines) == 1, report
    return "".join(line for line in lines if not line.startswith("evidence: "))


@contextmanager
def _in_folder(folder: Path) -> Iterator[None]:
    before = os.getcwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


@contextmanager
def _with_environment(wanted: Mapping[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update(wanted)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def git(folder: Path, *arguments: str | Path) -> str:
    """Run git in *folder*, as somebody with no settings; return what it printed."""
    settings = {
        "user.name": "tests",
        "user.email": "tests@example.org",
        "protocol.file.allow": "always",
    }
    said = [part for key, setting in settings.items() for part in ("-c", f"{key}={setting}")]
    done = run("git", *said, *arguments, cwd=folder, env={"GIT_CONFIG_GLOBAL": "/dev/null"})
    assert done.status == 0, done.stderr
    return done.stdout.strip()


def lacking(target: str) -> str:
    """Return what this machine lacks for ``make`` *target*, as the message of .ci/check-machine; empty if nothing."""
    done = subprocess.run([ROOT / ".ci" / "check-machine", target], capture_output=True, text=True)
    return done.stderr.strip()


def fresh_clone(path: Path) -> Path:
    """Make a clone of this repository at *path*, with the tracked files as they are in the working tree."""
    git(ROOT, "clone", "-q", ROOT, path)
    for name in filter(None, git(ROOT, "ls-files", "-z").split("\0")):
        source, target = ROOT / name, path / name
        if source.exists() and not source.is_symlink():
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read_bytes())
            target.chmod(source.stat().st_mode)
    return path


@dataclass(frozen=True)
class Tree:
    """A copy of plugin/ and base/ with overlays of a test's own."""

    path: Path

    def write(self, name: str, text: str | bytes) -> Path:
        """Write a file below the tree."""
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    def commit(self, *options: str) -> None:
        """Commit every file, with *options* of git; the first commit makes the repository, with the branch ``main``."""
        if not (self.path / ".git").exists():
            git(self.path, "init", "-q", "-b", "main")
        git(self.path, "add", "-A")
        git(self.path, "commit", "-qm", "change", *options)

    def overlay(self, namespace: str, rules: str = "", kustomization: str = "") -> Path:
        """Make an overlay; *rules* is the text below ``spec:`` of its patch, *kustomization* replaces the usual one."""
        text = kustomization or STANDARD_OVERLAY.format(namespace=namespace)
        if rules and not kustomization:
            text += "patches: [{path: rules.yaml}]\n"
        self.write(f"overlays/{namespace}/kustomization.yaml", text)
        if rules:
            head = "apiVersion: bulkhead.dev/v1alpha1\nkind: SegmentedNamespace\nmetadata: {name: standard}\nspec:\n"
            self.write(f"overlays/{namespace}/rules.yaml", head + rules)
        return self.path / "overlays" / namespace

    def build(self, folder: str | Path, *flags: str, env: Mapping[str, str] | None = None) -> Done:
        """Run the real ``kustomize build`` on *folder*, with both flags unless others are given."""
        return run("kustomize", "build", *(flags or FLAGS), self.path / folder, env=env)

    def bulkhead(self, *arguments: str | Path, env: Mapping[str, str] | None = None, stdin: str = "") -> Done:
        """Run the command line in the tree, in this process."""
        return bulkhead(*arguments, cwd=self.path, env=env, stdin=stdin)

    def process(self, *arguments: str | Path) -> Done:
        """Run the command line in the tree, in a process of its own."""
        return run(PYTHON, "-m", "bulkhead", *arguments, cwd=self.path)


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    """A tree with the real plugin, found by the same interpreter, and the reference cluster's base."""
    return Tree(copy_with_environment(tmp_path, "plugin", "base"))


REMEMBERED = remembering()


@pytest.fixture
def remembered_builds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let kustomize build a folder once: many commands of the tests in this process read the same overlays."""
    monkeypatch.setattr(build, "run_program", REMEMBERED)


@pytest.fixture
def cluster(tmp_path: Path, remembered_builds: None) -> Tree:
    """The whole reference cluster, to be changed."""
    return Tree(copy_reference_cluster(tmp_path))


EXAMPLES = int(os.environ.get("LAWS", "100"))
# The time of one example depends on the machine, so it decides nothing. Every run draws the same examples, unless many
# are asked for: `LAWS=1000 make test` draws others each time.
settings.register_profile(
    "laws",
    deadline=None,
    max_examples=EXAMPLES,
    derandomize=IN_CI or EXAMPLES <= 100,
    suppress_health_check=[*HealthCheck],
)
settings.load_profile("laws")

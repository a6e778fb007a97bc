"""
A command ends when it is told to, and when it takes too long or too much memory, and leaves nothing behind.

These tests need processes: they are about signals, limits and files that remain in the temporary folder.
"""

import os
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

import pytest
from conftest import PATIENCE, PYTHON, ROOT, Done, Tree, git, plain_environment, run, wait_until
from endless import NO_MORE_MEMORY, endless_build

SLEEPS = """#!/bin/sh\ntail -f "$0" >/dev/null\n"""


@pytest.fixture
def small(tree: Tree) -> Tree:
    """A tree of one overlay."""
    tree.overlay("shop")
    tree.write("kustomization.yaml", "resources: [overlays/shop]\n")
    return tree


@pytest.fixture
def asleep(small: Tree) -> Tree:
    """A tree whose build does not end, and takes no memory: the file ``sleeps`` is its kustomize."""
    small.write("sleeps", SLEEPS).chmod(0o755)
    return small


def started_asleep(tree: Tree, *arguments: str) -> "subprocess.Popen[str]":
    return started(tree, *arguments, env={"BULKHEAD_KUSTOMIZE": str(tree.path / "sleeps"), "BULKHEAD_DIRECT": "0"})


def started(tree: Tree, *arguments: str, env: Mapping[str, str] | None = None) -> "subprocess.Popen[str]":
    """Start the command line; its temporary files are in the folder ``tmp`` of *tree*."""
    (tree.path / "tmp").mkdir(exist_ok=True)
    return subprocess.Popen(
        [PYTHON, "-m", "bulkhead", *arguments],
        cwd=tree.path,
        env={**plain_environment(), "TMPDIR": str(tree.path / "tmp"), **(env or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(process: "subprocess.Popen[str]") -> Done:
    stdout, stderr = process.communicate(timeout=PATIENCE)
    return Done(process.returncode, stdout, stderr)


def left(tree: Tree) -> list[str]:
    return sorted(os.listdir(tree.path / "tmp"))


def running_in(folder: Path) -> list[str]:
    """Return the commands of the processes that work on a path below *folder*."""
    found = []
    for each in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = each.read_bytes().decode(errors="replace").split("\0")
        except OSError:
            continue
        found += [" ".join(words)] if any(word.startswith(str(folder)) for word in words[1:]) else []
    return found


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_signal_during_a_build_ends_everything_and_leaves_nothing(asleep: Tree, number: signal.Signals) -> None:
    process = started_asleep(asleep, "validate")
    wait_until(lambda: bool(running_in(asleep.path / "tmp")), "kustomize is running")
    process.send_signal(number)
    done = ended(process)
    assert (done.status, done.stdout) == (128 + number, "")
    assert "Traceback" not in done.stderr
    assert left(asleep) == []
    wait_until(lambda: not running_in(asleep.path), "what was killed is gone")


AFTER_THE_END = """\
import os, signal
from bulkhead.cli import supervision
number = int(os.sys.argv[1])
def waitpid(child, options, wait=os.waitpid):
    ended = wait(child, options)
    os.kill(os.getpid(), number)
    return ended
os.waitpid = waitpid
print(supervision.supervised(lambda: 1))
"""
"""A command that is sent a signal in the moment in which the process that does the work has ended."""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGALRM])
def test_signal_after_the_end_changes_nothing(number: signal.Signals) -> None:
    done = run(PYTHON, "-c", AFTER_THE_END, str(int(number)), cwd=ROOT / "plugin")
    assert done == Done(0, "1\n", "")


@pytest.mark.parametrize("delay", [0.0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4])
def test_signal_at_any_moment_leaves_nothing(small: Tree, delay: float) -> None:
    """Which moment this is, the machine decides: each has to be one of them that leave nothing."""
    process = started(small, "render", "-o", "out/", "--layout", "tree")
    time.sleep(delay)
    process.terminate()
    done = ended(process)
    assert done.status in (0, 143, -signal.SIGTERM), done
    assert "Traceback" not in done.stderr
    assert left(small) == []
    assert list(small.path.rglob(".bulkhead-*")) == []


@pytest.mark.parametrize("command", [["validate"], ["render"], ["lint"], ["reach"], ["explain", "shop", "internet"]])
def test_time_limit_ends_a_command_with_a_message(asleep: Tree, command: list[str]) -> None:
    done = ended(started_asleep(asleep, *command, "--timeout", "1.5"))
    assert (done.status, done.stdout) == (2, "")
    assert done.stderr.startswith("bulkhead: error: this takes longer than 1.5 s, the limit of --timeout: ")
    assert left(asleep) == []
    wait_until(lambda: not running_in(asleep.path), "what was killed is gone")


@pytest.mark.parametrize("limit", ["0", "-1", "nan", "inf", "x", "", "1e99"])
def test_time_limit_is_a_number_of_seconds(tree: Tree, limit: str) -> None:
    done = tree.bulkhead("validate", f"--timeout={limit}")
    assert done.status == 2
    assert "is no number of seconds above 0" in done.stderr


@pytest.mark.parametrize("limit", ["abc", "-5", "0x10", "1e3", "512MiB", " 512", "1.5", "\u0661", "9" * 9])
def test_memory_limit_is_a_number_of_mib(small: Tree, limit: str) -> None:
    done = ended(started(small, "validate", env={"BULKHEAD_MEMORY": limit}))
    assert (done.status, done.stdout) == (2, "")
    assert done.stderr == (
        f"bulkhead: error: `BULKHEAD_MEMORY={limit}` is no number of MiB\nhint: write a whole number; `0` is no limit\n"
    )


@pytest.mark.parametrize("limit", ["", "0", "1024", "02048"])
def test_memory_limit_that_is_one_is_taken(small: Tree, limit: str) -> None:
    assert ended(started(small, "validate", env={"BULKHEAD_MEMORY": limit})).status == 0


def test_build_that_needs_too_much_memory_is_refused_with_the_reason(small: Tree) -> None:
    endless_build(small.path / "overlays/shop")
    done = ended(started(small, "validate", env={"BULKHEAD_MEMORY": "256"}))
    assert (done.status, done.stdout) == (1, ""), done
    assert NO_MORE_MEMORY in done.stderr
    assert "goroutine" not in done.stderr
    assert left(small) == []


def test_input_that_needs_too_much_memory_is_refused_with_the_reason(tree: Tree) -> None:
    tree.write("many.yaml", "- a\n" * 3_000_000)
    done = ended(started(tree, "reach", "--manifests", "many.yaml", env={"BULKHEAD_MEMORY": "256"}))
    assert (done.status, done.stdout) == (2, ""), done
    assert done.stderr == (
        "bulkhead: error: the input needs more than 256 MiB of memory\nhint: BULKHEAD_MEMORY=MIB allows more\n"
    )


LITTLE = {"BULKHEAD_MEMORY": "280"}
"""Enough for a build on any machine, and too little for a file of ``TestRevisions``."""


class TestRevisions:
    """What git stores is read only after its size is known."""

    BIG = 300 << 20

    @pytest.fixture
    def repository(self, small: Tree) -> Tree:
        small.write(".gitignore", ".venv\n__pycache__\ntmp\n")
        git(small.path, "init", "-q", "-b", "main")
        return small

    def commit(self, tree: Tree) -> None:
        git(tree.path, "-c", "core.bigFileThreshold=1m", "add", "--all")
        git(tree.path, "commit", "-q", "-m", "x")

    def big(self, tree: Tree, name: str) -> None:
        with (tree.path / name).open("wb") as file:
            file.truncate(self.BIG)

    def test_file_that_no_build_reads_may_be_large(self, repository: Tree) -> None:
        self.big(repository, "video")
        (repository.path / "link").symlink_to("base")
        overlay = repository.path / "overlays/shop/kustomization.yaml"
        overlay.write_text(overlay.read_text().replace("../../base", "../../link"))
        self.commit(repository)
        done = ended(started(repository, "diff", env=LITTLE))
        assert done.status == 0, done.stdout

    def test_file_that_a_build_reads_is_refused_by_its_size(self, repository: Tree) -> None:
        repository.overlay("shop", "  egress: {}\n")
        self.big(repository, "overlays/shop/rules.yaml")
        self.commit(repository)
        repository.overlay("shop", "  egress: {smtp: {to: internet, ports: 587}}\n")
        done = ended(started(repository, "diff", env=LITTLE))
        assert (done.status, done.stdout) == (2, "")
        assert "`rules.yaml` has more than 64 MiB" in done.stderr

    def test_kustomization_is_refused_by_its_size(self, repository: Tree) -> None:
        self.big(repository, "overlays/shop/kustomization.yaml")
        self.commit(repository)
        repository.overlay("shop")
        done = ended(started(repository, "diff", env=LITTLE))
        assert (done.status, done.stdout) == (2, "")
        assert "`overlays/shop/kustomization.yaml` has 300.0 MiB: at most 64 MiB are read" in done.stderr


def test_folder_that_setuptools_cannot_build_in_is_named(tmp_path: Path) -> None:
    (tmp_path / "a$x").mkdir()
    for name in ("check-machine", "caches.sh", "versions.sh"):
        (tmp_path / "a$x/.ci").mkdir(exist_ok=True)
        (tmp_path / "a$x/.ci" / name).write_bytes((ROOT / ".ci" / name).read_bytes())
    done = run("sh", ".ci/check-machine", "demo", cwd=tmp_path / "a$x")
    assert (done.status, "a path without `$`" in done.stderr) == (1, True), done.stderr

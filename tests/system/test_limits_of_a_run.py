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
from conftest import PYTHON, Done, Tree, git, plain_environment

LEVELS = [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
BOMB = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata:\n" + "".join(
    f"  {line}\n" for line in ["a0: &a0 [x, x, x, x, x, x, x, x, x]", *LEVELS]
)
"""YAML that keeps kustomize busy until it has no memory."""


@pytest.fixture
def busy(tree: Tree) -> Tree:
    """A tree whose build by kustomize does not end."""
    tree.overlay(
        "shop", kustomization="resources: [../../base, bomb.yaml]\nnamespace: shop\ntransformers: [../../plugin]\n"
    )
    tree.write("overlays/shop/bomb.yaml", BOMB)
    tree.write("kustomization.yaml", "resources: [overlays/shop]\n")
    return tree


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
    stdout, stderr = process.communicate(timeout=120)
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


def wait_for_build(tree: Tree) -> None:
    until = time.monotonic() + 60
    while not running_in(tree.path / "tmp"):
        assert time.monotonic() < until, "kustomize does not start"
        time.sleep(0.02)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_signal_during_a_build_ends_everything_and_leaves_nothing(busy: Tree, number: signal.Signals) -> None:
    process = started(busy, "validate")
    wait_for_build(busy)
    process.send_signal(number)
    done = ended(process)
    assert (done.status, done.stdout) == (128 + number, "")
    assert "Traceback" not in done.stderr
    assert left(busy) == []
    assert running_in(busy.path / "tmp") == []


@pytest.mark.parametrize("delay", [0.0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4])
def test_signal_at_any_moment_leaves_nothing(tree: Tree, delay: float) -> None:
    tree.overlay("shop")
    tree.write("kustomization.yaml", "resources: [overlays/shop]\n")
    process = started(tree, "render", "-o", "out/", "--layout", "tree")
    time.sleep(delay)
    process.terminate()
    done = ended(process)
    assert done.status in (0, 143, -signal.SIGTERM), done
    assert "Traceback" not in done.stderr
    assert left(tree) == []
    assert list(tree.path.rglob(".bulkhead-*")) == []


@pytest.mark.parametrize("command", [["validate"], ["render"], ["lint"], ["reach"], ["explain", "shop", "internet"]])
def test_time_limit_ends_a_command_with_a_message(busy: Tree, command: list[str]) -> None:
    begun = time.monotonic()
    done = ended(started(busy, *command, "--timeout", "1.5"))
    assert time.monotonic() - begun < 60
    assert (done.status, done.stdout) == (2, "")
    assert done.stderr.startswith("bulkhead: error: this takes longer than 1.5 s, the limit of --timeout: ")
    assert left(busy) == []
    assert running_in(busy.path / "tmp") == []


@pytest.mark.parametrize("limit", ["0", "-1", "nan", "inf", "x", "", "1e99"])
def test_time_limit_is_a_number_of_seconds(tree: Tree, limit: str) -> None:
    done = tree.bulkhead("validate", f"--timeout={limit}")
    assert done.status == 2
    assert "is no number of seconds above 0" in done.stderr


def test_build_that_needs_too_much_memory_is_refused_with_the_reason(busy: Tree) -> None:
    done = ended(started(busy, "validate", env={"BULKHEAD_MEMORY": "256"}))
    assert (done.status, done.stdout) == (1, ""), done
    assert "kustomize needs more memory than it may use" in done.stderr
    assert "goroutine" not in done.stderr
    assert left(busy) == []


def test_input_that_needs_too_much_memory_is_refused_with_the_reason(tree: Tree) -> None:
    tree.write("many.yaml", "- a\n" * 3_000_000)
    done = ended(started(tree, "reach", "--manifests", "many.yaml", env={"BULKHEAD_MEMORY": "256"}))
    assert (done.status, done.stdout) == (2, ""), done
    assert done.stderr == (
        "bulkhead: error: the input needs more than 256 MiB of memory\nhint: BULKHEAD_MEMORY=MIB allows more\n"
    )


class TestRevisions:
    """What git stores is read only after its size is known."""

    BIG = 300 << 20

    @pytest.fixture
    def repository(self, tree: Tree) -> Tree:
        tree.overlay("shop")
        tree.write("kustomization.yaml", "resources: [overlays/shop]\n")
        tree.write(".gitignore", ".venv\n__pycache__\ntmp\n")
        git(tree.path, "init", "-q", "-b", "main")
        return tree

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
        done = ended(started(repository, "diff", env={"BULKHEAD_MEMORY": "200"}))
        assert done.status == 0, done

    def test_file_that_a_build_reads_is_refused_by_its_size(self, repository: Tree) -> None:
        repository.overlay("shop", "  egress: {}\n")
        self.big(repository, "overlays/shop/rules.yaml")
        self.commit(repository)
        done = ended(started(repository, "diff", "HEAD", "HEAD~0", "--timeout", "60"))
        repository.overlay("shop", "  egress: {smtp: {to: internet, ports: 587}}\n")
        done = ended(started(repository, "diff", env={"BULKHEAD_MEMORY": "200"}))
        assert (done.status, done.stdout) == (2, "")
        assert "`rules.yaml` has more than 64 MiB" in done.stderr

    def test_kustomization_is_refused_by_its_size(self, repository: Tree) -> None:
        self.big(repository, "overlays/shop/kustomization.yaml")
        self.commit(repository)
        repository.overlay("shop")
        done = ended(started(repository, "diff", env={"BULKHEAD_MEMORY": "200"}))
        assert (done.status, done.stdout) == (2, "")
        assert "`overlays/shop/kustomization.yaml` has 300.0 MiB: at most 64 MiB are read" in done.stderr

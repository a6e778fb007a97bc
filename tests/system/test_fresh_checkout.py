"""`make` in a fresh checkout: what it writes, what `make env` puts on PATH, what it says when something is missing."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT, TOOLS, Done, fresh_clone, run
from copies import copy_parts
from system.pages import commands

NOT_LINKED = ("go", "gofmt", "kustomize", "bulkhead", "kubectl", "helm", "kpt")
ODD_NAMES = ["plain", "it's", 'two words, "quoted"', "$HOME `id` $(id)", "a;b&c|d", "back\\slash", "-n", "ü*?[x]"]


@dataclass(frozen=True)
class Machine:
    """Folders of a machine on which nobody has run `make`; the home and the folder for temporary files are empty."""

    programs: Path
    home: Path
    temporary: Path

    def run(self, *command: str | Path, cwd: Path, **env: str) -> Done:
        """Run a program that sees these folders only."""
        here = {"PATH": str(self.programs), "HOME": str(self.home), "TMPDIR": str(self.temporary)}
        return run(*command, cwd=cwd, env={**here, **env})

    def listing(self) -> dict[Path, int]:
        """Return every path outside a checkout that `make` might write, with the time of its last change."""
        inside = [each for folder in (self.programs, self.home, self.temporary) for each in folder.rglob("*")]
        return {each: each.lstat().st_mtime_ns for each in [*inside, *Path("/usr/local/bin").iterdir()]}


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """A machine with Debian's programs and a Python, without Go and kustomize."""
    base = tmp_path_factory.mktemp("machine")
    made = Machine(base / "programs", base / "home", base / "temporary")
    for folder in (made.programs, made.home, made.temporary):
        folder.mkdir()
    for program in (*Path("/usr/bin").iterdir(), *Path("/bin").iterdir()):
        link = made.programs / program.name
        if not program.name.startswith(("python", *NOT_LINKED)) and not link.is_symlink():
            link.symlink_to(program)
    (made.programs / "python3").symlink_to(Path(sys.executable).resolve())
    return made


@dataclass(frozen=True)
class Demo:
    """A checkout in which `make demo` has run, and what was outside it before and after."""

    path: Path
    done: Done
    before: dict[Path, int]
    after: dict[Path, int]


@pytest.fixture(scope="module")
def demo(machine: Machine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """`make demo` in a checkout whose path has a space and a quote; kustomize is on PATH, and Go is not."""
    path = fresh_clone(tmp_path_factory.mktemp("checkout") / "it's mine" / "bulkhead")
    kustomize = machine.programs / "kustomize"
    shutil.copy(TOOLS / "kustomize", kustomize)
    before = machine.listing()
    done = machine.run("make", "demo", cwd=path)
    yield Demo(path, done, before, machine.listing())
    kustomize.unlink()


@pytest.mark.slow
def test_demo_needs_no_go_where_kustomize_is_on_path(demo: Demo) -> None:
    assert demo.done.status == 0, demo.done.stdout + demo.done.stderr
    assert (demo.path / "build/network-policies.yaml").read_text().count("kind: NetworkPolicy") > 100
    assert (demo.path / ".tools/bin/kustomize").read_bytes() == (TOOLS / "kustomize").read_bytes()
    assert 'eval "$(make env)"' in demo.done.stdout


def test_demo_writes_nothing_outside_the_checkout(demo: Demo) -> None:
    assert demo.after == demo.before


def test_two_checkouts_run_their_own_code(demo: Demo, machine: Machine) -> None:
    package = demo.path / "plugin/bulkhead/__init__.py"
    package.write_text(re.sub(r'__version__ = "[^"]*"', '__version__ = "0.0.7"', package.read_text()))
    lines = {path: f'eval "$(make -s -C "{path}" env)"' for path in (ROOT, demo.path)}
    show = "bulkhead --version; command -v bulkhead; command -v kustomize"
    for first, last in ((ROOT, demo.path), (demo.path, ROOT)):
        done = machine.run("sh", "-ec", f"{lines[first]}\n{lines[last]}\n{show}", cwd=Path("/"))
        version, _kustomize, _python, *commands = done.stdout.splitlines()
        assert (version == "bulkhead 0.0.7") == (last == demo.path), done
        assert commands == [f"{last}/.tools/commands/bulkhead", f"{last}/.tools/commands/kustomize"]


@pytest.mark.slow
def test_the_commands_of_the_readme_work_in_order(demo: Demo) -> None:
    diff, *listed = (command.text.partition(" | kubectl apply")[0] for command in commands(Path("README.md")))
    assert diff == "bulkhead diff main"  # the example of a review: test_readme.py
    assert listed[:2] == ["make demo", "make test"]
    # A Python, and kustomize or Go, which `make demo` needs: those with which this test runs.
    path = f"{Path(sys.executable).resolve().parent}:{TOOLS}:/usr/bin:/bin"
    activate = ""
    for command in listed:
        if command.startswith("eval "):
            activate += f"{command}\n"
        elif command != "make test":  # this very test would start itself
            done = run("bash", "-ec", activate + command, cwd=demo.path, env={"PATH": path})
            assert done.status == 0, f"{command}\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
            if command.startswith(("kustomize", "bulkhead render")):
                assert "kind: NetworkPolicy" in done.stdout, command


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A checkout with what `make` itself reads, and nothing set up."""
    return with_make(tmp_path / "bare")


def with_make(folder: Path) -> Path:
    folder.mkdir(parents=True)
    shutil.copy(ROOT / "Makefile", folder)
    copy_parts(folder, ".ci")
    return folder


@pytest.mark.parametrize("shell", ["sh", "bash"])
@pytest.mark.parametrize("name", ODD_NAMES)
def test_env_is_one_line_that_any_path_survives(name: str, shell: str, tmp_path: Path) -> None:
    folder = with_make(tmp_path / name / "checkout")
    commands = folder / ".tools/commands"
    commands.mkdir(parents=True)
    for command in ("bulkhead", "kustomize"):
        (commands / command).write_text(f'#!/bin/sh\necho "{command} of" "$(dirname "$0")"\n')
        (commands / command).chmod(0o755)
    for where, make in ((folder, "make env"), (folder, "make -s env"), (Path("/"), 'make -s -C "$FOLDER" env')):
        script = f'line=$({make})\neval "$line"\nbulkhead; kustomize\nprintf %s "$line" | wc -l'
        done = run(shell, "-ec", script, cwd=where, env={"FOLDER": str(folder)})
        assert done.stderr == ""
        assert done.stdout.splitlines() == [f"bulkhead of {commands}", f"kustomize of {commands}", "0"]


def test_env_refuses_a_path_that_path_cannot_hold(tmp_path: Path) -> None:
    done = run("make", "-s", "env", cwd=with_make(tmp_path / "a:b"))
    assert (done.status, done.stdout) == (2, "")
    assert "contains `:`" in done.stderr


def test_env_before_anything_is_set_up_says_what_to_run(bare: Path) -> None:
    done = run("make", "env", cwd=bare)
    assert (done.status, done.stdout) == (2, "")
    assert f"hint: run `make demo` in {bare} first" in done.stderr


def test_help_lists_every_target(bare: Path) -> None:
    (phony,) = re.findall(r"^\.PHONY: (help .*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    listed = re.findall(r"^make ([\w-]+) ", run("make", "help", cwd=bare).stdout, re.MULTILINE)
    assert sorted(listed) == sorted(set(phony.split()) - {"help"})


MISSING = {
    "demo": ["Python 3.10 or newer", "kustomize v5.8.1 or Go 1.22 or newer, which builds it"],
    "test": ["Python 3.10 or newer", "Go 1.22 or newer", "git", "chromium", "dot"],
    "prove": ["Python 3.10 or newer", "Go 1.22 or newer", "busybox", "ipset", "iptables-legacy", "iptables-nft"],
    "lag": ["Python 3.10 or newer", "Go 1.22 or newer", "ipset", "iptables-legacy", "iptables-nft"],
    "test-engines": ["Python 3.10 or newer", "Go 1.22 or newer", "etcd", "git", "openssl", "redis-server", "setpriv"],
}
PACKAGES = {
    "demo": "python3-venv golang-go",
    "test": "python3-venv golang-go git bash chromium graphviz",
    "prove": "python3-venv golang-go busybox ipset iptables",
    "lag": "python3-venv golang-go ipset iptables",
    "test-engines": "python3-venv golang-go git etcd-server redis-server openssl util-linux",
}


def programs(folder: Path, *names: str) -> Path:
    """A folder for PATH that has these programs and no other."""
    folder.mkdir()
    for name in names:
        (folder / name).symlink_to(str(shutil.which(name, path="/usr/bin:/bin")))
    return folder


@pytest.mark.parametrize("target", MISSING)
def test_target_names_all_that_is_missing_before_it_builds_anything(target: str, bare: Path, tmp_path: Path) -> None:
    path = programs(tmp_path / "programs", "sh", "id")
    before = sorted(bare.rglob("*"))
    done = run("/usr/bin/make", target, cwd=bare, env={"PATH": str(path)})
    assert (done.status, done.stdout) == (2, "")
    message, hint, *_ = done.stderr.splitlines()
    assert message.startswith(f"make {target}: error: this machine lacks ")
    for what in MISSING[target]:
        assert what in message
    assert hint == f"hint: run `apt-get install {PACKAGES[target]}`"
    assert sorted(bare.rglob("*")) == before


def test_machine_with_everything_gets_no_message(bare: Path, tmp_path: Path) -> None:
    path = programs(tmp_path / "programs", "id", "sed", "grep")
    (path / "python3").symlink_to(Path(sys.executable).resolve())
    shutil.copy(TOOLS / "kustomize", path)
    assert run(bare / ".ci/check-machine", "demo", cwd=bare, env={"PATH": str(path)}) == Done(0, "", "")


def test_kustomize_of_another_version_is_named(bare: Path, tmp_path: Path) -> None:
    path = programs(tmp_path / "programs", "id")
    (path / "kustomize").write_text("#!/bin/sh\necho v4.0.0\n")
    (path / "kustomize").chmod(0o755)
    done = run(bare / ".ci/check-machine", "demo", cwd=bare, env={"PATH": str(path)})
    assert f"kustomize v5.8.1 ({path}/kustomize is another version) or Go 1.22 or newer" in done.stderr


@pytest.mark.parametrize("target", ["prove", "lag", "test-engines"])
def test_rights_of_root_are_missing_too(target: str) -> None:
    with tempfile.TemporaryDirectory(prefix="bulkhead-test-") as name:
        folder = with_make(Path(name) / "checkout")
        os.chmod(name, 0o755)
        nobody: dict[str, Any] = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
        done = subprocess.run([folder / ".ci/check-machine", target], capture_output=True, text=True, **nobody)
    assert done.returncode == 1
    assert "the rights of root" in done.stderr.splitlines()[0]
    assert done.stderr.splitlines()[-1] == f"hint: run `sudo make {target}`"


def test_go_keeps_its_caches_in_the_checkout_where_it_has_none(bare: Path, tmp_path: Path) -> None:
    go = shutil.which("go")
    if go is None:
        pytest.skip("Go was not found on PATH")
    (tmp_path / "home").mkdir()
    (bare / "go.mod").write_text("module example.org/one\n")
    (bare / "one.go").write_text("package one\n")  # no program: it would need Go's own packages, which take long
    script = '. .ci/caches.sh; run_go env GOMODCACHE GOCACHE; run_go build .; echo "$PIP_CACHE_DIR $npm_config_cache"'
    env = {"HOME": str(tmp_path / "home"), "PATH": f"{Path(go).parent}:/usr/bin:/bin"}
    done = run("sh", "-ec", script, cwd=bare, env=env)
    cache = bare / ".tools/cache"
    assert done == Done(0, f"{cache}/go/pkg/mod\n{cache}/go-build\n{cache}/pip {cache}/npm\n", "")
    assert list((tmp_path / "home").rglob("*")) == []


@pytest.mark.parametrize("way", ["folders", "variables", "settings"])
def test_caches_that_the_user_has_are_used(way: str, bare: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    env = {"HOME": str(home)}
    settings = home / ".config/go/env"
    settings.parent.mkdir(parents=True)
    if way == "folders":
        for name in ("go/pkg", ".cache/go-build", ".cache/pip", ".npm"):
            (home / name).mkdir(parents=True)
    else:
        for name in (".cache/pip", ".npm"):
            (home / name).mkdir(parents=True)
    if way == "variables":
        env |= {"GOPATH": "/data/go", "GOCACHE": "/data/build"}
    if way == "settings":
        settings.write_text("GOPATH=/data/go\nGOCACHE=/data/build\n")
    script = '. .ci/caches.sh; echo "${GOPATH-} ${GOCACHE-} ${PIP_CACHE_DIR-}${npm_config_cache-}"'
    wanted = "/data/go /data/build \n" if way == "variables" else "  \n"
    assert run("sh", "-euc", script, cwd=bare, env=env) == Done(0, wanted, "")

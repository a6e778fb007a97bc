"""One command line: the same option means the same in every command, and what is misspelt gets a suggestion."""

import json
import signal
import subprocess
import sys

import pytest
from bulkhead import __version__
from bulkhead.cli.registry import COMMANDS, load_command
from conftest import PYTHON, ROOT, Tree, bulkhead, plain_environment

READING = {
    "validate": (), "render": (), "values": (), "lint": (), "reach": (), "test": (), "diff": (), "report": (),
    "explain": ("shop", "kube-system:53/UDP"), "new": ("blog",),
    "allow": ("shop", "lan:1", "--why", "x"), "revoke": ("shop", "smtp"), "peer": ("remove", "lan"), "expire": (),
    "ranges": ("check",), "draw": (), "flows": ("records.csv",), "missing": ("records.csv",),
    "adopt": ("--dump", "cluster.json"),
}  # fmt: skip
"""What each command that reads a folder needs besides."""


def test_every_command_reads_a_folder_or_is_about_the_command_line_itself() -> None:
    assert {*COMMANDS} == {*READING, "init", "vendor", "import", "schema", "completion", "help", "version"}
    assert all(callable(load_command(name).run) for name in COMMANDS)


FOLDERS = ("validate", "render", "values", "lint", "reach", "test")
"""The commands that take their folder as an argument too."""


@pytest.mark.parametrize("option", ["-C", "--dir", "--directory"])
@pytest.mark.parametrize("command", READING)
def test_every_command_takes_its_folder_by_the_same_option(tree: Tree, command: str, option: str) -> None:
    done = tree.bulkhead(command, *READING[command], option, "nowhere")
    assert (done.status, done.stdout) == (2, "")
    assert "nowhere" in done.stderr
    assert "usage:" not in done.stderr


@pytest.mark.parametrize("command", [name for name in READING if name in FOLDERS])
def test_a_folder_is_given_once(tree: Tree, command: str) -> None:
    done = tree.bulkhead(command, "base", "-C", "base")
    assert done.status == 2
    assert "give a folder as an argument or with -C, not both" in done.stderr


@pytest.mark.parametrize("command", ["lint", "reach", "explain", "test", "diff", "report"])
def test_every_command_that_judges_takes_the_same_semantics(command: str) -> None:
    said = bulkhead(command, "--help").stdout
    assert all(f"--{option}" in said for option in ("semantics", "enforcer", "ipblock"))


def found_by_lint(tree: Tree, *options: str) -> set[str]:
    done = tree.bulkhead("lint", *options, "--all", "--format", "json")
    return {each["check"] for each in json.loads(done.stdout)["findings"]}


@pytest.mark.usefixtures("remembered_builds")
def test_lint_by_the_specification_checks_no_deviation_of_an_enforcer(cluster: Tree) -> None:
    """Of the reference cluster's findings, one is about what kube-router does with a host in the pod network."""
    by_enforcer = found_by_lint(cluster)
    assert "host-in-pod-network" in by_enforcer
    assert found_by_lint(cluster, "--semantics", "enforcer") == by_enforcer
    for options in (("--semantics", "api"), ("--enforcer", "any"), ("--ipblock", "pods")):
        assert "host-in-pod-network" not in found_by_lint(cluster, *options)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("raech",), "unknown command `raech`: did you mean `reach`?"),
        (("qqqqqq",), "unknown command `qqqqqq`: there are render, validate"),
        (("help", "dif"), "unknown command `dif`: did you mean `diff`?"),
        (("lint", "--formt", "json"), "unknown argument `--formt`: did you mean `--format`?"),
        (("reach", "--format=jsn"), "unknown value `jsn`: did you mean `json`?"),
        (("diff", "mian"), "there is no revision `mian` here\nhint: did you mean `main`?"),
        (("reach", "--manifests", "manifets.yaml"), "hint: did you mean `manifests.yaml`?"),
        (("test", "--file", "manifets.yaml"), "hint: did you mean `manifests.yaml`?"),
        (("validate", "overlais"), "hint: did you mean `overlays`?"),
    ],
)
def test_what_is_misspelt_gets_the_nearest_name(tree: Tree, arguments: tuple[str, ...], says: str) -> None:
    tree.overlay("shop")
    tree.write("kustomization.yaml", "resources: [overlays/shop]\n")
    tree.write(".gitignore", "/.venv\n__pycache__\n")
    tree.write("manifests.yaml", "")
    if arguments[0] == "diff":
        tree.commit()
    done = tree.bulkhead(*arguments)
    assert (done.status, done.stdout) == (2, "")
    assert says in done.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_a_command_is_what_its_option_prints(command: str) -> None:
    done = bulkhead("help", command)
    assert (done.status, done.stdout) == (0, bulkhead(command, "--help").stdout)
    assert done.stdout.startswith(f"usage: bulkhead {command}")


def test_help_without_a_command_is_that_of_the_command_line() -> None:
    assert bulkhead("help").stdout == bulkhead("--help").stdout


def test_version_names_the_kustomize_and_the_python_that_are_used(tree: Tree) -> None:
    done = bulkhead("version")
    assert done == bulkhead("--version")
    own, kustomize, python = done.stdout.splitlines()
    assert own == f"bulkhead {__version__}"
    assert kustomize.startswith("kustomize v5.")
    assert kustomize.endswith("kustomize)")
    assert python.startswith(f"Python {sys.version.split()[0]} (")
    absent = tree.bulkhead("version", env={"BULKHEAD_KUSTOMIZE": "/nonexistent"})
    assert (absent.status, absent.stdout.splitlines()[1]) == (
        0, "kustomize not found: install kustomize 5, or set BULKHEAD_KUSTOMIZE to its path"
    )  # fmt: skip


INTERRUPTED = """
import os, runpy, signal, sys
class Interrupt:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Interrupt())
sys.path.insert(0, {package!r})
sys.argv[1:] = ["version"]
runpy.run_module("bulkhead", run_name="__main__")
"""


def interrupted(module: str, before: str = "") -> "subprocess.CompletedProcess[str]":
    """Run the command line in a process to which SIGINT comes when it imports *module*."""
    code = before + INTERRUPTED.format(module=module, package=str(ROOT / "plugin"))
    return subprocess.run([PYTHON, "-c", code], capture_output=True, text=True, env=plain_environment(), check=False)


@pytest.mark.native
@pytest.mark.parametrize(
    "module", ["bulkhead.cli.main", "argparse", "bulkhead.cli.supervision", "bulkhead.core.language.scalars"]
)
def test_an_interrupt_while_modules_are_imported_ends_without_a_traceback(module: str) -> None:
    done = interrupted(module)
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGINT, "", "")


@pytest.mark.native
def test_an_interrupt_that_the_shell_has_ignored_stays_ignored() -> None:
    done = interrupted("bulkhead.cli.main", "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\n")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"bulkhead {__version__}\n")

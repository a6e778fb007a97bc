"""Only regular files of a bounded size are read, wherever a command reads a file that a person or a tree names."""

import os
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from conftest import PATIENCE, ROOT, STANDARD_OVERLAY, Tree, bulkhead, git


def pipe(path: Path) -> None:
    os.mkfifo(path)


def device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def folder(path: Path) -> None:
    path.mkdir()


def unix_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        before = os.getcwd()
        os.chdir(path.parent)  # the path of a socket has at most 107 bytes
        try:
            made.bind(path.name)
        finally:
            os.chdir(before)


def too_large(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(5 << 30)


SPECIAL = {"pipe": pipe, "device": device, "socket": unix_socket, "folder": folder, "too large": too_large}

READERS = {
    "a file of tests": ["test", "--file", "F"],
    "manifests of reach": ["reach", "--manifests", "F"],
    "manifests of explain": ["explain", "a", "b", "--manifests", "F"],
    "manifests of lint": ["lint", "--manifests", "F"],
    "manifests of test": ["test", "--manifests", "F"],
    "manifests of diff": ["diff", "--manifests", "F", "F"],
    "a dump": ["diff", "--dump", "F"],
    "manifests of JSON": ["reach", "--manifests", "F"],
    "a rendered file": ["render", "-o", "F", "--check"],
    "values": ["values", "-o", "F", "--check"],
}

STREAMED = ("a dump", "manifests of JSON")


def kinds_for(reader: str) -> list[str]:
    """Return what *reader* refuses: of manifests, and of what is rendered, a folder is read as well."""
    takes_folder = "manifests" in reader or reader in ("a dump", "a rendered file")
    return [kind for kind in SPECIAL if not (takes_folder and kind == "folder")]


@pytest.fixture
def cluster(tree: Tree) -> Tree:
    tree.overlay("shop")
    tree.write("kustomization.yaml", "resources: [overlays/shop]\n")
    tree.write("tests/reachability/shop.yaml", (ROOT / "tests/reachability/open.yaml").read_text())
    return tree


@pytest.fixture
def in_time() -> Iterator[None]:
    """End the test run where a command does not return: a device never ends, a pipe without a writer waits for ever."""
    late = threading.Timer(PATIENCE, os.abort)
    late.start()
    yield
    late.cancel()


@pytest.mark.usefixtures("in_time")
@pytest.mark.parametrize(("reader", "kind"), [(reader, kind) for reader in READERS for kind in kinds_for(reader)])
def test_what_is_no_regular_file_is_refused(cluster: Tree, reader: str, kind: str) -> None:
    file = cluster.path / ("special.json" if reader in STREAMED else "special.yaml")
    SPECIAL[kind](file)
    done = cluster.bulkhead(*(str(file) if part == "F" else part for part in READERS[reader]))
    said = "MiB are read" if kind == "too large" else f"this is a {kind}: only regular files are read"
    named = file.name in done.stderr or "/dev/zero" in done.stderr
    assert (done.status, said in done.stderr, named) == (2, True, True), done


@pytest.mark.usefixtures("in_time")
@pytest.mark.parametrize("kind", ["pipe", "device", "socket", "too large"])
@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("tests/reachability/more.yaml", ["test"]),
        ("rendered/shop.yaml", ["render", "-o", "rendered/"]),
        ("rendered/shop.yaml", ["render", "-o", "rendered/", "--check"]),
        ("rendered/kustomization.yaml", ["render", "-o", "rendered", "--layout", "tree"]),
        ("rendered/shop/network-policies.yaml", ["render", "-o", "rendered", "--layout", "tree", "--check"]),
        ("overlays/shop/rules.yaml", ["validate"]),
        ("overlays/shop/kustomization.yaml", ["validate"]),
        ("kustomization.yaml", ["new", "paperless"]),
    ],
)
def test_what_is_no_regular_file_in_a_tree_is_refused(cluster: Tree, name: str, command: list[str], kind: str) -> None:
    text = STANDARD_OVERLAY.format(namespace="shop") + "patches: [{path: rules.yaml}]\n"
    cluster.write("overlays/shop/kustomization.yaml", text)
    cluster.write("overlays/shop/rules.yaml", "apiVersion: v1\n")
    file = cluster.path / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.unlink(missing_ok=True)
    SPECIAL[kind](file)
    done = cluster.bulkhead(*command)
    assert done.status in (1, 2), done
    assert done.stderr and not done.stdout


@pytest.mark.usefixtures("in_time")
@pytest.mark.parametrize("special", [pipe, device, too_large], ids=lambda made: made.__name__)
def test_special_file_in_the_plugins_folder_is_no_file_of_it(cluster: Tree, special: Callable[[Path], None]) -> None:
    (cluster.path / ".gitignore").write_text(".venv\n__pycache__\n")
    git(cluster.path, "init", "-q", "-b", "main")
    git(cluster.path, "add", "--all")
    git(cluster.path, "commit", "-q", "-m", "x")
    special(cluster.path / "plugin" / "more")
    done = cluster.bulkhead("diff")
    assert done.status in (0, 1, 2)
    assert "Traceback" not in done.stderr


@pytest.mark.usefixtures("in_time")
def test_base_that_is_no_file_is_no_reason_to_wait(cluster: Tree) -> None:
    (cluster.path / "base/namespace.yaml").unlink()
    pipe(cluster.path / "base/namespace.yaml")
    done = bulkhead("new", "paperless", "--rules", cwd=cluster.path)
    assert done.status == 0
    assert "name: standard" in (cluster.path / "overlays/paperless/rules.yaml").read_text()

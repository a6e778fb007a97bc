"""The rendered tree as an OCI artifact: pushed and pulled by Flux's client, through a registry on this machine."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import ROOT, TOOLS, run
from engines.built import engine
from engines.network import answers, free_port
from engines.servers import start

SOURCE, REVISION = "https://git.example.org/you/bulkhead.git", "main@sha1:0123456789abcdef0123456789abcdef01234567"


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder, port = tmp_path_factory.mktemp("registry"), free_port()
    server = start([TOOLS / "crane", "registry", "serve", "--address", f"127.0.0.1:{port}"], folder / "log")
    try:
        server.wait_until(lambda: answers(port), "the registry listens")
        yield f"127.0.0.1:{port}"
    finally:
        server.stop()


def render(folder: Path) -> Path:
    done = run(ROOT / ".venv/bin/python", "-m", "bulkhead", "render", ROOT, "--layout", "tree", "-o", folder)
    assert done.status == 0, done.stderr
    return folder


def push(url: str, folder: Path) -> str:
    """Push *folder*; return the digest."""
    done = run(engine("flux"), "push", url, folder, SOURCE, REVISION)
    assert done.status == 0, done.stderr
    return done.stdout.strip().rpartition("@")[2]


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_what_is_pulled_is_what_was_pushed_and_says_where_it_is_from(registry: str, tmp_path: Path) -> None:
    tree = render(tmp_path / "tree")
    digest = push(f"oci://{registry}/bulkhead/home:latest", tree)
    (tmp_path / "pulled").mkdir()
    pulled = run(engine("flux"), "pull", f"oci://{registry}/bulkhead/home:latest", tmp_path / "pulled")
    assert pulled.status == 0, pulled.stderr
    assert pulled.stdout.splitlines() == [f"{registry}/bulkhead/home@{digest}", SOURCE, REVISION]
    assert files(tmp_path / "pulled") == files(tree)


def test_flux_builds_what_was_pulled_to_what_it_builds_of_the_tree(registry: str, tmp_path: Path) -> None:
    tree = render(tmp_path / "tree")
    push(f"oci://{registry}/bulkhead/home:build", tree)
    (tmp_path / "pulled").mkdir()
    assert run(engine("flux"), "pull", f"oci://{registry}/bulkhead/home:build", tmp_path / "pulled").status == 0
    delivery = ROOT / "deploy/flux/oci/delivery.yaml"
    built = run(engine("flux"), "build", delivery, tmp_path / "pulled")
    assert (built.status, built.stderr) == (0, "")
    assert built.stdout == run(engine("flux"), "build", delivery, tree).stdout


def test_same_overlays_give_the_same_digest_wherever_and_whenever_they_are_rendered(
    registry: str, tmp_path: Path
) -> None:
    first = push(f"oci://{registry}/bulkhead/home:first", render(tmp_path / "first"))
    again = render(tmp_path / "elsewhere/again")
    for number, path in enumerate(sorted(again.rglob("*"))):
        shutil.copystat(ROOT / "setup.cfg", path) if number % 2 else path.touch()
        path.chmod(0o755 if path.is_dir() else 0o644)
    assert push(f"oci://{registry}/bulkhead/home:again", again) == first


def test_changed_policy_changes_the_digest(registry: str, tmp_path: Path) -> None:
    tree = render(tmp_path / "tree")
    before = push(f"oci://{registry}/bulkhead/home:before", tree)
    policy = next(path for path in sorted(tree.rglob("*.yaml")) if "port: 587" in path.read_text())
    policy.write_text(policy.read_text().replace("port: 587", "port: 588"))
    assert push(f"oci://{registry}/bulkhead/home:after", tree) != before

"""The package as others install it: a wheel in an environment of its own."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from conftest import ROOT, TOOLS, run

REQUIREMENTS = ROOT / ".ci" / "requirements" / "run.txt"
RESOURCES = """\
kind: ResourceList
items:
- apiVersion: bulkhead.dev/v1alpha1
  kind: ClusterProfile
  metadata: {name: home}
  spec: {peers: {web: {namespace: web}}}
- apiVersion: bulkhead.dev/v1alpha1
  kind: SegmentedNamespace
  metadata: {name: standard, namespace: shop}
  spec: {ingress: {web: {from: web}}}
"""


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what a wheel is built from, so that the checkout stays clean."""
    source = tmp_path_factory.mktemp("source")
    for name in ("setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
        (source / name).write_bytes((ROOT / name).read_bytes())
    subprocess.run(["cp", "-r", ROOT / "plugin", source / "plugin"], check=True)
    return source


@pytest.fixture(scope="module")
def wheel(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project's wheel."""
    out = tmp_path_factory.mktemp("wheel")
    pip("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", out, source)
    (built,) = out.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bin folder of an environment that has the wheel and nothing of the checkout."""
    home = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", home], check=True)
    into = ("--python", home / "bin" / "python", "install")
    pip(*into, "--require-hashes", "-r", REQUIREMENTS)
    pip(*into, "--no-deps", wheel)
    return home / "bin"


def pip(*arguments: str | Path) -> None:
    command = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_wheel_has_the_package_alone_and_says_that_it_is_typed(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert "bulkhead/py.typed" in names
    shipped = ROOT / "plugin" / "bulkhead" / "shipped"
    brought = {f"bulkhead/{each.relative_to(shipped.parent)}" for each in shipped.rglob("*") if each.is_file()}
    assert len(brought) > 15
    assert brought <= set(names), brought - set(names)
    page = ROOT / "plugin" / "bulkhead" / "report" / "page"
    parts = {f"bulkhead/report/page/{each.name}" for each in page.iterdir() if each.is_file()}
    assert {f"bulkhead/report/page/page.{ending}" for ending in ("html", "css", "js")} < parts <= set(names)
    assert {name.partition("/")[0] for name in names} == {"bulkhead", "bulkhead_netpol-0.1.0.dist-info"}
    assert wheel.name == "bulkhead_netpol-0.1.0-py3-none-any.whl"


@pytest.mark.slow
def test_the_installed_command_reads_the_reference_cluster(installed: Path) -> None:
    done = run(installed / "bulkhead", "validate", ROOT)
    assert (done.status, done.stderr) == (0, "")
    assert done.stdout.startswith("12 protected namespaces, 114 policies")
    assert run(installed / "bulkhead", "--version").stdout.startswith("bulkhead 0.1.0\n")


def test_the_installed_function_is_what_the_image_runs(installed: Path) -> None:
    environment = {"PATH": f"{installed}:/usr/bin:/bin"}
    done = run(ROOT / "deploy" / "image" / "start", stdin=RESOURCES, env=environment)
    assert (done.status, done.stderr) == (0, "")
    assert done.stdout.count("kind: NetworkPolicy") == 2
    version = run(ROOT / "deploy" / "image" / "start", "bulkhead", "--version", env=environment)
    assert version.stdout.startswith("bulkhead 0.1.0\n")


@pytest.mark.slow
def test_the_installed_command_starts_a_tree_that_builds(installed: Path, tmp_path: Path) -> None:
    environment = {"PATH": f"{installed}:{TOOLS}:/usr/bin:/bin", "BULKHEAD_PYTHON": ""}
    steps = (
        "bulkhead init --preset k3s && bulkhead new blog && bulkhead lint && bulkhead test && bulkhead vendor --check"
        " && kustomize build --enable-alpha-plugins --enable-exec ."
    )
    done = run("sh", "-euc", f"unset BULKHEAD_PYTHON; {steps}", cwd=tmp_path, env=environment)
    assert done.status == 0, done.stdout + done.stderr
    assert done.stdout.count("kind: NetworkPolicy") == 6
    assert (tmp_path / "plugin" / "expand").read_bytes() == (ROOT / "plugin" / "expand").read_bytes()


def test_a_build_finds_the_python_of_the_installed_command(installed: Path, tmp_path: Path) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "bulkhead").symlink_to(installed / "bulkhead")
    without_yaml = programs / "python3"
    without_yaml.write_text("#!/bin/sh\nexit 97\n")  # what `expand` makes of a Python without PyYAML
    without_yaml.chmod(0o755)
    plugin = tmp_path / "plugin"
    subprocess.run(["cp", "-r", ROOT / "plugin", plugin], check=True)
    done = run("/bin/sh", "-x", plugin / "expand", stdin=RESOURCES, env={"PATH": f"{programs}:/nonexistent"})
    assert done.stdout.count("kind: NetworkPolicy") == 2, done.stderr
    assert f"+ {installed}/python" in done.stderr, done.stderr


@pytest.mark.slow
def test_the_wheel_of_the_sdist_has_the_same_files(wheel: Path, source: Path, tmp_path: Path) -> None:
    make = "import sys; from setuptools import build_meta; build_meta.build_sdist(sys.argv[1])"
    built = run(sys.executable, "-c", make, tmp_path, cwd=source)
    assert built.status == 0, built.stderr
    (sdist,) = tmp_path.glob("bulkhead_netpol-0.1.0.tar.gz")
    pip("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", tmp_path, sdist)
    (again,) = tmp_path.glob("*.whl")
    assert contents(again) == contents(wheel)


def contents(wheel: Path) -> dict[str, int]:
    return {each.filename: each.CRC for each in zipfile.ZipFile(wheel).infolist() if "dist-info" not in each.filename}

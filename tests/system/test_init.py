"""``bulkhead init``: a tree that builds, is without findings, and keeps its promises; or nothing at all."""

import hashlib
import os
from pathlib import Path

import pytest
from bulkhead.docgen.presets import PRESETS
from bulkhead.io.files import Unwritable
from bulkhead.io.new_files import InTheWay, write_new
from conftest import FLAGS, TOOLS, bulkhead, git, run

CLOSED = """\
  - {from: internet, to: blog, allowed: false, because: Nothing comes in from outside the cluster}
  - {from: blog, to: internet, port: [22, 25], allowed: false, because: HTTPS is all that leaves the cluster}
  - {from: blog, to: blog, allowed: true, because: A namespace talks to itself}
"""


def everything(folder: Path) -> dict[str, bytes]:
    return {str(each.relative_to(folder)): each.read_bytes() for each in folder.rglob("*") if each.is_file()}


@pytest.mark.parametrize("preset", PRESETS)
def test_preset_builds_without_findings_and_keeps_its_promises(preset: str, tmp_path: Path) -> None:
    assert bulkhead("init", "--preset", preset, cwd=tmp_path).status == 0
    assert bulkhead("new", "blog", cwd=tmp_path).status == 0
    linted = bulkhead("lint", cwd=tmp_path)
    assert linted.status == 0, linted
    assert "hint:" not in linted.stdout, "each finding is accepted, with its reason"
    promises = tmp_path / "tests/reachability/standard.yaml"
    promises.write_text(promises.read_text() + CLOSED)
    tested = bulkhead("test", cwd=tmp_path)
    assert tested.status == 0, tested.stdout + tested.stderr
    assert "4 rows hold, 0 failed" in tested.stdout
    built = run(TOOLS / "kustomize", "build", *FLAGS, ".", cwd=tmp_path)
    assert (built.status, built.stderr) == (0, "")
    assert built.stdout == bulkhead("render", cwd=tmp_path).stdout
    assert "default-deny-all" in built.stdout


def test_openshift_allows_the_port_on_which_its_dns_pods_listen(tmp_path: Path) -> None:
    bulkhead("init", "--preset", "openshift", cwd=tmp_path)
    bulkhead("new", "blog", cwd=tmp_path)
    asked = bulkhead("explain", "blog", "kube-dns:5353/UDP", cwd=tmp_path)
    assert asked.status == 0, asked.stdout + asked.stderr


@pytest.mark.parametrize("preset", ["cilium", "gke", "aks"])
def test_pods_are_matched_by_selectors_where_a_block_matches_none(preset: str, tmp_path: Path) -> None:
    bulkhead("init", "--preset", preset, cwd=tmp_path)
    assert "enforcer: cilium" in (tmp_path / "base/cluster.yaml").read_text()
    assert "pod-network" not in (tmp_path / "base/namespace.yaml").read_text()


def test_vendored_plugin_has_only_what_a_build_needs_and_its_checksums(tmp_path: Path) -> None:
    bulkhead("init", cwd=tmp_path)
    plugin = tmp_path / "plugin"
    names = set(everything(plugin))
    assert {"expand", "expand.yaml", "kustomization.yaml", "tripwire.yaml", "bulkhead/krm.py"} <= names
    assert not [name for name in names if name.startswith(("bulkhead/cli", "bulkhead/report", "bulkhead/docgen"))]
    title, *lines = (plugin / "VERSION").read_text().splitlines()
    assert title.startswith("# bulkhead-netpol 0.1.0:")
    sums = {line.split("  ")[1]: line.split("  ")[0] for line in lines}
    assert sums == {name: hashlib.sha256((plugin / name).read_bytes()).hexdigest() for name in names - {"VERSION"}}
    assert os.access(plugin / "expand", os.X_OK)


def test_vendored_plugin_explains_mistakes_as_the_whole_one_does(tmp_path: Path) -> None:
    bulkhead("init", cwd=tmp_path)
    bulkhead("new", "blog", "--rules", cwd=tmp_path)
    rules = tmp_path / "overlays/blog/rules.yaml"
    assert "$schema=../../plugin/schemas/" in rules.read_text()
    rules.write_text(rules.read_text().replace("    {}\n", "    web: {to: internte}\n"))
    built = run(TOOLS / "kustomize", "build", *FLAGS, ".", cwd=tmp_path)
    assert (built.status, "unknown peer `internte`" in built.stderr, "Traceback" in built.stderr) == (1, True, False)


def test_nothing_is_overwritten_and_what_is_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "base").mkdir()
    (tmp_path / "base/cluster.yaml").write_text("mine")
    (tmp_path / "tests").write_text("mine")
    before = everything(tmp_path)
    done = bulkhead("init", cwd=tmp_path)
    assert done.status == 2
    assert "`base/cluster.yaml`, `tests`" in done.stderr
    assert everything(tmp_path) == before


def test_existing_repository_keeps_its_readme_and_gets_the_pipeline_at_its_root(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    (tmp_path / "netpol").mkdir()
    (tmp_path / "netpol/README.md").write_text("mine")
    done = bulkhead("init", "netpol", "--ci", "github", cwd=tmp_path)
    assert done.status == 0, done.stderr
    assert "kept README.md, which was there" in done.stdout
    assert (tmp_path / "netpol/README.md").read_text() == "mine"
    assert "bulkhead lint -C 'netpol'" in (tmp_path / ".github/workflows/bulkhead.yaml").read_text()


@pytest.mark.parametrize(
    ("forge", "path"),
    [
        ("github", ".github/workflows/bulkhead.yaml"),
        ("gitlab", ".gitlab-ci.yml"),
        ("forgejo", ".forgejo/workflows/bulkhead.yaml"),
    ],
)
def test_pipeline_of_the_forge_pins_the_version(forge: str, path: str, tmp_path: Path) -> None:
    bulkhead("init", "--ci", forge, cwd=tmp_path)
    text = (tmp_path / path).read_text()
    assert "bulkhead-netpol==0.1.0" in text
    assert "@FOLDER@" not in text
    assert all(
        "@" in line and len(line.split("@")[1].split()[0]) == 40 for line in text.splitlines() if "uses:" in line
    )


def test_readme_has_at_most_twenty_five_lines(tmp_path: Path) -> None:
    bulkhead("init", cwd=tmp_path)
    assert len((tmp_path / "README.md").read_text().splitlines()) <= 25


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError(28, "No space left on device")])
def test_interrupted_writer_leaves_the_folder_as_it_was(
    error: BaseException | type[BaseException], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests/mine").write_text("mine")
    calls = []

    def rename(source: str, target: str) -> None:
        calls.append(target)
        if len(calls) == 2:
            raise error
        os.replace(source, target)

    monkeypatch.setattr(os, "rename", rename)
    with pytest.raises((KeyboardInterrupt, Unwritable)):
        write_new(str(tmp_path), {"a/b": "1", "c": "2", "tests/new": "3"})
    assert everything(tmp_path) == {"tests/mine": b"mine"}
    assert sorted(os.listdir(tmp_path)) == ["tests"]


def test_link_to_a_folder_is_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree/base").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InTheWay, match="`base`"):
        write_new(str(tmp_path / "tree"), {"base/a": "1"})
    assert everything(tmp_path / "elsewhere") == {}

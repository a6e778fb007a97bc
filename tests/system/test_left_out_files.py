"""Files below `--manifests` that are not read: where one changes that other tools may apply, it is named."""

import json
import os
from pathlib import Path

import pytest
import yaml
from conftest import bulkhead

POLICY = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "spec": {"podSelector": {}}}
DENY = json.dumps(POLICY | {"metadata": {"name": "deny", "namespace": "shop"}})
OPEN = json.dumps(POLICY | {"metadata": {"name": "open", "namespace": "shop"}})
WORKLOAD = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x}\n"


def sides(folder: Path, file: str, content: str) -> None:
    for side in ("old", "new"):
        (folder / side).mkdir()
        (folder / side / "deny.yaml").write_text(DENY)
    path = folder / "new" / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)


@pytest.mark.parametrize(
    ("file", "content", "is_named"),
    [
        (".dot/open.yaml", OPEN, True),
        ("a/.dot/b/open.json", OPEN, True),
        (".dot/open.yaml", OPEN.replace("NetworkPolicy", "\\u004eetworkPolicy"), True),
        (".dot/app.yaml", "apiVersion: argoproj.io/v1alpha1\nkind: Application\n", True),
        (".dot/broken.yaml", "kind: [\n", True),
        ("open.jsonnet", "{}", True),
        ("lib/open.libsonnet", "{}", True),
        (".dot/deployment.yaml", WORKLOAD, False),
        (".github/workflows/x.yaml", "on: push\n", False),
        ("notes.md", "kind: NetworkPolicy\n", False),
    ],
)
def test_a_file_that_other_tools_may_apply_is_named(tmp_path: Path, file: str, content: str, is_named: bool) -> None:
    sides(tmp_path, file, content)
    for old, new in (("old", "new"), ("new", "old")):
        done = bulkhead("diff", "--manifests", old, new, "--format", "json", cwd=tmp_path)
        found = [(each["file"], each["reason"]) for each in json.loads(done.stdout)["delivery"]]
        assert (found, done.status) == ([(f"new/{file}", "left_out")], 1) if is_named else ([], 0), done
    done = bulkhead("diff", "--manifests", "new", "new", cwd=tmp_path)
    assert (done.status, done.stdout[:9]) == (0, "NO EFFECT"), done
    done = bulkhead("diff", "--manifests", "old", "new", "--exclude", os.path.basename(file), cwd=tmp_path)
    assert done.status == 0, done


def test_a_folder_behind_a_link_counts(tmp_path: Path) -> None:
    sides(tmp_path, "../elsewhere/open.yaml", OPEN)
    (tmp_path / "new/link").symlink_to("../elsewhere")
    done = bulkhead("diff", "--manifests", "old", "new", cwd=tmp_path)
    assert (done.status, "  new/link/open.yaml (" in done.stdout) == (1, True), done


@pytest.mark.parametrize("name", [".argocd-source.yaml", "a/.argocd-source-app.yaml"])
@pytest.mark.parametrize("command", [("reach",), ("lint",), ("diff", "old")])
def test_a_part_of_an_application_is_refused(tmp_path: Path, name: str, command: tuple[str, ...]) -> None:
    sides(tmp_path, name, "directory: {exclude: deny.yaml}\n")
    arguments = (command[0], "--manifests", *command[1:], "new")
    done = bulkhead(*arguments, cwd=tmp_path)
    assert (done.status, done.stdout) == (2, ""), done
    assert f"new/{name}: error: Argo CD merges `{os.path.basename(name)}` into its source" in done.stderr


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_a_file_in_another_encoding_is_never_left_out(tmp_path: Path, encoding: str) -> None:
    sides(tmp_path, "open.yaml", "")
    (tmp_path / "new/open.yaml").write_bytes(yaml.safe_dump(json.loads(OPEN)).encode(encoding))
    done = bulkhead("diff", "--manifests", "old", "new", cwd=tmp_path)
    assert (done.status, done.stdout, "new/open.yaml" in done.stderr) == (2, "", True), done

"""What a release has: built twice to the same bytes, with sums that hold, and a plugin that the real kubectl runs."""

import hashlib
import json
import os
import tarfile
from pathlib import Path

import pytest
import yaml
from conftest import PYTHON, ROOT, TOOLS, Done, fresh_clone, git, run

BIN = PYTHON.parent
WORKFLOW = ROOT / ".github/workflows/release.yaml"
FILES = {
    "SHA256SUMS",
    "bulkhead.yaml",
    "bulkhead_netpol-0.1.0-py3-none-any.whl",
    "bulkhead_netpol-0.1.0.tar.gz",
    "kubectl-bulkhead-0.1.0.tar.gz",
    "netpol-0.1.0.tgz",
}
RUN = {
    "GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "you/bulkhead", "GITHUB_RUN_ID": "7",
    "GITHUB_RUN_ATTEMPT": "1", "GITHUB_EVENT_NAME": "push", "GITHUB_REPOSITORY_ID": "1",
    "GITHUB_REPOSITORY_OWNER_ID": "2", "RUNNER_ENVIRONMENT": "github-hosted", "GITHUB_REF": "refs/tags/v0.1.0",
    "GITHUB_SHA": "0" * 40,
    "GITHUB_WORKFLOW_REF": "you/bulkhead/.github/workflows/release.yaml@refs/tags/v0.1.0",
}  # fmt: skip


def test_linters_find_nothing_in_the_workflow() -> None:
    assert run(TOOLS / "actionlint", "-shellcheck", BIN / "shellcheck", WORKFLOW) == Done(0, "", "")
    assert run(BIN / "yamllint", "--strict", "-c", ".ci/yamllint.yaml", WORKFLOW) == Done(0, "", "")
    assert run(BIN / "shellcheck", "deploy/kubectl/kubectl-bulkhead") == Done(0, "", "")


def test_the_only_action_is_the_checkout_of_the_other_workflows() -> None:
    def used(file: Path) -> set[str]:
        jobs = yaml.safe_load(file.read_text())["jobs"].values()
        return {step["uses"] for job in jobs for step in job["steps"] if "uses" in step}

    assert used(WORKFLOW) == used(ROOT / "deploy/ci/github/workflows/bulkhead-rendered.yaml")
    document = yaml.safe_load(WORKFLOW.read_text())
    assert document["permissions"] == {}
    assert document["jobs"]["build"]["permissions"] == {"contents": "read"}
    assert all("${{" not in step.get("run", "") for job in document["jobs"].values() for step in job["steps"])


def test_the_provenance_names_workflow_and_commit() -> None:
    done = run("python3", ".ci/release-parts.py", "provenance", env=RUN)
    assert done.status == 0, done.stderr
    predicate = json.loads(done.stdout)
    definition = predicate["buildDefinition"]
    assert definition["externalParameters"]["workflow"] == {
        "ref": "refs/tags/v0.1.0",
        "repository": "https://github.com/you/bulkhead",
        "path": ".github/workflows/release.yaml",
    }
    assert definition["resolvedDependencies"] == [
        {"uri": "git+https://github.com/you/bulkhead@refs/tags/v0.1.0", "digest": {"gitCommit": "0" * 40}}
    ]


@pytest.mark.slow
def test_a_commit_gives_the_same_release_twice_and_kubectl_runs_the_plugin(tmp_path: Path) -> None:
    made: list[dict[str, bytes]] = []
    for name in ("one", "another"):
        clone = fresh_clone(tmp_path / name)
        (clone / ".venv").symlink_to(ROOT / ".venv")
        (clone / ".tools").symlink_to(ROOT / ".tools")
        if not made:
            git(clone, "commit", "-q", "--allow-empty", "-am", "as it is in the working tree")
        else:
            git(clone, "fetch", "-q", tmp_path / "one", "HEAD")
            git(clone, "reset", "-q", "--hard", "FETCH_HEAD")
        done = run("bash", "-c", f"umask {'077' if made else '022'}; .ci/release .venv/bin/python", cwd=clone)
        assert done.status == 0, done.stderr
        made.append({each.name: each.read_bytes() for each in (clone / "dist").iterdir()})
    assert set(made[0]) == FILES
    assert [name for name in FILES if made[0][name] != made[1][name]] == []

    dist = tmp_path / "one/dist"
    assert run("sha256sum", "--check", "--strict", "SHA256SUMS", cwd=dist).stdout.count(": OK\n") == len(FILES) - 1
    (platform,) = yaml.safe_load(made[0]["bulkhead.yaml"])["spec"]["platforms"]
    archive = platform["uri"].rpartition("/")[2]
    assert platform["sha256"] == hashlib.sha256(made[0][archive]).hexdigest()

    with tarfile.open(dist / archive) as tar:
        assert "LICENSE" in tar.getnames()
    valid = run(TOOLS / "validate-krew-manifest", "-skip-install", "-manifest", dist / "bulkhead.yaml")
    assert valid.status == 0, valid.stderr
    env = {
        "PATH": f"{tmp_path / 'krew/bin'}:{TOOLS}:/usr/bin:/bin",
        "KREW_ROOT": os.fspath(tmp_path / "krew"),
        "BULKHEAD_PYTHON": os.fspath(PYTHON),
    }
    asked = ("install", f"--manifest={dist / 'bulkhead.yaml'}", f"--archive={dist / archive}")
    installed = run(TOOLS / "krew", *asked, cwd=tmp_path, env=env)
    assert installed.status == 0, installed.stderr
    says = run(TOOLS / "kubectl", "bulkhead", "version", cwd=tmp_path, env=env)
    assert (says.status, says.stdout.splitlines()[0]) == (0, "bulkhead 0.1.0"), says.stderr
    steps = ("init tree", "new blog -C tree", "allow blog internet:25 --why mail -C tree")
    script = "\n".join(f"kubectl bulkhead {each}" for each in steps)
    started = run("bash", "-ec", script, cwd=tmp_path, env=env)
    assert started.status == 0, started.stdout + started.stderr
    other = run("/bin/sh", tmp_path / "krew/bin/kubectl-bulkhead", env={**env, "BULKHEAD_PYTHON": "/bin/false"})
    assert (other.status, "no Python 3.10 or newer with PyYAML" in other.stderr) == (2, True)

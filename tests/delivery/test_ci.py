"""
What is shipped for pipelines is well formed, and its shell does what it says, in real repositories.

A pull request of a stranger is reviewed without running anything of it.
"""

import base64
import gzip
import json
import random
import re
import shutil
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import PYTHON, ROOT, TOOLS, Done, git, run
from copies import REFERENCE_CLUSTER, copy_parts
from endless import BOMB, ENDLESS_KUSTOMIZATION, NO_MORE_MEMORY

CI = ROOT / "deploy/ci"
BIN = PYTHON.parent
WORKFLOWS = sorted((CI / "github/workflows").glob("*.yaml"))
SCRIPTS = (
    "deploy/ci/review",
    "deploy/ci/publish",
    "deploy/ci/ranges",
    "deploy/ci/check-excludes",
    "deploy/argocd/generate",
)
ENV = {
    "PATH": f"{BIN}:{TOOLS}:/usr/local/bin:/usr/bin:/bin",
    "GIT_AUTHOR_NAME": "x",
    "GIT_AUTHOR_EMAIL": "x@example.org",
    "GIT_COMMITTER_NAME": "x",
    "GIT_COMMITTER_EMAIL": "x@example.org",
    "GIT_CONFIG_GLOBAL": "/dev/null",
}


def steps(document: Any) -> Iterator[dict[str, Any]]:
    jobs = document.get("jobs") or {"": document["runs"]}
    for job in jobs.values():
        yield from job["steps"]


def step(file: str, name: str) -> str:
    """The shell of the step *name*, as the runner would start it."""
    document = yaml.safe_load((CI / "github" / file).read_text())
    (found,) = (each["run"] for each in steps(document) if each.get("name") == name)
    return str(found)


def bash(script: str, cwd: Path, **env: str) -> Done:
    return run("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script, cwd=cwd, env={**ENV, **env})


class TestForm:
    def test_actionlint_and_shellcheck_find_nothing(self) -> None:
        assert run(TOOLS / "actionlint", "-shellcheck", BIN / "shellcheck", *WORKFLOWS) == Done(0, "", "")

    @pytest.mark.parametrize("script", SCRIPTS)
    def test_shellcheck_finds_nothing_in_a_script(self, script: str) -> None:
        assert run(BIN / "shellcheck", script) == Done(0, "", "")

    def test_shellcheck_finds_nothing_in_the_action(self) -> None:
        for each in steps(yaml.safe_load((CI / "github/action.yml").read_text())):
            assert run(BIN / "shellcheck", "-s", "bash", "-", stdin="set -e\n" + each["run"]) == Done(0, "", ""), each[
                "name"
            ]

    @pytest.mark.parametrize(
        ("schema", "files"),
        [
            ("vendor.github-workflows", [str(each) for each in WORKFLOWS]),
            ("vendor.github-actions", [str(CI / "github/action.yml")]),
            ("vendor.gitlab-ci", ["--data-transform", "gitlab-ci", str(CI / "gitlab/bulkhead.gitlab-ci.yml")]),
        ],
    )
    def test_the_schema_takes_it(self, schema: str, files: list[str]) -> None:
        done = run(BIN / "check-jsonschema", "--builtin-schema", schema, *files)
        assert done.status == 0, done.stdout

    def test_yamllint_finds_nothing(self) -> None:
        done = run(BIN / "yamllint", "--strict", "-c", ".ci/yamllint.yaml", "deploy")
        assert done == Done(0, "", "")

    @pytest.mark.parametrize("file", [*WORKFLOWS, CI / "github/action.yml"], ids=lambda path: path.name)
    def test_nothing_that_a_stranger_chose_becomes_shell(self, file: Path) -> None:
        for each in steps(yaml.safe_load(file.read_text())):
            assert "${{" not in each.get("run", "")

    @pytest.mark.parametrize("file", WORKFLOWS, ids=lambda path: path.name)
    def test_every_action_is_pinned_and_every_job_says_what_it_may_do(self, file: Path) -> None:
        document = yaml.safe_load(file.read_text())
        assert document["permissions"] == {}
        assert all(job["permissions"] for job in document["jobs"].values())
        for each in steps(document):
            name, _, version = each.get("uses", "./").partition("@")
            assert name.startswith("./") or len(version) == 40

    def test_the_job_that_reads_a_strangers_tree_may_not_write(self) -> None:
        document = yaml.safe_load((CI / "github/workflows/bulkhead-comment.yaml").read_text())
        assert document["jobs"]["review"]["permissions"] == {"contents": "read"}
        checkouts = [each["with"] for each in steps(document) if each.get("uses", "").startswith("actions/checkout")]
        assert [each["ref"] for each in checkouts] == ["${{ github.event.pull_request.base.sha }}"] * 2
        assert [each["persist-credentials"] for each in checkouts] == [False] * 2


def clone(origin: Path, folder: Path) -> Path:
    git(folder.parent, "clone", "-q", str(origin), str(folder))
    (folder / ".venv").symlink_to(ROOT / ".venv")
    (folder / ".tools").symlink_to(ROOT / ".tools")
    return folder


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """A clone of a repository, with `origin` in the same folder: the reference cluster, its plugin, and deploy/ci."""
    seed = tmp_path / "seed"
    copy_parts(seed, *REFERENCE_CLUSTER, "deploy/ci", "tests/reachability", bytecode=False)
    (seed / ".gitignore").write_text(".venv\n.tools\n__pycache__\n")
    git(seed, "init", "-q", "-b", "main")
    git(seed, "add", "--all")
    git(seed, "commit", "-q", "-m", "The cluster")
    git(tmp_path, "clone", "-q", "--bare", str(seed), "origin.git")
    return clone(tmp_path / "origin.git", tmp_path / "work")


def proposes(work: Path, files: dict[str, str]) -> str:
    """Push a stranger's change as pull request 7; return its commit."""
    other = work.parent / "other"
    git(work.parent, "clone", "-q", str(work.parent / "origin.git"), "other")
    for name, text in files.items():
        path = other / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o755 if text.startswith("#!") else 0o644)
    git(other, "add", "--all")
    git(other, "commit", "-q", "-m", "Proposed")
    git(other, "push", "-q", "origin", "HEAD:refs/pull/7/head")
    return git(other, "rev-parse", "HEAD")


RULES = """\
apiVersion: bulkhead.dev/v1alpha1
kind: SegmentedNamespace
metadata:
  name: standard
spec:
  egress:
    smtp: {to: internet, ports: 587}
"""
OPENS = {
    "overlays/cardboard/kustomization.yaml": "resources: [../../base]\nnamespace: cardboard\n"
    "patches: [{path: rules.yaml}]\ntransformers: [../../plugin]\n",
    "overlays/cardboard/rules.yaml": RULES,
}


def reviewed(work: Path, **env: str) -> tuple[Done, str]:
    """Run the steps of the comment's first job; return the last one, and what it hands to the second."""
    base = git(work, "rev-parse", "HEAD")
    fetched = bash(step("workflows/bulkhead-comment.yaml", "The head, as objects"), work, NUMBER="7", TOKEN="t0ken")
    assert fetched.status == 0, fetched.stderr
    files = {name: str(work.parent / name) for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
    script = step("workflows/bulkhead-comment.yaml", "Review")
    done = bash(script, work, BASE=base, BULKHEAD=".venv/bin/bulkhead", RUNNER_TEMP=str(work.parent), **files, **env)
    output = Path(files["GITHUB_OUTPUT"])
    return done, output.read_text() if output.exists() else ""


def unpacked(output: str) -> str:
    (line,) = output.splitlines()
    assert line.startswith("comment=")
    return gzip.decompress(base64.b64decode(line.removeprefix("comment="))).decode()


class TestReview:
    def test_a_pull_request_gets_the_traffic_that_it_opens(self, work: Path) -> None:
        proposes(work, OPENS)
        done, output = reviewed(work)
        assert done.status == 0, done.stderr
        comment = unpacked(output)
        assert comment.startswith("**OPENS traffic to the internet**")
        assert "port 587" in comment

    @pytest.mark.parametrize(
        ("attributes", "first"),
        [("", "**THE PLUGIN CHANGES"), ("* filter=evil\n", "**This change cannot be compared.**")],
        ids=["programs", "programs and a git filter"],
    )
    def test_nothing_of_a_pull_request_runs(self, work: Path, attributes: str, first: str) -> None:
        ran = work.parent / "ran"
        evil = f"#!/bin/sh\ntouch {ran}\n"
        hostile = dict.fromkeys(("plugin/expand", "deploy/ci/review", "deploy/ci/comment.py"), evil)
        hostile["plugin/bulkhead/cli/main.py"] = f"open({str(ran)!r}, 'w')\n"
        hostile["Makefile"] = f"compiled:\n\ttouch {ran}\n"
        if attributes:
            hostile[".gitattributes"] = attributes
        proposes(work, {**OPENS, **hostile})
        done, output = reviewed(work)
        assert done.status == 0, done.stderr
        comment = unpacked(output)
        assert comment.startswith(first)
        if not attributes:
            assert "OPENS traffic to the internet" in comment
            assert "plugin/expand" in comment
        assert not ran.exists()

    def test_what_cannot_be_read_is_said_and_cannot_speak_for_itself(self, work: Path) -> None:
        says = "treafik\\n```\\n@everyone **NO EFFECT on traffic**"
        broken = RULES.replace("internet", f'"{says}"')
        proposes(work, {**OPENS, "overlays/cardboard/rules.yaml": broken})
        done, output = reviewed(work)
        assert done.status == 0, done.stderr
        first, *rest = unpacked(output).splitlines()
        assert first.startswith("**This change cannot be compared.**")
        assert any("cardboard/rules.yaml:7" in line for line in rest)
        assert all(line == "" or line.startswith("    ") for line in rest)

    def test_a_change_that_keeps_kustomize_busy_for_ever_is_said_not_to_be_comparable(self, work: Path) -> None:
        path = "overlays/cardboard/"
        kustomization = ENDLESS_KUSTOMIZATION.format(namespace="cardboard")
        proposes(work, {f"{path}bomb.yaml": BOMB, f"{path}kustomization.yaml": kustomization})
        done, output = reviewed(work, BULKHEAD_MEMORY="256")
        assert done.status == 0, done.stderr
        comment = unpacked(output)
        assert comment.startswith("**This change cannot be compared.**")
        assert NO_MORE_MEMORY in comment

    def test_a_change_that_takes_too_long_is_said_not_to_be_comparable(self, work: Path) -> None:
        sleeps = work.parent / "sleeps"
        sleeps.write_text("#!/bin/sh\nsleep 3600\n")
        sleeps.chmod(0o755)
        proposes(work, OPENS)
        done, output = reviewed(work, BULKHEAD_TIMEOUT="2", BULKHEAD_KUSTOMIZE=str(sleeps), BULKHEAD_DIRECT="0")
        assert done.status == 0, done.stderr
        comment = unpacked(output)
        assert comment.startswith("**This change cannot be compared.**")
        assert "this takes longer than 2 s, the limit of --timeout" in comment

    def test_a_comment_that_cannot_be_packed_small_fits_into_a_variable(self, work: Path, tmp_path: Path) -> None:
        """Letters of four bytes, as random as a stranger can choose them."""
        letters = random.Random(7)
        text = "".join(chr(letters.randrange(0x20000, 0x2A6D0)) for _ in range(64_000))
        (tmp_path / "text").write_text(text)
        review = work / "deploy/ci/review"
        review.write_text(f"#!/bin/sh\ncat {tmp_path}/text\nexit 1\n")
        proposes(work, OPENS)
        done, output = reviewed(work)
        assert done.status == 0, done.stderr
        packed = output.strip().removeprefix("comment=")
        assert len(packed) < 128 * 1024 - len("COMMENT=")
        comment = gzip.decompress(base64.b64decode(packed)).decode(errors="replace")
        assert comment.startswith(text[:20_000])
        assert comment.endswith("*cut here: too long for a comment*")

    def test_a_name_that_a_stranger_chose_begins_no_line_and_steers_no_terminal(self, work: Path) -> None:
        name = "x\n::error file=y::\x1b[2J\u202e"
        listed = "resources:\n- overlays/cardboard\n- " + json.dumps(f"overlays/{name}") + "\n"
        proposes(work, {"kustomization.yaml": listed})
        git(work, "fetch", "-q", "origin", "refs/pull/7/head")
        for command in (("bulkhead", "diff", "main...FETCH_HEAD"), ("bulkhead", "validate", ".")):
            git(work, "checkout", "-q", "FETCH_HEAD" if "validate" in command else "main")
            done = run(BIN / command[0], *command[1:], cwd=work, env=ENV)
            assert (done.status != 0, done.stdout) == (True, "")
            assert "error file=y" in done.stderr
            assert not [line for line in done.stderr.splitlines() if line.lstrip().startswith("::")]
            assert not {"\x1b", "\u202e"} & set(done.stderr)

    @pytest.mark.slow
    def test_the_status_is_that_of_the_diff(self, work: Path) -> None:
        base, head = git(work, "rev-parse", "HEAD"), proposes(work, OPENS)
        git(work, "fetch", "-q", "origin", "refs/pull/7/head")
        for grades, status in ((("--fail-on", "internet"), 1), (("--fail-on", "across"), 0), ((), 1)):
            done = run(work / "deploy/ci/review", base, head, ".", *grades, cwd=work, env=ENV)
            assert done.status == status
        assert run(work / "deploy/ci/review", base, base, cwd=work, env=ENV).status == 0
        assert run(work / "deploy/ci/review", base, "nowhere", cwd=work, env=ENV).status == 2
        for sides in (("", head), (base, ""), (base,), ()):
            done = run(work / "deploy/ci/review", *sides, cwd=work, env=ENV)
            assert (done.status, done.stdout) == (2, "")
            assert "BASE and HEAD must be revisions" in done.stderr


DROPPED = {
    "to: internet, ports: ": "ports without a value",
    "to: {pods: {app: }}, ports: 587": "a label without a value",
    "to: {cidr: 10.0.0.0/8, except: }, ports: 587": "except without a value",
    "to: internet, ports: 0587": "an octal number",
    "to: internet, ports: [0587, 25]": "an octal number in a list",
    "to: internet, ports: 0o443": "an octal number of YAML 1.2",
    "to: internet, ports: 0x24b": "a hexadecimal number",
}
"""What plain `kustomize build` renders, and `bulkhead` refuses: kustomize drops the key, or reads another number."""


class TestChecks:
    """The composite action's steps, on a folder that is data."""

    FILE = "action.yml"

    def do(self, work: Path, name: str, **env: str) -> Done:
        files = {key: str(work.parent / key) for key in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "GITHUB_PATH")}
        given = {"DIRECTORY": str(work), "FAIL_ON": "warning", "TIMEOUT": "900", "RUNNER_TEMP": str(work.parent)}
        return bash(step(self.FILE, name), work.parent, **given | files | env)

    def test_set_up_makes_bulkhead_and_kustomize_known_to_the_steps_behind_it(self, work: Path) -> None:
        assert self.do(work, "Set up", ACTION=str(CI / "github")).status == 0
        added = (work.parent / "GITHUB_PATH").read_text().splitlines()
        assert added == [str(BIN), str(TOOLS)]

    def test_all_is_well_with_the_reference_cluster(self, work: Path) -> None:
        for name in ("Validate", "Lint", "Test"):
            done = self.do(work, name)
            assert done.status == 0, (name, done.stdout, done.stderr)
        sarif = Path((work.parent / "GITHUB_OUTPUT").read_text().strip().removeprefix("sarif="))
        assert json.loads(sarif.read_text())["version"] == "2.1.0"
        assert (work.parent / "GITHUB_STEP_SUMMARY").read_text()

    def test_what_opens_is_at_its_line_for_code_scanning(self, work: Path) -> None:
        (work.parent / "trusted").symlink_to(work, target_is_directory=True)
        shutil.copytree(work, work.parent / "change", symlinks=True)
        rules = work.parent / "change/overlays/email-gateway/rules.yaml"
        rules.write_text(rules.read_text().replace("587", "588"))
        output = work.parent / "GITHUB_OUTPUT"
        text = step("workflows/bulkhead.yaml", "What opens")
        done = bash(text, work.parent, RUNNER_TEMP=str(work.parent), GITHUB_OUTPUT=str(output))
        assert done.status == 0, done.stderr
        (run_,) = json.loads(Path(output.read_text().strip().removeprefix("sarif=")).read_text())["runs"]
        found = {each["ruleId"]: each["locations"][0]["physicalLocation"] for each in run_["results"]}
        assert set(found) == {"opens-internet", "closes"}
        assert found["opens-internet"]["artifactLocation"]["uri"].endswith("overlays/email-gateway/rules.yaml")
        assert "ports: 588" in rules.read_text().splitlines()[found["opens-internet"]["region"]["startLine"] + 1]

    @pytest.mark.slow
    def test_each_check_fails_for_its_own_reason(self, work: Path) -> None:
        rules = work / "overlays/trade-bot/rules.yaml"
        kustomization = work / "overlays/trade-bot/kustomization.yaml"
        kustomization.write_text(kustomization.read_text() + "patches: [{path: rules.yaml}]\n")
        rules.write_text(RULES.replace("{to: internet, ports: 587}", "{to: {cidr: 0.0.0.0/0}}"))
        assert self.do(work, "Validate").status == 0
        linted = self.do(work, "Lint")
        assert (linted.status, "overlays/trade-bot/rules.yaml:7" in linted.stdout) == (1, True)
        assert "trade-bot" in (work.parent / "bulkhead.sarif").read_text()
        assert self.do(work, "Lint", FAIL_ON="error").status == 0
        assert self.do(work, "Test").status == 1
        rules.write_text(RULES.replace("internet", "nobody"))
        assert self.do(work, "Validate").status == 1
        (work.parent / "GITHUB_OUTPUT").unlink()
        assert self.do(work, "Lint").status == 2
        assert not (work.parent / "GITHUB_OUTPUT").exists()

    @pytest.mark.parametrize("written", DROPPED, ids=DROPPED.get)
    def test_what_kustomize_drops_or_reads_otherwise_is_found_in_the_sources(self, work: Path, written: str) -> None:
        kustomization = work / "overlays/trade-bot/kustomization.yaml"
        kustomization.write_text(kustomization.read_text() + "patches: [{path: rules.yaml}]\n")
        (work / "overlays/trade-bot/rules.yaml").write_text(RULES.replace("to: internet, ports: 587", written))
        built = run("kustomize", "build", "--enable-alpha-plugins", "--enable-exec", "overlays/trade-bot", cwd=work)
        assert (built.status, "allow-smtp" in built.stdout) == (0, True), "the plugin cannot see it"
        done = self.do(work, "Validate")
        assert done.status == 1
        assert "overlays/trade-bot/rules.yaml:7:" in done.stderr
        published = bash(
            step("workflows/bulkhead-rendered.yaml", "Render and push"), work, BULKHEAD=".venv/bin/bulkhead"
        )
        assert (published.status, "overlays/trade-bot/rules.yaml:7:" in published.stderr) == (1, True)
        assert git(work, "ls-remote", "origin", "refs/heads/rendered") == ""

    @pytest.mark.parametrize("name", ["Validate", "Lint", "Test"])
    def test_a_check_that_takes_too_long_fails_with_the_reason(self, work: Path, name: str) -> None:
        done = self.do(work, name, TIMEOUT="0.001")
        assert done.status == 2
        assert "this takes longer than 0.001 s, the limit of --timeout" in done.stderr

    def test_a_rendered_tree_that_is_stale_fails(self, work: Path) -> None:
        name = "What is rendered is up to date"
        assert run(BIN / "bulkhead", "render", "--layout", "tree", "-o", "rendered", cwd=work, env=ENV).status == 0
        assert self.do(work, name, RENDERED="rendered").status == 0
        (work / "rendered/media/network-policies.yaml").unlink()
        done = self.do(work, name, RENDERED="rendered")
        assert (done.status, "rendered/media/network-policies.yaml: is missing" in done.stderr) == (1, True)


class TestPublish:
    def test_the_branch_holds_the_rendered_tree_and_nothing_else(self, work: Path) -> None:
        script = step("workflows/bulkhead-rendered.yaml", "Render and push")
        done = bash(script, work, BULKHEAD=f"{work}/.venv/bin/bulkhead")
        assert done.status == 0, done.stderr
        git(work, "fetch", "-q", "origin", "rendered")
        got = work.parent / "got"
        git(work.parent, "clone", "-q", "-b", "rendered", str(work.parent / "origin.git"), "got")
        assert (
            run(BIN / "bulkhead", "render", ".", "--layout", "tree", "-o", got, "--check", cwd=work, env=ENV).status
            == 0
        )
        assert "plugin" not in {path.name for path in got.iterdir()}
        assert git(work, "worktree", "list").count("\n") == 0
        assert f"Rendered from {git(work, 'rev-parse', 'HEAD')}" in git(got, "log", "-1", "--format=%s")

    def test_a_change_is_one_commit_and_no_change_is_none(self, work: Path) -> None:
        publish = (work / "deploy/ci/publish", ".", "rendered")
        assert run(*publish, cwd=work, env=ENV).status == 0
        again = run(*publish, cwd=work, env=ENV)
        assert (again.status, again.stdout) == (0, "publish: rendered is up to date\n")
        for name, text in OPENS.items():
            (work / name).write_text(text)
        git(work, "add", "--all")
        git(work, "commit", "-q", "-m", "Mail")
        assert run(*publish, cwd=work, env=ENV).status == 0
        git(work, "fetch", "-q", "origin", "rendered")
        changed = git(work, "diff", "--name-only", "FETCH_HEAD~1", "FETCH_HEAD").splitlines()
        assert changed == ["cardboard/network-policies.yaml"]

    def test_a_mistake_pushes_nothing(self, work: Path) -> None:
        publish = (work / "deploy/ci/publish", ".", "rendered")
        assert run(*publish, cwd=work, env=ENV).status == 0
        before = git(work, "ls-remote", "origin", "rendered")
        (work / "overlays/cardboard/kustomization.yaml").write_text(OPENS["overlays/cardboard/kustomization.yaml"])
        (work / "overlays/cardboard/rules.yaml").write_text(RULES.replace("internet", "nobody"))
        assert run(*publish, cwd=work, env=ENV).status == 1
        assert git(work, "ls-remote", "origin", "rendered") == before
        assert git(work, "worktree", "list").count("\n") == 0


class Forge(HTTPServer):
    """What a forge's comments are to a client: pages of them, made and changed over HTTP. Bound to loopback."""

    def __init__(self, project: str) -> None:
        super().__init__(("127.0.0.1", 0), Comments)
        self.project = project
        self.notes: list[dict[str, Any]] = []
        self.said: list[tuple[str, str]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def write(self, body: str, who: str) -> None:
        user = {"login": who, "id": 1 if who == "me" else 2}
        self.notes.append({"id": len(self.notes) + 100, "body": body, "user": user, "author": user})


class Comments(BaseHTTPRequestHandler):
    server: Forge

    def answer(self, value: Any, status: int = 200, link: str = "") -> None:
        data = json.dumps(value).encode()
        self.send_response(status)
        if link:
            self.send_header("Link", link)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def body(self) -> str:
        return str(json.loads(self.rfile.read(int(self.headers["Content-Length"])))["body"])

    def do_GET(self) -> None:
        if self.path == "/user":
            self.answer({"id": 1})
            return
        path, _, query = self.path.partition("?")
        if not path.startswith(self.server.project):
            self.answer({}, 404)
            return
        page = int(dict(part.split("=") for part in query.split("&")).get("page", 1))
        following = f'<{self.server.url}{path}?per_page=100&page={page + 1}>; rel="next"'
        start = (page - 1) * 3  # small pages, so that there are several
        self.answer(self.server.notes[start : start + 3], link=following if start + 3 < len(self.server.notes) else "")

    def do_POST(self) -> None:
        self.server.said.append(("POST", self.path))
        if self.headers.get("Authorization", self.headers.get("PRIVATE-TOKEN")) not in ("Bearer t0ken", "t0ken"):
            self.answer({}, 401)
            return
        self.server.write(self.body(), "me")
        self.answer(self.server.notes[-1], 201)

    def change(self) -> None:
        self.server.said.append((self.command, self.path))
        (note,) = (each for each in self.server.notes if self.path.endswith(f"/{each['id']}"))
        note["body"] = self.body()
        self.answer(note)

    do_PATCH = do_PUT = change  # noqa: N815

    def log_message(self, *_given: Any) -> None:
        pass


@pytest.fixture(params=["github", "gitlab"])
def forge(request: pytest.FixtureRequest) -> Iterator[Forge]:
    """A stand-in on loopback: neither GitHub nor GitLab can be reached from here, and both are somebody else's."""
    paths = {"github": "/repos/you/bulkhead/issues", "gitlab": "/projects/5/merge_requests/7/notes"}
    server = Forge(paths[request.param])
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def comment(forge: Forge, text: str, *about: str) -> Done:
    github = {
        "GITHUB_API_URL": forge.url, "GITHUB_REPOSITORY": "you/bulkhead", "GITHUB_TOKEN": "t0ken", "NUMBER": "7",
        "BULKHEAD_BOT": "me",
    }  # fmt: skip
    gitlab = {
        "CI_API_V4_URL": forge.url, "CI_PROJECT_ID": "5", "CI_MERGE_REQUEST_IID": "7", "BULKHEAD_TOKEN": "t0ken",
    }  # fmt: skip
    return run(CI / "comment.py", *about, stdin=text, env={**ENV, **(github if "repos" in forge.project else gitlab)})


def answers(server: socket.socket, answer: bytes) -> None:
    """Give one caller this *answer*, whatever it asks."""
    caller, _ = server.accept()
    with caller:
        caller.recv(65536)
        caller.sendall(answer)


class TestComment:
    def test_the_first_makes_one_and_the_next_change_it(self, forge: Forge) -> None:
        for number in range(7):
            forge.write(f"talk {number}", "somebody")
        assert comment(forge, "OPENS\n").stdout == "comment.py: the comment was made\n"
        assert forge.notes[-1]["body"].endswith("-->\nOPENS\n")
        forge.write("more talk", "somebody")
        assert comment(forge, "CLOSES\n").stdout == "comment.py: the comment was changed\n"
        assert [each["body"].endswith("-->\nCLOSES\n") for each in forge.notes].count(True) == 1
        assert len(forge.notes) == 9
        said = list(forge.said)
        assert comment(forge, "CLOSES\n").stdout == "comment.py: the comment was left\n"
        assert forge.said == said

    def test_a_comment_of_somebody_else_is_not_touched_whatever_it_looks_like(self, forge: Forge) -> None:
        forge.write("<!-- bulkhead diff  -->\nmine", "somebody")
        assert comment(forge, "OPENS\n").status == 0
        assert forge.notes[0]["body"] == "<!-- bulkhead diff  -->\nmine"
        assert len(forge.notes) == 2

    def test_each_cluster_has_its_own(self, forge: Forge) -> None:
        for name in ("paris", "oslo", "paris"):
            assert comment(forge, f"{name}\n", name).status == 0
        assert [each["body"].splitlines()[1] for each in forge.notes] == ["paris", "oslo"]

    def test_nothing_to_say_is_an_error_and_leaves_what_was_said(self, forge: Forge) -> None:
        comment(forge, "OPENS\n")
        done = comment(forge, " \n")
        assert (done.status, "there is nothing on stdin" in done.stderr) == (1, True)
        assert len(forge.said) == 1

    def test_a_long_one_is_cut_where_the_forge_would_refuse_it(self, forge: Forge) -> None:
        assert comment(forge, "x" * 100_000).status == 0
        assert len(forge.notes[0]["body"]) < 65_536
        assert forge.notes[0]["body"].endswith("too long for a comment*\n")

    def test_text_that_was_cut_within_a_character_is_text_all_the_same(self, forge: Forge) -> None:
        given = {"CI_PROJECT_ID": "5", "CI_MERGE_REQUEST_IID": "7", "BULKHEAD_TOKEN": "t0ken"}
        if "projects" in forge.project:
            done = bash(f"printf 'OPENS \\303' | {CI}/comment.py", CI, CI_API_V4_URL=forge.url, **given)
            assert (done.status, done.stdout) == (0, "comment.py: the comment was made\n")
            assert forge.notes[0]["body"].endswith("OPENS \ufffd")

    def test_a_forge_that_refuses_is_an_error_without_a_traceback(self, forge: Forge) -> None:
        forge.project = "/elsewhere"
        done = comment(forge, "OPENS\n")
        assert done.status == 1
        assert done.stderr.startswith("comment.py: error: HTTP Error 404")

    @pytest.mark.parametrize(
        "answer",
        [
            b"HTTP/1.1 200 OK\r\n\r\nnull", b'HTTP/1.1 200 OK\r\n\r\n"x"', b"HTTP/1.1 200 OK\r\n\r\n[1, null]", b"",
            b'HTTP/1.1 200 OK\r\n\r\n{"message": "x"}', b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n[",
            b"odd\r\n\r\n",
            b"HTTP/1.1 500 \x1b[31m::error::x\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n<html>",
        ],
    )  # fmt: skip
    def test_an_answer_that_is_not_one_of_a_forge_is_an_error_on_one_line(self, answer: bytes) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            threading.Thread(target=answers, args=(server, answer), daemon=True).start()
            env = {"GITHUB_API_URL": f"http://127.0.0.1:{server.getsockname()[1]}", "GITHUB_REPOSITORY": "you/bulkhead"}
            done = run(CI / "comment.py", stdin="OPENS\n", env={**ENV, **env, "GITHUB_TOKEN": "t0ken", "NUMBER": "7"})
        assert done.status == 1
        assert re.fullmatch(r"comment\.py: error: [ -~]+\n", done.stderr), done.stderr

    @pytest.mark.parametrize("answer", [b"302 Found\r\nLocation: ", b'200 OK\r\nLink: rel="next", <'])
    def test_the_token_is_sent_to_no_other_host(self, answer: bytes) -> None:
        """Another port is another host as far as a token is concerned."""
        with socket.create_server(("127.0.0.1", 0)) as server, socket.create_server(("127.0.0.1", 0)) as other:
            end = (
                b'>; rel="next"\r\nContent-Length: 2\r\n\r\n[]'
                if b"Link" in answer
                else b"\r\nContent-Length: 0\r\n\r\n"
            )
            elsewhere = f"http://127.0.0.1:{other.getsockname()[1]}/x".encode()
            reply = b"HTTP/1.1 " + answer + elsewhere + end
            threading.Thread(target=answers, args=(server, reply), daemon=True).start()
            env = {"GITHUB_API_URL": f"http://127.0.0.1:{server.getsockname()[1]}", "GITHUB_REPOSITORY": "you/bulkhead"}
            done = run(CI / "comment.py", stdin="OPENS\n", env={**ENV, **env, "GITHUB_TOKEN": "t0ken", "NUMBER": "7"})
            other.setblocking(False)
            with pytest.raises(BlockingIOError):
                other.accept()
        assert done.status == 1
        assert re.fullmatch(r"comment\.py: error: [ -~]+\n", done.stderr), done.stderr

    @pytest.mark.parametrize("token", ["", " ", "s3cret\n x", "s3cret x", "s3cr\u00e9t", "s3cret\x7f"])
    def test_no_message_shows_a_token(self, forge: Forge, token: str) -> None:
        env = {
            "GITHUB_API_URL": forge.url, "GITHUB_REPOSITORY": "you/bulkhead", "GITHUB_TOKEN": token, "NUMBER": "7",
        }  # fmt: skip
        done = run(CI / "comment.py", stdin="OPENS\n", env={**ENV, **env})
        assert done.status == 1
        assert done.stderr.startswith("comment.py: error: GITHUB_TOKEN is no token: ")
        assert "s3cr" not in done.stderr

    def test_the_workflow_hands_over_what_the_review_said(self, work: Path) -> None:
        server = Forge("/repos/you/bulkhead/issues")
        threading.Thread(target=server.serve_forever, daemon=True).start()
        proposes(work, OPENS)
        _, output = reviewed(work)
        env = {
            "GITHUB_API_URL": server.url, "GITHUB_REPOSITORY": "you/bulkhead", "GITHUB_TOKEN": "t0ken", "NUMBER": "7",
            "COMMENT": output.strip().removeprefix("comment="),
        }  # fmt: skip
        done = bash(step("workflows/bulkhead-comment.yaml", "Comment"), work, **env)
        server.shutdown()
        server.server_close()
        assert (done.status, done.stdout) == (0, "comment.py: the comment was made\n")
        assert "**OPENS traffic to the internet**" in server.notes[0]["body"]

    def test_a_review_that_did_not_finish_does_not_leave_what_was_said_of_another_state(self) -> None:
        server = Forge("/repos/you/bulkhead/issues")
        threading.Thread(target=server.serve_forever, daemon=True).start()
        server.write("<!-- bulkhead diff  -->\n**NO EFFECT on traffic**", "github-actions[bot]")
        document = yaml.safe_load((CI / "github/workflows/bulkhead-comment.yaml").read_text())
        assert document["jobs"]["comment"]["if"] == "${{ !cancelled() }}"
        env = {"GITHUB_API_URL": server.url, "GITHUB_REPOSITORY": "you/bulkhead", "GITHUB_TOKEN": "t0ken"}
        done = bash(step("workflows/bulkhead-comment.yaml", "Comment"), ROOT, **env, NUMBER="7", COMMENT="", HEAD="abc")
        server.shutdown()
        server.server_close()
        assert (done.status, done.stdout) == (0, "comment.py: the comment was changed\n")
        assert "Nothing is known about the traffic that abc opens" in server.notes[0]["body"]


class TestGitLab:
    def do(self, work: Path, job: str, **env: str) -> Done:
        document = yaml.safe_load((CI / "gitlab/bulkhead.gitlab-ci.yml").read_text())
        variables = {**document["variables"], "TRUSTED": str(ROOT), **env}
        script = "\n".join(document[job]["script"])
        return bash(script, work, **variables)

    def test_the_checks_pass_and_leave_their_reports(self, work: Path) -> None:
        done = self.do(work, "bulkhead")
        assert done.status == 0, done.stderr
        assert json.loads((work / "bulkhead.sarif").read_text())["runs"]
        assert "<testsuite" in (work / "bulkhead.xml").read_text()

    def test_a_mistake_fails(self, work: Path) -> None:
        rules = work / "overlays/media/rules.yaml"
        rules.write_text(rules.read_text().replace("to: nas", "to: nass"))
        assert self.do(work, "bulkhead").status == 1

    def test_the_review_is_an_artifact_where_there_is_no_token(self, work: Path) -> None:
        head, base = proposes(work, OPENS), git(work, "rev-parse", "HEAD")
        git(work, "fetch", "-q", "origin", "refs/pull/7/head")
        done = self.do(work, "bulkhead review", CI_MERGE_REQUEST_DIFF_BASE_SHA=base, CI_COMMIT_SHA=head)
        assert done.status == 0, done.stderr
        assert "**OPENS traffic to the internet**" in (work / "bulkhead.md").read_text()


class TestPreCommit:
    @pytest.fixture
    def hooked(self, work: Path) -> Path:
        shutil.copy(CI / "pre-commit/.pre-commit-config.yaml", work)
        git(work, "add", "--all")
        return work

    def commit(self, work: Path) -> Done:
        home = {"PRE_COMMIT_HOME": str(work.parent / "pre-commit"), "XDG_CACHE_HOME": str(work.parent)}
        return run(BIN / "pre-commit", "run", "--all-files", cwd=work, env={**ENV, **home})

    def test_the_hooks_pass_where_all_is_well(self, hooked: Path) -> None:
        done = self.commit(hooked)
        assert done.status == 0, done.stdout
        assert done.stdout.count("Passed") == 3

    def test_a_mistake_is_not_committed(self, hooked: Path) -> None:
        rules = hooked / "overlays/media/rules.yaml"
        rules.write_text(rules.read_text().replace("to: nas", "to: nass"))
        git(hooked, "add", "--all")
        done = self.commit(hooked)
        assert done.status == 1
        assert "error: unknown peer `nass`" in done.stdout

"""Every command that README and docs show is run, or is one of those listed here with the reason why it is not."""

import io
import json
from pathlib import Path

import pytest
from bulkhead.cli.command_line import command_parser
from bulkhead.cli.console import Console
from conftest import ROOT, TOOLS, git, run
from copies import REFERENCE_CLUSTER, copy_with_environment
from system.pages import PAGES, commands, inline, simple_commands, unfenced

README = Path("README.md")  # test_fresh_checkout.py runs it, in order, in a clean clone
WITH_COMMANDS = [page for page in PAGES if page != README and commands(page)]

NOT_RUN = {
    "bulkhead ranges": "it needs the internet; tests/ranges runs it with a server of its own",
    "docker": "it needs a container engine",
    "flux": "it needs a cluster with Flux; tests/engines runs Flux's own code",
    "helm install": "it needs a cluster; tests/engines/test_helm.py installs the chart",
    "helm push": "it needs a registry; tests/engines/test_artifact.py has one",
    "helm upgrade": "it needs a cluster; tests/engines/test_helm.py upgrades the chart",
    "kpt fn": "tests/system/test_kpt.py runs it, on a folder of its own",
    "kubectl -n": "it needs a cluster",
    "kubectl apply": "it needs a cluster",
    "kubectl delete": "it needs a cluster",
    "kubectl get": "it needs a cluster",
    "kubectl label": "it needs a cluster; tests/engines/test_admission.py sets the labels",
    "make chart": "it lints and packages what tests/chart renders",
    "make demo": "test_fresh_checkout.py runs it",
    "make test": "it would run this test",
}
# An exit status that is an answer: problems, findings, differences or rows that do not hold.
ANSWERS = ("adopt", "diff", "explain", "lint", "missing", "test")
# What a page takes for granted: commands that are run before one of its own.
OLD_AND_NEW = "mkdir -p old new && bulkhead render -o old/policies.yaml && cp dump.json old/ && cp old/* new/"
BEFORE = {
    "bulkhead diff --dirs rendered/old rendered/new": (
        "for side in old new; do"
        " mkdir -p rendered/$side; cp -r kustomization.yaml base overlays plugin rendered/$side; done"
    ),
    "bulkhead diff --manifests old/ new/ --enforcer kube-router": OLD_AND_NEW,
    "bulkhead diff --manifests old/ new/ --ipblock never": OLD_AND_NEW,
    "bulkhead diff --manifests old/ new/ --manifests crds/ crds/": f"{OLD_AND_NEW} && mkdir crds && cp dump.json crds/",
    "bulkhead diff main...pull-request": "git branch pull-request",
    "bulkhead diff v1.0 v1.1 --dir clusters/home": (
        "mkdir -p clusters/home && echo 'resources: [../../overlays/media]' >clusters/home/kustomization.yaml"
        " && git add clusters && git commit -qm home && git tag v1.0 && git tag v1.1"
    ),
    "bulkhead reach --manifests platform/ --manifests apps/ --exclude tests --exclude 'apps/*/local'": (
        "mkdir -p platform apps && bulkhead render -o platform/policies.yaml && cp dump.json apps/"
    ),
    "bulkhead reach --manifests clusters/prod": (
        "mkdir -p clusters/prod && cp dump.json clusters/prod"
        " && echo 'resources: [dump.json]' >clusters/prod/kustomization.yaml"
    ),
    "bulkhead diff --manifests before.yaml policies.yaml": "bulkhead render -o before.yaml",
    "bulkhead lint --manifests rendered/ --enforcer kube-router": "bulkhead render --layout tree -o rendered/",
    "bulkhead validate --cluster paris": "git add --all && git commit -qm clusters",
    "deploy/ci/publish . rendered": "git push -q origin main",
    "KUSTOMIZE_PLUGIN_HOME=$PWD/plugin/legacy/home kubectl kustomize --enable-alpha-plugins overlays/media": (
        "sed -i 's,../../plugin,../../plugin/legacy,' overlays/media/kustomization.yaml"
    ),
}
DUMP = {
    "apiVersion": "v1",
    "kind": "List",
    "items": [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "n"}},
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "n"}},
    ],
}


def is_run(words: list[str]) -> bool:
    return words[0] not in NOT_RUN and " ".join(words[:2]) not in NOT_RUN


def without_comment(text: str) -> str:
    return text.partition("  #")[0].rstrip()


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """A repository with the reference cluster and what the pages speak of, and its origin."""
    folder = copy_with_environment(
        tmp_path / "work", *REFERENCE_CLUSTER, "charts", "deploy", "tests/reachability", "tests/flows"
    )
    (folder / ".tools").symlink_to(ROOT / ".tools")
    (folder / ".gitignore").write_text(".venv\n.tools\n__pycache__\n")
    for name in ("dump.json", "cluster.json"):
        (folder / name).write_text(json.dumps(DUMP))
    git(folder, "init", "-q", "-b", "main")
    git(folder, "config", "user.name", "tests")
    git(folder, "config", "user.email", "tests@example.org")
    git(folder, "add", "--all")
    git(folder, "commit", "-q", "-m", "The cluster")
    git(tmp_path, "clone", "-q", "--bare", folder, "origin.git")
    git(folder, "remote", "add", "origin", tmp_path / "origin.git")
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("page", WITH_COMMANDS, ids=str)
def test_the_commands_of_a_page_work_in_order(page: Path, work: Path) -> None:
    env = {"PATH": f"{ROOT / '.venv/bin'}:{TOOLS}:/usr/local/bin:/usr/bin:/bin"}
    for command in commands(page):
        text = without_comment(command.text).partition(" | kubectl apply")[0]
        words = simple_commands(text)
        if all(map(is_run, words)):
            script = "\n".join(filter(None, (BEFORE.get(text, ""), text)))
            done = run("bash", "-euo", "pipefail", "-c", script, cwd=work, env=env)
            answers = words[-1][0] == "bulkhead" and words[-1][1] in ANSWERS
            assert done.status in ((0, 1) if answers else (0,)), (
                f"{command}\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
            )
            assert "Traceback" not in done.stderr, command


OWN = [
    pytest.param(words[1:], id=f"{command.page}:{command.line} {' '.join(words)}")
    for page in PAGES
    for command in [*commands(page), *inline(page, "bulkhead")]
    for words in simple_commands(command.text)
    if words[0] == "bulkhead" and words[1:2] not in (["--help"], ["--version"])
]


@pytest.mark.parametrize("arguments", OWN)
def test_every_bulkhead_command_of_a_page_is_one_that_the_parser_accepts(arguments: list[str]) -> None:
    stderr = io.StringIO()
    try:
        command_parser(Console(io.StringIO(), io.StringIO(), stderr)).parse_args(arguments)
    except SystemExit:
        pytest.fail(stderr.getvalue())


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_make_target_of_a_page_is_there(page: Path) -> None:
    targets = {line.partition(":")[0] for line in (ROOT / "Makefile").read_text().splitlines() if ":" in line}
    for command in [*commands(page), *inline(page, "make"), *inline(page, "sudo make")]:
        for words in simple_commands(command.text.replace("-C FOLDER ", "").removeprefix("sudo ")):
            if words[0] == "make":
                named = [word for word in words[1:] if not word.startswith("-") and "=" not in word]
                assert set(named[:1]) <= targets, command


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_no_command_is_in_a_block_without_fences(page: Path) -> None:
    """Such a block is not seen here, so nothing would run its commands."""
    assert unfenced(page) == []


def test_what_is_not_run_is_still_shown_somewhere() -> None:
    shown = {
        name
        for page in PAGES
        for command in commands(page)
        for words in simple_commands(command.text)
        for name in (words[0], " ".join(words[:2]))
    }
    assert set(NOT_RUN) - shown == set()
    assert BEFORE.keys() - {without_comment(command.text) for page in PAGES for command in commands(page)} == set()


def test_a_line_of_shell_is_taken_apart() -> None:
    line = "A=1 one --x='a b' | two > out.txt && three -f - < in  # why"
    assert simple_commands(line) == [["one", "--x=a b"], ["two"], ["three", "-f", "-"]]


def test_commands_are_found_in_blocks_of_both_kinds() -> None:
    (shown,) = [one for one in commands(Path("docs/how-to/flux.md")) if "flux push" in one.text]
    assert "--source" in shown.text  # from the continuation line
    (with_output, *_) = commands(Path("docs/how-to/explain-a-connection.md"))
    assert with_output.text == "bulkhead explain cardboard trade-bot:5432"
    assert with_output.output.startswith("cardboard/* -> trade-bot/*, port 5432: allowed")
    assert [one.text for one in commands(README)][1:3] == ["make demo", "make test"]

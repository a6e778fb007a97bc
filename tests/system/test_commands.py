"""The command line as a person uses it: render, validate, schema, new, completion."""

import json
import os
import re
import shutil
from pathlib import Path

import jsonschema
import pytest
import yaml
from conftest import PYTHON, ROOT, Tree, bulkhead, plain_environment, run
from copies import copy_parts
from terminal import shown_on_terminal

REFERENCE = ("base", "overlays", "kustomization.yaml")
PROTECTED = 12


def test_render_to_a_file_is_what_it_prints_and_check_knows_it(cluster: Tree) -> None:
    printed = cluster.bulkhead("render")
    assert (printed.status, printed.stderr) == (0, "")
    assert cluster.bulkhead("render", "-o", "out.yaml").status == 0
    assert (cluster.path / "out.yaml").read_text() == printed.stdout
    assert cluster.bulkhead("render", "-o", "out.yaml", "--check").status == 0


def test_check_shows_what_is_stale_and_writes_nothing(cluster: Tree) -> None:
    assert cluster.bulkhead("render", "-o", "out.yaml").status == 0
    before = (cluster.path / "out.yaml").read_text()
    cluster.overlay("cardboard", "  egress: {smtp: {to: internet, ports: 587}}\n")
    checked = cluster.bulkhead("render", "-o", "out.yaml", "--check")
    assert checked.status == 1
    assert "+  name: allow-smtp-egress\n" in checked.stdout
    assert "stale" in checked.stderr
    assert (cluster.path / "out.yaml").read_text() == before


def test_check_of_what_was_never_written_is_stale(cluster: Tree) -> None:
    assert cluster.bulkhead("render", "-o", "nowhere.yaml", "--check").status == 1
    assert not (cluster.path / "nowhere.yaml").exists()


def test_check_needs_something_to_check(tree: Tree) -> None:
    done = tree.bulkhead("render", "--check")
    assert done.status == 2
    assert "-o PATH" in done.stderr


def test_a_folder_gets_one_file_a_protected_namespace_and_stale_ones_go(cluster: Tree) -> None:
    out = cluster.path / "rendered"
    assert cluster.bulkhead("render", "-o", "rendered/").status == 0
    assert len(list(out.iterdir())) == PROTECTED
    assert cluster.bulkhead("render", "-o", "rendered", "--check").status == 0
    (out / "notes.txt").write_text("mine")
    shutil.rmtree(cluster.path / "overlays" / "trade-bot")
    listed = (cluster.path / "kustomization.yaml").read_text().replace("- overlays/trade-bot\n", "")
    (cluster.path / "kustomization.yaml").write_text(listed)
    assert cluster.bulkhead("render", "-o", "rendered", "--check").status == 1
    assert cluster.bulkhead("render", "-o", "rendered").status == 0
    assert not (out / "trade-bot.yaml").exists()
    assert (out / "notes.txt").read_text() == "mine"


def test_a_foreign_file_in_the_way_is_refused_not_replaced(cluster: Tree) -> None:
    cluster.write("rendered/media.yaml", "somebody: else\n")
    done = cluster.bulkhead("render", "-o", "rendered/")
    assert done.status == 2
    assert "`media.yaml` is there and was not rendered by bulkhead" in done.stderr
    assert [path.name for path in (cluster.path / "rendered").iterdir()] == ["media.yaml"]


def test_a_mistake_leaves_what_was_written_before(cluster: Tree) -> None:
    assert cluster.bulkhead("render", "-o", "out.yaml").status == 0
    before = (cluster.path / "out.yaml").read_text()
    cluster.overlay("cardboard", "  egress: {smtp: {to: nobody}}\n")
    done = cluster.bulkhead("render", "-o", "out.yaml")
    assert done.status == 1
    assert done.stdout == ""
    assert "overlays/cardboard/rules.yaml:5:23: error: unknown peer `nobody`" in done.stderr
    assert (cluster.path / "out.yaml").read_text() == before


def test_a_folder_that_cannot_be_written_is_an_error_with_the_reason(cluster: Tree) -> None:
    done = cluster.bulkhead("render", "overlays/cardboard", "-o", "/proc/nowhere/out.yaml")
    assert done.status == 2
    assert "/proc/nowhere/out.yaml: error: cannot be written" in done.stderr


def test_validate_finds_the_line_in_the_layer_that_wrote_it(cluster: Tree) -> None:
    base = cluster.path / "base" / "namespace.yaml"
    base.write_text(base.read_text().replace("from: traefik\n", "from: trafik\n"))
    cluster.overlay("inline", kustomization=(
        "resources: [../../base]\nnamespace: inline\npatches:\n- patch: |-\n    apiVersion: bulkhead.dev/v1alpha1\n"
        "    kind: SegmentedNamespace\n    metadata: {name: standard}\n    spec:\n      egress:\n"
        "        web: {to: internt}\ntransformers: [../../plugin]\n"
    ))  # fmt: skip
    cluster.overlay("pointed", kustomization=(
        "resources: [../../base]\nnamespace: pointed\n"
        "patches:\n- path: ops.yaml\n  target: {kind: SegmentedNamespace}\n"
        "transformers: [../../plugin]\n"
    ))  # fmt: skip
    cluster.write(
        "overlays/pointed/ops.yaml", "- op: add\n  path: /spec/egress/web\n  value: {to: internet, ports: 0}\n"
    )
    inline = cluster.bulkhead("validate", "overlays/inline")
    assert "overlays/inline/kustomization.yaml:10:19: error: unknown peer `internt`" in inline.stderr
    assert "base/namespace.yaml:10:13: error: unknown peer `trafik`" in inline.stderr
    assert "hint: did you mean `traefik`?" in inline.stderr
    pointed = cluster.bulkhead("validate", "overlays/pointed")
    assert "overlays/pointed/ops.yaml:3:32: error: port `0` is out of range" in pointed.stderr


def test_a_removal_that_removes_nothing_is_an_error(cluster: Tree) -> None:
    cluster.overlay("cardboard", "  ingress: {treafik: null}\n")
    done = cluster.bulkhead("validate", "overlays/cardboard")
    assert done.status == 1
    assert (
        "overlays/cardboard/rules.yaml:5:13: error: there is no `treafik` to remove\nhint: did you mean `traefik`?"
        in done.stderr
    )


def test_what_kustomize_would_silently_read_otherwise_is_an_error(cluster: Tree) -> None:
    cluster.overlay("cardboard", "  egress: {web: {to: internet, ports: 010}}\n")
    assert "port: 8\n" in cluster.build("overlays/cardboard").stdout
    done = cluster.bulkhead("validate", "overlays/cardboard")
    assert "rules.yaml:5:39: error: `010` without quotes is an octal number in YAML 1.1" in done.stderr
    assert done.status == 1


def test_a_remote_resource_is_named_and_nothing_is_fetched(cluster: Tree) -> None:
    cluster.overlay("cardboard", kustomization=(
        "resources: [../../base, https://example.org/x.yaml]\nnamespace: cardboard\ntransformers: [../../plugin]\n"
    ))  # fmt: skip
    done = cluster.bulkhead("render", "overlays/cardboard")
    assert done.status == 1
    assert (
        "kustomization.yaml:1:25: error: `https://example.org/x.yaml` is remote: kustomize would fetch it"
        in done.stderr
    )


def test_a_link_out_of_the_folder_is_refused(cluster: Tree, tmp_path_factory: pytest.TempPathFactory) -> None:
    secret = tmp_path_factory.mktemp("outside") / "secret.yaml"
    secret.write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: secret}\n")
    cluster.overlay("cardboard", kustomization=(
        "resources: [../../base, link.yaml]\nnamespace: cardboard\ntransformers: [../../plugin]\n"
    ))  # fmt: skip
    (cluster.path / "overlays/cardboard/link.yaml").symlink_to(secret)
    done = cluster.bulkhead("render", "overlays/cardboard")
    assert (done.status, done.stdout) == (1, "")
    assert "`link.yaml` leads out of the kustomization's folder" in done.stderr


def test_render_runs_nothing_of_the_tree(cluster: Tree) -> None:
    (cluster.path / "plugin" / "expand").write_text(f"#!/bin/sh\ntouch {cluster.path}/ran\n")
    cluster.write("overlays/cardboard/evil.sh", f"#!/bin/sh\ntouch {cluster.path}/ran\n").chmod(0o755)
    assert cluster.bulkhead("render", "overlays/cardboard").status == 0
    cluster.write("overlays/cardboard/evil.yaml", (
        "apiVersion: example.org/v1\nkind: Evil\nmetadata:\n  name: evil\n  annotations:\n"
        "    config.kubernetes.io/function: |\n      exec: {path: ./evil.sh}\n"
    ))  # fmt: skip
    cluster.overlay("cardboard", kustomization=(
        "resources: [../../base]\nnamespace: cardboard\ntransformers: [evil.yaml, ../../plugin]\n"
    ))  # fmt: skip
    done = cluster.bulkhead("render", "overlays/cardboard")
    assert (done.status, done.stdout) == (2, "")
    assert "cannot be reviewed: kustomize acts on the annotation `config.kubernetes.io/function`" in done.stderr
    assert not (cluster.path / "ran").exists()


READING = [
    ("validate",),
    ("render",),
    ("values",),
    ("lint",),
    ("reach",),
    ("explain", "a", "b"),
    ("diff", "--dirs"),
]


@pytest.mark.parametrize("command", READING)
@pytest.mark.parametrize("where", ["nowhere", "overlays", "base", "lists-nothing", "."])
def test_a_folder_without_overlays_is_unusable_to_every_command(
    cluster: Tree, where: str, command: tuple[str, ...]
) -> None:
    cluster.write("lists-nothing/kustomization.yaml", "resources: []\n")
    if where == ".":
        (cluster.path / "kustomization.yaml").unlink()
    folders = (where, where) if command[0] == "diff" else (where,)
    options = ("-C", where) if command[0] == "explain" else folders
    done = cluster.bulkhead(*command, *options)
    assert (done.status, done.stdout) == (2, "")
    assert "error: there is no kustomization.yaml here" in done.stderr or "nothing here is expanded" in done.stderr
    assert ("nothing was rendered" in done.stderr) == (command == ("render",))


@pytest.mark.parametrize("command", ["validate", "render", "values"])
def test_a_resource_that_is_not_there_is_a_mistake_in_the_tree(cluster: Tree, command: str) -> None:
    (cluster.path / "empty").mkdir()
    cluster.write("kustomization.yaml", "resources: [overlays/media, empty]\n")
    done = cluster.bulkhead(command)
    assert (done.status, done.stdout) == (1, "")
    assert "kustomization.yaml:1:29: error: the folder `empty` has no kustomization.yaml" in done.stderr


def test_without_kustomize_the_message_says_what_to_install(cluster: Tree) -> None:
    done = bulkhead("render", cwd=cluster.path, env={"BULKHEAD_KUSTOMIZE": "/nonexistent", "BULKHEAD_DIRECT": "0"})
    assert (done.status, done.stdout) == (1, "")
    assert "kustomize was not found: install kustomize 5" in done.stderr


def test_validate_sums_up_what_is_right(cluster: Tree) -> None:
    done = cluster.bulkhead("validate")
    assert (done.status, done.stderr) == (0, "")
    assert done.stdout == (
        "12 protected namespaces, 114 policies; unprotected on record: digital-signage, hamaja-recipes\n"
    )


def test_new_makes_an_overlay_that_builds_and_keeps_the_comments_of_the_root(cluster: Tree) -> None:
    root = cluster.path / "kustomization.yaml"
    text = root.read_text().replace("- overlays/media\n", "- overlays/media # the big one\n")
    root.write_text(text)
    done = cluster.bulkhead("new", "paperless", "--rules")
    assert (done.status, done.stderr) == (0, "")
    wanted = text.replace("- overlays/openclaw-personal\n", "- overlays/openclaw-personal\n- overlays/paperless\n")
    assert root.read_text() == wanted
    built = cluster.build("overlays/paperless")
    assert built.status == 0
    assert built.stdout.count("namespace: paperless\n") == 8
    assert cluster.bulkhead("validate").stdout.startswith("13 protected namespaces")


def test_new_records_an_unprotected_namespace(cluster: Tree) -> None:
    assert cluster.bulkhead("new", "sandbox", "--unprotected", "yes: a #playground").status == 0
    assert "unprotected on record: digital-signage, hamaja-recipes, sandbox" in cluster.bulkhead("validate").stdout
    patch = yaml.safe_load((cluster.path / "overlays/sandbox/rules.yaml").read_text())
    assert patch["spec"] == {"ingress": None, "egress": None, "unprotected": "yes: a #playground"}


@pytest.mark.parametrize(
    ("wrong", "right", "hint"),
    [
        ("ports: 587", "ports: 0587", "hint: write `587`, or"),
        ("      ports: 587", "\t\tports: 587", "hint: indent with spaces"),
        ("name: standard", "name: email-gateway", "hint: write `standard`, as in base/namespace.yaml"),
    ],
)
def test_validate_says_what_to_write_instead(cluster: Tree, wrong: str, right: str, hint: str) -> None:
    rules = cluster.path / "overlays/email-gateway/rules.yaml"
    assert wrong in rules.read_text()
    rules.write_text(rules.read_text().replace(wrong, right))
    done = cluster.bulkhead("validate")
    assert done.status == 1
    assert hint in done.stderr


@pytest.mark.parametrize("word", ["0443", "1e3", "22:22", "2027-03-31", "null", "off: it is old", "#1", "- x", "= no"])
def test_new_writes_a_reason_that_every_yaml_reads_as_text(cluster: Tree, word: str) -> None:
    assert cluster.bulkhead("new", "sandbox", "--unprotected", word).status == 0
    assert cluster.bulkhead("validate").status == 0
    patch = yaml.safe_load((cluster.path / "overlays/sandbox/rules.yaml").read_text())
    assert patch["spec"]["unprotected"] == word


@pytest.mark.parametrize("name", ["no", "off", "null", "123", "1e3", "0x1f", "2027-03-31"])
def test_new_writes_a_name_that_every_yaml_reads_as_text(cluster: Tree, name: str) -> None:
    assert cluster.bulkhead("new", name).status == 0
    built = cluster.build(f"overlays/{name}")
    assert built.status == 0, built.stderr
    assert {each["metadata"]["namespace"] for each in yaml.safe_load_all(built.stdout)} == {name}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["Paperless"], "name `Paperless` is not valid"),
        (["media"], "overlays/media exists already"),
        (["a" * 64], "has 64 characters"),
        (["../evil"], "name `../evil` is not valid"),
        (["x", "--unprotected", " "], "the text is empty"),
        *((["x", "--unprotected", answer], f"`{answer}` is no reason") for answer in ("yes", "No", "true", "=", "~")),
        (["x", "-C", "overlays"], "there is no folder `base`"),
    ],
)
def test_new_refuses_what_it_cannot_do_and_changes_nothing(cluster: Tree, arguments: list[str], says: str) -> None:
    before = (cluster.path / "kustomization.yaml").read_text(), sorted(os.listdir(cluster.path / "overlays"))
    done = cluster.bulkhead("new", *arguments)
    assert (done.status, done.stdout) == (2, "")
    assert says in done.stderr
    assert before == ((cluster.path / "kustomization.yaml").read_text(), sorted(os.listdir(cluster.path / "overlays")))


def test_the_committed_schemas_are_fresh(tree: Tree) -> None:
    assert bulkhead("schema", "--check", "docs/reference").status == 0
    copy_parts(tree.path, "docs/reference")
    (tree.path / "docs/reference/resources.md").write_text("stale")
    done = tree.bulkhead("schema", "--check", "docs/reference")
    assert done.status == 1
    assert "docs/reference/resources.md: error: stale" in done.stderr


def written() -> list[Path]:
    """Return every file of the reference cluster that a person writes for bulkhead."""
    files = [path for top in ("base", "overlays") for path in (ROOT / top).rglob("*.yaml")]
    return sorted(path for path in files if "bulkhead.dev/" in path.read_text())


@pytest.mark.parametrize("path", written(), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_file_that_people_write_names_a_schema_that_accepts_it(path: Path) -> None:
    modeline = re.match(r"# yaml-language-server: \$schema=(\S+)\n", path.read_text())
    assert modeline
    schema = json.loads((path.parent / modeline.group(1)).read_text())
    jsonschema.Draft202012Validator(schema).validate(yaml.safe_load(path.read_text()))


@pytest.mark.parametrize(
    "spec",
    [
        {"ingres": {}},
        {"ingress": []},
        {"ingress": {"web": {"from": []}}},
        {"ingress": {"web": {"from": "traefik", "ports": 0}}},
        {"ingress": {"web": {"from": "traefik", "port": 80}}},
        {"egress": {"web": {"to": {"cidr": "everywhere"}}}},
        {"egress": {"Web": {"to": "internet"}}},
        {"egress": {"web": {"to": {"network": "lan"}}}},
    ],
)
def test_the_schema_refuses_what_an_editor_should_underline(spec: dict[str, object]) -> None:
    schema = json.loads(bulkhead("schema", "SegmentedNamespace").stdout)
    resource = {
        "apiVersion": "bulkhead.dev/v1alpha1",
        "kind": "SegmentedNamespace",
        "metadata": {"name": "standard"},
        "spec": spec,
    }
    assert list(jsonschema.Draft202012Validator(schema).iter_errors(resource))


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "tcsh"])
def test_completion_names_the_commands(shell: str) -> None:
    done = bulkhead("completion", shell)
    assert done.status == 0
    assert "validate" in done.stdout


def test_completion_completes_in_a_real_bash() -> None:
    script = (
        f'eval "$({PYTHON} -m bulkhead completion bash)"; COMP_WORDS=(bulkhead va); COMP_CWORD=1; '
        "_shtab_bulkhead; echo ${COMPREPLY[@]}"
    )
    assert run("bash", "-c", script).stdout == "validate values\n"


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("explain car", "cardboard"),
        ("allow media/jellyf", "media/jellyfin"),
        ("revoke email-gateway aws", "aws-ses"),
        ("peer remove prom", "prometheus"),
        ("diff mai", "main"),
        ("ranges update cloudf", "cloudflare"),
        ("render overlays/car", "overlays/cardboard"),
    ],
)
def test_completion_knows_the_names_of_the_tree(cluster: Tree, words: str, wanted: str) -> None:
    cluster.commit()
    parts = words.split()
    script = (
        f'PATH={PYTHON.parent}:$PATH; eval "$(bulkhead completion bash)"; '
        f"COMP_WORDS=(bulkhead {words}); COMP_CWORD={len(parts)}; _shtab_bulkhead; echo ${{COMPREPLY[@]}}"
    )
    assert run("bash", "-c", script, cwd=cluster.path).stdout == f"{wanted}\n"


def test_names_are_listed_for_a_shell_and_nothing_is_said_where_there_are_none(cluster: Tree, tmp_path: Path) -> None:
    listed = {kind: cluster.bulkhead("completion", "--list", kind).stdout.split() for kind in KINDS}
    assert {"media", "media/jellyfin"} <= {*listed["namespaces"]}
    assert {"nas", "internet"} <= {*listed["peers"]}
    assert {*listed["endpoints"]} == {*listed["namespaces"], *listed["peers"]}
    assert {"nas-nfs", "external-https"} <= {*listed["rules"]}
    assert listed["revisions"] == []
    (tmp_path / "empty").mkdir()
    for kind in KINDS:
        done = bulkhead("completion", "--list", kind, cwd=tmp_path / "empty")
        assert (done.status, done.stdout) == (0, "")


KINDS = ("endpoints", "namespaces", "rules", "peers", "revisions")


def test_help_teaches_with_examples() -> None:
    done = bulkhead("--help")
    assert done.status == 0
    assert "bulkhead render overlays/media" in done.stdout


def test_a_reader_that_goes_away_is_no_error_message(cluster: Tree) -> None:
    done = run("bash", "-c", f"{PYTHON} -m bulkhead render . | head -n 1", cwd=cluster.path)
    assert (done.stdout, done.stderr) == ("apiVersion: networking.k8s.io/v1\n", "")


SLOW = """#!/bin/sh
sleep 2
exec kustomize "$@"
"""


def test_a_terminal_sees_what_takes_more_than_a_second_and_a_pipe_does_not(cluster: Tree) -> None:
    command = "reach", "--from", "media"
    slow = cluster.write("slow", SLOW)
    slow.chmod(0o755)
    settings = {"BULKHEAD_DIRECT": "0", "BULKHEAD_KUSTOMIZE": str(slow)}
    line: list[str | Path] = [PYTHON, "-m", "bulkhead", *command]
    shown = shown_on_terminal(line, cluster.path, {**plain_environment(), **settings}, stderr=True)
    assert re.search("\r\x1b\\[Kkustomize builds the overlays, [0-9]+ s\r\x1b\\[K", shown)
    done = cluster.bulkhead(*command, env=settings)
    assert "kustomize builds" not in done.stdout + done.stderr


def test_a_namespace_that_is_called_like_a_folder_is_not_taken_for_it(cluster: Tree) -> None:
    cluster.write("overlays/kustomization.yaml", "resources: [cardboard]\nnamespace: media\n")
    assert cluster.bulkhead("validate", "overlays").stdout == "1 protected namespace, 8 policies\n"


def test_a_component_of_the_base_is_where_the_rule_was_written(cluster: Tree) -> None:
    base = cluster.path / "base" / "kustomization.yaml"
    base.write_text(base.read_text().replace("# components:\n# - hardened", "components:\n- hardened"))
    rules = cluster.path / "base" / "hardened" / "rules.yaml"
    rules.write_text(rules.read_text().replace("{to: same-namespace,", "{to: same-namespac,"))
    done = cluster.bulkhead("validate", "overlays/cardboard")
    assert "base/hardened/rules.yaml:8:27: error: unknown peer `same-namespac`" in done.stderr


def test_lint_has_the_same_words_with_colour_and_without(cluster: Tree) -> None:
    line: list[str | Path] = [PYTHON, "-m", "bulkhead", "lint"]
    settings = {**plain_environment(), "TERM": "xterm", "COLUMNS": "120"}
    coloured = shown_on_terminal(line, cluster.path, settings)
    plain = shown_on_terminal(line, cluster.path, {**settings, "NO_COLOR": "1"})
    assert "\x1b[1mnote\x1b[0m" in coloured
    assert "\x1b" not in plain
    assert re.sub(r"\x1b\[\d+m", "", coloured) == plain

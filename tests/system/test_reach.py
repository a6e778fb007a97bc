"""`bulkhead reach`: the matrix, its rows, and the forms for other tools."""

import json
from pathlib import Path

import pytest
from conftest import ROOT, Tree, bulkhead, without_evidence

REFERENCE = Tree(ROOT)


def rows(*arguments: str) -> list[tuple[str, ...]]:
    """Return the lines below the heading, in columns."""
    done = REFERENCE.bulkhead("reach", *arguments)
    assert done.status == 0, done.stderr
    return [
        tuple(part for part in line.split("  ") if part.strip())
        for line in without_evidence(done.stdout).splitlines()[1:]
    ]


def test_rows_say_what_is_open_between_two_ends() -> None:
    found = rows("--from", "media/jellyfin", "--to", "media")
    assert [tuple(map(str.strip, row)) for row in found] == [
        ("media/jellyfin", "media/postgresql", "5432"),
        ("media/jellyfin", "media/redis", "6379"),
    ]


def test_a_port_leaves_only_itself() -> None:
    found = rows("--from", "media", "--to", "kube-system/traefik:53/UDP")
    assert {row[-1].strip() for row in found} == {"53/UDP"}
    assert len(found) == 5


def test_two_pods_of_one_namespace_are_a_pair() -> None:
    assert [row[-1].strip() for row in rows("--from", "cardboard", "--to", "cardboard")] == ["all"]


def test_pods_that_no_rule_tells_apart_are_told_apart_by_who_asks(tmp_path: Path) -> None:
    pod = "apiVersion: v1\nkind: Pod\nmetadata: {{name: {}, namespace: a}}\n---\n"
    tree = Tree(tmp_path)
    tree.write("all.yaml", "".join(map(pod.format, "pqr")))
    done = tree.bulkhead("reach", "--manifests", "all.yaml", "--from", "a/p", "--to", "a/q")
    assert without_evidence(done.stdout).splitlines()[1:] == ["a/p   a/q  all"]


def test_where_nothing_is_open_it_says_so() -> None:
    done = REFERENCE.bulkhead("reach", "--from", "cardboard", "--to", "media/postgresql")
    assert (done.status, without_evidence(done.stdout)) == (0, "no connection\n")


def matrix(text: str) -> dict[tuple[str, str], str]:
    """Return the cells of a Markdown matrix by the names of their row and column."""
    head, _, *lines = [line for line in text.splitlines() if line.startswith("|")]
    columns = [cell.strip() for cell in head.strip("|").split(" | ")][1:]
    found: dict[tuple[str, str], str] = {}
    for line in lines:
        name, *cells = (cell.strip() for cell in line.strip("|").split(" | "))
        found |= {(name.strip("*"), column): cell for column, cell in zip(columns, cells, strict=True)}
    return found


def test_the_matrix_says_what_the_design_says() -> None:
    cells = matrix(REFERENCE.bulkhead("reach", "--format", "markdown").stdout)
    assert cells["cardboard", "trade-bot"] == "all"
    assert cells["cardboard", "cardboard"] == "all"
    assert cells["cardboard", "media"] == "-"
    assert cells["cardboard", "internet"] == "443"
    assert cells["kube-system", "media"] == "some"
    assert cells["media", "media"] == "some"
    assert cells["openclaw-personal", "openclaw-personal"] == "-"
    assert cells["openclaw-personal", "internet"] == "443"
    assert cells["internet", "cardboard"] == "-"
    assert cells["internet", "hamaja-recipes"] == "all"
    assert cells["lan", "monitoring"] == "all"
    assert cells["home-assistant", "lan"] == "all"
    assert cells["internet", "lan"] == "."


@pytest.mark.parametrize("columns", ["60", "80", "200"])
def test_the_matrix_fits_the_terminal_and_loses_nothing(columns: str) -> None:
    done = bulkhead("reach", width=int(columns))
    legend = done.stdout.index("\n\nall ")
    table = done.stdout[:legend].splitlines()
    assert max(map(len, table)) <= int(columns)
    heads = [line.split()[2:] for line in table if line.startswith("from, to")]
    assert [number for head in heads for number in head] == [str(n) for n in range(1, 25)]


def test_json_is_the_answer_as_rectangles() -> None:
    done = REFERENCE.bulkhead("reach", "--to", "media/postgresql", "--format", "json")
    found = json.loads(done.stdout)
    assert (found["schema"], found["ipBlock"]) == ("bulkhead.dev/reach/v1", "pods")
    (layer,) = found["layers"]
    names = {each["id"]: each["workloads"][0]["name"] for each in layer["endpoints"]}
    assert [
        ([names[n] for n in each["from"]], [names[n] for n in each["to"]], each["ports"])
        for each in layer["connections"]
    ] == [(["jellyfin"], ["postgresql"], "TCP 5432")]


MANIFESTS = """\
{"kind": "List", "items": [
  {"kind": "Pod", "metadata": {"name": "one", "namespace": "a"}, "status": {"podIP": "10.0.0.1"}},
  {"kind": "Pod", "metadata": {"name": "two", "namespace": "b"}, "status": {"podIP": "10.0.0.2"}},
  {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "p", "namespace": "b"},
   "spec": {"podSelector": {}, "ingress": [{"from": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]}]}}
]}
"""


def test_a_dump_comes_in_on_stdin() -> None:
    command = ("reach", "--manifests", "-", "--from", "a", "--to", "b")
    done = bulkhead(*command, stdin=MANIFESTS)
    assert without_evidence(done.stdout).splitlines()[1:] == ["a/one  b/two  all"]
    assert without_evidence(bulkhead(*command, "--ipblock", "never", stdin=MANIFESTS).stdout) == "no connection\n"


def test_a_broken_dump_on_stdin_is_an_error_of_stdin() -> None:
    done = bulkhead("reach", "--manifests", "-", stdin='{"kind": "List", "items": [')
    assert (done.status, done.stdout) == (2, "")
    assert done.stderr.startswith("stdin:1:")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--from", "cardbord"), "there is no namespace or peer `cardbord`"),
        (("--to", "cardboard:80", "--port", "80"), "the port is given twice"),
        (("--format", "pairs", "--from", "cardboard"), "--format pairs lists everything"),
        (("--manifests", "/nowhere"), "no such file or folder"),
    ],
)
def test_what_cannot_be_answered_is_an_error(arguments: tuple[str, ...], says: str) -> None:
    done = REFERENCE.bulkhead("reach", *arguments)
    assert (done.status, done.stdout) == (2, "")
    assert says in done.stderr


def test_the_profile_s_enforcer_chooses_how_blocks_are_read_and_the_flag_overrides(tree: Tree) -> None:
    profile = tree.path / "base" / "cluster.yaml"
    profile.write_text(profile.read_text().replace("kube-router", "cilium"))
    tree.overlay("one")
    tree.overlay("two")
    tree.write("kustomization.yaml", "resources: [overlays/one, overlays/two]\n")
    ask = ("reach", "--from", "one", "--to", "two", "--port", "8080")
    shown = without_evidence(tree.bulkhead(*ask).stdout)
    assert shown == "no connection\nread as cilium documents it, which was not measured\n"
    assert "one/*" in tree.bulkhead(*ask, "--ipblock", "pods").stdout

"""`bulkhead test`: the promises of the reference cluster, and how one is reported that holds, fails or is known."""

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml
from conftest import ROOT, Tree, without_evidence
from copies import REFERENCE_CLUSTER, copy_with_environment

REFERENCE = Tree(ROOT)
HEAD = "apiVersion: bulkhead.dev/v1alpha1\nkind: ReachabilityTest\nmetadata: {name: mine}\nspec:\n  tests:\n"


@pytest.fixture
def cluster(tree: Tree) -> Tree:
    """Two namespaces in the standard pattern."""
    tree.overlay("one")
    tree.overlay("two")
    tree.write("kustomization.yaml", "resources: [overlays/one, overlays/two]\n")
    return tree


def held(cluster: Tree, rows: str, *arguments: str) -> tuple[int, str, str]:
    """Return exit status, output and errors of a test with *rows*."""
    cluster.write("tests/reachability/mine.yaml", HEAD + rows)
    done = cluster.bulkhead("test", *arguments)
    return done.status, done.stdout, done.stderr


# --- The reference cluster -------------------------------------------------------------------------------------------


def test_the_reference_cluster_keeps_its_promises_or_says_which_it_breaks_on_purpose() -> None:
    done = REFERENCE.bulkhead("test", "--format", "json")
    assert done.status == 0, done.stdout + done.stderr
    rows = json.loads(done.stdout)["rows"]
    assert {row["verdict"] for row in rows} == {"ok", "known"}
    assert {Path(row["file"]).name for row in rows if row["verdict"] == "known"} == {"isolation.yaml"}
    assert all(row["because"] for row in rows)


def test_hardened_every_promise_holds_and_every_mark_has_to_go(tmp_path: Path) -> None:
    hardened = Tree(copy_with_environment(tmp_path, *REFERENCE_CLUSTER, "tests/reachability"))
    base = hardened.path / "base" / "kustomization.yaml"
    base.write_text(base.read_text() + "components: [hardened]\n")
    done = hardened.bulkhead("test", "--format", "json")
    assert done.status == 1
    failed = [row for row in json.loads(done.stdout)["rows"] if row["verdict"] == "fail"]
    assert failed
    assert all(row["reasons"] == ["it holds now: take the mark `known` away"] for row in failed)
    marks = 0
    for file in (tmp_path / "tests" / "reachability").glob("*.yaml"):
        resource = yaml.safe_load(file.read_text())
        marks += sum(row.pop("known", None) is not None for row in resource["spec"]["tests"])
        file.write_text(yaml.safe_dump(resource))
    assert marks == len(failed)
    done = hardened.bulkhead("test")
    assert done.status == 0, done.stdout
    assert "0 failed" in done.stdout
    assert "known" not in done.stdout


def test_every_namespace_of_the_reference_cluster_is_promised_something() -> None:
    text = "".join(path.read_text() for path in (ROOT / "tests" / "reachability").glob("*.yaml"))
    assert [path.name for path in (ROOT / "overlays").iterdir() if path.name not in text] == []


# --- Verdicts --------------------------------------------------------------------------------------------------------


def test_a_promise_that_holds_is_one_line_with_its_place(cluster: Tree) -> None:
    status, out, _ = held(cluster, "  - {from: one, to: internet, port: 22, allowed: false}\n")
    assert (status, without_evidence(out)) == (
        0,
        "ok    tests/reachability/mine.yaml:6  one -> internet:22 refused\n1 row holds, 0 failed\n",
    )


FAILED = """\
FAIL  tests/reachability/mine.yaml:6  one -> two:5432 refused
      one/* -> two/*: port 5432 open: out by `intra-namespace` (base/namespace.yaml:30), \
in by `intra-namespace` (base/namespace.yaml:24)
      because: two is private
0 rows hold, 1 failed
"""


def test_a_promise_that_fails_names_the_lines_that_break_it(cluster: Tree) -> None:
    status, out, _ = held(cluster, "  - {from: one, to: two, port: 5432, allowed: false, because: two is private}\n")
    assert (status, without_evidence(out)) == (1, FAILED)


def test_a_promise_that_is_refused_names_the_side_that_refuses(cluster: Tree) -> None:
    status, out, _ = held(cluster, "  - {from: internet, to: one, port: 80, allowed: true}\n")
    assert status == 1
    assert "internet -> one/*: port 80 refused: no rule for the ingress of one/* allows it; isolated by one/" in out


def test_a_known_breach_is_reported_and_fails_nothing(cluster: Tree) -> None:
    status, out, _ = held(cluster, "  - {from: one, to: two, allowed: false, known: standard pattern}\n")
    assert status == 0
    assert out.startswith("known tests/reachability/mine.yaml:6  one -> two refused\n      known: standard pattern\n")
    assert out.endswith("0 rows hold, 0 failed, 1 known not to\n")


def test_a_known_breach_that_holds_fails_until_the_mark_is_gone(cluster: Tree) -> None:
    status, out, _ = held(cluster, "  - {from: internet, to: two, allowed: false, known: once}\n")
    assert status == 1
    assert "it holds now: take the mark `known` away" in out


@pytest.mark.parametrize(
    ("row", "status"),
    [
        ("{from: one, to: one, allowed: true}", 0),
        ("{from: '*/*', to: one, allowed: true}", 0),
        ("{from: one, to: [two, kube-system], port: [53, 53/UDP], allowed: true}", 0),
        ("{from: one, to: internet, port: 443-444, allowed: true}", 1),
        ("{from: one, to: internet, port: 443-444, allowed: false}", 1),
        ("{from: one, to: internet, allowed: true}", 1),
        ("{from: 'o*', to: internet, port: 443, allowed: true}", 0),
        ("{from: one, to-only: ['*', 0.0.0.0/0]}", 0),
        ("{from: one, to-only: ['*', internet]}", 1),
        ("{from: one, to-only: ['*', internet], port: 80}", 0),
        ("{to: one, from-only: '*'}", 0),
        ("{to: one, from-only: [two, kube-system]}", 1),
        ("{from: lan, to: one, allowed: false}", 0),
        ("{from: 192.168.1.0/24, to: one, allowed: false}", 0),
    ],
)
def test_a_row_holds_or_fails_as_it_reads(cluster: Tree, row: str, status: int) -> None:
    assert held(cluster, f"  - {row}\n")[0] == status


# --- What is wrong with a test ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("  - {from: onne, to: two, allowed: true}\n", "mine.yaml:6:12: error: there is no namespace or peer `onne`"),
        ("  - {from: one, to: [two, twwo], allowed: true}\n", "mine.yaml:6:27: error: there is no namespace"),
        ("  - {from: one, to: two, alowed: true}\n", "mine.yaml:6:26: error: unknown key `alowed`"),
        ("  - {from: one, to: two}\n", "mine.yaml:6:5: error: `allowed` is missing"),
        ("  - {from: one, to: two, allowed: yes}\n", "without quotes is a boolean in YAML 1.1"),
        ("  - {from: one, to: two, allowed: 'true'}\n", "`true` is neither `true` nor `false`"),
        ("  - {from: one, to: two, from-only: one}\n", "`from` cannot be combined with `from-only`"),
        ("  - {to-only: one}\n", "`from` is missing"),
        ("  - {from: one, to: two, port: http, allowed: true}\n", "port `http` is a name"),
        ("  - {from: one, to: [], allowed: true}\n", "the list is empty"),
        ("  - {from: lan, to: nas, allowed: true}\n", "no policy applies to this row"),
        ("  - &a {from: one, to: two, allowed: true}\n  - *a\n", "two rows are the same"),
        ("    []\n", "the list is empty"),
    ],
)  # fmt: skip
def test_a_row_that_says_nothing_clear_is_an_error_with_its_place(cluster: Tree, rows: str, message: str) -> None:
    status, out, said = held(cluster, rows)
    assert (status, out) == (2, "")
    assert message in said


def test_anything_else_among_the_tests_is_an_error(cluster: Tree) -> None:
    cluster.write("tests/reachability/more/other.yml", "kind: ConfigMap\n")
    status, out, said = held(cluster, "  - {from: one, to: one, allowed: true}\n")
    assert (status, out) == (2, "")
    assert "tests/reachability/more/other.yml:1:7: error: this is `ConfigMap`, not a ReachabilityTest" in said


def test_a_tree_without_tests_does_not_pass(cluster: Tree) -> None:
    done = cluster.bulkhead("test")
    assert done.status == 2
    assert "there are no tests in ./tests/reachability" in done.stderr


def test_a_test_that_reaches_the_plugin_is_refused(cluster: Tree) -> None:
    cluster.write("overlays/one/mine.yaml", HEAD + "  - {from: one, to: one, allowed: true}\n")
    path = cluster.path / "overlays/one/kustomization.yaml"
    path.write_text(path.read_text().replace("[../../base]", "[../../base, mine.yaml]"))
    done = cluster.build("overlays/one")
    assert (done.status, done.stdout) == (1, "")
    assert "a ReachabilityTest is no part of a build" in done.stderr
    done = cluster.bulkhead("validate", "overlays/one")
    assert done.status == 1
    assert "a ReachabilityTest is no part of a build" in done.stderr


# --- Elsewhere -------------------------------------------------------------------------------------------------------


def test_a_file_that_is_named_is_read_instead(cluster: Tree) -> None:
    cluster.write("mine.yaml", HEAD + "  - {from: one, to: one, allowed: true}\n")
    done = cluster.bulkhead("test", "--file", "mine.yaml")
    assert done.stdout.startswith("ok    mine.yaml:6  one -> one allowed\n")


def test_tests_are_found_from_the_folder_that_is_named(cluster: Tree) -> None:
    held(cluster, "  - {from: one, to: one, allowed: true}\n")
    done = REFERENCE.bulkhead("test", cluster.path)
    assert (done.status, "mine.yaml:6" in done.stdout) == (0, True)


def test_junit_has_a_case_for_each_row(cluster: Tree) -> None:
    rows = (
        "  - {from: one, to: one, allowed: true}\n"
        "  - {from: one, to: two, allowed: false}\n"
        "  - {from: two, to: one, allowed: false, known: 'a < b'}\n"
    )
    status, out, _ = held(cluster, rows, "--format", "junit")
    assert status == 1
    (suite,) = ElementTree.fromstring(out)
    (evidence,) = suite.findall("properties/property")
    assert evidence.attrib["name"] == "evidence"
    assert suite.attrib == {"name": "mine", "tests": "3", "failures": "1", "errors": "0", "skipped": "1"}
    ok, failed, known = cases = suite.findall("testcase")
    assert [case.attrib["line"] for case in cases] == ["6", "7", "8"]
    assert len(ok) == 0
    assert failed[0].attrib["message"].startswith("one/* -> two/*: all ports open")
    assert known[0].attrib["message"].startswith("known: a < b")


def test_what_runs_in_a_cluster_is_held_against_the_same_promises(cluster: Tree) -> None:
    pods = "".join(
        f"apiVersion: v1\nkind: Pod\nmetadata: {{name: app, namespace: {name}}}\n---\n" for name in ("one", "two")
    )
    cluster.write("dump.yaml", pods)
    rows = "  - {from: lan, to: two, allowed: true}\n"
    rows += "  - {from: one, to: two, port: 80, allowed: true}\n  - {from: one, to: two, port: 81, allowed: false}\n"
    status, out, _ = held(cluster, rows, "--manifests", "dump.yaml")
    assert status == 1
    assert "one/app -> two/app: port 81 open: out because no policy isolates the egress" in out

"""`bulkhead draw`: what is in a picture, in every format."""

import re
import shutil
from collections import Counter
from html import unescape
from pathlib import Path

import pytest
from bulkhead.io.graphviz import svg_of
from bulkhead.report.picture.dot import dot
from bulkhead.report.picture.mermaid import mermaid, mermaid_text
from bulkhead.report.picture.picture import Arrow, ArrowKind, Box, Column, Picture
from bulkhead.report.picture.svg import finished_svg
from conftest import ROOT, Tree, bulkhead, run

pytestmark = pytest.mark.native

HOSTILE = 'a"]-->b\\n</script><b>`|#quot;\u202e&amp;'


def texts(svg: str) -> list[str]:
    """Return the texts of an SVG. No version of Graphviz writes others."""
    return sorted(unescape(each) for each in re.findall(r"<text [^>]*>(.*?)</text>", svg))


def kinds(svg: str) -> Counter[str]:
    """Return how many boxes and arrows of each kind an SVG has."""
    return Counter(re.findall(r'class="((?:node|edge|cluster) \w+)"', svg))


def arrows(mermaid: str) -> dict[str, tuple[str, str, str]]:
    """Return the arrows of a flowchart by their text: from, kind and to, the boxes by their first lines."""
    boxes = {key: text.split("<br/>")[0] for key, text in re.findall(r'^ +(n\d+)\["(.*)"\]$', mermaid, re.MULTILINE)}
    found = re.findall(r'^  (n\d+) (\S+?)\|"(.*)"\| (n\d+)$', mermaid, re.MULTILINE)
    return {text: (boxes[source], line, boxes[target]) for source, line, text, target in found}


def drawn(*arguments: str) -> str:
    done = bulkhead("draw", *arguments)
    assert (done.status, done.stderr) == (0, "")
    return done.stdout


def test_picture_of_the_standard_pattern_has_its_rules_and_the_wall() -> None:
    found = drawn("overlays/cardboard", "--format", "mermaid")
    assert "cardboard: what no rule allows is denied" in found
    assert set(arrows(found).items()) >= {
        ("traefik: all", ("traefik", "-->", "every pod")),
        ("prometheus: all", ("prometheus", "-->", "every pod")),
        ("dashboard: all", ("cluster-dashboard", "-->", "every pod")),
        ("dns: 53/UDP, 53", ("every pod", "-->", "kube-dns")),
        ("external-https: 443", ("every pod", "-->", "anywhere")),
    }
    assert found.count("--x") == 2
    assert "==>" not in found


def test_own_rules_differ_from_those_of_the_standard_pattern() -> None:
    found = arrows(drawn("--namespace", "email-gateway", "--format", "mermaid"))
    assert found["aws-ses: 587"][1] == "==>"
    assert found["traefik: all"][1] == "-->"


def test_rules_between_workloads_are_one_arrow_with_both_sides() -> None:
    found = arrows(drawn("overlays/media", "--format", "mermaid"))
    both = "out by jellyfin.postgresql: 5432<br/>in by postgresql.jellyfin: 5432"
    names = ("app.kubernetes.io/name=jellyfin", "==>", "app.kubernetes.io/name=postgresql")
    assert found[both] == names


def test_unprotected_namespace_is_open_on_both_sides() -> None:
    found = drawn("--namespace", "hamaja-recipes", "--format", "mermaid")
    assert "UNPROTECTED: " in found
    assert {line for _, line, _ in arrows(found).values()} == {"<==>"}
    assert "--x" not in found


def test_direction_that_is_not_isolated_is_open() -> None:
    policy = """
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: p, namespace: shop}
spec:
  podSelector: {matchLabels: {app: web}}
  policyTypes: [Ingress]
"""
    done = bulkhead("draw", "--manifests", "-", "--format", "mermaid", stdin=policy)
    assert "shop: NOT ALL IS DENIED BY DEFAULT" in done.stdout
    assert set(re.findall(r"  (n\d+) (\S+?)\|", done.stdout)) == {("n2", "<==>"), ("n0", "<==>"), ("n3", "--x"),
                                                                 ("n1", "<==>")}  # fmt: skip


def test_svg_has_the_boxes_and_arrows_of_the_graph_and_nothing_that_acts() -> None:
    found = drawn("overlays/media")
    assert kinds(found)["edge denied"] == 2
    assert kinds(found)["cluster wall"] == 1
    assert "prefers-color-scheme: dark" in found
    assert not re.search(r"<script|href=|url\(|@import|<!--|Generated", found)
    assert found == drawn("overlays/media")


def test_picture_of_the_readme_is_fresh() -> None:
    kept = (ROOT / "docs/standard-pattern.svg").read_text()
    fresh = drawn("overlays/cardboard")
    assert (texts(kept), kinds(kept)) == (texts(fresh), kinds(fresh))


def test_picture_of_the_cluster_has_namespaces_that_are_alike_in_one_box() -> None:
    found = drawn("--format", "mermaid")
    (box,) = {text for text in re.findall(r'\["from<br/>(.*)"\]', found) if "cardboard" in text}
    assert box.split("<br/>from")[0].replace("<br/>", ", ").split(", ") == [
        "cardboard",
        "dev-workspace",
        "open-webui",
        "proxmox-watchdog",
        "security-scanner",
        "trade-bot",
    ]
    assert re.search(r'\["443, 587"\]', found)
    widths = set(re.findall(r"stroke-width:(\d)px", found))
    assert {"2", "6"} <= widths


def test_hostile_names_stay_text() -> None:
    box = Box(Column.MIDDLE, (HOSTILE, "x" * 253))
    picture = Picture(HOSTILE, HOSTILE, (box, box), (Arrow(0, 1, ArrowKind.OWN, (HOSTILE,)),), True, (HOSTILE,))
    shown = HOSTILE.replace("\u202e", "\ufffd")
    found = finished_svg(svg_of(dot(picture)))
    assert texts(found) == sorted([shown] * 5 + [f"{'x' * 79}…"] * 2 + ["thick arrow: the namespace's own rule"])
    for line in mermaid(picture).splitlines():
        names = re.findall(r'"[^"]*"', line)
        assert all(re.fullmatch(r'"(?:[\w .,:/=()+-]|#\d+;|<br/>)*"', name) for name in names), line
        assert line.count('"') == 2 * len(names)


def test_no_formula_and_no_line_break_of_mermaid_comes_of_a_name() -> None:
    assert mermaid_text(["$$x\\n"]) == '"#36;#8203;#36;#8203;x#92;#8203;n"'


def test_unknown_namespace_and_folder_as_output_are_refused() -> None:
    done = bulkhead("draw", "--namespace", "meda", "--format", "mermaid")
    assert (done.status, done.stdout) == (2, "")
    assert "did you mean `media`?" in done.stderr
    assert bulkhead("draw", "overlays/media", "-o", "overlays/").status == 2


def test_output_does_not_replace_a_source(cluster: Tree) -> None:
    file = cluster.path / "overlays/media/rules.yaml"
    before = file.read_text()
    assert cluster.bulkhead("draw", "--namespace", "media", "-o", str(file)).status == 2
    assert file.read_text() == before


def test_without_graphviz_the_error_says_what_to_install(tmp_path: Path) -> None:
    for name in ("git", "kustomize"):
        (tmp_path / name).symlink_to(str(shutil.which(name) or ROOT / ".tools/bin" / name))
    done = run(str(ROOT / ".venv/bin/bulkhead"), "draw", "overlays/media", env={"PATH": str(tmp_path)})
    assert (done.status, done.stdout) == (2, "")
    assert "apt-get install graphviz" in done.stderr
    assert run(
        str(ROOT / ".venv/bin/bulkhead"), "draw", "overlays/media", "--format", "dot", env={"PATH": str(tmp_path)}
    ).stdout.startswith("digraph")

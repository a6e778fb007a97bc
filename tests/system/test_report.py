"""`bulkhead report` without a browser: what is written, what is refused, and what it takes from other commands."""

import base64
import hashlib
import html
import json
import re
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT, Tree, bulkhead, git

pytestmark = pytest.mark.native

TODAY = ("--today", "2026-11-01")


def values(page: str) -> dict[str, Any]:
    """Return the values that a page has in itself."""
    (found,) = re.findall(r'<script type="application/json" id="values">(.*?)</script>', page, re.DOTALL)
    read: dict[str, Any] = json.loads(found)
    return read


@pytest.fixture(scope="module")
def page() -> str:
    done = bulkhead("report", *TODAY)
    assert (done.status, done.stderr) == (0, "")
    return done.stdout


def test_policy_allows_the_script_and_the_style_of_the_page_and_nothing_else(page: str) -> None:
    policy = html.unescape(re.findall(r'Content-Security-Policy" content="(.*?)"', page)[0])
    directives = dict(each.strip().split(" ", 1) for each in policy.split(";"))
    assert directives["default-src"] == "'none'"
    for name in ("script", "style"):
        (text,) = re.findall(f"<{name}>(.*?)</{name}>", page, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert directives[f"{name}-src"] == f"'sha256-{digest}'"
    assert not re.findall(r"(?:https?:)?//(?!www\.w3\.org/2000/svg)[a-z]+\.", page)


def test_same_input_is_the_same_page(page: str) -> None:
    assert bulkhead("report", *TODAY).stdout == page


def test_page_has_the_findings_of_lint_and_the_promises_of_test(page: str) -> None:
    found = values(page)
    text = found["texts"].__getitem__
    linted = json.loads(bulkhead("lint", "--format", "json", *TODAY).stdout)["findings"]
    assert [(each[1], text(each[2])) for each in found["findings"]] == [
        (each["check"], each["says"]) for each in linted
    ]
    tested = json.loads(bulkhead("test", "--format", "json").stdout)["rows"]
    shown = [(each[0].lower(), text(each[2]), text(each[3]), [*map(text, each[5])]) for each in found["promises"]]
    assert shown == [
        (
            each["verdict"],
            each["says"],
            f"{each['file']}:{each['line']}",
            [" ".join(why.split()) for why in each["reasons"]],
        )
        for each in tested
    ]


def test_page_has_the_ports_that_reach_says(page: str) -> None:
    """Every connection of overlays between two named endpoints, as rows of `reach`."""
    found = values(page)
    (family,) = found["families"]
    names = [[found["texts"][each] for each in one] for one in family["names"]]

    def members(number: int) -> list[int]:
        spelt = family["sets"][number]
        if spelt.startswith("x"):
            return [at for at in range(len(names)) if int(spelt[1:], 16) >> at & 1]
        ranges = [each.split("-") for each in spelt.split(",") if each]
        return [at for each in ranges for at in range(int(each[0]), int(each[-1]) + 1)]

    shown = {
        (source, other, found["ports"][number][0])
        for sources, parts in family["open"]
        for number, others in parts
        for source in (name for at in members(sources) for name in names[at])
        for other in (name for at in members(others) for name in names[at])
        if source.startswith("media/") and other.startswith(("media/", "kube-system/"))
    }
    said = bulkhead("reach", "--from", "media", "--all").stdout.splitlines()[1:]
    rows = {tuple(re.split(r"\s{2,}", line)) for line in said if line.startswith("media/")}
    assert {row for row in shown if row[2] != "-"} == {
        row for row in rows if row[1].startswith(("media/", "kube-system/"))
    }
    assert ("media/jellyfin", "media/redis", "6379") in shown


def test_revision_is_the_commit_of_the_folder(cluster: Tree) -> None:
    cluster.commit()
    assert values(cluster.bulkhead("report").stdout)["revision"] == git(cluster.path, "rev-parse", "HEAD")


@pytest.mark.parametrize("output", ["base/cluster.yaml", "overlays/r.html", "base/r.html", "link.html"])
def test_no_source_is_overwritten(cluster: Tree, output: str) -> None:
    (cluster.path / "link.html").symlink_to("elsewhere.html")
    before = (cluster.path / "base/cluster.yaml").read_text()
    done = cluster.bulkhead("report", "-o", output)
    assert done.status == 2
    assert done.stderr.startswith(f"{output}: error: ")
    assert (cluster.path / "base/cluster.yaml").read_text() == before
    assert not (cluster.path / "overlays/r.html").exists()


def test_manifests_that_are_reported_are_not_overwritten(tmp_path: Path) -> None:
    rendered = tmp_path / "policies.yaml"
    rendered.write_text(bulkhead("render").stdout)
    done = bulkhead("report", "--manifests", rendered, "-o", rendered, cwd=tmp_path)
    assert (done.status, done.stdout) == (2, "")
    assert "the report is about this file" in done.stderr
    assert rendered.read_text().startswith("apiVersion")


def test_folder_is_no_file(tree: Tree) -> None:
    tree.write("kustomization.yaml", "resources: [overlays/shop]\n")
    tree.overlay("shop")
    assert "-o needs the name of a file" in tree.bulkhead("report", "-o", "base").stderr
    assert "-o needs the name of a file" in tree.bulkhead("report", "-o", "new/").stderr


def test_mistakes_are_reported_and_nothing_is_written(cluster: Tree) -> None:
    cluster.write("report.html", "old")
    cluster.write(
        "tests/reachability/a.yaml", (ROOT / "tests/reachability/isolation.yaml").read_text() + "  - from: nowhere\n"
    )
    done = cluster.bulkhead("report", "-o", "report.html")
    assert done.status == 2
    assert "tests/reachability/a.yaml" in done.stderr
    cluster.write("tests/reachability/a.yaml", "")
    assert cluster.bulkhead("report", "-o", "report.html").status == 2
    cluster.write("overlays/media/rules.yaml", "spec: {egress: {x: {too: nas}}}\n")
    assert cluster.bulkhead("report", "-o", "report.html", "--file", "/dev/null").status == 2
    assert (cluster.path / "report.html").read_text() == "old"


def test_tests_of_another_cluster_are_refused_or_left_out_by_name(cluster: Tree) -> None:
    cluster.write("tests/reachability/a.yaml", (ROOT / "tests/reachability/isolation.yaml").read_text())
    policies = cluster.bulkhead("render", "overlays/media").stdout
    done = cluster.bulkhead("report", "--manifests", "-", stdin=policies)
    assert (done.status, done.stdout) == (2, "")
    assert "there is no namespace or peer `trade-bot`" in done.stderr
    found = values(cluster.bulkhead("report", "--manifests", "-", "--no-tests", stdin=policies).stdout)
    assert (found["promises"], found["testsLeftOut"]) == (None, True)
    assert cluster.bulkhead("report", "--no-tests", "--file", "a").status == 2


def test_dump_from_stdin_has_lines_and_what_is_not_judged(tmp_path: Path) -> None:
    text = bulkhead("render", "overlays/email-gateway").stdout
    text += "---\napiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: c, namespace: x}\n"
    done = bulkhead("report", "--manifests", "-", *TODAY, cwd=tmp_path, stdin=text)
    assert (done.status, done.stderr) == (0, "")
    found = values(done.stdout)
    places = {f"{found['texts'][each[8]]}:{each[9]}" for each in found["rules"]}
    assert all(re.fullmatch(r"stdin:\d+", place) for place in places)
    assert ["Policies and objects that are not judged", ["CiliumNetworkPolicy (cilium.io) x/c"]] in found[
        "notUnderstood"
    ]
    assert found["promises"] is None
    assert found["revision"] == ""

"""What `bulkhead report` writes, opened from the disk in a real Chromium without network, as a person uses it."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from bench import trees
from browser.conftest import OpenedPage, Opener
from conftest import ROOT, Tree, bulkhead
from playwright.sync_api import Locator, Page

pytestmark = [pytest.mark.native, pytest.mark.slow]

TODAY = ("--today", "2026-11-01")
HOSTILE = "</script><img src=x onerror=\"document.title='acted'\">'\"&amp;\u202eabc<!--"


def report(file: Path, *arguments: str | Path, cwd: Path = ROOT, stdin: str = "") -> Path:
    done = bulkhead("report", "-o", file, *TODAY, *arguments, cwd=cwd, stdin=stdin)
    assert done.status == 0, done.stderr
    return file


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of the reference cluster."""
    return report(tmp_path_factory.mktemp("reference") / "report.html")


@pytest.fixture(scope="module")
def thousand(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of a thousand namespaces: every other one has two rules of its own."""
    folder = tmp_path_factory.mktemp("thousand")
    trees.overlays(folder, 1000)
    return report(folder / "report.html", cwd=folder)


def cell(page: Page, source: str, destination: str) -> Locator:
    return page.locator(f'[data-from="{source}"][data-to="{destination}"]')


def word(page: Page, source: str, destination: str) -> str:
    return cell(page, source, destination).inner_text()


def go(page: Page, fragment: str, shown: str) -> None:
    """Go to *fragment*, and wait until *shown* is there."""
    page.evaluate("fragment => { location.hash = fragment; }", fragment)
    page.wait_for_selector(shown)


def status_is(page: Page, words: str) -> None:
    page.wait_for_function("words => document.getElementById('status').textContent.includes(words)", arg=words)


def test_matrix_of_the_reference_cluster(opened: Opener, reference: Path) -> None:
    page = opened(reference).page
    assert page.locator("h2").inner_text() == "Who reaches whom"
    assert word(page, "cardboard", "internet") == "443"
    assert word(page, "email-gateway", "internet") == "443, 587"
    assert word(page, "home-assistant", "lan") == "all"
    assert word(page, "media", "cardboard") == "–"
    assert cell(page, "cardboard", "internet").get_attribute("aria-label") == "from cardboard to internet: 443. Why?"
    assert page.locator("footer").inner_text().startswith("evidence: 31 files, 114 policies, 0 pods, 0 workloads")
    assert "2026-11-01" in page.locator("footer").inner_text()


def test_nothing_but_the_script_of_the_page_runs_and_nothing_is_asked_for(opened: Opener, reference: Path) -> None:
    found = opened(reference)
    found.is_silent = False  # what is refused below is reported in the console
    found.page.evaluate("""() => {
        window.refused = [];
        addEventListener("securitypolicyviolation", event => refused.push(event.effectiveDirective));
        const style = document.createElement("style");
        style.textContent = "h1 { color: rgb(1, 2, 3) }";
        document.head.append(style);
        try { document.body.innerHTML = "<p>"; } catch (error) { refused.push(error.name); }
        fetch("http://127.0.0.1:9/").catch(() => refused.push("fetch"));
    }""")
    wanted = ["TypeError", "fetch", "connect-src", "style-src-elem"]
    found.page.wait_for_function("wanted => wanted.every(each => refused.includes(each))", arg=wanted)
    assert found.page.evaluate("getComputedStyle(document.querySelector('h1')).color") != "rgb(1, 2, 3)"
    assert found.page.locator("h1").inner_text().startswith(ROOT.name)


def test_filters(opened: Opener, reference: Path) -> None:
    page = opened(reference).page
    page.get_by_label("Port", exact=True).fill("587")
    status_is(page, "open cell")
    assert "dimmed" in str(cell(page, "cardboard", "internet").locator("..").get_attribute("class"))
    assert cell(page, "email-gateway", "internet").locator("..").get_attribute("class") == "open"
    page.get_by_label("Only the internet").check()
    page.wait_for_function("() => document.querySelectorAll('.matrix thead th').length < 24")
    page.get_by_label("Namespace", exact=True).fill("email")
    status_is(page, "1 row, 1 column, 1 open cell")
    page.get_by_label("Port", exact=True).fill("587/UDP")
    page.wait_for_selector("text=Nothing is open that the filters leave.")
    page.get_by_label("Port", exact=True).fill("70000")
    page.wait_for_selector("p.bad")
    page.get_by_role("button", name="Clear").click()
    status_is(page, "24 rows, 24 columns")
    assert page.get_by_label("Port", exact=True).input_value() == ""


def test_rows_that_are_alike_fold_and_unfold(opened: Opener, reference: Path) -> None:
    page = opened(reference).page
    fold = page.locator('[data-fold="cardboard"]')
    assert fold.get_attribute("aria-expanded") == "true"
    fold.click()
    page.wait_for_selector('[data-fold="cardboard"][aria-expanded="false"]')
    assert page.evaluate("document.activeElement.dataset.fold") == "cardboard"
    assert cell(page, "trade-bot", "internet").count() == 0
    assert word(page, "cardboard", "internet") == "differ"
    cell(page, "cardboard", "internet").click()
    page.wait_for_selector("dialog[open]")
    assert "443, 587: 1 namespace: email-gateway" in page.locator("dialog").inner_text()
    page.get_by_role("button", name="Close").click()
    page.get_by_role("button", name="Fold or unfold all").click()
    page.wait_for_selector('[data-from="trade-bot"]')


def test_keyboard_moves_in_the_matrix_and_opens_the_reasons(opened: Opener, reference: Path) -> None:
    page = opened(reference).page
    page.locator('.matrix [tabindex="0"]').focus()
    for key in ("ArrowDown", "ArrowRight", "ArrowRight", "ArrowLeft", "End", "Home", "ArrowRight"):
        page.keyboard.press(key)
    assert page.evaluate("document.activeElement.dataset.at") == "1 1"
    assert page.locator('.matrix [tabindex="0"]').count() == 1
    page.keyboard.press("Enter")
    page.wait_for_selector("dialog[open]")
    assert page.url.endswith("#why/cardboard/cardboard")
    page.keyboard.press("Escape")
    page.wait_for_selector("dialog:not([open])", state="attached")
    page.wait_for_function("() => document.activeElement.dataset.at === '1 1'")
    assert page.url.endswith("#matrix")


def test_skip_link_leads_to_the_content(opened: Opener, reference: Path) -> None:
    page = opened(reference).page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.activeElement.tagName === 'MAIN'")


def test_reasons_name_the_rules_of_both_sides_with_their_lines(opened: Opener, reference: Path) -> None:
    page = opened(reference).page
    cell(page, "cardboard", "trade-bot").click()
    sides = page.locator("dialog .side").all_inner_texts()
    assert len(sides) == 2
    assert sides[0].startswith("Out of cardboard/*")
    assert "external-https opens 443 base/namespace.yaml:41\n\nExternal HTTPS" in sides[0]  # it is to anywhere
    assert "intra-namespace opens all ports base/namespace.yaml:30\n\nIntra-namespace pod traffic" in sides[0]
    assert re.fullmatch(r"Into trade-bot/\*\s+intra-namespace opens all ports base/namespace.yaml:24\s+.*", sides[1])
    go(page, "#why/media/cardboard", "dialog .verdict.closed")
    assert "Refused: no rule allows it." in page.locator("dialog").inner_text()


PAIRS = [(source, end) for source in ("media", "openclaw-ops", "monitoring") for end in ("media", "kube-system", "*")]


def verdicts(pairs: list[Any]) -> set[tuple[object, ...]]:
    return {(name, other, *rest) for sources, others, *rest in pairs for name in sources for other in others}


@pytest.mark.parametrize(("source", "destination"), PAIRS, ids=[f"{source}-{end}" for source, end in PAIRS])
def test_reasons_are_those_of_explain(source: str, destination: str, opened: Opener, reference: Path) -> None:
    page = opened(reference).page
    shown = page.evaluate(
        """([from, to]) => reasonsBetween(groupNumbers.get(from), groupNumbers.get(to)).reasons.flatMap(
        each => ["out", "into"].map(side => [[...each.sources], [...each.destinations], side, each[side].rules
            .map(([number]) => `${rule(number).title} ${rule(number).place}`).sort().join()]))""",
        [source, destination],
    )
    end = "*/*" if destination == "*" else destination
    explained = json.loads(bulkhead("explain", source, end, "--format", "json").stdout)
    expected: dict[tuple[object, ...], set[str]] = {}
    for answer in explained["answers"]:
        for pair in answer["pairs"]:
            for side, key in (("out", "egress"), ("into", "ingress")):
                for name in pair["from"]:
                    for other in pair["to"]:
                        known = expected.setdefault((name, other, side), set())
                        known |= {f"{rule['rule']} {rule['file']}:{rule['line']}" for rule in answer[key]["allowedBy"]}
    assert verdicts(shown) == {(*key, ",".join(sorted(rules))) for key, rules in expected.items()}
    assert expected


def test_page_of_a_namespace(opened: Opener, reference: Path) -> None:
    page = opened(reference, "#namespace/email-gateway").page
    assert "denied by default" in page.locator("main > p").first.inner_text()
    label = page.locator("svg.picture").get_attribute("aria-label")
    assert label is not None
    assert "aws-ses (internet, ports 587)" in label
    row = page.locator("table.rules tr", has_text="aws-ses").locator("td").all_inner_texts()
    assert row[:2] == ["every pod", "internet"]
    assert row[2] == "587"
    assert row[3].startswith("Mail leaves through AWS SES")
    assert row[6] == "overlays/email-gateway/rules.yaml:8"
    page.get_by_text("Namespaces and networks that it reaches").click()
    page.locator("ul.columns a", has_text="internet").click()
    page.wait_for_selector("dialog[open]")
    page.keyboard.press("Escape")
    page.wait_for_function("() => location.hash === '#namespace/email-gateway'")


def test_sections(opened: Opener, reference: Path) -> None:
    page = opened(reference, "#namespaces").page
    assert page.locator("tr", has_text="digital-signage").locator("td").first.inner_text() == "unprotected on record"
    page.get_by_role("link", name="Unprotected on record").click()
    page.wait_for_selector("main td")
    assert page.locator("main td").all_inner_texts() == ["lower risk; gets policies as the cluster matures"] * 2
    page.get_by_role("link", name="Findings of lint").click()
    page.wait_for_selector(".finding")
    assert "overlays/open-webui/rules.yaml:8" in page.locator(".finding", has_text="ai-providers").inner_text()
    page.get_by_role("link", name="Promises of test").click()
    page.wait_for_selector(".tag.good")
    known = page.locator("tr", has_text="cardboard -> trade-bot refused").inner_text()
    assert "known" in known
    assert "tests/reachability/isolation.yaml:10" in known
    page.get_by_role("link", name="What was not understood").click()
    page.wait_for_selector("text=Everything that was read was judged.")


def test_search(opened: Opener, reference: Path) -> None:
    page = opened(reference).page
    page.get_by_label("Search", exact=True).fill("aws-ses")
    page.wait_for_selector("main a")
    assert page.locator("main li").first.inner_text().startswith("email-gateway egress aws-ses")
    page.get_by_label("Search", exact=True).fill("no such words")
    page.wait_for_selector("text=Nothing has these words.")
    page.get_by_label("Search", exact=True).fill("home-ass")
    page.locator("main a", has_text="home-assistant").first.click()
    page.wait_for_selector("svg.picture")
    page.go_back()
    page.wait_for_selector("h2:has-text('Found')")


def test_colours(opened: Opener, reference: Path) -> None:
    grounds = []
    for scheme, theme in (("light", "system"), ("dark", "system"), ("light", "dark"), ("dark", "light")):
        page = opened(reference, scheme=scheme).page
        page.get_by_label("Colours").select_option(theme)
        grounds.append(page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert grounds[0] == grounds[3] == "rgb(255, 255, 255)"
    assert grounds[1] == grounds[2] == "rgb(20, 24, 29)"


def test_print_has_everything_and_no_controls(opened: Opener, reference: Path) -> None:
    page = opened(reference, "#everything", scheme="dark").page
    page.emulate_media(media="print")
    assert not page.locator("nav").is_visible()
    assert not page.get_by_label("Port", exact=True).is_visible()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.locator("svg.picture").count() == 17
    assert page.pdf(format="A4").startswith(b"%PDF")


def test_phone_scrolls_in_one_direction(opened: Opener, reference: Path) -> None:
    page = opened(reference, width=390).page
    for fragment, shown in (("#namespace/media", "svg.picture"), ("#promises", ".tag"), ("#matrix", ".matrix")):
        go(page, fragment, shown)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_unknown_section_is_named(opened: Opener, reference: Path) -> None:
    page = opened(reference, "#namespace/nowhere").page
    page.wait_for_selector("text=There is no such section")
    go(page, "#%E0%A4%A", "text=This report has no")


AXE = [
    "#matrix",
    "#namespaces",
    "#namespace/media",
    "#findings",
    "#promises",
    "#unprotected",
    "#why/media/cardboard",
    "#search/dns",
]


def violations(found: OpenedPage) -> Iterator[str]:
    for each in Axe().run(found.page).response["violations"]:
        yield f"{each['id']}: {each['nodes'][0]['html'][:200]}"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_violation(scheme: str, opened: Opener, reference: Path) -> None:
    found = opened(reference, scheme=scheme, axe=True)
    for fragment in AXE if scheme == "light" else AXE[::2]:
        go(found.page, fragment, "dialog[open] h2" if fragment.startswith("#why") else "main h2")
        assert list(violations(found)) == [], fragment


def test_thousand_namespaces(opened: Opener, thousand: Path) -> None:
    assert thousand.stat().st_size <= 3_000_000
    found = opened(thousand, axe=True)
    page = found.page
    assert word(page, "ns-0000", "internet") == "differ"
    page.locator('[data-fold="ns-0000"]').click()
    page.wait_for_selector("text=Rows 1–40 of 10")
    assert page.locator(".matrix td").count() < 1700
    page.get_by_role("button", name="Next rows").click()
    page.wait_for_selector("text=Rows 41–80 of 10")
    page.get_by_label("Port", exact=True).fill("1028")
    page.get_by_label("Namespace", exact=True).fill("ns-0003")
    status_is(page, "open cell")
    go(page, "#why/ns-0003/internet", "dialog[open]")
    assert "special opens 1027 overlays/ns-0003/rules.yaml:7" in page.locator("dialog").inner_text()
    page.keyboard.press("Escape")
    page.get_by_label("Search", exact=True).fill("only ns-0777 needs")
    page.wait_for_selector("text=Rules (1)")
    page.get_by_label("Search", exact=True).fill("dns")
    page.wait_for_selector("text=Rules (1000)")
    assert list(violations(found)) == []


def test_hostile_words_stay_text(opened: Opener, tree: Tree) -> None:
    rule = f"to: internet, ports: 587, why: {json.dumps(HOSTILE)}, owner: {json.dumps(HOSTILE)}, until: '2027-03-31'"
    tree.overlay("shop", f"  egress: {{smtp: {{{rule}}}}}\n")
    tree.write("kustomization.yaml", "resources: [overlays/shop, overlays/old]\n")
    tree.overlay("old", f"  ingress: null\n  egress: null\n  unprotected: {json.dumps(HOSTILE)}\n")
    page = opened(report(tree.path / "r.html", "--title", HOSTILE, cwd=tree.path), "#namespace/shop").page
    assert page.locator("img").count() == 0
    shown = HOSTILE.replace("\u202e", "\ufffd")
    assert page.title().startswith(shown)
    assert page.locator("h1 bdi").inner_text() == shown
    cells = page.locator("table.rules tr", has_text="smtp").locator("td").all_inner_texts()
    assert cells[3:6] == [shown, shown, "2027-03-31"]
    go(page, "#unprotected", "main td")
    assert page.locator("main td").inner_text() == shown


LONG = f"{'a' * 63}.{'b' * 63}.{'c' * 63}.{'d' * 61}"
DUMP = {
    "apiVersion": "v1",
    "kind": "List",
    "items": [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "n" * 63}},
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": LONG, "namespace": "n" * 63, "labels": {"app": "x"}}},
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "other", "namespace": "n" * 63}},
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": {"name": LONG, "namespace": "n" * 63},
            "spec": {"podSelector": {"matchLabels": {"app": "x"}}, "ingress": [{"ports": [{"port": 80}]}]},
        },
        {"apiVersion": "cilium.io/v2", "kind": "CiliumNetworkPolicy", "metadata": {"name": "c", "namespace": "x"}},
    ],
}


def test_dump_with_long_names_on_a_phone(opened: Opener, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    file = report(tmp_path / "r.html", "--manifests", "-", cwd=tmp_path / "empty", stdin=json.dumps(DUMP))
    page = opened(file, f"#namespace/{'n' * 63}", width=390).page
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert "denied by default for some pods" in page.locator("main > p").first.inner_text()
    go(page, f"#why/{'n' * 63}/{'n' * 63}", "dialog[open]")
    assert LONG in page.locator("dialog").inner_text()
    assert "opens 80" in page.locator("dialog").inner_text()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.keyboard.press("Escape")
    go(page, "#not-understood", "main li")
    assert "CiliumNetworkPolicy" in page.locator("main").inner_text()
    go(page, "#promises", "text=There are no reachability tests")

"""The page of `bulkhead diff --format html` in a real Chromium without network."""

import json
import re
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from browser.conftest import OpenedPage, Opener
from conftest import Tree
from playwright.sync_api import Page

pytestmark = [pytest.mark.native, pytest.mark.slow]

HOSTILE = "</script><img src=x onerror=\"document.title='acted'\">'\"&amp;\u202eabc<!--"
RULES = "  egress:\n    mail: {to: internet, ports: 587}\n    api: {to: internet, ports: 8443}\n"


@pytest.fixture
def page(tree: Tree, tmp_path: Path) -> Path:
    """A page about a change that opens a port and closes another."""
    tree.overlay("shop", RULES)
    tree.overlay("blog")
    tree.write("kustomization.yaml", "resources: [overlays/shop, overlays/blog]\n")
    tree.commit()
    tree.overlay("shop", RULES.replace("587", "588").replace("internet, ports: 8443", "lan, ports: 8443"))
    return written(tree, "diff", "HEAD")


def written(tree: Tree, *command: str) -> Path:
    done = tree.bulkhead(*command, "--format", "html")
    assert done.status == 1, done.stderr
    return tree.write("changes.html", done.stdout)


def rows(page: Page) -> list[str]:
    """Return the rows that are seen: effect and ports."""
    seen = page.locator("table.changes tbody tr:visible")
    return [seen.nth(number).locator("ins, del").first.inner_text() for number in range(seen.count())]


def test_before_and_after_are_next_to_each_other_and_the_change_is_marked(opened: Opener, page: Path) -> None:
    found = opened(page).page
    assert found.locator("table.changes thead th").all_inner_texts() == ["from", "to", "before", "after", "because"]
    opens = found.locator("tr.opens").filter(has_text="588")
    assert opens.locator("td.changed ins").inner_text() == "opens port 588"
    assert opens.locator("td").nth(1).inner_text() == "ports 443, 587, 8443"
    assert "overlays/shop/rules.yaml:" in opens.locator("td").nth(3).inner_text()
    closes = found.locator("tr.closes").filter(has_text="587").first
    assert closes.locator("td").nth(1).get_attribute("class") == "changed"
    assert found.locator(".headline").inner_text().startswith("OPENS traffic to the internet")


def test_filters_leave_the_rows_that_fit(opened: Opener, page: Path) -> None:
    found = opened(page).page
    everything = rows(found)
    assert len(everything) > 2
    found.get_by_label("Effect").select_option("opens")
    assert {each.split()[0] for each in rows(found)} == {"opens"}
    found.get_by_label("Effect").select_option("")
    found.get_by_label("Search").fill("port 588")
    assert rows(found) == ["opens port 588"]
    assert found.locator("#status").inner_text() == f"1 of {len(everything)} rows"
    found.get_by_label("Search").fill("")
    found.get_by_label("Traffic").select_option("private")
    assert 0 < len(rows(found)) < len(everything)


def test_page_shows_everything_without_its_script(opened: Opener, page: Path) -> None:
    text = re.sub(r"(?s)<script>.*?</script>", "", page.read_text())
    bare = page.with_name("bare.html")
    bare.write_text(text)
    assert rows(opened(bare).page) == rows(opened(page).page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_violation(opened: Opener, page: Path, scheme: str) -> None:
    found: OpenedPage = opened(page, scheme=scheme, axe=True)
    results = Axe().run(found.page)
    assert results.violations_count == 0, results.generate_report()


@pytest.mark.parametrize("width", [390, 1300])
def test_nothing_but_the_table_is_wider_than_the_window(opened: Opener, page: Path, width: int) -> None:
    found = opened(page, width=width).page
    assert found.evaluate("document.documentElement.scrollWidth") <= width


def test_names_of_strangers_are_text(opened: Opener, tree: Tree) -> None:
    tree.overlay("shop", RULES)
    tree.write("kustomization.yaml", "resources: [overlays/shop]\n")
    tree.commit()
    tree.overlay("shop", f"{RULES}    more: {{to: internet, ports: 99, why: {json.dumps(HOSTILE)}}}\n")
    file = written(tree, "diff", "HEAD")
    found = opened(file).page
    assert "acted" not in found.title()
    assert found.locator("img").count() == 0
    text = found.locator("body").inner_text()
    assert "</script><img src=x onerror=" in text
    assert "\u202e" not in text


def test_no_difference_is_a_page_too(opened: Opener, tree: Tree) -> None:
    tree.overlay("shop", RULES)
    tree.write("kustomization.yaml", "resources: [overlays/shop]\n")
    tree.commit()
    done = tree.bulkhead("diff", "HEAD", "--format", "html")
    assert done.status == 0
    found = opened(tree.write("changes.html", done.stdout)).page
    assert found.locator(".headline").inner_text().startswith("NO")
    assert found.locator("table").count() == 0

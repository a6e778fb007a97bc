"""Every link of a page leads to a file of this repository, and to a heading that is there."""

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from conftest import ROOT
from markdown_it import MarkdownIt
from markdown_it.token import Token
from system.pages import PAGES


def tokens(page: Path) -> list[Token]:
    return MarkdownIt("commonmark").enable("table").parse((ROOT / page).read_text())


def targets(page: Path) -> Iterator[str]:
    """Yield what the links and pictures of *page* name."""
    for block in tokens(page):
        for each in block.children or ():
            found = each.attrGet("href") or each.attrGet("src")
            if found:
                yield str(found)


def anchors(page: Path) -> set[str]:
    """Return the anchors of the headings of *page*, as GitHub makes them."""
    found: set[str] = set()
    blocks = tokens(page)
    for heading, title in pairwise(blocks):
        if heading.type == "heading_open":
            words = "".join(each.content for each in title.children or ())
            slug = re.sub(r"[^\w\- ]", "", words.lower()).replace(" ", "-")
            found.add(slug if slug not in found else f"{slug}-{sum(each.startswith(slug) for each in found)}")
    return found


def broken(page: Path) -> Iterator[str]:
    for target in targets(page):
        path, _, anchor = target.partition("#")
        if re.match(r"[a-z]+:", target):
            continue
        file = (ROOT / page).parent / path if path else ROOT / page
        if not file.exists() or (anchor and anchor not in anchors(file)):
            yield target


@pytest.mark.parametrize("page", [*PAGES, Path("CHANGELOG.md")], ids=str)
def test_links_and_anchors_lead_somewhere(page: Path) -> None:
    assert list(broken(page)) == []


def test_there_are_links_and_a_broken_one_is_found(tmp_path: Path) -> None:
    assert sum(1 for page in PAGES for _ in targets(page)) > 50
    page = tmp_path / "page.md"
    page.write_text(
        "# A `title` here\n[a](#a-title-here) [b](#nowhere) [c](none.md) ![d](page.md) <https://example.org>\n"
    )
    assert list(broken(page)) == ["#nowhere", "none.md"]

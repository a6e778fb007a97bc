"""The documentation names only checks that exist, and all of them."""

import re
from pathlib import Path

import pytest
from bulkhead.core.lint.registry import CHECKS
from conftest import ROOT

IDS = {check.id for check in CHECKS}
PAGES = sorted((*(ROOT / "docs").rglob("*.md"), ROOT / "README.md", ROOT / "CHANGELOG.md", *ROOT.glob("charts/*/*.md")))
NAMED = (
    r"--(?:enable|disable)[ =]([a-z][a-z-]+[a-z])",
    r"accept: \{([a-z-]+):",
    r"accept:\n +([a-z-]+):",
    r"reference/lint\.md#([a-z-]+)",
    r": (?:error|warning|note): ([a-z]+-[a-z-]+): ",
    r"check `([a-z-]+)`",
)


MISSPELT = "accept: {anywhere-covers-privat: asked for}"
"""The example of the check that finds misspelt names."""

NO_CHECKS = {"kube-router", "intra-namespace"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_check_that_a_page_names_exists(page: Path) -> None:
    text = page.read_text().replace(MISSPELT, "")
    named = {each for pattern in NAMED for each in re.findall(pattern, text)}
    assert named - IDS == set()


def test_every_hyphenated_word_in_code_on_the_page_about_lint_is_a_check() -> None:
    text = (ROOT / "docs/how-to/lint.md").read_text()
    words = set(re.findall(r"`([a-z]+(?:-[a-z]+)+)`", text)) - NO_CHECKS
    assert words - IDS == set()


def test_the_reference_has_a_section_for_every_check() -> None:
    text = (ROOT / "docs/reference/lint.md").read_text()
    assert re.findall(r"(?m)^### (.+)$", text) == [check.id for check in CHECKS]

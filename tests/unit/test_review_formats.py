"""Every format shows what other people wrote as it is, and nothing else."""

import re
from dataclasses import replace

import pytest
from bulkhead.core.diagnostics import Location
from bulkhead.core.diff.grades import Grade
from bulkhead.report.diff.diff_markdown import LIMIT, diff_markdown
from bulkhead.report.diff.diff_rows import DiffCause, DiffRow, DiffSummary
from bulkhead.report.diff.diff_text import diff_text
from bulkhead.report.layout.colour import Palette
from bulkhead.report.layout.markdown import escaped

ROW = DiffRow(
    True,
    (Grade.INTERNET,),
    "mail",
    "internet",
    "TCP 587",
    ("nothing",),
    ("TCP 587",),
    (DiffCause("egress rule", "ses", "mail goes out", Location("rules.yaml", 7)),),
)


def summary(*rows: DiffRow, notes: tuple[str, ...] = ()) -> DiffSummary:
    """Return a summary with *rows*."""
    return DiffSummary("OPENS traffic to the internet", ("main", "branch"), notes, rows)


def test_markdown_has_the_verdict_first_and_the_details_folded() -> None:
    assert diff_markdown(summary(ROW)) == (
        "**OPENS traffic to the internet**\n\nmain → branch\n"
        "\n```mermaid\n%% what changes\nflowchart LR\n"
        '  n0["mail"]\n  n1["internet"]\n  n0 ==>|"opens TCP 587"| n1\n'
        "  linkStyle 0 stroke:#d62728,stroke-width:3px\n```\n\n"
        "<details open><summary>OPENS to the internet (1)</summary>\n\n"
        "| from | to | ports | because |\n|---|---|---|---|\n"
        "| mail | internet | TCP 587 | egress rule ses, rules.yaml:7 (mail goes out) |\n"
        "\n</details>\n"
    )


@pytest.mark.parametrize(
    "evil",
    [
        "<script>alert(1)</script>",
        "</details><img src=x onerror=y>",
        "[click](https://evil.example)",
        "![x](https://evil.example/x.png)",
        "a | b | c",
        "**bold** _it_ `code` ~~gone~~",
        "line\n\n# heading",
        "&lt;b&gt;",
        "$\\frac{1}{2}$",
    ],
)
def test_markdown_of_a_stranger_is_text(evil: str) -> None:
    shown = escaped(evil)
    assert not re.search(r"[<>\[\]|`*_~$\n\\]", shown)
    assert "&lt;" not in shown
    row = DiffRow(
        True, (Grade.INTERNET,), evil, evil, evil, (evil,), (evil,), (DiffCause("rule", evil, evil, Location(evil)),)
    )
    made = diff_markdown(summary(row))
    assert made.count("<") == diff_markdown(summary(ROW)).count("<")
    assert made.count("\n") == diff_markdown(summary(ROW)).count("\n")


def test_markdown_of_many_rows_has_no_picture() -> None:
    assert "```mermaid" in diff_markdown(summary(*[ROW] * 8))
    assert "```mermaid" not in diff_markdown(summary(*[ROW] * 9))
    assert "```mermaid" not in diff_markdown(summary())
    assert "```mermaid" not in diff_markdown(summary(replace(ROW, sources="x" * 253)))


def test_picture_of_a_stranger_ends_neither_its_text_nor_its_block() -> None:
    evil = 'a"] --> b\n```\n</script>%%{init: {}}%%\u202e#quot;;click n0 "javascript:x"'
    made = diff_markdown(summary(replace(ROW, sources=evil, destinations=evil, ports=evil)))
    picture = made.partition("```mermaid\n")[2].partition("```")[0]
    assert len(picture.splitlines()) == 6
    for text in re.findall('"(.*)"', picture):
        assert re.fullmatch(r"(?:[\w .,:/=()+-]|#\d+;|<br/>)+", text), text


@pytest.mark.parametrize("linking", ["@team", "#12", "https://evil.example", "www.evil.example", "a@b.example"])
def test_markdown_of_a_stranger_links_and_mentions_nothing(linking: str) -> None:
    assert linking not in escaped(linking)
    assert re.sub("&#8203;", "", escaped(linking)) == linking


def test_markdown_never_gets_too_long_and_says_what_is_left_out() -> None:
    rows = [
        DiffRow(i < 2000, (Grade.ACROSS,), f"namespace-{i}", "<" * 600, "TCP 1", ("nothing",), ("TCP 1",), ROW.causes)
        for i in range(4000)
    ]
    made = diff_markdown(summary(*rows, notes=("x" * 5000,) * 50))
    assert len(made) <= LIMIT
    shown = made.count("| namespace-")
    assert f"**Cut short:** {4000 - shown} of 4000 rows do not fit here." in made
    assert made.count("<details") == made.count("</details>")


def test_text_is_plain_unless_colour_is_asked_for() -> None:
    plain, coloured = diff_text(summary(ROW)), diff_text(summary(ROW), Palette(True))
    assert "\x1b" not in plain
    assert re.sub(r"\x1b\[\d+m", "", coloured) == plain


def test_text_steers_no_terminal() -> None:
    row = DiffRow(
        True,
        (Grade.INTERNET,),
        "a\x1b[2J",
        "b\r",
        "c",
        ("nothing",),
        ("c",),
        (DiffCause("r", "\x07", "\x1b", Location("p")),),
    )
    assert not re.search(r"[\x00-\x09\x0b-\x1f]", diff_text(summary(row)))


def test_a_row_shows_what_was_open_where_it_was_not_nothing() -> None:
    row = DiffRow(False, (Grade.WITHIN,), "a", "itself", "TCP 1", ("TCP 1-2",), ("TCP 2",), ())
    assert "  - a -> itself: TCP 1 (still open: TCP 2)\n" in diff_text(summary(row))

"""Lines that fit a terminal have the same words as before, in the same order."""

import re

import pytest
from bulkhead.report.layout.fitted import fitted
from conftest import ROOT, bulkhead
from hypothesis import given
from hypothesis import strategies as st

WORDS = st.lists(st.sampled_from(["a", "bb", "ccc", "\x1b[31mred\x1b[0m", "x" * 30, "", "  "]), max_size=30)


@given(st.lists(WORDS.map(" ".join), max_size=5), st.integers(1, 60))
def test_words_stay_and_lines_fit_where_words_do(lines: list[str], columns: int) -> None:
    text = "".join(f"{line}\n" for line in lines)
    made = fitted(text, columns)
    assert made.split() == text.split()
    for line in made.splitlines():
        visible = re.sub(r"\x1b\[[0-9;]*m", "", line)
        assert len(visible) <= columns or len(visible.split()) <= 1


def test_no_terminal_is_no_limit() -> None:
    assert fitted("x " * 500, 0) == "x " * 500


@pytest.mark.native
@pytest.mark.parametrize("command", [("lint", "--all"), ("test",)])
def test_reports_fit_a_terminal_and_a_pipe_gets_whole_lines(command: tuple[str, ...]) -> None:
    piped = bulkhead(*command, cwd=ROOT)
    shown = bulkhead(*command, cwd=ROOT, width=60, is_terminal=True)
    assert max(map(len, piped.stdout.splitlines())) > 100
    assert all(len(line) <= 60 or " " not in line.strip() for line in shown.stdout.splitlines())
    assert shown.stdout.split() == piped.stdout.split()

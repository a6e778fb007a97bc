"""The pages that show commands with their output show what the commands print."""

import shlex

import pytest
from conftest import ROOT, Tree
from system.pages import PAGES, Command, commands

SHOWN = [
    command
    for page in PAGES
    if page.name != "README.md"  # the example there is a change, which test_readme.py makes
    for command in commands(page)
    if command.output and command.text.startswith("bulkhead ")
]


@pytest.mark.parametrize("command", SHOWN, ids=str)
def test_a_page_shows_what_the_command_prints(command: Command) -> None:
    printed = Tree(ROOT).bulkhead(*shlex.split(command.text)[1:]).stdout
    if command.output.endswith("…\n"):
        assert printed.startswith(command.output.removesuffix("…\n"))
    else:
        assert printed == command.output


def test_there_are_such_commands() -> None:
    assert len(SHOWN) > 5

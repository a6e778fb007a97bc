"""The pages that show commands with their output show what the commands print."""

import re
import shlex

import pytest
from conftest import ROOT, Tree

PAGES = ("docs/how-to/explain-a-connection.md", "docs/how-to/test-reachability.md")
SHOWN = [
    (page, *block.split("\n", 1))
    for page in PAGES
    for block in re.findall(r"```console\n\$ bulkhead (.*?)```", (ROOT / page).read_text(), re.DOTALL)
]


@pytest.mark.parametrize(("page", "command", "output"), SHOWN, ids=[command for _, command, _ in SHOWN])
def test_a_page_shows_what_the_command_prints(page: str, command: str, output: str) -> None:
    printed = Tree(ROOT).bulkhead(*shlex.split(command)).stdout
    if output.endswith("…\n"):
        assert printed.startswith(output.removesuffix("…\n")), page
    else:
        assert printed == output, page

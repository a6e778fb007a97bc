"""Commands that run in this process on rows of a ReachabilityTest."""

import io
from pathlib import Path

from bulkhead.cli.command_line import run
from bulkhead.cli.console import Console

HEAD = "apiVersion: bulkhead.dev/v1alpha1\nkind: ReachabilityTest\nmetadata: {name: mine}\nspec:\n  tests:\n"
"""What a file of rows begins with."""


def bulkhead(*arguments: str | Path) -> tuple[int, str]:
    """Return the exit status of the command *arguments*, and what it writes to both streams."""
    written, said = io.StringIO(), io.StringIO()
    status = run([str(each) for each in arguments], Console(io.StringIO(), written, said))
    return status, written.getvalue() + said.getvalue()

"""``bulkhead completion``: print the completion script for a shell."""

from enum import Enum

import shtab

from bulkhead.cli.console import Console
from bulkhead.cli.options import Options, Parser, describe, values


class Shell(Enum):
    """A shell that has a completion script."""

    BASH = "bash"
    ZSH = "zsh"
    TCSH = "tcsh"


def options(parser: Parser) -> None:
    """Declare the options."""
    describe(
        parser,
        "Print the completion script for a shell, for example:\n"
        '  eval "$(bulkhead completion bash)"\n'
        "  bulkhead completion zsh > ~/.zfunc/_bulkhead",
    )
    parser.add_argument("shell", choices=values(Shell), metavar="SHELL", help="bash, zsh or tcsh")


def run(options: Options, console: Console) -> int:
    """Print the script."""
    from bulkhead.cli.command_line import command_parser  # here: it imports the registry, which names this module

    console.write_exact(shtab.complete(command_parser(console, complete=True), shell=options.shell) + "\n")
    return 0

"""``bulkhead help``: print the help of the command line or of one command."""

from bulkhead.cli.console import Console
from bulkhead.cli.options import Options, Parser, describe
from bulkhead.cli.registry import COMMANDS


def options(parser: Parser) -> None:
    """Declare the options."""
    describe(parser, "Print the help of a command, as `bulkhead COMMAND --help` does; without COMMAND, of all.")
    parser.add_argument("about", nargs="?", choices=tuple(COMMANDS), metavar="COMMAND", help="the name of a command")


def run(options: Options, console: Console) -> int:
    """Print the help."""
    from bulkhead.cli.command_line import run as run_command_line  # here: it imports the registry

    return run_command_line([*([options.about] if options.about else []), "--help"], console)

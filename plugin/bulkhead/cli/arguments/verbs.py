"""How a command is added, and what several take."""

import argparse
from typing import TypeAlias

Verbs: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
"""The commands of a parser, to which more can be added."""


def add(
    verbs: Verbs,
    name: str,
    summary: str,
    description: str,
    epilog: str = "",
) -> argparse.ArgumentParser:
    """Add the command *name* and return its parser; line breaks in the texts stay."""
    made: argparse.ArgumentParser = verbs.add_parser(
        name,
        help=summary,
        description=description,
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    return made


def folder(verb: argparse.ArgumentParser) -> None:
    """Let *verb* take the folder that it reads."""
    verb.add_argument(
        "dir", nargs="?", default=".", metavar="DIR", help="a folder with a kustomization.yaml (default: .)"
    )
    cluster(verb)


def cluster(verb: argparse.ArgumentParser) -> None:
    """Let *verb* take the name of a cluster."""
    verb.add_argument("--cluster", metavar="NAME", help="the folder clusters/NAME, in place of naming it")

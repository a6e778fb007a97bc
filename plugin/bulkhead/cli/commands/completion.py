"""``bulkhead completion``: print the completion script for a shell, and the names that it completes."""

from argparse import Action, ArgumentParser
from collections.abc import Iterator
from enum import Enum

import shtab

from bulkhead.analysis.analysis_input import AnalysisInput
from bulkhead.cli.console import Console, UsageError
from bulkhead.cli.options import Options, Parser, describe, folder_option, values
from bulkhead.core.language.resources import rules_of
from bulkhead.io.git.repository import GitError, Repository


class Shell(Enum):
    """A shell that has a completion script."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"
    TCSH = "tcsh"


class Listed(Enum):
    """Names of the tree in the current folder that are completed."""

    ENDPOINTS = "endpoints"
    NAMESPACES = "namespaces"
    RULES = "rules"
    PEERS = "peers"
    REVISIONS = "revisions"
    PROVIDERS = "providers"


_BY_METAVAR = {
    "SRC": Listed.ENDPOINTS,
    "DST[:PORT[/PROTO]]": Listed.ENDPOINTS,
    "DST:PORT[/PROTO]": Listed.ENDPOINTS,
    "NAMESPACE[/WORKLOAD]": Listed.NAMESPACES,
    "RULE": Listed.RULES,
    "PEER": Listed.PEERS,
    "REV": Listed.REVISIONS,
    "PROVIDER": Listed.PROVIDERS,
}
"""What is completed by the metavar of an argument, which means the same in every command."""

_PATHS = {"DIR": shtab.DIRECTORY, "FILE": shtab.FILE, "FILE|URL": shtab.FILE, "F": shtab.FILE, "PATH": shtab.FILE}


def options(parser: Parser) -> None:
    """Declare the options."""
    describe(
        parser,
        "Print the completion script for a shell, for example:\n"
        '  eval "$(bulkhead completion bash)"\n'
        "  bulkhead completion zsh > ~/.zfunc/_bulkhead\n"
        "  bulkhead completion fish > ~/.config/fish/completions/bulkhead.fish\n"
        "It completes commands, options, and the names of the tree in the current folder.",
    )
    parser.add_argument("shell", nargs="?", choices=values(Shell), metavar="SHELL", help="bash, zsh, fish or tcsh")
    parser.add_argument(
        "--list", choices=values(Listed), metavar="KIND", help=f"print names of the tree: {', '.join(values(Listed))}"
    )
    folder_option(parser, "the folder whose names are printed (default: .)")


def run(options: Options, console: Console) -> int:
    """Print the script, or the names; return 0."""
    if bool(options.shell) == bool(options.list):
        raise UsageError("name a shell, or --list KIND")
    if options.list:
        names = dict.fromkeys(_names(Listed(options.list), options.dir))
        console.write("".join(f"{name}\n" for name in names))
        return 0
    from bulkhead.cli.command_line import command_parser  # here: it imports the registry, which names this module

    parser = command_parser(console, complete=True)
    for action in _actions(parser):
        _complete(action)
    console.write_exact(shtab.complete(parser, shell=options.shell) + "\n")
    return 0


def _actions(parser: ArgumentParser) -> Iterator[Action]:
    for action in parser._actions:
        yield action
        parsers = action.choices if isinstance(action.choices, dict) else {}
        for below in parsers.values():
            yield from _actions(below)


def _complete(action: Action) -> None:
    """Let shtab complete *action* by its metavar."""
    word = action.metavar if isinstance(action.metavar, str) else ""
    if word in _BY_METAVAR:
        listed = _BY_METAVAR[word].value
        action.complete = shtab.cmd(f"bulkhead completion --list {listed} 2>/dev/null")  # type: ignore[attr-defined]
    elif word in _PATHS:
        action.complete = _PATHS[word]  # type: ignore[attr-defined]


def _names(listed: Listed, folder: str) -> Iterator[str]:
    """Yield the names of the tree in *folder*; none where it cannot be read: a shell shows no message."""
    if listed is Listed.REVISIONS:
        yield from _revisions(folder)
        return
    if listed is Listed.PROVIDERS:
        from bulkhead.io.ranges.providers import PROVIDERS  # here: a script needs none of it

        yield from PROVIDERS
        return
    from bulkhead.analysis.overlays_input import from_overlays  # here: a script needs none of what this imports

    found = from_overlays(folder, may_be_empty=True)
    if not found.faults:
        yield from _names_of(listed, found)


def _names_of(listed: Listed, found: AnalysisInput) -> Iterator[str]:
    rules = found.rules.namespaces
    if listed is Listed.RULES:
        yield from sorted({str(path[-1]) for each in rules.values() for path, _ in rules_of(each.spec)})
    if listed in (Listed.ENDPOINTS, Listed.NAMESPACES):
        yield from sorted(rules)
        yield from (f"{name}/{each}" for name in sorted(rules) for each in sorted(map(str, rules[name].spec.workloads)))
    if listed in (Listed.ENDPOINTS, Listed.PEERS) and found.profile:
        yield from sorted(map(str, found.profile.spec.peers))


def _revisions(folder: str) -> Iterator[str]:
    try:
        yield from Repository(folder).names()
    except GitError:
        return

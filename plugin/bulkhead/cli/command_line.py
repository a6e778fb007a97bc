"""The parser of the whole command line, and how a command is chosen and run."""

import argparse
import os
import sys
from collections.abc import Sequence
from typing import IO, Any, NoReturn

from bulkhead import __version__
from bulkhead.cli.console import HERE, CommandFailed, Console, UsageError
from bulkhead.cli.registry import COMMANDS, load_command
from bulkhead.core.diagnostics import DiagnosticError, nearest
from bulkhead.core.language.scalars import quoted

_DESCRIPTION = """\
Keep the network segmentation of a Kubernetes cluster in git.

A few lines of a SegmentedNamespace, in one kustomize overlay per namespace, say what the namespace
may connect to. kustomize expands them with the plugin into NetworkPolicies. This command does the
same without the plugin, and it runs nothing of the tree that it reads.
"""

_EPILOGUE = """\
examples:
  bulkhead validate                        report each problem with file:line:column
  bulkhead render overlays/media           print the policies of one namespace
  bulkhead render -o policies.yaml         write the policies of the whole cluster into one file
  bulkhead render -o rendered/ --check     exit status 1 where a written file is stale
  bulkhead render -o rendered/ --layout tree   one folder per namespace, for Argo CD and Flux
  bulkhead lint                            report rules that are too open, without effect or incomplete
  bulkhead new paperless                   make an overlay for another namespace
  bulkhead allow blog nas:2049 --why ...   write the rules that allow a connection; `revoke` removes a rule
  bulkhead reach                           show which namespaces reach which, as a matrix
  bulkhead explain cardboard trade-bot:80  show why, with the line that a person wrote
  bulkhead test                            check the tests in tests/reachability
  bulkhead diff main                       show which traffic my change opens and closes
  bulkhead help diff                       print the options of a command; `bulkhead version`

exit status: 0 success; 1 a problem, a stale file or a difference was found
             2 the command line or a file is unusable, or there is nothing to judge
"""


class CommandParser(argparse.ArgumentParser):
    """
    A parser that writes to the streams of a console.

    *command* is the name of the command whose options are declared when they are needed, empty for the whole
    command line.
    """

    def __init__(self, console: Console, command: str = "", **settings: Any) -> None:
        super().__init__(formatter_class=argparse.RawDescriptionHelpFormatter, **settings)
        self.console = console
        self.command = command

    def declare(self) -> None:
        """Declare the options of the command, unless that is done."""
        command, self.command = self.command, ""
        if command:
            loaded = load_command(command)
            loaded.options(self)
            self.add_argument("--timeout", type=_seconds, metavar="SECONDS",
                              help="end with exit status 2 where it takes longer (default: no limit)")  # fmt: skip
            self.set_defaults(run=loaded.run, parser=self)

    def parse_known_args(self, args=None, namespace=None):  # type: ignore[no-untyped-def]
        """Parse as argparse does; this is what it calls for the command that was chosen."""
        self.declare()
        return super().parse_known_args(args, namespace)

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        """Check a value that must be one of several, as argparse does; another one gets the nearest as a hint."""
        if action.choices is not None and value not in action.choices:
            known = [str(each) for each in action.choices]
            near = nearest(str(value), known)
            hint = f"did you mean `{near}`?" if near else f"there are {', '.join(known)}"
            named = "command" if action.dest in ("command", "about") else "value"
            raise argparse.ArgumentError(
                None if named == "command" else action, f"unknown {named} {quoted(value)}: {hint}"
            )

    def refuse_unknown(self, arguments: Sequence[str]) -> NoReturn:
        """Exit with a message about the first of *arguments*, which this command does not have."""
        known = [each for action in self._actions for each in action.option_strings]
        first = arguments[0].partition("=")[0]
        near = nearest(first, known) if first.startswith("-") else ""
        self.error(f"unknown argument {quoted(first)}" + (f": did you mean `{near}`?" if near else ""))

    def _print_message(self, message: str, file: IO[str] | None = None) -> None:  # type: ignore[override]
        if message:
            (self.console.note if file is sys.stderr else self.console.write)(message)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0
    if not 0 < seconds < 1e8:
        raise argparse.ArgumentTypeError(f"`{text}` is no number of seconds above 0")
    return seconds


def command_parser(console: Console, complete: bool = False) -> CommandParser:
    """
    Return the parser of the whole command line.

    It imports the module of a command when that is chosen; where *complete*, all of them at once.
    """
    top = CommandParser(console, prog="bulkhead", description=_DESCRIPTION, epilog=_EPILOGUE)
    top.add_argument("--version", action="store_true", help="the same as `bulkhead version`")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, summary in COMMANDS.items():
        parser = commands.add_parser(name, help=summary, console=console, command=name)
        if complete:
            parser.declare()
    return top


def run(arguments: Sequence[str], console: Console) -> int:
    """Run one command; return its exit status."""
    try:
        if "--version" in arguments[:1]:
            return run(["version"], console)
        parser: argparse.ArgumentParser = command_parser(console)
        options, unknown = parser.parse_known_args(arguments)
        if unknown:
            options.parser.refuse_unknown(unknown)
        return _run(options, console)
    except SystemExit as ended:  # argparse has written the help or what is wrong with the options
        return int(ended.code or 0)
    except CommandFailed as failed:
        return failed.status
    except DiagnosticError as refused:
        return console.error(refused.message, refused.hint)


def _run(options: argparse.Namespace, console: Console) -> int:
    try:
        if options.timeout is not None:
            console.limit_time(options.timeout)
        if getattr(options, "chosen_dir", None) is not None:
            _choose_folder(options)
        if getattr(options, "cluster", None) is not None:
            _choose_cluster(options)
        status: int = options.run(options, console)
        _note_other_plugin(options, console)
        return status
    except UsageError as wrong:
        parser: CommandParser = options.parser
        parser.error(str(wrong))


def _note_other_plugin(options: argparse.Namespace, console: Console) -> None:
    """Write which plugin a build runs, where the tree has a vendored one of another version than this bulkhead."""
    folder = getattr(options, "dir", None)
    if not isinstance(folder, str) or options.command in ("init", "vendor"):
        return
    for plugin in (os.path.join(folder, "plugin"), os.path.join(folder, "..", "..", "plugin")):
        if os.path.isfile(os.path.join(plugin, "VERSION")):
            from bulkhead.io.vendored_copy import vendored_version  # here: most folders have no plugin of their own

            version = vendored_version(plugin)
            if version and version != __version__:
                console.status_line(
                    f"a build runs the plugin in {os.path.normpath(plugin)}, of bulkhead {quoted(version)}; "
                    f"this is bulkhead {__version__}: `bulkhead vendor` replaces it"
                )
            return


def _choose_folder(options: argparse.Namespace) -> None:
    """Set ``dir`` to the folder that ``-C`` names."""
    if options.dir not in (None, HERE):
        raise UsageError("give a folder as an argument or with -C, not both")
    options.dir = options.chosen_dir


def _choose_cluster(options: argparse.Namespace) -> None:
    """Set ``dir`` to the folder of the cluster that ``--cluster`` names."""
    from bulkhead.io.kustomize.clusters import CLUSTERS, clusters

    if options.dir not in (None, HERE):
        raise UsageError("give a folder or --cluster, not both")
    known = clusters(".")
    if options.cluster not in known:
        there = f"there are {', '.join(known)}" if known else f"there is no folder with a kustomization in {CLUSTERS}/"
        near = nearest(options.cluster, known)
        hint = f"did you mean `{near}`?" if near else there
        raise UsageError(f"there is no cluster {quoted(options.cluster)}: {hint}")
    options.dir = f"{CLUSTERS}/{options.cluster}"

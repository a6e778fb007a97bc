"""The commands, in the order in which the help lists them."""

import importlib
import keyword
from argparse import ArgumentParser, Namespace
from typing import Protocol, cast

from bulkhead.cli.console import Console

COMMANDS = {
    "render": "write the NetworkPolicies of one overlay or of all overlays",
    "validate": "report every problem with its file, line and column",
    "lint": "report rules that are too open, without effect or incomplete",
    "values": "write the overlays as values of the Helm chart",
    "schema": "print the JSON Schemas of the resources",
    "init": "start a tree: base, plugin, first reachability test, pipeline",
    "vendor": "replace the plugin of a tree with the one of this bulkhead, or check it",
    "import": "write overlays for NetworkPolicies that exist, and prove that they allow the same",
    "new": "make an overlay for a namespace and add it to the root",
    "allow": "write the rules that allow a connection",
    "revoke": "remove a rule",
    "peer": "add a named peer, or remove one",
    "expire": "remove the rules whose last day is over",
    "ranges": "refresh the pinned ranges of providers, or say which are too old",
    "adopt": "plan how a running cluster takes over the overlays",
    "reach": "show which endpoints reach which, and on which ports",
    "explain": "show why a connection is allowed or denied, with file and line",
    "flows": "show observed traffic, and which of it the overlays allow",
    "missing": "write the rules that observed traffic needs and the overlays lack",
    "draw": "draw a namespace, or the cluster, as SVG, Mermaid or Graphviz",
    "report": "write a report of the whole cluster as one HTML file",
    "test": "check the reachability tests that are kept in git",
    "diff": "show which traffic a change opens and which it closes",
    "completion": "print the completion script for a shell",
    "help": "print the help of a command",
    "version": "print the version, and which kustomize and Python are used",
}
"""The summary of each command by its name, which its module in `bulkhead.cli.commands` has too (`import_`)."""


class Command(Protocol):
    """What the module of a command has."""

    def options(self, parser: ArgumentParser) -> None:
        """Declare the description and the options of the command."""

    def run(self, options: Namespace, console: Console) -> int:
        """Do the work; return the exit status."""


def load_command(name: str) -> Command:
    """Return the command *name*. Its module is imported now, so that no command waits for the imports of another."""
    module = f"{name}_" if keyword.iskeyword(name) else name
    return cast(Command, importlib.import_module(f"bulkhead.cli.commands.{module}"))

"""The words of the command line: every command, what it takes, and the help that teaches it."""

import argparse

from bulkhead import __version__
from bulkhead.cli.arguments import asking, checking, comparing, writing
from bulkhead.cli.arguments.verbs import Verbs, add

_DESCRIPTION = """\
Keep the network segmentation of a Kubernetes cluster in git.

What each namespace may talk to stands in a few lines of a SegmentedNamespace, one kustomize
overlay per namespace. kustomize expands them with the plugin into NetworkPolicies; this command
does the same without the plugin and without running anything of the tree that it reads.
"""

_EPILOG = """\
examples:
  bulkhead validate                        is everything right? each problem with file:line:column
  bulkhead render overlays/media           the policies of one namespace
  bulkhead render -o policies.yaml         the whole cluster, into one file
  bulkhead render -o rendered/ --check     exit status 1 where what is written is stale
  bulkhead render -o rendered/ --layout tree   a folder for each namespace, for Argo CD and Flux
  bulkhead lint                            what an expert would find: too open, without effect, half open
  bulkhead new paperless                   an overlay for a further namespace
  bulkhead reach                           who reaches whom, a matrix by namespace
  bulkhead explain cardboard trade-bot:80  why, down to the line that a person wrote
  bulkhead test                            do the promises in tests/reachability hold?
  bulkhead diff main                       which traffic does my change open, and which does it close?

exit status: 0 all is well; 1 something is wrong, stale or different; 2 the command line or a file cannot be used
"""


def parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line."""
    top = argparse.ArgumentParser(
        prog="bulkhead",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="version", version=f"bulkhead {__version__}")
    verbs = top.add_subparsers(dest="command", metavar="COMMAND", required=True)
    writing.render(verbs)
    checking.validate(verbs)
    checking.lint(verbs)
    writing.values(verbs)
    writing.schema(verbs)
    writing.new(verbs)
    asking.reach(verbs)
    asking.explain(verbs)
    checking.test(verbs)
    comparing.diff(verbs)
    _completion(verbs)
    return top


def _completion(verbs: Verbs) -> None:
    verb = add(
        verbs,
        "completion",
        "print the completion script for a shell",
        "Print the completion script for a shell, for example:\n"
        '  eval "$(bulkhead completion bash)"\n'
        "  bulkhead completion zsh > ~/.zfunc/_bulkhead",
    )
    verb.add_argument("shell", choices=["bash", "zsh", "tcsh"], metavar="SHELL", help="bash, zsh or tcsh")

"""``bulkhead validate``: report everything that is wrong with the overlays in a folder."""

from bulkhead.analysis.changes.revision_checks import unlisted_faults
from bulkhead.analysis.overlays.overlay_tree import load_overlay_tree
from bulkhead.analysis.overlays.tree_checks import start_faults
from bulkhead.cli.console import Console
from bulkhead.cli.inputs import status_of
from bulkhead.cli.options import Options, Parser, describe, folder_options
from bulkhead.cli.rendered_files import summary


def options(parser: Parser) -> None:
    """Declare the options."""
    describe(
        parser,
        "Report everything that is wrong below DIR, each problem with file:line:column and a hint.",
    )
    folder_options(parser)


def run(options: Options, console: Console) -> int:
    """Write the problems and return 1, or write one line about what is right and return 0."""
    tree = load_overlay_tree(options.dir, console.progress)
    if tree.sources:
        tree.faults += unlisted_faults(tree.sources.graph)
        if not tree.faults:
            tree.faults += start_faults(tree.sources.graph)
    if tree.faults:
        console.refuse(tree.faults, status=status_of(tree.faults, options.dir))
    console.write(summary(tree) + "\n")
    return 0

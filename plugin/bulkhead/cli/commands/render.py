"""``bulkhead render``: write the NetworkPolicies that the overlays in a folder expand to."""

from enum import Enum

from bulkhead.analysis.overlays.overlay_tree import OverlayTree, load_overlay_tree
from bulkhead.cli import rendered_files, rendered_folders
from bulkhead.cli.console import Console, UsageError
from bulkhead.cli.inputs import status_of
from bulkhead.cli.options import Options, Parser, describe, folder_options, values
from bulkhead.cli.output_paths import check_output
from bulkhead.io.files import Unwritable

NOT_RENDERED = "nothing was rendered"
"""The outcome of a command that renders overlays that have problems."""


class FolderLayout(Enum):
    """How rendered policies are laid out in a folder."""

    FLAT = "flat"
    TREE = "tree"


def options(parser: Parser) -> None:
    """Declare the options."""
    describe(
        parser,
        "Print what `kustomize build --enable-alpha-plugins --enable-exec DIR` prints, byte for byte.\n"
        "This command expands the overlays itself; where kustomize builds one, it is a copy without the plugin.\n"
        "Where there is a problem, nothing is written.",
    )
    folder_options(parser)
    parser.add_argument(
        "-o",
        "--output",
        metavar="PATH",
        help="write to this file; where PATH ends in / or is a folder, write one file per namespace into it",
    )
    parser.add_argument("--layout", choices=values(FolderLayout), metavar="LAYOUT",
                        help="of a folder. flat: one file per namespace (default); tree: one folder per namespace "
                        "with a kustomization.yaml, for Argo CD and Flux; nothing else may be in it")  # fmt: skip
    parser.add_argument(
        "--check", action="store_true", help="write nothing; show the difference and exit 1 where PATH is stale"
    )


def run(options: Options, console: Console) -> int:
    """Render the folder; with ``--check`` return 1 where the written files are stale."""
    if options.output is None and (options.check or options.layout):
        raise UsageError(f"{'--check' if options.check else '--layout'} needs -o PATH, the file or folder")
    tree = load_overlay_tree(options.dir, console.progress)
    if tree.faults:
        console.refuse(tree.faults, NOT_RENDERED, status_of(tree.faults, options.dir))
    if options.output is None:
        console.write_exact(tree.text)
        return 0
    try:
        return _check(tree, options, console) if options.check else _write(tree, options, console)
    except Unwritable as error:
        return console.file_error(options.output, error.message, error.hint)


def _check(tree: OverlayTree, options: Options, console: Console) -> int:
    if options.layout == FolderLayout.TREE.value:
        return rendered_folders.check(tree, options.dir, options.output, console)
    return rendered_files.check(tree, options.output, console)


def _write(tree: OverlayTree, options: Options, console: Console) -> int:
    check_output(options.output, tree)
    if options.layout == FolderLayout.TREE.value:
        rendered_folders.write(tree, options.dir, options.output, console)
    else:
        rendered_files.write(tree, options.output)
    console.status_line(f"{options.output}: {rendered_files.summary(tree)}")
    return 0

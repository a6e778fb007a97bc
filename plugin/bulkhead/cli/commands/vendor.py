"""``bulkhead vendor``: replace the plugin of a tree with the one of this bulkhead, or check it."""

import os

from bulkhead import __version__
from bulkhead.analysis.changes.comparison import NotComparable
from bulkhead.analysis.changes.comparison_request import ComparisonRequest, NothingToCompare
from bulkhead.analysis.changes.requested_comparison import requested_comparison
from bulkhead.analysis.judged_endpoints import Endpoints
from bulkhead.analysis.overlays.overlay_tree import OverlayTree, load_overlay_tree
from bulkhead.analysis.semantics_options import SemanticsOptions
from bulkhead.cli.console import HERE, Console
from bulkhead.cli.options import Options, Parser, describe, folder_option
from bulkhead.core.diagnostics import DiagnosticError
from bulkhead.core.safe_text import printable
from bulkhead.docgen.vendored_plugin import PLUGIN, vendored_plugin
from bulkhead.io.files import Unreadable, Unwritable, temporary_folder, write_file
from bulkhead.io.kustomize.build import Failed, find
from bulkhead.io.manifests.manifest_files import Selection
from bulkhead.io.programs import ProgramError, run_program
from bulkhead.io.shipped_files import VERSION_FILE, checksum
from bulkhead.io.vendored_copy import VendoredCopy, read_vendored, replace_vendored
from bulkhead.report.diff.diff_formats import DIFF_FORMATS
from bulkhead.report.layout.text import count

_SAME = "the policies of the tree are the same, byte for byte"


class VendorError(DiagnosticError):
    """The plugin is not replaced."""


def options(parser: Parser) -> None:
    """Declare the options."""
    describe(
        parser,
        "Replace plugin/ with the plugin of this bulkhead, pinned by plugin/VERSION. Where a file in it was changed,\n"
        "nothing is written. Before, kustomize builds the tree with the plugin that is there, and what changes is\n"
        "shown: where traffic changes, only --accept writes. Where the tree has no plugin, it gets one.",
    )
    folder_option(parser, "the root of the tree (default: .)")
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit 1 where plugin/ is changed or another one"
    )
    parser.add_argument("--accept", action="store_true", help="write although the traffic changes")


def run(options: Options, console: Console) -> int:
    """Replace or check the plugin; 1 where it is stale or changed, or traffic changes; 2 where that is not known."""
    plugin = os.path.join("" if options.dir == HERE else options.dir, PLUGIN)
    wanted = vendored_plugin()
    try:
        found = _present(plugin)
    except Unreadable as refused:
        raise VendorError(f"{plugin}: {refused.message}", refused.hint) from None
    if found and found.changes():
        return _refuse(plugin, found, console)
    if found and found.checksums == {path: checksum(text) for path, text in wanted.items() if path != VERSION_FILE}:
        console.write(f"{plugin} is the one of bulkhead {__version__}\n")
        return 0
    if options.check:
        there = f"of bulkhead {printable(found.version)}, not" if found else "missing; it would be"
        console.write(f"{plugin} is {there} the one of bulkhead {__version__}\n")
        console.note("hint: `bulkhead vendor` replaces it and shows what that changes\n")
        return 1
    if found and not _show_changes(options.dir, console, options.accept):
        return 1
    try:
        replace_vendored(plugin, wanted, ["expand"])
    except Unwritable as error:
        return console.file_error(plugin, error.message, error.hint)
    console.write(f"{plugin}: {printable(found.version) if found else 'none'} -> {__version__}\n")
    return 0


def _present(plugin: str) -> VendoredCopy | None:
    """
    Return the vendored plugin; ``None`` where there is no folder *plugin*.

    :raises VendorError: where there is one that was not vendored.
    """
    if not os.path.lexists(plugin):
        if not os.path.isdir(os.path.dirname(plugin) or HERE):
            raise VendorError(f"there is no folder `{printable(os.path.dirname(plugin))}`")
        return None
    found = None if os.path.islink(plugin) else read_vendored(plugin)
    if found is None:
        raise VendorError(
            f"{plugin} has no readable {VERSION_FILE}: it is no vendored plugin",
            "if it is a copy without changes of yours, move it away and run `bulkhead vendor` again",
        )
    return found


def _refuse(plugin: str, found: VendoredCopy, console: Console) -> int:
    changes = [printable(each) for each in found.changes()]
    console.write("".join(f"{plugin}: {each}\n" for each in changes))
    console.status_line(
        f"{count(len(changes), 'file')} of {plugin} differ from {plugin}/{VERSION_FILE}: nothing is written"
    )
    console.note(f"hint: a build runs these files, so read them; `git checkout {plugin}` drops changes\n")
    return 1


def _show_changes(folder: str, console: Console, accepted: bool) -> bool:
    """Show what the policies of the tree in *folder* are by both plugins; return whether the new one may be written."""
    tree = load_overlay_tree(folder, console.progress, may_be_empty=True)
    if tree.faults:
        console.refuse(tree.faults, "what the plugin changes is not known, and nothing is written")
    if not tree.overlays:
        console.write("there is no overlay: no policy changes\n")
        return True
    built = _built(folder)
    if built == tree.text:
        console.write(f"NO EFFECT on traffic: {_SAME}\n")
        return True
    differs = _compare(built, tree, console)
    if differs and not accepted:
        console.status_line("traffic changes, so nothing is written")
        console.note("hint: read the difference; `bulkhead vendor --accept` writes\n")
    return accepted or not differs


def _built(folder: str) -> str:
    """
    Return what the real build of *folder* prints, which runs the plugin that is there.

    :raises VendorError: where it fails.
    """
    try:
        command = [*find(), "--enable-alpha-plugins", "--enable-exec", folder]
        done = run_program(command, dict(os.environ), about="the build with the plugin that is there")
    except (Failed, ProgramError) as refused:
        raise VendorError(refused.message, refused.hint) from None
    except OSError as error:
        raise VendorError(f"kustomize does not run: {error.strerror}") from None
    if done.status:
        message = printable(done.message.splitlines()[-1] if done.message else "no message")
        raise VendorError(
            f"the plugin that is there does not build the tree, so what changes is not known: {message}",
            "repair the build, or move `plugin` away and run `bulkhead vendor` again",
        )
    return done.stdout.decode(errors="replace")


def _compare(built: str, tree: OverlayTree, console: Console) -> bool:
    """Print the difference between *built* and the text of *tree*; return whether there is one, or may be one."""
    profile = next((each.profile for each in tree.overlays.values() if each.profile), None)
    with temporary_folder() as folder:
        paths = os.path.join(folder, "before.yaml"), os.path.join(folder, "after.yaml")
        for path, text in zip(paths, (built, tree.text), strict=True):
            write_file(path, text)
        semantics = SemanticsOptions(None, profile.spec.enforcer if profile else None, None)
        asked = ComparisonRequest(
            (), HERE, (), (paths,), Selection(), "", False, semantics, Endpoints.ALL, False, False
        )
        try:
            found = requested_comparison(asked)
        except NotComparable as error:
            console.refuse(error.faults, "what the plugin changes is not known, and nothing is written")
        except NothingToCompare:
            return False
        report = DIFF_FORMATS["text"](found, console.style)
    for path, name in zip(paths, ("the plugin that is there", f"the plugin of bulkhead {__version__}"), strict=True):
        report = report.replace(path, name)
    console.write(report)
    return bool(found.findings or found.undecided or found.unjudged)

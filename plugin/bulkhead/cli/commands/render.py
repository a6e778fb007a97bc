"""``bulkhead render`` and ``bulkhead validate``: what the overlays in a folder expand to."""

import os
import sys
from collections.abc import Callable, Iterator, Mapping

from bulkhead.analysis.overlay_tree import OverlayTree, load_overlay_tree
from bulkhead.cli.commands import render_tree
from bulkhead.io.files import Unwritable, read_tree, replace_tree, write_file
from bulkhead.io.kustomize.build import join
from bulkhead.io.manifests.write_networkpolicy import document
from bulkhead.report.file_diff import file_diff
from bulkhead.report.text import count, faults


def render(folder: str, output: str | None, check: bool, as_tree: bool = False) -> int:
    """
    Render *folder* to *output* (``None``: stdout); with *check*, only say whether it is up to date.

    *as_tree*: *output* is a folder that gets one for each namespace.
    """
    loaded = load_overlay_tree(folder, _progress())
    if loaded.faults:
        return refuse(loaded)
    if output is None:
        sys.stdout.write(loaded.text)
        return 0
    try:
        if check:
            return render_tree.check(loaded, folder, output) if as_tree else _check(loaded, output)
        if as_tree:
            render_tree.write(loaded, folder, output)
        else:
            _write(loaded, output)
    except Unwritable as error:
        sys.stderr.write(f"{output}: error: {error}\n")
        return 2
    sys.stderr.write(f"bulkhead: {output}: {summary(loaded)}\n")
    return 0


def validate(folder: str) -> int:
    """Report everything that is wrong in *folder*, or in one line that nothing is."""
    loaded = load_overlay_tree(folder, _progress())
    if loaded.faults:
        return refuse(loaded)
    sys.stdout.write(summary(loaded) + "\n")
    return 0


def summary(loaded: OverlayTree) -> str:
    """Return one line on what was rendered."""
    namespaces = [each for overlay in loaded.overlays.values() for each in overlay.namespaces]
    open_ones = [each.namespace for each in namespaces if each.spec.unprotected is not None]
    policies = sum(len(overlay.policies) for overlay in loaded.overlays.values())
    line = f"{count(len(namespaces) - len(open_ones), 'protected namespace')}, {count(policies, 'policy')}"
    if open_ones:
        line += f"; unprotected on record: {', '.join(sorted(open_ones))}"
    return line


def refuse(loaded: OverlayTree) -> int:
    """Report the faults; return the exit status."""
    sys.stdout.flush()
    sys.stderr.write(faults(loaded.faults, os.getcwd()))
    sys.stderr.write(f"bulkhead: {count(len(set(loaded.faults)), 'problem')}, nothing was rendered\n")
    return 1


def _is_folder(output: str) -> bool:
    return output.endswith("/") or os.path.isdir(output)


def _files(loaded: OverlayTree) -> Iterator[tuple[str, str]]:
    """Yield one file a namespace: its name and its text."""
    for overlay in loaded.overlays.values():
        for namespace in overlay.namespaces:
            mine = [policy for policy in overlay.policies if policy.namespace == namespace.namespace]
            if mine:
                yield f"{namespace.namespace}.yaml", join(document(policy) for policy in mine)


def _write(loaded: OverlayTree, output: str) -> None:
    if _is_folder(output):
        replace_tree(output, dict(_files(loaded)))
    else:
        write_file(output, loaded.text)


def _check(loaded: OverlayTree, output: str) -> int:
    """Show the difference between what is written and what would be; 1 where there is one."""
    is_folder = _is_folder(output)
    return compare(output, dict(_files(loaded)) if is_folder else {"": loaded.text}, is_folder)


def compare(output: str, wanted: Mapping[str, str], is_folder: bool) -> int:
    """Show how the file *output*, or the files of that folder, differ from those *wanted*; 1 where they do."""
    written = read_tree(output, is_folder)
    stale = False
    for name in sorted({**wanted, **written}):
        path = os.path.join(output, name) if name else output
        shown = file_diff(path, written.get(name, ""), wanted.get(name, ""))
        stale = stale or bool(shown)
        sys.stdout.write(shown)
    sys.stderr.write(f"bulkhead: {output} is {'stale: write it again' if stale else 'up to date'}\n")
    return int(stale)


def _progress() -> Callable[[int, int], None]:
    """Return a progress bar, or nothing where stderr is not a terminal."""
    if not sys.stderr.isatty():
        return lambda _done, _of: None

    def show(done: int, of: int) -> None:
        filled = "#" * (30 * done // of)
        sys.stderr.write(f"\r[{filled:<30}] {done}/{of} overlays")
        sys.stderr.write("\r\x1b[K" if done == of else "")
        sys.stderr.flush()

    return show

"""Rendered policies in one file, or in one file per namespace: how they are written, and whether they are stale."""

import os
from collections.abc import Iterator, Mapping

from bulkhead.analysis.overlays.overlay_tree import OverlayTree
from bulkhead.cli.console import Console
from bulkhead.io.files import locked, read_tree, replace_tree, write_file
from bulkhead.io.kustomize.build import join
from bulkhead.io.rendered.write_networkpolicy import document
from bulkhead.report.layout.file_diff import file_diff
from bulkhead.report.layout.text import count


def summary(tree: OverlayTree) -> str:
    """Return one line about what *tree* renders to."""
    namespaces = [each for overlay in tree.overlays.values() for each in overlay.namespaces]
    unprotected = [each.namespace for each in namespaces if each.spec.unprotected is not None]
    policies = sum(len(overlay.policies) for overlay in tree.overlays.values())
    line = f"{count(len(namespaces) - len(unprotected), 'protected namespace')}, {count(policies, 'policy')}"
    if unprotected:
        line += f"; unprotected on record: {', '.join(sorted(unprotected))}"
    return line


def write(tree: OverlayTree, output: str) -> None:
    """Write the policies of *tree* to the file *output*, or one file per namespace into that folder."""
    if _is_folder(output):
        with locked(output):
            replace_tree(output, dict(_files(tree)))
    else:
        write_file(output, tree.text)


def check(tree: OverlayTree, output: str, console: Console) -> int:
    """Show how the written files differ from what *tree* renders to; return 1 where they do."""
    if not _is_folder(output):
        return compare(output, {"": tree.text}, is_folder=False, console=console)
    with locked(output, to_write=False):
        return compare(output, dict(_files(tree)), is_folder=True, console=console)


def compare(output: str, wanted: Mapping[str, str], is_folder: bool, console: Console) -> int:
    """Show how the file *output*, or the files of that folder, differ from those *wanted*; return 1 where they do."""
    written = read_tree(output, is_folder)
    stale = False
    for name in sorted({**wanted, **written}):
        path = os.path.join(output, name) if name else output
        shown = file_diff(path, written.get(name, ""), wanted.get(name, ""))
        stale = stale or bool(shown)
        console.write(shown)
    console.status_line(f"{output} is {'stale: write it again' if stale else 'up to date'}")
    return int(stale)


def _is_folder(output: str) -> bool:
    return output.endswith("/") or os.path.isdir(output)


def _files(tree: OverlayTree) -> Iterator[tuple[str, str]]:
    """Yield the name and the text of one file per namespace."""
    for overlay in tree.overlays.values():
        for namespace in overlay.namespaces:
            own = [policy for policy in overlay.policies if policy.namespace == namespace.namespace]
            if own:
                yield f"{namespace.namespace}.yaml", join(document(policy) for policy in own)

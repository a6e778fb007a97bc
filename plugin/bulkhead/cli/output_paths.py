"""Where rendered text may be written: to no source of it, and through no symbolic link."""

import os
from collections.abc import Iterator

from bulkhead.analysis.overlays.overlay_tree import OverlayTree
from bulkhead.core.safe_text import printable
from bulkhead.io.files import Unwritable
from bulkhead.io.folders import is_inside
from bulkhead.io.kustomize.kustomization import Graph
from bulkhead.io.kustomize.unlisted import OVERLAYS

_ELSEWHERE = "name a file or folder that is none of the sources, as `rendered/`"


def check_output(output: str, tree: OverlayTree) -> None:
    """
    Check that *output*, a file or a folder, may be written with what *tree* renders.

    :raises Unwritable: where it is, or is below, a symbolic link of a checkout, a folder that the build reads, or
        `overlays/`; where it is a file that the build reads. Devices may be written to.
    """
    path = os.path.abspath(output)
    if os.path.exists(path) and not (os.path.isfile(path) or os.path.isdir(path)):
        return
    if is_inside(path, "/dev") or is_inside(path, "/proc"):
        return
    for link in _below_here(path):
        if os.path.islink(link):
            name = "this" if link == path else f"`{printable(os.path.relpath(link))}`"
            raise Unwritable(
                f"{name} is a symbolic link", f"name the {'folder' if os.path.isdir(link) else 'file'} that it leads to"
            )
    if tree.sources:
        _check_no_source(os.path.realpath(path), tree.sources.graph)


def _below_here(path: str) -> Iterator[str]:
    """Yield *path*, and each folder of it below the current one: a checkout can have links there."""
    here = os.getcwd()
    yield path
    while is_inside(os.path.dirname(path), here) and os.path.dirname(path) != here:
        path = os.path.dirname(path)
        yield path


def _check_no_source(path: str, graph: Graph) -> None:
    root = graph.root
    if path in graph.files():
        raise Unwritable("the build reads this file", _ELSEWHERE)
    for folder in [*(each for each in graph.found if each != root), os.path.join(root, OVERLAYS)]:
        if is_inside(path, folder):
            raise Unwritable(f"it is in `{printable(os.path.relpath(folder))}`, which the build reads", _ELSEWHERE)
    if os.path.basename(os.path.dirname(root)) == OVERLAYS and is_inside(path, root):
        raise Unwritable(f"it is in `{printable(os.path.relpath(root))}`, which is an overlay", _ELSEWHERE)

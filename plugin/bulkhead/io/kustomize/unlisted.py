"""
Folders below `overlays/` that the root does not list.

An ApplicationSet (or a Kustomization of Flux for each folder) delivers every folder there.  The build of the root
does not know those that it does not list, so neither does a verdict about it.
"""

import hashlib
import os
from collections.abc import Iterator

from bulkhead.io.files import Unreadable, bytes_of
from bulkhead.io.kustomize.kustomization import NAMES, Graph

OVERLAYS = "overlays"
_MANIFESTS = (".yaml", ".yml", ".json")


def unlisted_overlays(graph: Graph) -> list[str]:
    """Return the folders below `overlays/`, from the root of *graph*, that would be delivered and are not in it."""
    found = _deliverable(os.path.join(graph.root, OVERLAYS))
    return sorted(os.path.relpath(each, graph.root) for each in found if os.path.realpath(each) not in graph.found)


def _deliverable(folder: str) -> Iterator[str]:
    """Yield each folder in *folder* with a kustomization, or with manifests, and what is inside groups of such."""
    try:
        inside = [each for each in os.scandir(folder) if each.is_dir() and not each.name.startswith(".")]
    except OSError:
        return
    for each in inside:
        names = os.listdir(each.path)
        if any(name in NAMES for name in names) or any(name.endswith(_MANIFESTS) for name in names):
            yield each.path
        elif not each.is_symlink():
            yield from _deliverable(each.path)


def fingerprint(graph: Graph, folder: str) -> str:
    """
    Return what stands for all that a build of *folder*, from the root of *graph*, reads; empty where it is not there.

    Two that are equal are built the same.  One that cannot be read is equal to none.
    """
    top = os.path.join(graph.root, folder)
    if not os.path.isdir(top):
        return ""
    names = os.listdir(top)
    if not any(name in NAMES for name in names):
        return _hashed(graph, [os.path.join(top, name) for name in names if name.endswith(_MANIFESTS)])
    below = Graph(top, graph.bounds)
    if below.faults:
        return os.urandom(16).hex()
    return _hashed(graph, [*(each.file for each in below.found.values()), *below.plain_files()])


def _hashed(graph: Graph, files: list[str]) -> str:
    made = hashlib.sha256()
    for file in sorted(set(files)):
        try:
            content = hashlib.sha256(bytes_of(file)).hexdigest()
        except Unreadable:
            return os.urandom(16).hex()
        made.update(f"{os.path.relpath(file, graph.root)}\0{content}\0".encode(errors="surrogateescape"))
    return made.hexdigest()

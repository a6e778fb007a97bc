"""
Folders below `overlays/` that the root does not list.

An ApplicationSet (or a Kustomization of Flux for each folder) delivers every folder there.  The build of the root
does not know those that it does not list, so neither does a verdict about it.
"""

import hashlib
import os
from collections.abc import Iterable, Iterator

from bulkhead.io.files import Unreadable, bytes_of
from bulkhead.io.folders import path_below, walk
from bulkhead.io.input_files import PROGRAMS, SUFFIXES
from bulkhead.io.kustomize.folder_contents import contents
from bulkhead.io.kustomize.kustomization import NAMES, Graph
from bulkhead.io.kustomize.plugin_entries import PLUGIN_LISTS, is_inline
from bulkhead.io.kustomize.unmodelled import annotations
from bulkhead.io.yaml.nodes import InvalidYaml

OVERLAYS = "overlays"
MANIFESTS = (*SUFFIXES, *PROGRAMS)
"""Endings of the files that a delivery of a folder applies."""


def unlisted_overlays(graph: Graph) -> list[str]:
    """Return the folders below `overlays/`, from the root of *graph*, that would be delivered and are not in it."""
    found = _deliverable(os.path.join(graph.root, OVERLAYS))
    return sorted(os.path.relpath(each, graph.root) for each in found if graph.read.real(each) not in graph.found)


def _deliverable(top: str) -> Iterator[str]:
    """
    Yield each folder below *top* with a kustomization, or with manifests, and what is inside groups of such.

    Below one with a kustomization, only those with one of their own: a pattern like `overlays/**` delivers them.
    """
    nested = set()
    for at, folders, _ in walk(top):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for path in (os.path.join(at, name) for name in folders):
            if at in nested and os.path.islink(path):  # what it leads to is looked at in its own place
                continue
            names = os.listdir(path)
            is_overlay = any(name in NAMES for name in names)
            if is_overlay or (at not in nested and any(name.endswith(MANIFESTS) for name in names)):
                yield path
            if is_overlay or at in nested:
                nested.add(path)


def plugins_of(*graphs: Graph) -> frozenset[str]:
    """Return the folders of the plugins that a build of any of *graphs* runs, each from the root of its graph."""
    return frozenset(os.path.relpath(folder, graph.root) for graph in graphs for folder in graph.plugins())


def judged_by(*graphs: Graph) -> frozenset[str]:
    """Return the folders of all kustomizations of *graphs*, each from the root of its graph: they are compared."""
    return frozenset(path_below(folder, graph.root) for graph in graphs for folder in graph.found)


def fingerprint(graph: Graph, folder: str, plugins: frozenset[str], judged: frozenset[str]) -> str:
    """
    Return what represents all that a build of *folder*, from the root of *graph*, reads; empty where it is not there.

    Two that are equal are built the same, with *plugins*, which are compared as such, as are the folders *judged*.  One
    that cannot be read, or that runs another program, is equal to none.
    """
    top = os.path.join(graph.root, folder)
    if not os.path.isdir(top):
        return ""
    if not any(name in NAMES for name in os.listdir(top)):
        return contents(top, graph.root, {os.path.join(graph.root, each) for each in judged})
    below = Graph(top, graph.bounds, graph.read.parsed)
    if below.faults or _runs_another(graph, below, plugins):
        return os.urandom(16).hex()
    return _hashed(graph, below.files())


def _runs_another(graph: Graph, below: Graph, plugins: frozenset[str]) -> bool:
    """
    Say whether a build of *below* can run a program that is none of *plugins*, from the root of *graph*.

    No other program is found by its name.
    """
    for folder, each in below.found.items():
        if below.is_plugin(folder):
            if os.path.relpath(folder, graph.root) not in plugins:
                return True
            continue
        for file in [each.file, *each.files]:
            try:
                if any(annotations(below.read.text(file))):
                    return True
            except InvalidYaml:
                return True
        entries = (entry for key in PLUGIN_LISTS for entry in each.entries(key))
        if not all(
            is_inline(entry) or os.path.isdir(each.at(entry)) or _is_builtin(below, each.at(entry)) for entry in entries
        ):
            return True
    return False


def _is_builtin(graph: Graph, file: str) -> bool:
    """Say whether *file* configures plugins that are part of kustomize."""
    try:
        values = [each.value for each in graph.read.documents(file)]
    except InvalidYaml:
        return False
    return all(isinstance(each, dict) and each.get("apiVersion") == "builtin" for each in values)


def _hashed(graph: Graph, files: Iterable[str]) -> str:
    made = hashlib.sha256()
    for file in sorted(files):
        try:
            content = hashlib.sha256(bytes_of(file)).hexdigest()
        except Unreadable:
            return os.urandom(16).hex()
        made.update(f"{os.path.relpath(file, graph.root)}\0{content}\0".encode(errors="surrogateescape"))
    return made.hexdigest()

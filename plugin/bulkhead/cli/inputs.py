"""The analysis input of the commands that analyse policies: ``reach``, ``explain`` and ``test``."""

import gc
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import NoReturn

from bulkhead.analysis.analysis_input import AnalysisInput, facts_of, from_manifests, from_overlays
from bulkhead.analysis.semantics_options import semantics_of
from bulkhead.cli.console import Console
from bulkhead.cli.options import Options, semantics_asked
from bulkhead.core.diagnostics import Diagnostic, Location
from bulkhead.core.engine.endpoint_terms import EndpointVocabulary, named_peers
from bulkhead.core.kubernetes.networkpolicy import IpBlock, PodPeer
from bulkhead.io.files import MIB, temporary_folder
from bulkhead.io.kustomize.kustomization import NAMES
from bulkhead.io.kustomize.refusals import is_refusal
from bulkhead.io.manifests.clusters import LARGEST_DUMP

NO_ANSWER = "no answer is given"
"""The outcome of a command whose input has problems."""


def status_of(faults: Iterable[Diagnostic]) -> int:
    """Return the exit status for the *faults* of a tree: 1 for mistakes in it, 2 where it only cannot be reviewed."""
    return 2 if all(map(is_refusal, faults)) else 1


NamedPeers = Mapping[str, tuple[IpBlock | PodPeer, ...]]


def analysis_input(options: Options, console: Console) -> AnalysisInput:
    """
    Return the input of the overlays below the folder of *options*, or of its manifests.

    :raises CommandFailed: where it has problems, which are written.
    :raises InvalidValue: where the semantics that are asked for contradict the profile.
    """
    found = _usable(options.dir, options.manifests, console)
    found.semantics = semantics_of(semantics_asked(options), found.profile)
    return found


def tested_input(options: Options, console: Console) -> AnalysisInput:
    """
    Return the input that reachability tests are checked against.

    With manifests, the tree in the folder still says what a named peer is, what enforces policies and which
    addresses are those of Services. Where there is no tree, there is no profile.

    :raises CommandFailed: where it has problems, which are written.
    :raises InvalidValue: where the semantics that are asked for contradict the profile.
    """
    found = _usable(options.dir, options.manifests, console)
    if options.manifests is not None and any(os.path.isfile(os.path.join(options.dir, name)) for name in NAMES):
        tree = _usable(options.dir, None, console)
        found.profile = tree.profile
        found.cluster = facts_of(tree.cluster, found.cluster)
    found.semantics = semantics_of(semantics_asked(options), found.profile)
    return found


def _usable(folder: str, manifests: str | None, console: Console) -> AnalysisInput:
    found = from_overlays(folder) if manifests is None else _from_manifests(manifests, console)
    if found.faults:
        console.refuse(found.faults, NO_ANSWER)
    return found


_READ_TWICE = 64 << 20
"""Bytes. A larger dump on stdin is not read a second time for the lines of its policies."""


def _from_manifests(path: str, console: Console) -> AnalysisInput:
    if path != "-":
        return from_manifests(path)
    # A dump is read as a stream from a file, so that one of any size fits into memory.
    with temporary_folder() as folder:
        file = _saved(console, folder)
        found = from_manifests(file)
        if os.path.getsize(file) <= _READ_TWICE:
            found.rules = found.rules.renamed(lambda _: "stdin", found.cluster.policies)
    found.faults = [each.in_file("stdin") for each in found.faults]
    return found


def _saved(console: Console, folder: str) -> str:
    """
    Return the path of a file in *folder* with what comes in on stdin.

    :raises CommandFailed: where that is no text, or more than a dump may have; the reason is written.
    """
    try:
        first = console.stdin.read(1)
        while first.isspace() or first == "\ufeff":
            first = console.stdin.read(1)
        file = os.path.join(folder, "stdin.json" if first == "{" else "stdin.yaml")
        left = LARGEST_DUMP
        with open(file, "w", encoding="utf-8") as copy:
            piece = first
            while piece:
                copy.write(piece)
                left -= len(piece)
                if left < 0:
                    _refuse_stdin(console, f"more than {LARGEST_DUMP // MIB:,} MiB come in")
                piece = console.stdin.read(MIB)
        return file
    except UnicodeError:
        _refuse_stdin(console, "it is not UTF-8 text")


def _refuse_stdin(console: Console, message: str) -> NoReturn:
    console.refuse([Diagnostic(Location("stdin"), message)], NO_ANSWER)


def peers_of(found: AnalysisInput) -> NamedPeers:
    """Return the named peers of the profile."""
    return named_peers(found.profile) if found.profile else {}


def vocabulary_of(found: AnalysisInput) -> EndpointVocabulary:
    """Return the endpoints by name."""
    return EndpointVocabulary(found.cluster, peers_of(found))


@contextmanager
def no_garbage_collection() -> Iterator[None]:
    """Do not search for unreachable objects: an analysis drops nothing that it read, and the search takes a third."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()

"""What `reach`, `explain` and `test` share: the situation that they look at, and how they refuse."""

import os
import shutil
import sys
import tempfile
from collections.abc import Mapping

from bulkhead.analysis.analysis_input import AnalysisInput, facts_of, from_manifests, from_overlays
from bulkhead.analysis.semantics_options import SemanticsOptions, semantics_of
from bulkhead.core.diagnostics import Diagnostic
from bulkhead.core.engine.endpoint_terms import EndpointVocabulary, named_peers
from bulkhead.core.kubernetes.networkpolicy import IpBlock, PodPeer
from bulkhead.io.kustomize.kustomization import NAMES
from bulkhead.report.colour import Palette
from bulkhead.report.text import count, faults

Peers = Mapping[str, tuple[IpBlock | PodPeer, ...]]


class CommandFailed(Exception):
    """The command cannot answer; why is on stderr already."""


def analysis_input(folder: str, manifests: str | None, reading: SemanticsOptions) -> AnalysisInput:
    """
    Return the situation of the overlays below *folder*, or of *manifests* (``-``: stdin), read as *reading* says.

    :raises Unusable: where there are faults, which are printed.
    :raises Refused: where it cannot be read so.
    """
    found = _usable(folder, manifests)
    found.semantics = semantics_of(reading, found.profile)
    return found


def _usable(folder: str, manifests: str | None) -> AnalysisInput:
    found = from_overlays(folder) if manifests is None else _manifests(manifests)
    if found.faults:
        refuse(found.faults)
    return found


def promised(folder: str, manifests: str | None, reading: SemanticsOptions) -> AnalysisInput:
    """
    Return the situation to hold promises against: with *manifests*, still by the names of the tree in *folder*.

    Its profile says what a peer is, what enforces policies and which addresses are Services'.  No tree there, no
    profile.

    :raises Unusable: where there are faults, which are printed.
    :raises Refused: where it cannot be read so.
    """
    found = _usable(folder, manifests)
    if manifests is not None and any(os.path.isfile(os.path.join(folder, name)) for name in NAMES):
        tree = _usable(folder, None)
        found.profile = tree.profile
        found.cluster = facts_of(tree.cluster, found.cluster)
    found.semantics = semantics_of(reading, found.profile)
    return found


def _manifests(path: str) -> AnalysisInput:
    if path != "-":
        return from_manifests(path)
    # A dump is read as a stream from a file, so that one of any size fits.
    with tempfile.TemporaryDirectory(prefix="bulkhead-") as folder:
        first = sys.stdin.read(1)
        while first.isspace():
            first = sys.stdin.read(1)
        file = os.path.join(folder, "stdin.json" if first == "{" else "stdin.yaml")
        with open(file, "w", encoding="utf-8") as written:
            written.write(first)
            shutil.copyfileobj(sys.stdin, written)
        found = from_manifests(file)
    found.faults = [each.in_file("stdin") for each in found.faults]
    return found


def refuse(found: list[Diagnostic]) -> None:
    """
    Print what is wrong, as ``validate`` does.

    :raises Unusable: always.
    """
    sys.stdout.flush()
    sys.stderr.write(faults(found, os.getcwd()))
    sys.stderr.write(f"bulkhead: {count(len(set(found)), 'problem')}, no answer is given\n")
    raise CommandFailed


def complain(message: str, hint: str = "") -> int:
    """Print one error of the command line; return its exit status."""
    sys.stdout.flush()
    sys.stderr.write(f"bulkhead: error: {message}\n" + (f"hint: {hint}\n" if hint else ""))
    return 2


def peers_of(found: AnalysisInput) -> Peers:
    """Return the named peers of the situation's profile."""
    return named_peers(found.profile) if found.profile else {}


def names_of(found: AnalysisInput) -> EndpointVocabulary:
    """Return the endpoints of the situation by name."""
    return EndpointVocabulary(found.cluster, peers_of(found))


def palette() -> Palette:
    """Return colour where stdout is a terminal and nobody asked for none."""
    return Palette(sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb")


def width() -> int:
    """Return how wide a line may be: the terminal, or 120 columns where there is none."""
    return shutil.get_terminal_size((120, 24)).columns

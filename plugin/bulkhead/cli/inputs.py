"""The analysis input of the commands that analyse policies: ``reach``, ``explain`` and ``test``."""

import gc
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import NoReturn

from bulkhead.analysis.analysis_input import AnalysisInput, facts_of, from_manifests
from bulkhead.analysis.semantics_options import semantics_of
from bulkhead.analysis.shared_chains import chain_refusals
from bulkhead.cli.console import CommandFailed, Console, UsageError
from bulkhead.cli.options import Options, selection_asked, semantics_asked
from bulkhead.core.diagnostics import Diagnostic, Location
from bulkhead.core.engine.endpoint_terms import EndpointVocabulary, named_peers
from bulkhead.core.engine.reachability import Reachability, class_count
from bulkhead.core.engine.semantics import API, Semantics
from bulkhead.core.kubernetes.evidence import Evidence
from bulkhead.core.kubernetes.networkpolicy import IpBlock, PodPeer
from bulkhead.io.files import MIB, temporary_folder
from bulkhead.io.input_files import has_kustomization
from bulkhead.io.kustomize.refusals import is_nothing, is_refusal
from bulkhead.io.manifests.manifest_files import LARGEST_DUMP, Selection
from bulkhead.report.names.evidence import evidence_text

NO_ANSWER = "no answer is given"
"""The outcome of a command whose input has problems."""


def status_of(faults: Iterable[Diagnostic], folder: str) -> int:
    """
    Return the exit status for the *faults* of the tree in *folder*.

    1 for mistakes in it, 2 where it only cannot be reviewed or there is nothing to judge.
    """
    return 2 if all(is_refusal(each) or is_nothing(each, folder) for each in faults) else 1


BY_FOLDER = "where an ApplicationSet delivers each folder of `overlays` by itself"
"""What a second answer is about: the root changes what its folders render, or adds to it."""

NOT_BY_FOLDER = (
    "the root changes what its folders render, or adds to it, and this is not about what an ApplicationSet delivers, "
    "which takes each folder of `overlays` by itself"
)
"""What to say of an answer about the root's build alone."""

NamedPeers = Mapping[str, tuple[IpBlock | PodPeer, ...]]


def analysis_input(options: Options, console: Console) -> AnalysisInput:
    """
    Return the input of the overlays below the folder of *options*, or of its manifests.

    :raises CommandFailed: where it has problems, which are written.
    :raises InvalidValue: where the semantics that are asked for contradict the profile.
    """
    found = _usable(options.dir, options.manifests, selection_asked(options), console)
    return _read_by(found, options, console)


def tested_input(options: Options, console: Console) -> AnalysisInput:
    """
    Return the input that reachability tests are checked against.

    With manifests, the tree in the folder still says what a named peer is, what enforces policies and which
    addresses are those of Services. Where there is no tree, there is no profile.

    :raises CommandFailed: where it has problems, which are written.
    :raises InvalidValue: where the semantics that are asked for contradict the profile.
    """
    found = _usable(options.dir, options.manifests, selection_asked(options), console)
    if options.manifests is not None and has_kustomization(options.dir):
        tree = _usable(options.dir, None, Selection(helm=options.enable_helm), console)
        found.profile = tree.profile
        found.cluster = facts_of(tree.cluster, found.cluster)
    return _read_by(found, options, console)


def _read_by(found: AnalysisInput, options: Options, console: Console) -> AnalysisInput:
    """Return *found* with the semantics that *options* or its profile ask for."""
    found.semantics = semantics_of(semantics_asked(options), found.profile)
    refused = list(chain_refusals(found, found.semantics))
    if refused:
        console.refuse(refused, NO_ANSWER)
    return found


def _usable(folder: str, manifests: Sequence[str] | None, selection: Selection, console: Console) -> AnalysisInput:
    if manifests is None:
        check_selection(selection)
        from bulkhead.analysis.overlays_input import from_overlays  # here: manifests do without all that it imports
        from bulkhead.io.kustomize.kustomization import Bounds

        found = from_overlays(folder, Bounds(helm=selection.helm), progress=console.progress)
    else:
        found = manifests_input(manifests, selection, console)
    if found.faults:
        console.refuse(found.faults, NO_ANSWER)
    if manifests is not None and found.evidence.is_nothing:
        nothing_to_judge(found, ", ".join("stdin" if path == STDIN else path for path in manifests), console)
    return found


def by_folder(found: AnalysisInput, console: Console) -> AnalysisInput | None:
    """
    Return the input of what each folder of the overlays renders by itself, where that is another one than *found*.

    :raises CommandFailed: where it cannot be said what its policies do.
    """
    if found.own is None:
        return None
    from bulkhead.analysis.changes.own_deliveries import own_delivery  # here: few trees need it

    own = own_delivery(found)
    refused = list(chain_refusals(own, own.semantics)) if own else []
    if refused:
        console.refuse(refused, NO_ANSWER)
    return own


def note_by_folder(found: AnalysisInput, console: Console) -> None:
    """Write a note where each folder of the overlays renders another thing by itself than *found*."""
    if by_folder(found, console) is not None:
        console.status_line(f"note: {NOT_BY_FOLDER}")


def check_selection(selection: Selection) -> None:
    """
    Check that the option that leaves files out is given only with an option that chooses files.

    :raises UsageError: where ``--exclude`` is given and there are no manifests.
    """
    if selection.exclude:
        raise UsageError("--exclude is about manifests: the overlays say themselves which files are theirs")


def nothing_to_judge(found: AnalysisInput, name: str, console: Console) -> NoReturn:
    """
    Write that there is neither a policy nor a pod in *found*, which is called *name*.

    :raises CommandFailed: always.
    """
    message = f"there is nothing to judge in {name}: no NetworkPolicy, no pod and no workload"
    raise CommandFailed(console.error(f"{message} ({evidence_text(found.evidence)})", "name other files or folders"))


STDIN = "-"
"""The path that means stdin."""

_READ_TWICE = 64 << 20
"""Bytes. A larger dump on stdin is not read a second time for the lines of its policies."""


def manifests_input(
    paths: Sequence[str], selection: Selection, console: Console, semantics: Semantics = API
) -> AnalysisInput:
    """Return the input of the manifests at *paths*. One of them may be stdin."""
    if STDIN not in paths:
        return from_manifests(paths, semantics, selection=selection)
    # A dump is read as a stream from a file, so that one of any size fits into memory.
    with temporary_folder() as folder:
        file = _saved(console, folder)
        read = [file if path == STDIN else path for path in dict.fromkeys(paths)]
        found = from_manifests(read, semantics, selection=selection)

        def named(other: str) -> str:
            return "stdin" if other == file else other

        if os.path.getsize(file) <= _READ_TWICE:
            found.rules = found.rules.renamed(named, found.cluster.policies)
    found.faults = [each.in_file(named(each.location.file)) for each in found.faults]
    found.evidence = found.evidence.renamed(file, "stdin")
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
        _refuse_stdin(console, "it is not UTF-8 text", "write it in UTF-8")


def _refuse_stdin(console: Console, message: str, hint: str = "") -> NoReturn:
    console.refuse([Diagnostic(Location("stdin"), message, hint)], NO_ANSWER)


def evidence_of(found: AnalysisInput, answer: Reachability) -> Evidence:
    """Return the evidence of *found* with the number of endpoint classes of its *answer*."""
    return found.evidence.with_classes(class_count(answer))


def peers_of(found: AnalysisInput) -> NamedPeers:
    """Return the named peers of the profile."""
    return named_peers(found.profile) if found.profile else {}


def vocabulary_of(found: AnalysisInput) -> EndpointVocabulary:
    """Return the endpoints by name."""
    networks = found.profile.spec.networks.pods if found.profile else None
    return EndpointVocabulary(found.cluster, peers_of(found), tuple(map(str, networks or ())))


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

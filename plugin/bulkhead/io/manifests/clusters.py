"""
Clusters from files: a folder of manifests, one file of them, or a dump of a running cluster.
"""

import json
from collections.abc import Iterable, Iterator
from io import TextIOWrapper
from pathlib import Path as FilePath

from bulkhead.core.diagnostics import Diagnostic, Location, in_resource
from bulkhead.core.kubernetes.cluster import Cluster, Namespace, Pod
from bulkhead.core.kubernetes.networkpolicy import NetworkPolicy
from bulkhead.core.record import record
from bulkhead.io.files import MIB, Unreadable, regular_file, text_of
from bulkhead.io.manifests import workloads
from bulkhead.io.manifests.workloads import Thing
from bulkhead.io.yaml import json_stream
from bulkhead.io.yaml.documents import Chunk, InvalidDocument, parse, place, split

SUFFIXES = (".yaml", ".yml", ".json")

LARGEST_DUMP = 4096 * MIB
"""Bytes of a dump, which is read as a stream."""


@record
class ManifestCluster:
    """What was read, and everything that could not be. With *faults* the cluster is not to be judged by."""

    cluster: Cluster
    faults: tuple[Diagnostic, ...]


@record
class Held:
    """What one document holds, and its problems with line and column, from 0, within it."""

    things: tuple[Thing, ...]
    problems: tuple[tuple[int, int, Diagnostic], ...]


Known = dict[str, Held]
"""What documents hold, by their text: two revisions share almost all of them, and each is read once."""


def load(path: str, known: Known | None = None) -> ManifestCluster:
    """
    Return the cluster that the manifests at *path* describe: a folder with all folders in it, or one file.

    A single file of JSON is read as a stream, so that a dump of any size fits.  *known* is
    filled with what was read from other files, to be handed to the next call.
    """
    start = FilePath(path)
    if start.suffix == ".json" and not start.is_dir() and start.exists():
        return _loaded((path, 0, held) for held in _streamed(start))
    return _loaded(_documents(start, {} if known is None else known))


def policies_in(text: str) -> tuple[tuple[NetworkPolicy, ...], tuple[Diagnostic, ...]]:
    """Return the NetworkPolicies of a stream of manifests, and what is wrong with them."""
    held = [_held(chunk, {}) for chunk in split(text)]
    things = (thing for each in held for thing in each.things)
    return (
        tuple(thing for thing in things if isinstance(thing, NetworkPolicy)),
        tuple(problem for each in held for _, _, problem in each.problems),
    )


def _loaded(documents: Iterable[tuple[str, int, Held]]) -> ManifestCluster:
    things: list[Thing] = []
    faults: list[Diagnostic] = []
    for file, above, held in documents:
        things += held.things
        faults += [each.at(Location(file, above + line + 1, column + 1)) for line, column, each in held.problems]
    return ManifestCluster(_cluster(things), tuple(faults))


def _cluster(things: list[Thing]) -> Cluster:
    return Cluster(
        namespaces=tuple(thing for thing in things if isinstance(thing, Namespace)),
        pods=tuple(thing for thing in things if isinstance(thing, Pod)),
        policies=tuple(thing for thing in things if isinstance(thing, NetworkPolicy)),
    )


def _documents(start: FilePath, known: Known) -> Iterator[tuple[str, int, Held]]:
    if not start.exists():
        yield str(start), -1, _unreadable("no such file or folder", 0, -1)
    for file in files_below(start):
        held = False
        try:
            text = text_of(str(file)).removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
        except Unreadable as refused:
            yield str(file), -1, _refused(refused)
            continue
        for chunk in split(text):
            held = True
            yield str(file), chunk.line, _held(chunk, known)
        if not held and file is start:
            yield str(file), -1, _unreadable("there is nothing in it", 0, -1)


def files_below(start: FilePath) -> list[FilePath]:
    """Return the manifests at *start*: the file itself, or those in the folder and in all folders below it."""
    if not start.is_dir():
        return [start] if start.exists() else []
    return sorted(file for file in start.rglob("*") if file.suffix in SUFFIXES and file.is_file())


def _reason(error: OSError | UnicodeDecodeError) -> str:
    return "it is not UTF-8 text" if isinstance(error, UnicodeDecodeError) else str(error.strerror).lower()


def _held(chunk: Chunk, known: Known) -> Held:
    found = known.get(chunk.text)
    if found is None:
        try:
            found = _read(chunk.text, parse(chunk.text))
        except InvalidDocument as error:
            found = _unreadable(error.message, error.location.line - 1, error.location.column - 1)
        known[chunk.text] = found
    return found


def _read(text: str, documents: list[object]) -> Held:
    problems: list[Diagnostic] = []
    try:
        things = tuple(thing for document in documents for thing in workloads.read(document, problems))
    except RecursionError:
        return _unreadable("this is nested too deeply", 0, 0)
    return Held(things, tuple((*place(text, problem.location.path), problem) for problem in problems))


def _unreadable(message: str, line: int, column: int) -> Held:
    return Held((), ((line, column, Diagnostic(in_resource("file"), message)),))


def _refused(refused: Unreadable, line: int = 0) -> Held:
    return Held((), ((line, -1, Diagnostic(in_resource("file"), refused.message, refused.hint)),))


def _streamed(file: FilePath) -> Iterator[Held]:
    try:
        with TextIOWrapper(regular_file(str(file), LARGEST_DUMP), encoding="utf-8-sig") as stream:
            for item in json_stream.items(stream):
                problems: list[Diagnostic] = []
                things = tuple(workloads.read(item.data, problems, item.kind))
                yield Held(things, tuple((item.line, 0, problem) for problem in problems))
    except RecursionError:
        yield _unreadable("this is nested too deeply", -1, -1)
    except json.JSONDecodeError as error:
        yield _unreadable(f"this is no JSON: {error.msg}", error.lineno - 1, error.colno - 1)
    except Unreadable as refused:
        yield _refused(refused, -1)
    except (OSError, UnicodeDecodeError) as error:
        yield _unreadable(f"cannot be read: {_reason(error)}", -1, -1)

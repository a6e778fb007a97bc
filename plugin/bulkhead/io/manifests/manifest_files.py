"""
Clusters from files: folders of manifests, files of them, kustomizations, or a dump of a running cluster.
"""

import json
import os
import re
import shlex
from collections.abc import Iterator, Sequence
from io import TextIOWrapper

from bulkhead.core.diagnostics import Diagnostic, Location, in_resource, spell
from bulkhead.core.kubernetes.cluster import Cluster, Pod
from bulkhead.core.kubernetes.evidence import Evidence, UnjudgedPolicy, counted
from bulkhead.core.kubernetes.networkpolicy import NetworkPolicy
from bulkhead.core.language.scalars import quoted
from bulkhead.core.record import record, replaced
from bulkhead.io.files import (
    LARGEST_TEXT,
    MIB,
    Unreadable,
    not_utf_8_in,
    regular_file,
    similar,
    text_of,
)
from bulkhead.io.input_files import KUSTOMIZATIONS, argo_source_message, chart_of, has_kustomization, input_files
from bulkhead.io.manifests import object_reader
from bulkhead.io.manifests.assembly import PlacedObject, assemble
from bulkhead.io.manifests.delivery_marks import OF_MANIFESTS, kept_back_hint, kept_back_message
from bulkhead.io.manifests.live_fields import LiveFields
from bulkhead.io.manifests.object_reader import ReadObject
from bulkhead.io.yaml import json_stream
from bulkhead.io.yaml.documents import REMOVE_ONE, Chunk, parse, places, split
from bulkhead.io.yaml.json_keys import DuplicateKey
from bulkhead.io.yaml.json_stream import Item, ValueTooLarge
from bulkhead.io.yaml.nodes import InvalidYaml

LARGEST_DUMP = 4096 * MIB
"""Bytes of a dump, which is read as a stream."""

TEMPLATE = "{{"
"""What Helm and most other template languages begin with."""

MAY_BE_KUBERNETES = re.compile(r"kind|apiVersion|podSelector|binary|\\[uUx\r\n\x85\u2028\u2029]|\x00", re.IGNORECASE)
"""
A file without any of these contains no policy, even if it cannot be parsed.

The last are the tag and the escapes by which a word can be written without its letters, and what UTF-16 has.
"""


@record
class Selection:
    """Which files are read: none that a pattern of *exclude* names. *helm*: a kustomization may inflate charts."""

    exclude: tuple[str, ...] = ()
    helm: bool = False


EVERY_FILE = Selection()
"""Nothing is left out."""


@record
class ManifestCluster:
    """
    What was read, and everything that could not be. With *faults* the cluster is not to be judged by.

    *files* are those that were read, to look for places of objects in. *separate* are the pods of each object by
    itself, *live* what policies say of who wrote their fields (``AssembledObjects``).
    """

    cluster: Cluster
    faults: tuple[Diagnostic, ...] = ()
    unjudged: tuple[UnjudgedPolicy, ...] = ()
    evidence: Evidence = Evidence()
    files: tuple[str, ...] = ()
    separate: tuple[Pod, ...] = ()
    live: tuple[LiveFields, ...] = ()


@record
class Held:
    """What one document holds, and its problems with line and column, from 0, within it."""

    objects: tuple[ReadObject, ...]
    problems: tuple[tuple[int, int, Diagnostic], ...] = ()
    is_foreign: bool = False


Known = dict[str, Held]
"""What documents hold, by their text: two revisions share almost all of them, and each is read once."""


def load(paths: str | Sequence[str], known: Known | None = None, selection: Selection = EVERY_FILE) -> ManifestCluster:
    """
    Return the cluster that the manifests at *paths* describe together: folders with all folders in them, or files.

    A single file of JSON is read as a stream, so that a dump of any size fits. *known* is
    filled with what was read from other files, to be handed to the next call.
    """
    reading = _Reading({} if known is None else known, selection)
    for path in [paths] if isinstance(paths, str) else paths:
        reading.read(path)
    return reading.result()


def policies_in(text: str) -> tuple[tuple[NetworkPolicy, ...], tuple[Diagnostic, ...]]:
    """Return the NetworkPolicies of a stream of manifests, and what is wrong with them."""
    objects, problems = objects_in(text)
    things = (thing for each in objects for thing in each.things)
    return tuple(thing for thing in things if isinstance(thing, NetworkPolicy)), problems


def objects_in(text: str) -> tuple[tuple[ReadObject, ...], tuple[Diagnostic, ...]]:
    """Return the objects of a stream of manifests, and what is wrong with them."""
    held = [_held(chunk, {}) for chunk in split(text)]
    return (
        tuple(each for one in held for each in one.objects),
        tuple(problem for each in held for _, _, problem in each.problems)
        + tuple(problem for one in held for each in one.objects for problem in each.if_applied),
    )


class _Reading:
    """Collects what is in files."""

    def __init__(self, known: Known, selection: Selection) -> None:
        self.known = known
        self.selection = selection
        self.objects: list[PlacedObject] = []
        self.faults: list[Diagnostic] = []
        self.evidence = Evidence()
        self.files: list[str] = []
        self.charts: set[str] = set()
        self.unused: list[set[str]] = []

    def result(self) -> ManifestCluster:
        found = assemble(self.objects)
        unused = set.intersection(*self.unused) if self.unused else set()
        notes = tuple(f"`--exclude {each}` leaves nothing out" for each in self.selection.exclude if each in unused)
        evidence = found.evidence.and_of(self.evidence).and_of(Evidence(notes=notes))
        faults = (*self.faults, *found.faults, *_kept_back(self.objects), *_refused_if_applied(self.objects))
        files = tuple(self.files)
        return ManifestCluster(found.cluster, faults, found.unjudged, evidence, files, found.separate, found.live)

    def read(self, path: str) -> None:
        """Read everything at *path*."""
        if not os.path.lexists(path):
            self.fault(path, "no such file or folder", similar(path))
            return
        if os.path.isdir(path) and has_kustomization(path):
            self.unused.append(set(self.selection.exclude))
            self.kustomization(path)
            return
        if os.path.basename(path) in KUSTOMIZATIONS:
            self.fault(path, "a kustomization: its folder is what is built", f"name `{os.path.dirname(path) or '.'}`")
            return
        found = input_files(path, self.selection.exclude)
        self.unused.append(set(found.unused))
        self.evidence = self.evidence.and_of(
            Evidence(
                excluded=found.excluded,
                dot_folders=found.dot_folders,
                linked_folders=found.linked_folders,
                other_files=counted(found.others),
            )
        )
        for file in found.sources:
            self.fault(file, *argo_source_message(file))
        for folder in found.unreadable:
            self.fault(folder, "this folder cannot be read")
        for folder in found.kustomizations:
            self.fault(folder, "a kustomization: its files are not what is applied", _build_it(folder))
        for file in found.files:
            self.file(file, is_alone=file == path)

    def kustomization(self, folder: str) -> None:
        """Read what kustomize builds from *folder*."""
        from bulkhead.io.manifests import kustomized  # here: most manifests are in no kustomization

        built = kustomized.build(folder, self.selection.helm)
        self.faults += built.faults
        if not built.faults:
            self.files += built.files
            self.evidence = self.evidence.and_of(Evidence(files=len(built.files)))
            self.documents(folder, built.text, is_alone=True, has_lines=False)

    def file(self, file: str, is_alone: bool) -> None:
        if is_alone and file.endswith(".json"):
            self.stream(file)
            return
        try:
            text = text_of(file).removeprefix("\ufeff").replace("\r\n", "\n")
        except Unreadable as refused:
            known = refused.diagnostic.in_file(file)
            hint = known.hint or _as_stream(file, is_alone)
            self.faults.append(Diagnostic(known.location, known.message, hint))
            return
        self.files.append(file)
        if is_alone and not any(True for _ in split(text)):
            self.fault(file, "there is nothing in it")
            return
        if TEMPLATE in text and self.chart(file):
            return
        is_foreign = self.documents(file, text, is_alone=is_alone)
        self.evidence = self.evidence.and_of(Evidence(files=1, foreign=int(is_foreign)))

    def chart(self, file: str) -> bool:
        """Say whether *file* is a template of a Helm chart, and note the chart."""
        chart = chart_of(file)
        if chart and chart not in self.charts:
            self.charts.add(chart)
            shown = os.path.relpath(chart) if chart.startswith(os.getcwd() + os.sep) else chart
            name = re.sub(r"[^a-z0-9-]+", "-", os.path.basename(chart).lower()).strip("-") or "release"
            hint = (
                f"render it first: `helm template {name} {shlex.quote(shown)} > {name}.yaml`, and read that file; or "
            )
            self.fault(shown, "a Helm chart: its templates are not what is applied", hint + _leave_out(shown))
        return bool(chart)

    def documents(self, file: str, text: str, is_alone: bool, has_lines: bool = True) -> bool:
        """
        Read the documents of *text*; return whether none of them is a Kubernetes object.

        *is_alone*: a person named the file, so that every fault in it is an error. Without *has_lines* kustomize built
        it: it is no dump.
        """
        is_foreign = True
        for chunk in split(text):
            held = _held(chunk, self.known)
            broken = bool(held.problems) and not held.objects and held.is_foreign
            if broken and not is_alone and TEMPLATE not in text and not MAY_BE_KUBERNETES.search(text):
                continue
            is_foreign = is_foreign and held.is_foreign and not held.problems
            first = chunk.line if has_lines else -1
            self.objects += [
                PlacedObject(
                    each,
                    Location(file, first + 1),
                    f"{file}:{chunk.line}" if each.path else "",
                    has_lines and _is_live(each, bool(each.path), is_alone),
                )
                for each in held.objects
            ]
            for line, column, problem in held.problems:
                at = Location(file, first + line + 1, column + 1) if has_lines else Location(file)
                self.faults.append(_template_problem(problem, chunk.text, broken).at(at))
        return is_foreign

    def stream(self, file: str) -> None:
        """Read a file of JSON item by item."""
        self.files.append(file)
        is_foreign = True
        try:
            with TextIOWrapper(regular_file(file, LARGEST_DUMP), encoding="utf-8-sig") as opened:
                for item in json_stream.items(opened):
                    problems: list[Diagnostic] = []
                    listed = item.number is not None
                    for each in object_reader.read(item.data, problems, item.kind, item.version, is_item=listed):
                        is_foreign = is_foreign and each is None
                        if each:
                            at = Location(file, item.line + 1) if item.line else Location(file)
                            is_live = _is_live(each, listed, is_alone=True)
                            self.objects.append(PlacedObject(each, at, file if listed else "", is_live))
                    at = Location(file, item.line + 1, 1)
                    for wrong in problems:
                        problem = _template_problem(wrong, wrong.message, broken=False)
                        self.faults.append((_in_list(problem, item) if listed else problem).at(at))
        except RecursionError:
            self.fault(file, "this is nested too deeply")
        except Unreadable as refused:
            self.faults.append(refused.diagnostic.in_file(file))
        except json.JSONDecodeError as error:
            at = Location(file, error.lineno, error.colno)
            wrong = Diagnostic(at, f"this is no JSON: {error.msg}")
            if isinstance(error, DuplicateKey | ValueTooLarge):
                wrong = Diagnostic(at, error.msg, REMOVE_ONE if isinstance(error, DuplicateKey) else _DUMP_IT)
            self.faults.append(_template_problem(wrong, _line_of(error), broken=True))
        except UnicodeDecodeError:
            self.faults.append(not_utf_8_in(file, LARGEST_DUMP).diagnostic.in_file(file))
        except OSError as error:
            self.fault(file, f"cannot be read: {str(error.strerror).lower()}")
        self.evidence = self.evidence.and_of(Evidence(files=1, foreign=int(is_foreign)))

    def fault(self, path: str, message: str, hint: str = "") -> None:
        self.faults.append(Diagnostic(Location(path), message, hint))


def _kept_back(objects: Sequence[PlacedObject]) -> Iterator[Diagnostic]:
    """Yield a problem for each object that a delivery keeps back. What is in the list of a dump is in the cluster."""
    for each in objects:
        found = each.object
        for word in found.kept_back:
            if each.is_live and (each.of_list or word in OF_MANIFESTS):
                continue
            name = "/".join(filter(None, (found.namespace, found.name)))
            at = Location(each.location.file, each.location.line, int(each.location.line > 0))
            hint = kept_back_hint(word) + ("; name the file itself if it is a dump" if found.printed else "")
            yield Diagnostic(at, kept_back_message(found.kind, name, word), hint)


def _refused_if_applied(objects: Sequence[PlacedObject]) -> Iterator[Diagnostic]:
    """Yield what is wrong with objects of no dump that is tolerated of those that a cluster has."""
    for each in objects:
        for problem in () if each.is_live else each.object.if_applied:
            yield problem.at(Location(each.location.file, each.location.line, int(each.location.line > 0)))


def _is_live(found: ReadObject, listed: bool, is_alone: bool) -> bool:
    """
    Say whether *found* comes from a dump of a cluster, which is a file that a person names, or stdin.

    Of such a file it does if it is of a list, whatever was taken out of it, or has all that an API server gives an
    object. Files of a folder are what is applied, also where they look like a dump: anybody can write them.
    """
    return is_alone and (listed or found.printed)


_DUMP_IT = "dump a list of resources: `kubectl get namespaces,pods,networkpolicies -A -o json > dump.json`"


def _as_stream(file: str, is_alone: bool) -> str:
    """Return what to do with *file* where it is too large to be read as a whole, else ``""``."""
    if not os.path.isfile(file) or os.path.getsize(file) <= LARGEST_TEXT:
        return ""
    if file.endswith(".json") and not is_alone:
        return f"name the file itself, then it is read as a stream: `{shlex.quote(file)}`"
    return f"JSON is read as a stream; {_DUMP_IT}"


def _build_it(folder: str) -> str:
    quoted = shlex.quote(folder)
    return (
        f"render it first: `kustomize build {quoted} > rendered.yaml`, and read that file; or name the folder itself: "
        f"`--manifests {quoted}`; or {_leave_out(folder)}"
    )


def _leave_out(folder: str) -> str:
    return f"leave it out: `--exclude {shlex.quote(os.path.basename(folder))}`"


def _line_of(error: json.JSONDecodeError) -> str:
    """Return the line that is no JSON, as far as it is in memory; ``{{`` for a brace where a key has to be."""
    if error.doc[error.pos : error.pos + 1] == "{" and error.msg.startswith("Expecting property name"):
        return TEMPLATE
    start = error.doc.rfind("\n", 0, error.pos) + 1
    return error.doc[start:].partition("\n")[0]


def _in_list(problem: Diagnostic, item: Item) -> Diagnostic:
    """Return *problem* with where it is in the list that *item* is of: a dump may have all of them in one line."""
    data = item.data if isinstance(item.data, dict) else {}
    metadata = data.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    name = "/".join(str(metadata[key]) for key in ("namespace", "name") if metadata.get(key))
    named = f"{data.get('kind') or item.kind} {name}".strip()
    place = spell(("items", item.number or 0, *problem.location.path))
    said = f"{place}, {quoted(named)}" if named else place
    return replaced(problem, message=f"{said}: {problem.message}")


def _template_problem(problem: Diagnostic, text: str, broken: bool) -> Diagnostic:
    """Return *problem*, or that *text* is a template, where that is what is wrong with it."""
    if TEMPLATE not in text or not (broken or TEMPLATE in problem.message):
        return problem
    hint = "render it first, for a Helm chart with `helm template NAME CHART > rendered.yaml`, and read that file"
    return Diagnostic(problem.location, "this is a template: `{{` is not what is applied", hint)


def _held(chunk: Chunk, known: Known) -> Held:
    found = known.get(chunk.text)
    if found is None:
        try:
            found = _read(chunk.text, parse(chunk.text))
        except InvalidYaml as error:
            at = max(error.location.line - 1, 0), max(error.location.column - 1, 0)
            found = Held((), ((*at, Diagnostic(in_resource("file"), error.message, error.hint)),), True)
        known[chunk.text] = found
    return found


def _read(text: str, documents: list[object]) -> Held:
    problems: list[Diagnostic] = []
    try:
        found = [each for document in documents for each in object_reader.read(document, problems)]
    except RecursionError:
        return Held((), ((0, 0, Diagnostic(in_resource("file"), "this is nested too deeply")),))
    objects = tuple(each for each in found if each)
    at = places(text, [problem.location.path for problem in problems])
    placed = tuple((*where, problem) for where, problem in zip(at, problems, strict=True))
    return Held(objects, placed, not problems and bool(found) and not objects)

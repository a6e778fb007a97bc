"""
ReachabilityTests from files: rows with the line on which each was written.

A folder of them holds nothing else: a file that is taken for a test and is none would be a
promise that is not checked.
"""

import os
from dataclasses import dataclass, field

from bulkhead.core.diagnostics import Diagnostic, Location, Path, sorted_diagnostics
from bulkhead.core.language.reachability_test import PromiseRow, ReachabilitySpec
from bulkhead.core.language.scalars import quoted
from bulkhead.io.folders import walk
from bulkhead.io.kustomize.kustomization import diagnostic
from bulkhead.io.kustomize.read_files import text_of
from bulkhead.io.resources.decode import TEST_KIND, decode_spec
from bulkhead.io.yaml.nodes import Document, InvalidYaml, documents
from bulkhead.io.yaml.paths import value_at

FOLDER = os.path.join("tests", "reachability")


@dataclass(frozen=True)
class PromiseLocation:
    """A *row* of the test *name*, number *place* in it, in a *file*."""

    name: str
    row: PromiseRow
    file: str
    place: int
    document: Document

    def at(self, path: Path = ()) -> Location:
        """Return the place of the row, or of *path* in it."""
        (line, column), _ = self.document.place(("spec", "tests", self.place, *path))
        return Location(self.file, line, column)


@dataclass
class Read:
    """The rows of all files in their order, and everything that is wrong with them."""

    lines: list[PromiseLocation] = field(default_factory=list)
    faults: list[Diagnostic] = field(default_factory=list)


def below(folder: str) -> list[str]:
    """Return the files of the tests of the tree *folder*, sorted."""
    found = []
    for at, folders, names in walk(os.path.join(folder, FOLDER)):
        folders.sort()
        found += [os.path.join(at, name) for name in sorted(names) if name.endswith((".yaml", ".yml"))]
    return found


def read(files: list[str]) -> Read:
    """Read all *files*."""
    found = Read()
    for file in files:
        path = os.path.realpath(file)
        try:
            here = list(documents(text_of(path)))
        except InvalidYaml as unreadable:
            found.faults.append(diagnostic(path, unreadable))
            continue
        if not here:
            found.faults.append(
                Diagnostic(Location(path, 1, 1), "the file is empty", f"write a {TEST_KIND}, or remove the file")
            )
        for document in here:
            _add(found, path, document)
    return found


def _add(found: Read, file: str, document: Document) -> None:
    resource = document.value
    if not isinstance(resource, dict) or resource.get("kind") != TEST_KIND:
        (line, column), _ = document.place(("kind",))
        kind = quoted(resource.get("kind")) if isinstance(resource, dict) else "no resource"
        hint = f"only `kind: {TEST_KIND}` is read here; keep other files elsewhere"
        found.faults.append(Diagnostic(Location(file, line, column), f"this is {kind}, not a {TEST_KIND}", hint))
        return
    spec, problems = decode_spec(resource, ReachabilitySpec)
    for problem in sorted_diagnostics(problems):
        (line, column), _ = document.place(problem.location.path)
        found.faults.append(problem.at(Location(file, line, column)))
    if spec is not None:
        _rows(found, file, document, spec, str(value_at(resource, "metadata", "name")))


def _rows(found: Read, file: str, document: Document, spec: ReachabilitySpec, name: str) -> None:
    body = value_at(document.value, "spec", "tests")
    if isinstance(body, list) and len(body) != len(spec.tests):
        (line, column), _ = document.place(("spec", "tests"))
        found.faults.append(Diagnostic(Location(file, line, column), "two rows are the same", "remove one of them"))
        return
    found.lines += [PromiseLocation(name, row, file, place, document) for place, row in enumerate(spec.tests)]

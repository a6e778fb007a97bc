"""
The graph of kustomizations below one folder, read without running kustomize.

It tells which files a build reads (to copy them), which overlays expand with the plugin (to
expand them in this process), and in which order their layers were written (to find the line).
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field

from bulkhead.core.resources import API_GROUP
from bulkhead.io.sources import Document, Raw, Unreadable, decoded, documents

FUNCTION_KIND = "Expand"
NAMES = ("kustomization.yaml", "kustomization.yml", "Kustomization")
_FOLDERS = ("resources", "components", "bases", "transformers", "generators", "validators", "configurations", "crds")
_REMOTE = ("://", "git@", "github.com/", "?ref=", "git::")


@dataclass(frozen=True)
class Fault:
    """Something wrong with a file: *line* and *column* count from 1, 0 where unknown."""

    file: str
    line: int
    column: int
    says: str
    hint: str = ""


@dataclass
class Kustomization:
    """One folder with a kustomization file. Paths are absolute and real; *folders* are further kustomizations."""

    folder: str
    file: str
    document: Document
    files: list[str] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)

    @property
    def fields(self) -> dict[str, Raw]:
        """The kustomization's own fields."""
        value = self.document.value
        return value if isinstance(value, dict) else {}

    def entries(self, key: str) -> list[str]:
        """Return a field that lists paths or inline text."""
        listed = self.fields.get(key)
        return [entry for entry in listed if isinstance(entry, str)] if isinstance(listed, list) else []

    @property
    def transformers(self) -> list[str]:
        """The entries under `transformers` in the order in which they act: those written in place first."""
        return sorted(self.entries("transformers"), key=lambda entry: os.path.exists(self.at(entry)))

    def at(self, entry: str) -> str:
        """Return the absolute path that *entry* names."""
        return os.path.normpath(os.path.join(self.folder, entry))


class Graph:
    """Every kustomization that the one in *root* leads to, by its real folder, and what is wrong on the way."""

    def __init__(self, root: str, allow_remote: bool = False) -> None:
        self.root = os.path.realpath(root)
        self.allow_remote = allow_remote
        self.found: dict[str, Kustomization] = {}
        self.links: dict[str, str] = {}
        self.faults: list[Fault] = []
        self._plugins: dict[str, bool] = {}
        waiting = [self.root]
        while waiting:
            folder = waiting.pop()
            if folder in self.found:
                continue
            read = self._read(folder)
            if read is not None:
                self.found[folder] = read
                waiting += reversed(read.folders)

    def _read(self, folder: str) -> Kustomization | None:
        files = [os.path.join(folder, name) for name in NAMES if os.path.isfile(os.path.join(folder, name))]
        if len(files) != 1:
            says = "there is no kustomization.yaml here" if not files else "there are two kustomization files here"
            self.faults.append(Fault(folder, 0, 0, says))
            return None
        if not _inside(os.path.realpath(files[0]), folder):
            self.faults.append(Fault(files[0], 0, 0, "the file is a link that leads out of its folder"))
            return None
        try:
            found = list(documents(text_of(files[0])))
        except Unreadable as unreadable:
            self.faults.append(fault(files[0], unreadable))
            return None
        if len(found) != 1 or not isinstance(found[0].value, dict):
            self.faults.append(Fault(files[0], 1, 1, "a kustomization must be one map"))
            return None
        made = Kustomization(folder, files[0], found[0])
        self._follow(made, made.fields, ())
        return made

    def _follow(self, kustomization: Kustomization, value: Raw, path: tuple[str | int, ...]) -> None:
        """
        Note every file and folder that *value*, a part of a kustomization, names.

        kustomize reads nothing outside the folder of a kustomization except other
        kustomizations, so any text that names something there is taken for a reference.
        """
        if isinstance(value, dict):
            for key, item in value.items():
                self._follow(kustomization, item, (*path, key))
        elif isinstance(value, list):
            for i, item in enumerate(value):
                self._follow(kustomization, item, (*path, i))
        elif isinstance(value, str) and value and "\n" not in value and len(value) < 4096:
            self._refer(kustomization, value, path)

    def _refer(self, kustomization: Kustomization, entry: str, path: tuple[str | int, ...]) -> None:
        if path[0] in _FOLDERS and any(mark in entry for mark in _REMOTE):
            if not self.allow_remote:
                self._fault(
                    kustomization,
                    path,
                    f"`{entry}` is remote: kustomize would fetch it",
                    "copy it into the repository",
                )
            return
        target = kustomization.at(entry if path[0] in _FOLDERS else entry.rpartition("=")[2])
        if os.path.isdir(target):
            real = os.path.realpath(target)
            if real != target:
                self.links[target] = real
            if path[0] in _FOLDERS:
                kustomization.folders.append(real)
            elif _inside(real, kustomization.folder):
                kustomization.files += _below(real)
        elif os.path.isfile(target):
            if not _inside(os.path.realpath(target), kustomization.folder):
                self._fault(kustomization, path, f"`{entry}` leads out of the kustomization's folder")
                return
            kustomization.files.append(target)

    def _fault(self, kustomization: Kustomization, path: tuple[str | int, ...], says: str, hint: str = "") -> None:
        (line, column), _ = kustomization.document.place(path)
        self.faults.append(Fault(kustomization.file, line, column, says, hint))

    def walk(self, folder: str) -> Iterator[Kustomization]:
        """Yield *folder*'s kustomization and everything below it, each once, deepest first."""
        seen: set[str] = set()

        def visit(at: str) -> Iterator[Kustomization]:
            if at in seen or at not in self.found:
                return
            seen.add(at)
            for below in self.found[at].folders:
                yield from visit(below)
            yield self.found[at]

        return visit(folder)

    def plain_files(self) -> list[str]:
        """Return every file that the kustomizations name, resources and patches alike."""
        return sorted({file for each in self.found.values() for file in each.files})

    def expands(self, kustomization: Kustomization) -> int | None:
        """Return which of its ``transformers`` is the plugin, ``None`` where none is."""
        for i, entry in enumerate(kustomization.transformers):
            if self.is_plugin(os.path.realpath(kustomization.at(entry))):
                return i
        return None

    def is_plugin(self, folder: str) -> bool:
        """Say whether *folder* holds a function config of this project."""
        if folder not in self._plugins:
            files = self.found[folder].files if folder in self.found else []
            self._plugins[folder] = any(FUNCTION_KIND in own_kinds(file) for file in files)
        return self._plugins[folder]


def own_kinds(file: str) -> set[str]:
    """Return the kinds of this project's resources in *file*; none where it cannot be read."""
    try:
        text = text_of(file)
        if API_GROUP not in text:
            return set()
        values = [each.value for each in documents(text)]
    except Unreadable:
        return set()
    return {
        str(value.get("kind"))
        for value in values
        if isinstance(value, dict) and str(value.get("apiVersion")).startswith(f"{API_GROUP}/")
    }


def text_of(file: str) -> str:
    """
    Return the text of *file*.

    :raises Unreadable: where it is not UTF-8, too large, or cannot be read.
    """
    try:
        with open(file, "rb") as opened:
            return decoded(opened.read())
    except OSError as error:
        raise Unreadable(f"cannot be read: {error.strerror}") from None


def fault(file: str, unreadable: Unreadable) -> Fault:
    """Return the fault of a *file* that could not be read."""
    return Fault(file, unreadable.line, unreadable.column, unreadable.says, unreadable.hint)


def _inside(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def _below(folder: str) -> list[str]:
    return sorted(os.path.join(at, name) for at, _, names in os.walk(folder) for name in names)

"""
The graph of kustomizations below one folder, read without running kustomize.

It finds which files a build reads (to copy them), which overlays expand with the plugin (to
expand them in this process), and in which order their layers were written (to find the line).
"""

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from bulkhead.core.diagnostics import Diagnostic, Key, Location, Path
from bulkhead.core.language.resources import API_GROUP
from bulkhead.core.safe_text import printable
from bulkhead.io.files import similar
from bulkhead.io.folders import is_inside
from bulkhead.io.input_files import KUSTOMIZATIONS
from bulkhead.io.kustomize.clusters import CLUSTERS, clusters
from bulkhead.io.kustomize.extent import MOST, circle, too_much
from bulkhead.io.kustomize.field_types import type_problems
from bulkhead.io.kustomize.fields import misspelt
from bulkhead.io.kustomize.function_configs import FUNCTION_KIND, function_configs
from bulkhead.io.kustomize.plugin_entries import PLUGIN_LISTS, doubtful_entries, inline_resources, is_inline
from bulkhead.io.kustomize.read_files import ParsedTexts, ReadFiles
from bulkhead.io.kustomize.references import (
    FOLDERS,
    HELM,
    REMOTE,
    absent,
    chart_home,
    files_below,
    is_fetched,
)
from bulkhead.io.kustomize.refusals import NO_KUSTOMIZATION, refusal
from bulkhead.io.kustomize.unmodelled import late_fields, named_files
from bulkhead.io.yaml.documents import kubectl_value
from bulkhead.io.yaml.nodes import Document, InvalidYaml, Raw

NAMES = KUSTOMIZATIONS


@dataclass(frozen=True)
class Bounds:
    """
    How far a build may reach.

    Nothing is fetched unless *remote*, no chart inflated unless *helm*.  Where *top* is given,
    nothing outside that folder is read.  *absent* are paths that a copy of the tree leaves out,
    with the reason: an error only where a build needs one.
    """

    remote: bool = False
    helm: bool = False
    top: str = ""
    absent: Mapping[str, str] = field(default_factory=dict)

    def refuses(self, path: str, real: Callable[[str], str] = os.path.realpath) -> str:
        """Return why *path* must not be read, empty where it may; *real* returns a path without links."""
        for gone, why in self.absent.items():
            if is_inside(path, gone):
                return why
        if self.top and not is_inside(real(path), self.top):
            return "leads out of the repository"
        return ""


LOCAL = Bounds()
"""Files only, wherever they are."""


@dataclass
class Kustomization:
    """
    One folder with a kustomization file. Paths are absolute and real.

    *folders* are further kustomizations, *files* all files that it names. *read* reads them.
    """

    folder: str
    file: str
    document: Document
    read: ReadFiles
    files: list[str] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)
    _paths: dict[str, str] = field(default_factory=dict, repr=False, compare=False)

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
        return sorted(self.entries("transformers"), key=lambda entry: not is_inline(entry))

    def place(self, path: Path) -> Location:
        """Return where the part of the kustomization at *path* is written."""
        (line, column), _ = self.document.place(path)
        return Location(self.file, line, column)

    def at(self, entry: str) -> str:
        """Return the absolute path that *entry* names."""
        if entry not in self._paths:
            self._paths[entry] = os.path.normpath(os.path.join(self.folder, entry))
        return self._paths[entry]


_LIST_THEM = "make one that lists the overlays, or name the folder of one overlay"


class Graph:
    """Every kustomization that the one in *root* refers to, by its real folder, and all problems found."""

    def __init__(self, root: str, bounds: Bounds = LOCAL, parsed: ParsedTexts | None = None) -> None:
        self.root = os.path.realpath(root)
        self.bounds = bounds
        self.read = ReadFiles(parsed)
        self.found: dict[str, Kustomization] = {}
        self.links: dict[str, str] = {}
        self.faults: list[Diagnostic] = []
        self._named: dict[str, tuple[Location, str]] = {}
        self._plugins: dict[str, bool] = {}
        self._exec_paths: dict[str, list[str]] = {}
        waiting = [self.root]
        while waiting:
            folder = waiting.pop()
            if folder in self.found:
                continue
            if len(self.found) >= MOST:
                message = f"it leads to more than {MOST} kustomizations"
                self.faults.append(refusal(Location(self.root), message, "review a part of it"))
                return
            read = self._read(folder)
            if read is not None:
                self.found[folder] = read
                waiting += reversed(read.folders)
        if not self.faults:
            self.faults += self._extent()

    def _extent(self) -> Iterator[Diagnostic]:
        """Yield what is too deep, too large or endless."""
        names = {folder: each.folders for folder, each in self.found.items()}
        back = circle(names)
        if back:
            yield Diagnostic(Location(self.found[back].file, 1, 1), "this kustomization leads back to itself")
            return
        for folder, message, hint in too_much(self.root, names, self.plain_files()):
            yield refusal(Location(self.found[folder].file), message, hint)

    def _read(self, folder: str) -> Kustomization | None:
        files = [os.path.join(folder, name) for name in NAMES if os.path.isfile(os.path.join(folder, name))]
        if len(files) != 1:
            self.faults.append(self._no_kustomization(folder, files))
            return None
        refused = self.bounds.refuses(files[0])
        if not refused and not is_inside(self.read.real(files[0]), folder):
            refused = "is a link that leads out of its folder"
        if refused:
            self.faults.append(Diagnostic(Location(files[0]), f"`{os.path.basename(files[0])}` {refused}"))
            return None
        try:
            found = self.read.documents(files[0])
        except InvalidYaml as unreadable:
            self.faults.append(diagnostic(files[0], unreadable))
            return None
        if len(found) != 1 or not isinstance(found[0].value, dict):
            self.faults.append(Diagnostic(Location(files[0], 1, 1), "a kustomization must be one map"))
            return None
        made = Kustomization(folder, files[0], found[0], self.read)
        for key in HELM:
            if key in made.fields and not self.bounds.helm:
                self._fault(made, (key,), f"`{key}` needs helm, which is not run", "allow it with --enable-helm")
        if not self._is_clear(made):
            return None
        self._follow(made, made.fields, ())
        self._follow_configurations(made)
        if self.bounds.helm:
            self._follow(made, chart_home(made.fields), ("helmGlobals", "chartHome"))
        return made

    def _no_kustomization(self, folder: str, files: list[str]) -> Diagnostic:
        """Return the fault of a *folder* that has the kustomization *files*, none or more than one."""
        if files:
            names = ", ".join(f"`{os.path.basename(each)}`" for each in files)
            return Diagnostic(
                Location(files[-1], 1, 1), f"there are several kustomization files here: {names}", "keep one"
            )
        if folder in self._named:
            at, entry = self._named[folder]
            return Diagnostic(at, f"the folder `{printable(entry)}` has no kustomization.yaml", "make one there")
        known = clusters(folder)
        hint = f"name one of its clusters: {', '.join(f'{CLUSTERS}/{name}' for name in known)}" if known else _LIST_THEM
        hint = hint if os.path.lexists(folder) else similar(folder)
        return Diagnostic(Location(folder), NO_KUSTOMIZATION, hint)

    def _is_clear(self, kustomization: Kustomization) -> bool:
        """Say whether every field of *kustomization* is read here as kustomize reads it; what is not is a fault."""
        before = len(self.faults)
        for path, meant in misspelt(kustomization.fields):
            message = f"kustomize takes `{path[-1]}` for `{meant}`"
            self.faults.append(refusal(kustomization.place((*path[:-1], Key(path[-1]))), message, f"write `{meant}`"))
        for path, message in doubtful_entries(kustomization.folder, kustomization.fields):
            self.faults.append(refusal(kustomization.place(path), message, "write a path, or a resource of many lines"))
        self.faults += late_fields(kustomization.file, kustomization.document)
        return len(self.faults) == before and self._is_whole(kustomization)

    def _is_whole(self, kustomization: Kustomization) -> bool:
        """Say whether kustomize can decode *kustomization*, and all that it names exists; what is not is a fault."""
        before = len(self.faults)
        for path, message, hint in type_problems(kubectl_value(kustomization.document)):
            self._fault(kustomization, path, message, hint)
        if len(self.faults) > before:
            return False
        for path, entry in absent(kustomization.folder, kustomization.fields):
            if not any(is_inside(kustomization.at(entry), at) for at in self.bounds.absent):
                hint = "write a path, which begins in the folder of this file, or remove the entry"
                message = f"there is no file or folder `{printable(entry)}`" if entry else "this entry is empty"
                self._fault(kustomization, path, message, hint)
        return len(self.faults) == before

    def _follow_configurations(self, kustomization: Kustomization) -> None:
        """Note every file that the configurations of builtin plugins, in files and in place, name."""
        for key in PLUGIN_LISTS:
            for i, entry in enumerate(kustomization.entries(key)):
                for value in configurations(kustomization, entry):
                    for _, name, text in named_files(value):
                        named = text.rpartition("=")[2] if name == "files" else text
                        if REMOTE.search(named):
                            self._remote(kustomization, (key, i), text)
                        elif os.path.isfile(kustomization.at(named)):
                            self._refer(kustomization, named, (key, i, name))

    def _remote(self, kustomization: Kustomization, path: Path, entry: str) -> None:
        if not self.bounds.remote:
            hint = "copy it into the repository, or allow it with --allow-remote"
            self._fault(kustomization, path, f"`{entry}` is remote: kustomize would fetch it", hint)

    def _follow(self, kustomization: Kustomization, value: Raw, path: Path) -> None:
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

    def _refer(self, kustomization: Kustomization, entry: str, path: Path) -> None:
        if is_fetched(path, entry):
            self._remote(kustomization, path, entry)
            return
        target = kustomization.at(entry if path[0] in FOLDERS else entry.rpartition("=")[2])
        if self._refused(kustomization, entry, target, path):
            return
        if os.path.isdir(target):
            real = self.read.real(target)
            if real != target:
                self.links[target] = real
            if path[0] in FOLDERS:
                kustomization.folders.append(real)
                self._named.setdefault(real, (kustomization.place(path), entry))
            elif is_inside(real, kustomization.folder):
                inside = files_below(real)
                any(self._refused(kustomization, entry, file, path) for file in inside)
                # kustomize follows no link out of the folder, and only a regular file can be read to its end.
                regular = [
                    file
                    for file in inside
                    if os.path.isfile(file) and is_inside(os.path.realpath(file), kustomization.folder)
                ]
                kustomization.files += regular
        elif os.path.isfile(target):
            if not is_inside(self.read.real(target), kustomization.folder):
                self._fault(kustomization, path, f"`{entry}` leads out of the kustomization's folder")
                return
            kustomization.files.append(target)

    def _refused(self, kustomization: Kustomization, entry: str, target: str, path: Path) -> bool:
        """Note it where the bounds keep *target*, which *entry* names, from being read."""
        # Any text may turn out to name a file; one that names nothing is no reference.
        known = path[0] in FOLDERS or os.path.lexists(target) or any(is_inside(target, at) for at in self.bounds.absent)
        refused = self.bounds.refuses(target, self.read.real) if known else ""
        if refused:
            self._fault(kustomization, path, f"`{entry}` {refused}")
        return bool(refused)

    def _fault(self, kustomization: Kustomization, path: Path, message: str, hint: str = "") -> None:
        self.faults.append(Diagnostic(kustomization.place(path), message, hint))

    def walk(self, folder: str) -> Iterator[Kustomization]:
        """Yield *folder*'s kustomization and everything below it, each once, deepest first."""
        seen: set[str] = set()

        def visit(at: str) -> Iterator[Kustomization]:  # no deeper than a graph may be
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

    def files(self) -> set[str]:
        """Return every kustomization, and every file that they name."""
        return {*self.plain_files(), *(each.file for each in self.found.values())}

    def plugins(self) -> list[str]:
        """Return the folders of plugins."""
        return [folder for folder in self.found if self.is_plugin(folder)]

    def expands(self, kustomization: Kustomization) -> int | None:
        """Return which of its ``transformers`` is the plugin, ``None`` where none is."""
        for i, entry in enumerate(kustomization.transformers):
            if self.is_plugin(self.read.real(kustomization.at(entry))):
                return i
        return None

    def exec_paths(self, folder: str) -> list[str]:
        """Return the exec paths of the function configs in the plugin's *folder*."""
        if folder not in self._exec_paths:
            files = self.found[folder].files if folder in self.found else []
            found = (config for file in files for config in function_configs(self.read.readable_documents(file)))
            self._exec_paths[folder] = [config.exec for config in found if config.exec]
        return self._exec_paths[folder]

    def is_plugin(self, folder: str) -> bool:
        """Say whether *folder* has a function config of this project."""
        if folder not in self._plugins:
            files = self.found[folder].files if folder in self.found else []
            self._plugins[folder] = any(FUNCTION_KIND in own_kinds(self.read, file) for file in files)
        return self._plugins[folder]


def own_kinds(read: ReadFiles, file: str) -> set[str]:
    """Return the kinds of this project's resources in *file*; none where it cannot be read."""
    try:
        if API_GROUP not in read.text(file):
            return set()
        values = [each.value for each in read.documents(file)]
    except InvalidYaml:
        return set()
    return {
        str(value.get("kind"))
        for value in values
        if isinstance(value, dict) and str(value.get("apiVersion")).startswith(f"{API_GROUP}/")
    }


def configurations(kustomization: Kustomization, entry: str) -> list[Raw]:
    """Return the configurations of plugins that *entry* holds or is the file of; a folder has its own kustomization."""
    try:
        inline = inline_resources(entry)
        if inline is not None:
            return list(inline)
    except InvalidYaml:  # refused already
        return []
    file = kustomization.at(entry)
    return [each.value for each in kustomization.read.readable_documents(file)] if file in kustomization.files else []


def diagnostic(file: str, unreadable: InvalidYaml) -> Diagnostic:
    """Return the fault of a *file* that could not be read."""
    return unreadable.diagnostic.in_file(file)

"""
Which files a path represents: those of a folder and of all folders below it, without what is left out.

Folders whose name starts with a dot have no manifests of a cluster. A folder with a kustomization is not
entered: what is in it is not what is applied.
"""

import fnmatch
import os
import re
from collections.abc import Iterator, Sequence

from bulkhead.core.record import record
from bulkhead.io.folders import walk

SUFFIXES = (".yaml", ".yml", ".json")
KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml", "Kustomization")
CHART = "Chart.yaml"
PROGRAMS = (".jsonnet", ".libsonnet")
"""Endings of programs that print manifests."""

_ARGO_SOURCE = ".argocd-source"


@record
class InputFiles:
    """
    The *files* of a path, in order, and the *kustomizations*: folders with one, which were not entered.

    *excluded* are files and folders that an option left out; *dot_folders* and *linked_folders* were not entered.
    *unused* are the patterns that left nothing out. *unreadable* are folders that cannot be listed. *others* are the
    endings of the files that are no manifests by their names, one for each file: ``""`` where a name has none.
    *hidden* are the files that are in none of these, that other tools may read as manifests: those in the folders that
    were not entered, and programs. *sources* are files that change what Argo CD reads.
    """

    files: tuple[str, ...] = ()
    kustomizations: tuple[str, ...] = ()
    excluded: int = 0
    dot_folders: int = 0
    linked_folders: int = 0
    unused: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()


def is_argo_source(path: str) -> bool:
    """Say whether Argo CD takes the file at *path* for a part of an Application's source."""
    return os.path.basename(path).startswith(_ARGO_SOURCE)


def argo_source_message(file: str) -> tuple[str, str]:
    """Return what *file* does, and a hint."""
    message = f"Argo CD merges `{os.path.basename(file)}` into its source, and then delivers something else"
    return message, "delete it, and write what it says into the Application"


def input_files(path: str, exclude: Sequence[str] = ()) -> InputFiles:
    """
    Return the files that *path* represents: the file itself, or the manifests in the folder and below it.

    A pattern of *exclude* without a slash is compared with the name of every file and folder; one with a slash
    with its path from *path*, and after ``**/`` with every end of it. ``*`` also represents slashes.
    """
    read = _Walk(path, exclude)
    if not os.path.isdir(path):
        kept = os.path.lexists(path) and not read.leaves_out(path)
        return InputFiles((path,) if kept else (), excluded=read.excluded, unused=read.unused())
    files = sorted(read.files(), key=lambda each: each.split(os.sep))
    return InputFiles(
        tuple(files),
        tuple(read.kustomizations),
        read.excluded,
        read.dot_folders,
        read.linked_folders,
        read.unused(),
        tuple(read.unreadable),
        tuple(read.others),
        tuple(read.hidden),
        tuple(read.sources),
    )


def has_kustomization(folder: str) -> bool:
    """Say whether *folder* has a kustomization file."""
    return any(os.path.isfile(os.path.join(folder, name)) for name in KUSTOMIZATIONS)


def chart_of(file: str) -> str:
    """Return the outermost Helm chart that has *file* as a template, ``""`` where there is none."""
    found, folder = "", os.path.dirname(os.path.abspath(file))
    below: list[str] = []
    while folder != os.path.dirname(folder):
        if "templates" in below and os.path.isfile(os.path.join(folder, CHART)):
            found = folder
        below.append(os.path.basename(folder))
        folder = os.path.dirname(folder)
    return found


def _ending(name: str) -> str:
    """Return the ending of the file *name*, from its first dot behind the first letter, where it is a short one."""
    found = re.search(r"(?<=.)(\.[A-Za-z][A-Za-z0-9~_-]{0,11}){1,2}~?\Z", name)
    return found[0] if found else ""


def _ends(path: str) -> list[str]:
    """Return *path* and every part of it that follows a slash."""
    parts = path.split(os.sep)
    return [os.sep.join(parts[number:]) for number in range(len(parts))]


class _Walk:
    """Reads one folder and counts the files and folders that are left out."""

    def __init__(self, top: str, exclude: Sequence[str]) -> None:
        self.top = top
        self.exclude = exclude
        self.kustomizations: list[str] = []
        self.unreadable: list[str] = []
        self.others: list[str] = []
        self.hidden: list[str] = []
        self.sources: list[str] = []
        self.used: set[str] = set()
        self.excluded = self.dot_folders = self.linked_folders = 0

    def files(self) -> Iterator[str]:
        for folder, folders, names in walk(self.top, onerror=lambda error: self.unreadable.append(error.filename)):
            if folder != self.top and has_kustomization(folder):
                self.kustomizations.append(folder)
                folders.clear()
                continue
            folders[:] = [name for name in sorted(folders) if self.enters(folder, name)]
            for name in names:
                file = os.path.join(folder, name)
                if self.leaves_out(file):
                    continue
                if is_argo_source(name):
                    self.sources.append(file)
                elif name.endswith(SUFFIXES):
                    yield file
                else:
                    self.hidden += [file] if name.endswith(PROGRAMS) else []
                    self.others.append(_ending(name))

    def enters(self, folder: str, name: str) -> bool:
        at = os.path.join(folder, name)
        if self.leaves_out(at):
            return False
        is_dot, is_link = name.startswith("."), os.path.islink(at)
        self.dot_folders += is_dot
        self.linked_folders += not is_dot and is_link
        if is_dot or is_link:
            self.hidden += self.below(at)
        return not is_dot and not is_link

    def below(self, folder: str) -> Iterator[str]:
        """Yield the manifests and programs in *folder*, which is not entered, and in the folders below it."""
        for at, _, names in walk(folder):
            files = (os.path.join(at, name) for name in names if name.endswith((*SUFFIXES, *PROGRAMS)))
            yield from (file for file in files if not self.leaves_out(file))

    def unused(self) -> tuple[str, ...]:
        return tuple(each for each in self.exclude if each not in self.used)

    def leaves_out(self, path: str) -> bool:
        relative = os.path.relpath(path, self.top)
        for pattern in self.exclude:
            plain = pattern.removeprefix("./").removesuffix("/**").rstrip("/").removeprefix("**/")
            anywhere = "/" not in plain or pattern.startswith("**/")
            names = [os.path.basename(path)] if "/" not in plain else _ends(relative) if anywhere else [relative]
            if any(fnmatch.fnmatchcase(name, plain) for name in names):
                self.used.add(pattern)
                self.excluded += 1
                return True
        return False

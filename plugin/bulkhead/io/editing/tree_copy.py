"""A copy of what a build reads, with edited files: an edit is tried there before it is written."""

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from bulkhead.core.record import record
from bulkhead.io.files import temporary_folder
from bulkhead.io.kustomize.kustomization import Graph


@record
class TreeCopy:
    """The files of a tree, which are below *top* there, below *copy*."""

    top: str
    copy: str

    def at(self, path: str) -> str:
        """Return the path of the copy of *path*."""
        return os.path.join(self.copy, os.path.relpath(os.path.realpath(path), self.top))

    def named(self, text: str) -> str:
        """Return *text* with the paths of the tree instead of those of the copy."""
        return text.replace(f"..{self.copy}/", f"{self.copy}/").replace(self.copy, self.top)


@contextmanager
def edited_copy(graph: Graph, texts: Mapping[str, str]) -> Iterator[TreeCopy]:
    """Yield a copy of the files of *graph* in which the files at the paths of *texts* have these texts."""
    files = {os.path.realpath(path) for path in graph.files()}
    for folder in graph.plugins():
        files |= {os.path.realpath(each.path) for each in os.scandir(folder) if each.is_file()}
    edited = {os.path.realpath(path): text for path, text in texts.items()}
    root = os.path.realpath(graph.root)
    top = os.path.commonpath([root, *map(os.path.dirname, files), *map(os.path.dirname, edited)])
    with temporary_folder() as folder:
        made = TreeCopy(top, os.path.realpath(folder))
        for path in files - edited.keys():
            os.makedirs(os.path.dirname(made.at(path)), exist_ok=True)
            shutil.copy(path, made.at(path))
        for path, text in edited.items():
            os.makedirs(os.path.dirname(made.at(path)), exist_ok=True)
            with open(made.at(path), "w", encoding="utf-8", newline="") as file:
                file.write(text)
        yield made

"""
All files that a delivery of a folder without a kustomization can read: a chart, a Jsonnet program, plain manifests.

Which of them it reads is decided by templates and programs that do not run here, so every file counts.
"""

import hashlib
import os
import re
from collections.abc import Collection, Iterator

from bulkhead.io.files import Unreadable, bytes_of
from bulkhead.io.folders import walk
from bulkhead.io.input_files import CHART, PROGRAMS

_IMPORT = re.compile(rb"\bimport(?:str|bin)?(?:\s|/\*.*?\*/|(?:#|//)[^\n]*\n)*@?([\"'])(.*?)\1", re.DOTALL)
_LOCAL_CHART = re.compile(rb"file://([^\s\"',}]+)")
_CHARTS = (CHART, "Chart.lock", "requirements.yaml", "requirements.lock")


def reads_others(path: str) -> bool:
    """Say whether the file at *path* can name files of any other folder: a program, or what a chart depends on."""
    return path.endswith(PROGRAMS) or os.path.basename(path) in _CHARTS


def contents(top: str, root: str, left_out: Collection[str]) -> str:
    """
    Return what represents each file below *top*: name, content, mode, where a link leads; by chance if unreadable.

    What a link, an import or a chart names elsewhere below *root* counts too. Folders in *left_out*, real paths, do
    not, unless *top* is a chart, which reads any file below it.
    """
    left = () if os.path.lexists(os.path.join(top, CHART)) else left_out
    made = hashlib.sha256()
    waiting, seen = [top], set[str]()
    while waiting:
        for file in sorted(_below(waiting.pop(), left)):
            if file in seen:
                continue
            seen.add(file)
            try:
                state, led = _state(file, root)
            except (OSError, Unreadable):
                return os.urandom(16).hex()
            made.update(f"{os.path.relpath(file, root)}\0{state}\0".encode(errors="surrogateescape"))
            waiting += led
    return made.hexdigest()


def _below(path: str, left_out: Collection[str]) -> Iterator[str]:
    """Yield *path* if it is a file or a link, and each file and link below it."""
    if os.path.islink(path) or not os.path.isdir(path):
        yield path
    for folder, folders, names in walk(path):
        inside = [os.path.join(folder, name) for name in folders]
        folders[:] = [name for name in folders if os.path.realpath(os.path.join(folder, name)) not in left_out]
        yield from (each for each in inside if os.path.islink(each))
        yield from (os.path.join(folder, name) for name in names)


def _state(file: str, root: str) -> tuple[str, list[str]]:
    """Return the state of *file*, and the paths that it leads to."""
    if os.path.islink(file):
        real = os.path.realpath(file)
        return f"link {os.readlink(file)}", [real] if os.path.lexists(real) else []
    content = bytes_of(file)
    mode = "x" if os.stat(file).st_mode & 0o100 else "-"
    return f"{mode} {hashlib.sha256(content).hexdigest()}", list(_led(file, content, root))


def _led(file: str, content: bytes, root: str) -> Iterator[str]:
    """Yield the paths that *file* names: in an import from its own folder, or from *root*; as a chart it depends on."""
    if not reads_others(file):
        return
    names: list[bytes] = _LOCAL_CHART.findall(content)
    names += [found[2] for found in _IMPORT.finditer(content)]
    for each in names:
        for start in (os.path.dirname(file), root):
            path = os.path.normpath(os.path.join(start, os.fsdecode(each)))
            if os.path.lexists(path):
                yield path

"""What kustomize made of a folder, remembered for the next command that builds a folder with the same content."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from bulkhead.io.programs import LARGEST_OUTPUT, Finished, run_program

TOP = "/remembered-top"
"""Stands for the temporary folder of a build in what is remembered."""

Content = tuple[tuple[str, bytes], ...]
Run = Callable[..., Finished]


def remembering() -> Run:
    """Return a ``run_program`` for builds that runs kustomize only where nothing is remembered."""
    known: dict[tuple[tuple[str, ...], Content], Finished] = {}

    def run(
        command: Sequence[str],
        environment: Mapping[str, str],
        stdin: bytes = b"",
        about: str = "",
        most: int = LARGEST_OUTPUT,
    ) -> Finished:
        top = environment["TMPDIR"]
        key = tuple(part.replace(top, TOP) for part in command), content(top)
        if key not in known:
            known[key] = _moved(run_program(command, environment, stdin, about, most), top, TOP)
        return _moved(known[key], TOP, top)

    return run


def content(folder: str) -> Content:
    """Return the path of everything in *folder*, with the bytes of files and the targets of links."""
    found = []
    for at, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = os.path.join(at, name)
            text = b""
            if os.path.islink(path):
                text = os.readlink(path).replace(folder, TOP).encode()
            elif name in files:
                with open(path, "rb") as file:
                    text = file.read()
            found.append((os.path.relpath(path, folder), text))
    return tuple(sorted(found))


def _moved(done: Finished, old: str, new: str) -> Finished:
    """Return *done* as of a build in the folder *new* instead of *old*."""
    said = done.stdout.replace(old.encode(), new.encode())
    return replace(done, stdout=said, message=done.message.replace(old, new))

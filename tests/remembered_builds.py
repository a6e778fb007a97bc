"""What kustomize made of a folder, remembered for the next command that builds a folder with the same content."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256

from bulkhead.io.programs import LARGEST_OUTPUT, Finished, run_program

TOP = "/remembered-top"
"""Stands for the temporary folder of a build in what is remembered."""

Content = tuple[tuple[str, str], ...]
Run = Callable[..., Finished]


def remembering() -> Run:
    """
    Return a ``run_program`` for builds that runs kustomize only where nothing is remembered.

    A build is the same where its command, its environment and the content of its folder are.
    """
    known: dict[tuple[tuple[str, ...], tuple[str, ...], Content], Finished] = {}

    def run(
        command: Sequence[str],
        environment: Mapping[str, str],
        stdin: bytes = b"",
        about: str = "",
        most: int = LARGEST_OUTPUT,
    ) -> Finished:
        top = environment["TMPDIR"]
        settings = sorted(f"{name}={value}".replace(top, TOP) for name, value in environment.items())
        key = tuple(part.replace(top, TOP) for part in command), tuple(settings), content(top)
        if key not in known:
            known[key] = _moved(run_program(command, environment, stdin, about, most), top, TOP)
        return _moved(known[key], TOP, top)

    return run


def content(folder: str) -> Content:
    """Return the path of everything in *folder*, with a digest of files and the targets of links."""
    found = []
    for at, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = os.path.join(at, name)
            text = "folder"
            if os.path.islink(path):
                text = "link to " + os.readlink(path).replace(folder, TOP)
            elif name in files:
                with open(path, "rb") as file:
                    text = sha256(file.read()).hexdigest()
            found.append((os.path.relpath(path, folder), text))
    return tuple(sorted(found))


def _moved(done: Finished, old: str, new: str) -> Finished:
    """Return *done* as of a build in the folder *new* instead of *old*."""
    said = done.stdout.replace(old.encode(), new.encode())
    return replace(done, stdout=said, message=done.message.replace(old, new))

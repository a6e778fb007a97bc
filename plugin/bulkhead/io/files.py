"""Files that are never half written: each is written beside its place and renamed into it."""

import os
import tempfile
from collections.abc import Mapping, Sequence

from bulkhead.core.diagnostics import DiagnosticError

GENERATED = "# Rendered by bulkhead; edit the overlays instead.\n"
"""The first line of each file in a rendered folder: only such files are ever replaced or removed there."""

TEMPORARY = ".bulkhead-"
"""Begins the name of a file that is being written; one that is left over was being written when its writer died."""


MANY = 100
"""So many files are brought to the disk together."""


class Unwritable(DiagnosticError):
    """A file could not be written, or must not be."""


def write_file(path: str, text: str) -> None:
    """
    Replace the file at *path*; its permissions stay, a link to it stays a link.

    :raises Unwritable: and leaves what is there as it is.
    """
    if os.path.exists(path) and not os.path.isfile(path):  # a device or a pipe is written to, never replaced
        try:
            with open(path, "w", encoding="utf-8", newline="") as file:
                file.write(text)
        except OSError as error:
            raise Unwritable(f"cannot be written: {error.strerror}") from None
        return
    write_files({path: text})


def write_files(files: Mapping[str, str]) -> None:
    """
    Replace the files at these paths, one after the other in this order; as :func:`write_file`.

    All are on the disk before the first is replaced: a crash of the machine leaves no empty one, a full disk none
    that is new.

    :raises Unwritable: where one cannot be written.
    """
    written: list[tuple[str, str]] = []
    try:
        for path, text in files.items():
            path = os.path.realpath(path)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            handle, temporary = tempfile.mkstemp(prefix=TEMPORARY, dir=os.path.dirname(path))
            written.append((temporary, path))
            with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
                file.write(text)
            os.chmod(temporary, _mode(path))
        _settle([temporary for temporary, _ in written])
        while written:
            os.replace(*written[0])
            written.pop(0)
    except OSError as error:
        for temporary, _ in written:
            if os.path.exists(temporary):
                os.unlink(temporary)
        raise Unwritable(f"cannot be written: {error.strerror}") from None


def _mode(path: str) -> int:
    mask = os.umask(0)
    os.umask(mask)
    return os.stat(path).st_mode & 0o777 if os.path.exists(path) else 0o666 & ~mask


def _settle(paths: Sequence[str]) -> None:
    """Return when the contents of *paths*, files of one tree, are on the disk."""
    if len(paths) >= MANY and _settle_whole(os.path.dirname(paths[0])):
        return
    for path in paths:
        with open(path, "rb") as file:
            os.fsync(file.fileno())


def _settle_whole(folder: str) -> bool:
    """Bring the file system of *folder* to the disk: for thousands of files, once instead of once for each."""
    import ctypes  # here: most trees are small

    if not hasattr(ctypes.CDLL(None), "syncfs"):  # Linux has it
        return False
    handle = os.open(folder, os.O_RDONLY)
    try:
        return bool(ctypes.CDLL(None).syncfs(handle) == 0)
    finally:
        os.close(handle)


def read_tree(path: str, is_folder: bool) -> dict[str, str]:
    """
    Return the text of the file at *path*, or of each rendered file in the folder, by name.

    :raises Unwritable: where one is not text or cannot be read.
    """
    try:
        if not is_folder:
            return {"": text_of(path)} if os.path.exists(path) else {}
        names = sorted(os.listdir(path)) if os.path.isdir(path) else []
        found = {name: text_of(os.path.join(path, name)) for name in names if name.endswith(".yaml")}
    except OSError as error:
        raise Unwritable(f"cannot be read: {error.strerror}") from None
    return {name: text.removeprefix(GENERATED) for name, text in found.items() if text.startswith(GENERATED)}


def replace_tree(folder: str, files: Mapping[str, str]) -> None:
    """
    Make *folder* hold exactly *files* among the rendered ones; others in it are left alone.

    :raises Unwritable: before anything is changed where a file of that name is not a rendered one.
    """
    present = read_tree(folder, is_folder=True)
    if "kustomization.yaml" in set(present) - set(files):
        raise Unwritable("it holds a rendered tree: write it with `--layout tree`, or choose another folder")
    for name in files:
        if name not in present and os.path.lexists(os.path.join(folder, name)):
            raise Unwritable(f"`{name}` is there and was not rendered by bulkhead; move it away")
    try:
        os.makedirs(folder, exist_ok=True)
    except OSError as error:
        raise Unwritable(f"cannot be written: {error.strerror}") from None
    write_files({os.path.join(folder, name): GENERATED + text for name, text in sorted(files.items())})
    for name in sorted(set(present) - set(files)):
        os.unlink(os.path.join(folder, name))


def text_of(path: str) -> str:
    """
    Return the text of the file at *path*.

    :raises Unwritable: where it is not text.
    """
    try:
        with open(path, encoding="utf-8", newline="") as file:
            return file.read()
    except UnicodeDecodeError:
        raise Unwritable(f"`{path}` is not UTF-8 text") from None

"""
Files: only regular ones are read, and none is ever half written.

Each is written under a temporary name in its folder, and renamed.
"""

import codecs
import contextlib
import fcntl
import os
import stat
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import BinaryIO

from bulkhead.core.diagnostics import DiagnosticError, Location, nearest
from bulkhead.core.safe_text import printable
from bulkhead.io.yaml.characters import SAVE_AS_UTF_8, wrong_byte

GENERATED = "# Rendered by bulkhead; edit the overlays instead.\n"
"""The first line of each file in a rendered folder: only such files are ever replaced or removed there."""

TEMPORARY = ".bulkhead-"
"""Begins the name of a file that is being written; one that is left over was being written when its writer died."""


_unfinished: set[str] = set()
"""The temporary files that are being written."""

MANY = 100
"""So many files are brought to the disk together."""

MIB = 1024 * 1024

LARGEST_TEXT = 64 * MIB
"""Bytes of a file that is read as a whole."""


class Unreadable(DiagnosticError):
    """A file cannot be read, is no regular file, is too large or is not text."""


class Unwritable(DiagnosticError):
    """A file could not be written, or must not be."""


def regular_file(path: str, most: int = LARGEST_TEXT) -> BinaryIO:
    """
    Return the regular file at *path*, open for reading. It never waits: a pipe or a device is not opened for long.

    :raises Unreadable: where it is no regular file, cannot be opened, or has more than *most* bytes.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        kind = _kind_at(path)
        if kind not in ("", "regular file"):
            raise Unreadable(f"this is a {kind}: only regular files are read", _SAVE_IT) from None
        reason = (error.strerror or "") if isinstance(error, OSError) else "the path holds a null character"
        hint = similar(path) if isinstance(error, FileNotFoundError) else ""
        raise Unreadable(f"cannot be read: {reason.lower()}", hint) from None
    found = os.fstat(handle)
    if not stat.S_ISREG(found.st_mode):
        os.close(handle)
        raise Unreadable(f"this is a {_kind(found.st_mode)}: only regular files are read", _SAVE_IT)
    if found.st_size > most:
        os.close(handle)
        raise Unreadable(f"the file has {found.st_size / MIB:,.1f} MiB: at most {most / MIB:,.0f} MiB are read")
    return os.fdopen(handle, "rb")


def similar(path: str) -> str:
    """Return the hint that names what is called almost like *path*, which does not exist; ``""`` where nothing is."""
    folder, name = os.path.split(path.rstrip("/"))
    try:
        names = os.listdir(folder or ".")
    except (OSError, ValueError):
        return ""
    near = nearest(name, names) if len(names) <= _MOST_NAMES else ""
    meant = os.path.join(folder, near)
    return f"did you mean `{printable(os.path.relpath(meant) if os.path.isabs(path) else meant)}`?" if near else ""


_MOST_NAMES = 1000
"""Names of a folder that are compared."""

_SAVE_IT = "save the contents to a file, or give them on stdin where the command reads `-`"

_KINDS = {
    stat.S_IFIFO: "pipe",
    stat.S_IFCHR: "device",
    stat.S_IFBLK: "device",
    stat.S_IFDIR: "folder",
    stat.S_IFSOCK: "socket",
    stat.S_IFREG: "regular file",
}


def _kind(mode: int) -> str:
    return _KINDS.get(stat.S_IFMT(mode), "special file")


def _kind_at(path: str) -> str:
    try:
        return _kind(os.stat(path).st_mode)
    except (OSError, ValueError):
        return ""


def bytes_of(path: str, most: int = LARGEST_TEXT) -> bytes:
    """
    Return the bytes of the regular file at *path*.

    :raises Unreadable: as :func:`regular_file`, and where the file grew beyond *most* bytes since it was opened.
    """
    with regular_file(path, most) as file:
        found = file.read(most + 1)
    if len(found) > most:
        raise Unreadable(f"the file is larger than {most / MIB:,.0f} MiB")
    return found


def text_of(path: str, most: int = LARGEST_TEXT) -> str:
    """
    Return the text of the regular file at *path*, with its line ends as they are.

    :raises Unreadable: as :func:`bytes_of`, and where it is not UTF-8.
    """
    try:
        return bytes_of(path, most).decode("utf-8")
    except UnicodeDecodeError as error:
        raise not_utf_8(error) from None


def not_utf_8(error: UnicodeDecodeError) -> Unreadable:
    """Return the refusal of a text with the place of the first byte that is not UTF-8, on which decoding failed."""
    message, line, column = wrong_byte(error)
    return Unreadable(message, SAVE_AS_UTF_8, Location("", line, column))


def not_utf_8_in(path: str, most: int) -> Unreadable:
    """Return the same for the file at *path*, which has at most *most* bytes and is not read as a whole."""
    line = column = 1
    decoder = codecs.getincrementaldecoder("utf-8")()
    with regular_file(path, most) as file:
        piece = b"-"
        while piece:
            piece, kept = file.read(MIB), len(decoder.getstate()[0])
            try:
                decoder.decode(piece, not piece)
            except UnicodeDecodeError as error:
                message, lines, columns = wrong_byte(error)
                column = columns if lines > 1 else column - kept + columns - 1
                return Unreadable(message, SAVE_AS_UTF_8, Location("", line + lines - 1, column))
            line += piece.count(b"\n")
            column = len(piece) - piece.rfind(b"\n") if b"\n" in piece else column + len(piece)
    return Unreadable("not UTF-8 text", SAVE_AS_UTF_8)


def temporary_folder() -> "tempfile.TemporaryDirectory[str]":
    """Return a context manager that makes a folder for temporary files, as copies of input are, and removes it."""
    return tempfile.TemporaryDirectory(prefix=f"{TEMPORARY_FOLDER}{os.environ.get(RUN, '')}")


TEMPORARY_FOLDER = "bulkhead-"
"""Begins the name of each folder for temporary files."""

RUN = "BULKHEAD_RUN"
"""The environment variable with the name of this run, by which its temporary folders are found after a sudden end."""


def write_file(path: str, text: str) -> None:
    """
    Replace the file at *path*; its permissions stay, a link to it stays a link.

    :raises Unwritable: and changes nothing.
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
    made: list[str] = []
    try:
        for path, text in files.items():
            path = os.path.realpath(path)
            _make_folders(os.path.dirname(path), made)
            handle, temporary = tempfile.mkstemp(prefix=TEMPORARY, dir=os.path.dirname(path))
            written.append((temporary, path))
            _unfinished.add(temporary)
            with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
                file.write(text)
            os.chmod(temporary, _mode(path))
        _settle([temporary for temporary, _ in written])
        while written:
            os.replace(*written[0])
            _unfinished.discard(written.pop(0)[0])
    except OSError as error:
        remove_unfinished()
        _remove_folders(made)
        raise Unwritable(f"cannot be written: {error.strerror}") from None


def _make_folders(path: str, made: list[str]) -> None:
    """Make the folder *path* and those that it is in; add each one to *made*."""
    if not os.path.isdir(path):
        _make_folders(os.path.dirname(path), made)
        with contextlib.suppress(FileExistsError):  # another process has made it
            os.mkdir(path)
            made.append(path)


def _remove_folders(made: Sequence[str]) -> None:
    """Remove those of the folders *made* that have nothing in them."""
    for path in reversed(made):
        with contextlib.suppress(OSError):
            os.rmdir(path)


_undo: list[Callable[[], None]] = []
"""What leaves everything as it was, where this process is ended in the middle of a change; the last is done first."""


@contextlib.contextmanager
def undone_if_ended(undo: Callable[[], None]) -> Iterator[None]:
    """Let *undo* be called where a signal or a limit ends this process within the block, at any point of it."""
    _undo.append(undo)
    try:
        yield
    finally:
        _undo.remove(undo)


def undo_changes() -> None:
    """Leave everything as it was before the changes that are being made. The process ends then."""
    for undo in reversed(_undo):
        undo()
    remove_unfinished()


def remove_unfinished() -> None:
    """Remove every temporary file that is being written."""
    while _unfinished:
        with contextlib.suppress(OSError):
            os.unlink(_unfinished.pop())


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
    except OSError as error:
        raise Unwritable(f"cannot be read: {error.strerror}") from None
    except Unreadable as refused:
        raise Unwritable(refused.message, refused.hint) from None
    files = {name: os.path.join(path, name) for name in names if name.endswith(".yaml")}
    found = {name: written_text(file, name) for name, file in files.items() if not os.path.islink(file)}
    return {name: text.removeprefix(GENERATED) for name, text in found.items() if text.startswith(GENERATED)}


@contextlib.contextmanager
def locked(folder: str, to_write: bool = True) -> Iterator[None]:
    """
    Keep other runs from writing into *folder* meanwhile; wait for one that does. To write, the folder is made.

    :raises Unwritable: where it is a symbolic link, which may lead anywhere, or no folder.
    """
    path = folder.rstrip("/") or folder
    if os.path.islink(path):
        raise Unwritable("this is a symbolic link", "name the folder that it leads to")
    missing = not os.path.lexists(path)
    if missing and not to_write:
        yield
        return
    made: list[str] = []
    try:
        _make_folders(os.path.abspath(path), made)
        handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        _remove_folders(made)
        raise Unwritable(f"cannot be {'written' if to_write else 'read'}: {error.strerror}") from None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX if to_write else fcntl.LOCK_SH)
        yield
    finally:
        os.close(handle)
        _remove_folders(made)


def replace_tree(folder: str, files: Mapping[str, str]) -> None:
    """
    Make *files* the only rendered files in *folder*; other files in it are not changed.

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
    try:
        for name in sorted(set(present) - set(files)):
            os.unlink(os.path.join(folder, name))
    except OSError as error:
        raise Unwritable(f"stale files cannot be removed: {error.strerror}") from None


def written_text(path: str, name: str) -> str:
    """
    Return the text of the file at *path*, which is called *name* in messages.

    :raises Unwritable: where it cannot be read, because then it is not known whether it was rendered.
    """
    try:
        return text_of(path)
    except Unreadable as refused:
        raise Unwritable(f"`{name}`: {refused.message}", refused.hint) from None

"""The vendored plugin of a tree on disk: its version, and what differs from its checksums. Nothing of it is run."""

import os
import shutil
from collections.abc import Collection, Iterator, Mapping

from bulkhead.core.record import record
from bulkhead.io.files import TEMPORARY, Unreadable, Unwritable, bytes_of, text_of, undone_if_ended
from bulkhead.io.new_files import write_new
from bulkhead.io.shipped_files import VERSION_FILE, checksum, version_and_checksums

_CACHE = "__pycache__"


@record
class VendoredCopy:
    """
    A vendored plugin: its *version*, the *checksums* that its file of versions has, and those of the files there *are*.

    A link, or what is no regular file, has the checksum "".
    """

    version: str
    checksums: Mapping[str, str]
    are: Mapping[str, str]

    def changes(self) -> list[str]:
        """Return what differs from the file of versions, each as `changed: PATH`, `missing: PATH` or `added: PATH`."""
        changed = [
            f"changed: {path}" for path, digest in self.checksums.items() if self.are.get(path, digest) != digest
        ]
        missing = [f"missing: {path}" for path in self.checksums if path not in self.are]
        added = [f"added: {path}" for path in self.are if path not in self.checksums]
        return sorted([*changed, *missing, *added])


def vendored_version(plugin: str) -> str:
    """Return the version of the vendored plugin in the folder *plugin*; "" where it is none, or cannot be read."""
    try:
        found = version_and_checksums(text_of(os.path.join(plugin, VERSION_FILE)))
    except Unreadable:
        return ""
    return found[0] if found else ""


def read_vendored(plugin: str) -> VendoredCopy | None:
    """
    Return the vendored plugin in the folder *plugin*; ``None`` where it has no file of versions.

    :raises Unreadable: where a file of it cannot be read.
    """
    path = os.path.join(plugin, VERSION_FILE)
    known = version_and_checksums(text_of(path)) if os.path.lexists(path) else None
    if known is None:
        return None
    are = {found: _digest(os.path.join(plugin, found)) for found in _files(plugin) if found != VERSION_FILE}
    return VendoredCopy(known[0], known[1], are)


def _files(plugin: str) -> Iterator[str]:
    """Yield the path of each file, and of each link, below *plugin*, without the byte code that Python writes."""
    for folder, folders, names in os.walk(plugin):
        linked = [each for each in folders if os.path.islink(os.path.join(folder, each))]
        folders[:] = [each for each in folders if each != _CACHE and each not in linked]
        for name in (*names, *linked):
            yield os.path.relpath(os.path.join(folder, name), plugin)


def _digest(path: str) -> str:
    if os.path.islink(path) or not os.path.isfile(path):
        return ""
    return checksum(bytes_of(path))


def replace_vendored(plugin: str, files: Mapping[str, str], programs: Collection[str]) -> None:
    """
    Make *files* the contents of the folder *plugin*, as a whole; where that fails it is as it was.

    :raises Unwritable: where the system refuses.
    """
    parent = os.path.dirname(os.path.abspath(plugin))
    if not os.path.lexists(plugin):
        write_new(plugin, files, programs)
        return
    aside = os.path.join(parent, f"{TEMPORARY}{os.urandom(6).hex()}")
    new, old = os.path.join(aside, "new"), os.path.join(aside, "old")

    def restore() -> None:
        if os.path.lexists(old) and not os.path.lexists(plugin):
            os.rename(old, plugin)
        shutil.rmtree(aside, ignore_errors=True)

    with undone_if_ended(restore):
        try:
            os.mkdir(aside)
            write_new(new, files, programs)
            os.rename(plugin, old)
            os.rename(new, plugin)
        except OSError as error:
            raise Unwritable(f"cannot be written: {error.strerror}") from None
        finally:
            restore()

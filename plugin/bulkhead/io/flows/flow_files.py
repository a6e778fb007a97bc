"""
Reads files of records, line by line, into one fold. A file may be compressed with gzip, and may mix formats.

The format of a file is that of its first line that has one. A line that it cannot read is tried as every other format
and else counted as unreadable, also the last one where a file was cut.
"""

import gzip
import io
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from typing import TYPE_CHECKING, BinaryIO

from bulkhead.core.flows.fold import Fold
from bulkhead.io.files import regular_file
from bulkhead.io.flows.flow_formats import FORMATS, FlowFormat, LineReader, format_of
from bulkhead.io.flows.neutral import CsvReader

if TYPE_CHECKING:
    from typing_extensions import Buffer

LONGEST_LINE = 1 << 20
"""Bytes of a line; a longer one is read in pieces, and is unreadable."""

LARGEST = 1 << 40
_GZIP = b"\x1f\x8b"
_EVERY = 1 << 14


def read_file(
    path: str, fold: Fold, form: FlowFormat | None = None, step: Callable[[int], None] = lambda _: None
) -> None:
    """
    Read the records of the file at *path* into *fold*; *form* is the format, ``None``: it is recognised.

    *step* is called now and then with the number of lines.

    :raises Unreadable: where it is no regular file or cannot be opened.
    """
    with closing(regular_file(path, LARGEST)) as file:
        read_stream(file, path, fold, form, step)


def read_stream(
    file: BinaryIO, name: str, fold: Fold, form: FlowFormat | None = None, step: Callable[[int], None] = lambda _: None
) -> None:
    """Do the same for an open *file* that is called *name*."""
    reader = _FileReader(name, fold, form)
    for number, line in enumerate(_lines(file, name, fold), 1):
        reader.line(line)
        if not number % _EVERY:
            step(number)


def _lines(file: BinaryIO, name: str, fold: Fold) -> Iterator[str]:
    first = file.read(2)
    whole_file = io.BufferedReader(_Rest(first, file), LONGEST_LINE)
    stream = gzip.GzipFile(fileobj=whole_file) if first == _GZIP else whole_file
    held = b""
    try:
        while piece := stream.read(LONGEST_LINE):
            *whole, held = (held + piece).split(b"\n")
            for each in whole:
                yield each.decode("utf-8", "replace")
            if len(held) > LONGEST_LINE:
                yield held.decode("utf-8", "replace")
                held = b""
    except (EOFError, OSError, zlib.error):
        fold.unreadable(name, "(the compressed file ends too early or is damaged)")
    if held:
        yield held.decode("utf-8", "replace")


class _Rest(io.RawIOBase):
    """A file whose first bytes were read already."""

    def __init__(self, first: bytes, file: BinaryIO) -> None:
        super().__init__()
        self._first, self._file = first, file

    def readable(self) -> bool:
        """Return that it can be read."""
        return True

    def readinto(self, buffer: "Buffer") -> int:
        """Read into *buffer*; return the number of bytes."""
        view = memoryview(buffer)
        found = self._first[: len(view)] or self._file.read(len(view))
        self._first = self._first[len(view) :]
        view[: len(found)] = found
        return len(found)


class _FileReader:
    """Reads the lines of one file."""

    def __init__(self, name: str, fold: Fold, form: FlowFormat | None) -> None:
        self._name, self._fold = name, fold
        self._form = form
        self._readers: dict[str, LineReader] = {}
        self._read = self._reader(form) if form else None

    def _reader(self, form: FlowFormat) -> LineReader:
        if form.name not in self._readers:
            self._readers[form.name] = form.reader()
        return self._readers[form.name]

    def line(self, text: str) -> None:
        text = text.rstrip("\r")
        found = self._read(text) if self._read else None
        if found is not None and self._form:
            self._fold.add(self._form.name, found)
        elif text.strip("\ufeff \t"):
            self._other(text.lstrip("\ufeff"))

    def _other(self, text: str) -> None:
        """Read a line that is not of the format of the file: its first one, or one of another format."""
        form = format_of(text)
        if form is None:
            self._fold.unreadable(self._name, text)
            return
        reader = self._reader(form)
        if self._form is None:
            self._form, self._read = form, reader
        if isinstance(reader, CsvReader):
            reader.begins(text)
            return
        found = reader(text)
        if found is None:
            self._fold.unreadable(self._name, text)
        else:
            self._fold.add(form.name, found)


def caveats_of(names: Iterable[str]) -> tuple[str, ...]:
    """Return what the formats *names* cannot show."""
    return tuple(dict.fromkeys(text for name in sorted(names) for text in FORMATS[name].caveats))

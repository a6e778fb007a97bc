"""What a person reads in a terminal."""

import os
from collections.abc import Iterable

from bulkhead.core.diagnostics import Diagnostic, Location, sorted_diagnostics
from bulkhead.core.safe_text import printable


def faults(found: Iterable[Diagnostic], folder: str) -> str:
    """Return each fault as ``file:line:column: error: what`` with its hint, in file order, relative to *folder*."""
    lines = []
    for each in sorted_diagnostics(found):
        at = each.location
        place = [printable(shortened(at.file, folder)), *map(str, (at.line, at.column) if at.line else ())]
        lines.append(error_lines(f"{':'.join(place)}: error: {each.message}", each.hint))
    return "".join(lines)


def error_lines(message: str, hint: str = "") -> str:
    """Return an error and its *hint*. Further lines of a text are marked: they may be from an untrusted file."""
    return f"{_lines(message)}\n" + (f"hint: {_lines(hint)}\n" if hint else "")


def _lines(text: str) -> str:
    """Return *text* with marks at further lines, so that a line of an untrusted file does not look like ours."""
    return "\n    | ".join(printable(line.replace("\t", " ")) for line in text.split("\n"))


def shortened(file: str, folder: str) -> str:
    """Return *file* relative to *folder*; unchanged where it is not below it."""
    return os.path.relpath(file, folder) if file == folder or file.startswith(folder.rstrip("/") + "/") else file


def spelt(at: Location, folder: str) -> str:
    """Return ``file:line`` relative to *folder*; without the line, or only the resource, where no more is known."""
    if not at.file:
        return str(at)
    return f"{shortened(at.file, folder)}:{at.line}" if at.line else shortened(at.file, folder)


def count(number: int, noun: str) -> str:
    """Return ``1 policy``, ``2 policies``."""
    plural = noun[:-1] + "ies" if noun.endswith("y") else noun + "s"
    return f"{number} {noun if number == 1 else plural}"

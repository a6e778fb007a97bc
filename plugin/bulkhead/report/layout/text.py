"""What a person reads in a terminal."""

import os
from collections.abc import Iterable

from bulkhead.core.diagnostics import Diagnostic, Location, sorted_diagnostics
from bulkhead.core.safe_text import printable


def faults(found: Iterable[Diagnostic], here: str) -> str:
    """Return every fault as ``file:line:column: error: what`` and its hint, in file order, paths from *here*."""
    lines = []
    for each in sorted_diagnostics(found):
        at = each.location
        place = [printable(shortened(at.file, here)), *map(str, (at.line, at.column) if at.line else ())]
        lines.append(error_lines(f"{':'.join(place)}: error: {each.message}", each.hint))
    return "".join(lines)


def error_lines(message: str, hint: str = "") -> str:
    """Return an error and its *hint*. Further lines of a text are marked: they may be from an untrusted file."""
    return f"{_lines(message)}\n" + (f"hint: {_lines(hint)}\n" if hint else "")


def _lines(text: str) -> str:
    """Return *text* with marks at further lines, so that a line of an untrusted file does not look like ours."""
    return "\n    | ".join(printable(line.replace("\t", " ")) for line in text.split("\n"))


def shortened(file: str, here: str) -> str:
    """Return *file* from *here*, or whole where it is not below."""
    return os.path.relpath(file, here) if file == here or file.startswith(here.rstrip("/") + "/") else file


def spelt(at: Location, here: str) -> str:
    """Return ``file:line`` from *here*; without the line, or as the resource, where that is all that is known."""
    if not at.file:
        return str(at)
    return f"{shortened(at.file, here)}:{at.line}" if at.line else shortened(at.file, here)


def count(number: int, noun: str) -> str:
    """Return ``1 policy``, ``2 policies``."""
    plural = noun[:-1] + "ies" if noun.endswith("y") else noun + "s"
    return f"{number} {noun if number == 1 else plural}"

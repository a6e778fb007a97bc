"""
Diagnostics: what is wrong, where it is, and what to write instead.

They are values. They are collected, and neither raised nor printed here. The plugin and the command
line add the place in a file where they know it, print all of them, and then fail.
"""

from collections.abc import Iterable, Iterator

from bulkhead.core.record import record

Path = tuple[str | int, ...]
"""Where in a resource: keys and list positions, ``("spec", "egress", "nas", "ports", 0)``."""


class Key(str):
    """The last step of a path that leads to the key itself, not to its value."""


@record
class Location:
    """
    Where something is: in *file*, or at *path* of *resource* (``"namespace media"``) while the file is not known.

    *line* and *column* count from 1. They are 0 where they are not known.
    """

    file: str = ""
    line: int = 0
    column: int = 0
    resource: str = ""
    path: Path = ()

    @property
    def order(self) -> tuple[object, ...]:
        """The key to sort by: file order, then resources by name, then paths."""
        return self.file, self.line, self.column, self.resource, tuple(str(step) for step in self.path)

    def __str__(self) -> str:
        """Return ``file:line:column`` as far as it is known, or ``resource: path``."""
        if self.file:
            return ":".join([self.file, *(str(each) for each in (self.line, self.column) if each)])
        return f"{self.resource}: {spell(self.path)}" if self.path else self.resource


NOWHERE = Location()
"""No place is known."""


def in_resource(resource: str, path: Path = ()) -> Location:
    """Return the place at *path* of *resource*, whose file is not known."""
    return Location(resource=resource, path=path)


@record
class Diagnostic:
    """A problem at *location*. *message* says what is wrong, *hint* what to write instead."""

    location: Location
    message: str
    hint: str = ""

    def at(self, location: Location) -> "Diagnostic":
        """Return the same diagnostic at *location*."""
        return Diagnostic(location, self.message, self.hint)

    def in_file(self, file: str) -> "Diagnostic":
        """Return the same diagnostic on the same line of *file*."""
        return self.at(Location(file, self.location.line, self.location.column))

    def __str__(self) -> str:
        """Return ``location: error: message``, and the hint on a line of its own."""
        hint = f"\nhint: {self.hint}" if self.hint else ""
        return f"{self.location}: error: {self.message}{hint}"


def sorted_diagnostics(found: Iterable[Diagnostic]) -> Iterator[Diagnostic]:
    """Yield the diagnostics sorted by location and message, each once."""
    seen = set()
    for each in sorted(found, key=lambda one: (one.location.order, one.message)):
        if each not in seen:
            seen.add(each)
            yield each


class DiagnosticError(Exception):
    """
    One diagnostic that ends a command: something cannot be read, written or answered.

    It has the *message*, the *hint* and the *location* of its :attr:`diagnostic`.
    """

    def __init__(self, message: str, hint: str = "", location: Location = NOWHERE) -> None:
        super().__init__(message)
        self.diagnostic = Diagnostic(location, message, hint)

    @property
    def message(self) -> str:
        """What is wrong."""
        return self.diagnostic.message

    @property
    def hint(self) -> str:
        """What to write instead, empty where nothing is known."""
        return self.diagnostic.hint

    @property
    def location(self) -> Location:
        """Where it is."""
        return self.diagnostic.location


def spell(path: Path) -> str:
    """
    Return *path* as text for people.

    >>> spell(("spec", "egress", "nas", "ports", 0))
    'spec.egress.nas.ports[0]'
    """
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif step.replace("-", "").replace("_", "").isalnum():
            text += f".{shortened(step)}" if text else shortened(step)
        else:
            text += f'["{shortened(step)}"]'
    return text


def shortened(word: str) -> str:
    """Return *word*, which somebody else wrote, fit for a message: one line of at most 60 characters."""
    line = " ".join("".join(c if c.isprintable() else " " for c in word).split())
    return line if len(line) <= 60 else line[:57] + "..."


_LONGEST_NAME = 300
"""Characters: what is longer is no name that somebody misspelt, and comparing it takes long."""


def nearest(word: str, known: "tuple[str, ...] | list[str]") -> str:
    """
    Return the most similar of *known* to *word*, or ``""`` where none is similar.

    Near is one edit for every three letters, a swap of neighbours being one edit.

    >>> nearest("treafik", ["dns", "traefik"])
    'traefik'
    """
    best, least = "", max(1, len(word) // 3) + 1
    if len(word) > _LONGEST_NAME:
        return ""
    for candidate in sorted(known):
        distance = edits(word, candidate)
        if distance < least:
            best, least = candidate, distance
    return best


def edits(left: str, right: str) -> int:
    """Return the least number of insertions, deletions, changes and swaps of neighbours from *left* to *right*."""
    older: list[int] = []
    before = list(range(len(right) + 1))
    for i, a in enumerate(left):
        row = [i + 1]
        for j, b in enumerate(right):
            least = min(before[j + 1] + 1, row[j] + 1, before[j] + (a != b))
            if i and j and a == right[j - 1] and left[i - 1] == b:
                least = min(least, older[j - 1] + 1)
            row.append(least)
        older, before = before, row
    return before[-1]

"""
Streaming a large JSON list: its items one by one, the whole text never in memory.

``kubectl get ns,pods,netpol -A -o json`` of a hundred thousand pods is a file of hundreds of
megabytes; as Python data it would be several gigabytes.
"""

import json
from collections.abc import Iterator
from typing import Any, TextIO

from bulkhead.core.record import record
from bulkhead.io.yaml.json_keys import DuplicateKey, decode, duplicate

_PIECE = 1 << 20

LARGEST_VALUE = 16 << 20
"""Characters of one resource. An API server stores at most about 1.5 MiB."""

_BLANK = " \t\r\n"


@record
class Item:
    """
    A resource as plain *data*, and the *line*, from 0, on which it starts.

    *kind* and *version* are what its list says about an item that does not say them. *number*, from 0, is the place of
    an item in its list, ``None`` for what is no item.
    """

    data: Any
    kind: str
    line: int
    version: str = ""
    number: int | None = None


class ValueTooLarge(json.JSONDecodeError):
    """One value is larger than ``LARGEST_VALUE``: it is no list of resources, or no JSON that ends."""


class _Window:
    """The part of a text that is in memory: everything from *at* on has yet to be read."""

    def __init__(self, stream: TextIO) -> None:
        self.stream, self.text, self.at = stream, "", 0
        self.began = 0  # where the value began that was read last
        self.gone_lines, self.gone_columns = 0, 0  # how much of the file, and of its current line, is before the window
        self.counted, self.counted_lines = 0, 0
        self.ended = False

    def more(self) -> None:
        """Drop what was read and fetch another piece, larger with what is left over, so that long items stay linear."""
        piece = self.stream.read(max(_PIECE, len(self.text) - self.at))
        self.gone_lines, gone = self.line(), self.text.rfind("\n", 0, self.at)
        self.gone_columns = self.at - gone - 1 if gone >= 0 else self.gone_columns + self.at
        self.counted, self.counted_lines = 0, 0
        self.text, self.at, self.ended = self.text[self.at :] + piece, 0, not piece

    def peek(self) -> str:
        """Return the next character that is no blank; ``""`` at the end."""
        while True:
            while self.at < len(self.text) and self.text[self.at] in _BLANK:
                self.at += 1
            if self.at < len(self.text) or self.ended:
                return self.text[self.at : self.at + 1]
            self.more()

    def take(self, wanted: str) -> None:
        if self.peek() != wanted:
            raise self.wrong(f"Expecting `{wanted}`", self.at)
        self.at += 1

    def value(self) -> Any:
        """Return the JSON value that is next."""
        self.peek()
        while True:
            try:
                found, end = decode(self.text, self.at)
                if end < len(self.text) or self.ended:  # a number may continue after the window
                    self.began, self.at = self.at, end
                    return found
            except DuplicateKey as error:
                raise self.placed(error) from None
            except json.JSONDecodeError as error:
                if self.ended:
                    raise self.wrong(error.msg, error.pos) from None
            except RecursionError:
                raise self.wrong("it is nested too deeply", self.at) from None
            except ValueError:  # Python reads no number of more than 4300 digits
                raise self.wrong("a number has too many digits", self.at) from None
            if len(self.text) - self.at > LARGEST_VALUE:
                message = f"one value has more than {LARGEST_VALUE >> 20} MiB, which is the most for one resource"
                raise self.placed(ValueTooLarge(message, self.text, self.at))
            self.more()

    def line(self) -> int:
        """Return the line of the file, from 0, that is next."""
        self.counted_lines += self.text.count("\n", self.counted, self.at)
        self.counted = self.at
        return self.gone_lines + self.counted_lines

    def wrong(self, message: str, at: int) -> json.JSONDecodeError:
        """Return the error for the place *at* of the window, with its line in the file."""
        return self.placed(json.JSONDecodeError(message, self.text, at))

    def placed(self, error: json.JSONDecodeError) -> json.JSONDecodeError:
        """Return *error*, whose place is one of the window, with its place in the file."""
        error.colno += self.gone_columns if error.lineno == 1 else 0
        error.lineno += self.gone_lines
        return error


def items(stream: TextIO) -> Iterator[Item]:
    """
    Yield the items of the list that *stream* holds, or the one resource that it is.

    json.JSONDecodeError, with line and column in the file, where it is no JSON, and its subclasses DuplicateKey where a
    key occurs twice in a map, ValueTooLarge where a value outside of a list is larger than ``LARGEST_VALUE``.
    """
    window = _Window(stream)
    rest: dict[str, Any] = {}
    unnamed: list[Item] = []
    window.take("{")
    while window.peek() != "}":
        if window.peek() != '"':
            raise window.wrong("Expecting property name enclosed in double quotes", window.at)
        key = window.value()
        if key in rest:
            raise window.placed(duplicate(key, window.text, window.began))
        window.take(":")
        if key == "items" and window.peek() == "[":
            yield from _listed(window, str(rest.get("kind", "")), str(rest.get("apiVersion") or ""), unnamed)
            rest[key] = []
        else:
            rest[key] = window.value()
        if window.peek() != "}":
            window.take(",")
    window.take("}")
    if window.peek():
        raise window.wrong("Extra data", window.at)
    kind = str(rest.get("kind", ""))
    version = str(rest.get("apiVersion") or "")
    yield from (Item(each.data, kind.removesuffix("List"), each.line, version, each.number) for each in unnamed)
    yield Item(rest, "", 0)


def _listed(window: _Window, kind: str, version: str, unnamed: list[Item]) -> Iterator[Item]:
    """
    Yield the items that name their kind, and all of them where the list has named its *kind* before them.

    *version* is the list's, where it came before the items.

    The others are added to *unnamed*: the kind of the list comes after them.
    """
    window.take("[")
    number = 0
    while window.peek() != "]":
        line, data = window.line(), window.value()
        if isinstance(data, dict) and "kind" in data:
            yield Item(data, "", line, number=number)
        elif kind:
            yield Item(data, kind.removesuffix("List"), line, version, number)
        else:
            unnamed.append(Item(data, "", line, number=number))
        number += 1
        if window.peek() != "]":
            window.take(",")
    window.take("]")

"""
YAML and JSON text to plain data: any number of documents, fast, and refused rather than guessed.

A document that starts like JSON is read by ``json``.  Others are built from the events of
libyaml, half the cost of PyYAML's own constructor, with two differences: a key that occurs
twice is an error (one of the two would silently win), and a scalar is what kubectl takes it for.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

import yaml
from yaml import CSafeLoader
from yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
    StreamStartEvent,
)

from bulkhead.core.diagnostics import DiagnosticError, Location, Path
from bulkhead.core.record import record
from bulkhead.io.yaml import kubectl_scalars, plain
from bulkhead.io.yaml.nodes import DEEPEST


@record
class Chunk:
    """The *text* of one document (rarely of several), which starts after *line* lines of its file."""

    text: str
    line: int


class InvalidDocument(DiagnosticError):
    """Text that is not a document. *line* and *column* count from 0, within the chunk; in the location from 1."""

    def __init__(self, message: str, line: int, column: int) -> None:
        super().__init__(message, location=Location("", line + 1, column + 1))


_SEPARATOR = re.compile(r"^---(?=[ \t\r\n]|\Z)", re.MULTILINE)


def split(text: str) -> Iterator[Chunk]:
    """Yield the documents of *text*: a line that starts with ``---`` always ends one, whatever is before it."""
    start, line = 0, 0
    for found in _SEPARATOR.finditer(text):
        if text[start : found.start()].strip():
            yield Chunk(text[start : found.start()], line)
        line += text.count("\n", start, found.start())
        start = found.start()
    if text[start:].strip("- \t\r\n"):
        yield Chunk(text[start:], line)


def parse(text: str) -> list[Any]:
    """Return the documents of one chunk as plain data; Unreadable where it is none."""
    body = text.removeprefix("---").lstrip()
    if body.startswith("{"):
        try:
            return [json.loads(body, object_pairs_hook=_unique)]
        except json.JSONDecodeError:
            pass  # a flow mapping may still be YAML, and YAML's error tells the line
        except RecursionError:
            raise InvalidDocument("this is nested too deeply", 0, 0) from None
        except ValueError:  # Python reads no number of more than 4300 digits
            raise InvalidDocument("a number has too many digits", 0, 0) from None
    found = plain.parse(text.removeprefix("---\n"))
    if found is not NotImplemented:
        return [found]
    try:
        return _events(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        message = error.problem or error.context or "this is no YAML"
        raise InvalidDocument(message, mark.line if mark else 0, mark.column if mark else 0) from None
    except yaml.YAMLError as error:  # a character that YAML forbids: the position is in the message only
        raise InvalidDocument(str(error).splitlines()[0], 0, 0) from None
    except RecursionError:
        raise InvalidDocument("this is nested too deeply", 0, 0) from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise InvalidDocument(f"key `{twice}` occurs twice", 0, 0)
    return found


def _events(text: str) -> list[Any]:
    parser = CSafeLoader(text)
    try:
        return _built(parser, text)
    finally:
        parser.dispose()


def _built(parser: CSafeLoader, text: str) -> list[Any]:
    documents: list[Any] = []
    stack: list[tuple[Any, Any]] = []  # the collections that are open around this one, each with its waiting key
    anchors: dict[str, Any] = {}
    into: Any = documents
    key: Any = _NO_KEY
    tagged = text if "! " in text else ""
    while True:
        event: Any = parser.get_event()
        kind = type(event)
        if kind is ScalarEvent:
            item = _scalar(event, tagged)
        elif kind is MappingEndEvent or kind is SequenceEndEvent:
            into, key = stack.pop()
            continue
        elif kind is MappingStartEvent:
            item = {}
        elif kind is SequenceStartEvent:
            item = []
        elif kind is AliasEvent:
            if event.anchor not in anchors:
                raise InvalidDocument(
                    f"alias `*{event.anchor}` has no anchor", event.start_mark.line, event.start_mark.column
                )
            item = anchors[event.anchor]
        elif kind is StreamEndEvent:
            return documents
        elif kind is DocumentStartEvent:
            anchors.clear()
            continue
        elif kind is StreamStartEvent or kind is DocumentEndEvent:
            continue
        else:
            raise InvalidDocument(f"unexpected {kind.__name__}", event.start_mark.line, event.start_mark.column)
        if kind is not AliasEvent and event.anchor:
            anchors[event.anchor] = item
        if type(into) is list:
            into.append(item)
        elif key is _NO_KEY:
            key = _new_key(item, into, event)
            continue
        else:
            into[key] = item
            key = _NO_KEY
        if kind is MappingStartEvent or kind is SequenceStartEvent:
            if len(stack) >= DEEPEST:
                mark = event.start_mark
                raise InvalidDocument(f"this is nested more than {DEEPEST} levels deep", mark.line, mark.column)
            stack.append((into, key))
            into, key = item, _NO_KEY


_NO_KEY = object()


def _new_key(item: Any, into: dict[Any, Any], event: Any) -> Any:
    mark = event.start_mark
    if item == "<<" and event.implicit[0]:
        raise InvalidDocument("merge key `<<` is not read: write the keys out", mark.line, mark.column)
    if isinstance(item, (dict, list)):
        raise InvalidDocument("a key must be a scalar", mark.line, mark.column)
    found = kubectl_scalars.key(item)
    if found in into:
        raise InvalidDocument(f"key `{found}` occurs twice", mark.line, mark.column)
    return found


_TEXT = "tag:yaml.org,2002:str"


def _scalar(event: Any, tagged: str) -> Any:
    """Return what a scalar means. *tagged* is the text of the document if a tag `!` may be in it, which makes text."""
    text = event.value
    if event.implicit[0] and not event.style:  # plain, without a tag or with `!`, which libyaml does not hand on
        return text if tagged and tagged[event.start_mark.index] == "!" else kubectl_scalars.resolve(text)
    if event.tag not in (None, _TEXT):
        raise InvalidDocument(f"tag `{event.tag}` is not read", event.start_mark.line, event.start_mark.column)
    return text


def place(text: str, path: Path) -> tuple[int, int]:
    """Return line and column, from 0, of what *path* leads to in *text*, or of the nearest that exists around it."""
    try:
        node = next(iter(yaml.compose_all(text, CSafeLoader)))
    except (yaml.YAMLError, StopIteration):
        return 0, 0
    for step in path:
        below = _below(node, step)
        if below is None:
            break
        node = below
    return node.start_mark.line, node.start_mark.column


def _below(node: yaml.Node, step: str | int) -> yaml.Node | None:
    if isinstance(node, yaml.MappingNode):
        return next((item for key, item in node.value if key.value == str(step)), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        item: yaml.Node = node.value[step]
        return item
    return None

"""
Streams of manifests: each document with its own text, as kubectl reads it.

The rules for YAML are those of ``io.yaml.nodes``: a key that occurs twice, a tag, a merge key and an alias that lets
a document grow are refused. What a scalar means is what kubectl takes it for. A document that starts like JSON is
read by ``json``.
"""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from bulkhead.core.diagnostics import Path
from bulkhead.core.record import record
from bulkhead.io.yaml import kubectl_scalars
from bulkhead.io.yaml.json_keys import DuplicateKey, decode
from bulkhead.io.yaml.nodes import Document, InvalidYaml, Raw, ValueReader, at, nodes

LARGEST_DOCUMENT = 16 * 1024 * 1024
"""Characters of one document of YAML: reading it takes about fifty times as many bytes of memory."""

_ONE_DOCUMENT = "put a line that is `---` before it; a line ends in a line feed, and `...` ends no document"

REMOVE_ONE = "remove one of the two"

_TEXT = "tag:yaml.org,2002:str"


@record
class Chunk:
    """
    The *text* between two lines that begin with ``---``, which starts after *line* lines of its file.

    kubectl takes it for one document.
    """

    text: str
    line: int


_SEPARATOR = "---"
_AFTER_SEPARATOR = frozenset(("", " ", "\t", "\r", "\n"))


def split(text: str) -> Iterator[Chunk]:
    """Yield the documents of *text*: a line that starts with ``---`` always ends one, whatever is before it."""
    start, line = 0, 0
    for found in _separators(text):
        chunk = text[start:found]
        if not chunk.isspace() and chunk:
            yield Chunk(chunk, line)
        line += chunk.count("\n")
        start = found
    if text[start:].strip("- \t\r\n"):
        yield Chunk(text[start:], line)


def _separators(text: str) -> Iterator[int]:
    """Yield where the lines of *text* begin that separate documents."""
    at = 0 if text.startswith(_SEPARATOR) else text.find("\n" + _SEPARATOR) + 1
    while at or text.startswith(_SEPARATOR):
        after = at + len(_SEPARATOR)
        if text[after : after + 1] in _AFTER_SEPARATOR:
            yield at
        at = text.find("\n" + _SEPARATOR, at) + 1
        if not at:
            return


def parse(text: str) -> list[Any]:
    """
    Return the document of one chunk as plain data, in a list that is empty where there is none.

    :raises InvalidYaml: where it is no YAML, YAML that is refused, or more than one document, of which kubectl reads
        only the first; with line and column in the chunk.
    """
    first = text.partition("\n")[0][3:].strip() if text.startswith("---") else ""
    if first and not first.startswith("#"):
        raise InvalidYaml("kubectl reads nothing behind `---`", 1, text.index(first, 3) + 1, "begin a new line there")
    body = text.removeprefix("---").lstrip()
    if body.startswith("{"):
        try:
            return [_json(text, len(text) - len(body))]
        except DuplicateKey as error:
            raise InvalidYaml(error.msg, error.lineno, error.colno, REMOVE_ONE) from None
        except json.JSONDecodeError:
            pass  # a flow mapping may still be YAML, and the error of YAML has the line
        except RecursionError:
            raise InvalidYaml("this is nested too deeply", 1, 1) from None
        except ValueError:  # Python reads no number of more than 4300 digits
            raise InvalidYaml("a number has too many digits", 1, 1) from None
    found = list(nodes(text, LARGEST_DOCUMENT))
    if len(found) > 1:
        raise at(found[1], "another document begins here, which kubectl does not read", _ONE_DOCUMENT)
    return [_KubectlReader(text).value(node) for node in found]


def mapping_keys(text: str) -> Iterator[tuple[str, ...] | None]:
    """
    Yield the keys of each document of *text* that is a map, whatever their tags; ``None`` where one is no text.

    :raises InvalidYaml: as :func:`nodes`.
    """
    for node in nodes(text):
        if isinstance(node, MappingNode):
            keys = [key for key, _ in node.value]
            yield None if any(not isinstance(key, ScalarNode) for key in keys) else tuple(key.value for key in keys)


def _json(text: str, start: int) -> Any:
    found, end = decode(text, start)
    if text[end:].strip(" \t\r\n"):
        raise json.JSONDecodeError("Extra data", text, end)
    return found


def kubectl_value(document: Document) -> Any:
    """Return the value of *document* as kubectl reads it, or as it is where that has a tag that is not read."""
    try:
        return _KubectlReader(document.text).value(document.node)
    except InvalidYaml:
        return document.value


class _KubectlReader(ValueReader):
    """Reads scalars as kubectl does."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tagged = text if "! " in text else ""

    def scalar(self, node: ScalarNode) -> Raw:
        """Return the value of a scalar. The tag `!`, which libyaml does not report, makes it text."""
        text: str = node.value
        if node.tag:
            if node.tag != _TEXT:
                raise at(node, f"the tag `{node.tag}` is not read", "leave it out")
            return text
        if node.style or (self.tagged and self.tagged[node.start_mark.index] == "!"):
            return text
        return kubectl_scalars.resolve(text)

    def key(self, node: ScalarNode) -> str:
        """Return the text of a key. ``None``, which kubectl refuses, stays."""
        return kubectl_scalars.key(self.scalar(node))  # type: ignore[arg-type,return-value]


def place(text: str, path: Path) -> tuple[int, int]:
    """Return line and column, from 0, of what *path* leads to in *text*, or of the nearest that exists around it."""
    return places(text, [path])[0]


_MOST_PLACES = 1000


def places(text: str, paths: Sequence[Path]) -> list[tuple[int, int]]:
    """Return :func:`place` for each of *paths*; those after the first 1000 have the last one's."""
    try:
        root = next(nodes(text, LARGEST_DOCUMENT)) if paths else None
    except (InvalidYaml, StopIteration):
        root = None
    if root is None:
        return [(0, 0)] * len(paths)
    found = [_place(root, path) for path in paths[:_MOST_PLACES]]
    return found + found[-1:] * (len(paths) - len(found))


def _place(node: Node, path: Path) -> tuple[int, int]:
    for step in path:
        below = _below(node, step)
        if below is None:
            break
        node = below
    return node.start_mark.line, node.start_mark.column


def _below(node: Node, step: str | int) -> Node | None:
    if isinstance(node, MappingNode):
        return next((item for key, item in node.value if key.value == str(step)), None)
    if isinstance(node, SequenceNode) and isinstance(step, int) and step < len(node.value):
        item: Node = node.value[step]
        return item
    return None

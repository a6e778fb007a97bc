"""
YAML that every library reads and writes in the same way: what is not beyond doubt is :class:`NotPlain`.

kustomize reads a file, merges, writes JSON, and writes YAML of that, which is read again. Values that come out of
this as they went in are plain.
"""

import re
from bisect import bisect_left
from functools import cache

from yaml.nodes import MappingNode, ScalarNode, SequenceNode

from bulkhead.core.language.scalars import Date, InvalidValue
from bulkhead.io.yaml.nodes import Ambiguous, Raw, ValueReader, is_nothing, looks_like_date, nodes, scalar

LONGEST_KEY = 100
"""Characters. YAML libraries write a key of more than 128 in another form."""

MIDNIGHT = "T00:00:00Z"
"""What kustomize appends to a day without quotes."""

_ASCII_CONTROLS = r"[^\n -~]"

_CONTROLS = r"[^\n -~\u00a1-\u02ff\u0370-\u167f\u1681-\u1fff\u2010-\u2027\u2030-\u205e\u3001-\ud7ff]"
"""What is no letter, digit or sign beyond doubt: control characters, odd spaces, surrogates."""

_DOUBTFUL_LINES = (
    r"|(?:^|[\s\[{,:?])[!&%]"  # tags, anchors, directives
    r"|^(?:---(?!\n)|\.\.\.)"  # what can end a document, except a line that is `---`
    r"|#[^\n]*\{"  # kustomize reads a schema in a comment
    r'|\\[^"\\nrtxuU]'  # escapes that not every library knows
)
_DOUBTFUL_SCALAR = r"|\n|\A(?:<<|=)\Z|\A\s|\s\Z|\A[-+.0-9][^_]*_"
"""The last: kustomize leaves out each `_` before it asks whether a number is written."""

_HEAD = re.compile(r"(?:(?:#[^\n]*|---)?\n)*")
"""Lines before the first value. Comments there belong to the whole document."""


class NotPlain(Exception):
    """What is read could mean something else to kustomize, so kustomize builds it."""


class _PlainReader(ValueReader):
    """Reads plain values only; *noted* are the numbers of the lines that may have comments, in order, from 0."""

    def __init__(self, noted: list[int]) -> None:
        super().__init__()
        self.noted = noted

    def mapping(self, node: MappingNode) -> tuple[Raw, int]:
        """Return the map at *node*, and its size."""
        self._check_collection(node)
        return super().mapping(node)

    def sequence(self, node: SequenceNode) -> tuple[Raw, int]:
        """Return the list at *node*, and its size."""
        self._check_collection(node)
        return super().sequence(node)

    def _check_collection(self, node: MappingNode | SequenceNode) -> None:
        """Check that no comment is in a collection in brackets, or behind it: kustomize writes some of them in it."""
        if node.flow_style:
            first = bisect_left(self.noted, node.start_mark.line)
            if self.noted[first : first + 1] and self.noted[first] <= node.end_mark.line:
                raise NotPlain

    def scalar(self, node: ScalarNode) -> Raw:
        """Return text, a number, a boolean or ``None``."""
        found = scalar(node)
        kind = type(found)
        if kind is str:
            _check_text(node, str(found))
            if not node.style and looks_like_date(str(found)):
                return _day(str(found))
        elif kind is float or kind is Ambiguous or (found is None and not node.value):
            raise NotPlain
        return found

    def key(self, node: ScalarNode) -> str:
        """Return text."""
        found = self.scalar(node)
        if type(found) is not str or found != node.value or len(found) > LONGEST_KEY or found[:1] == "$" or not found:
            raise NotPlain
        return found


@cache
def _doubtful(ascii_only: bool, others: str) -> re.Pattern[str]:
    """Return what finds a doubtful sign, or *others*. The set of all signs takes 3 ms to compile, of ASCII none."""
    return re.compile((_ASCII_CONTROLS if ascii_only else _CONTROLS) + others, re.MULTILINE)


def _check_text(node: ScalarNode, text: str) -> None:
    """Check that *text* is text also without quotes, and that it is written on one line."""
    if _doubtful(text.isascii(), _DOUBTFUL_SCALAR).search(text) or node.style == "|":
        raise NotPlain
    if node.style and type(scalar(ScalarNode("", text))) is not str:
        raise NotPlain


def _day(text: str) -> str:
    """Return what kustomize makes of a day without quotes."""
    try:
        return Date.parse(text) + MIDNIGHT
    except InvalidValue:
        raise NotPlain from None


def plain_documents(text: str) -> list[Raw]:
    """
    Return the documents of *text*; empty ones are left out.

    :raises NotPlain: where kustomize could read something else.
    :raises InvalidYaml: where it is not YAML.
    """
    if _doubtful(text.isascii(), _DOUBTFUL_LINES).search(text):
        raise NotPlain
    noted = [number for number, line in enumerate(text.split("\n")) if "#" in line]
    found = [node for node in nodes(text) if not is_nothing(node)]
    if any(isinstance(node, MappingNode) and node.flow_style for node in found):
        raise NotPlain  # the comments above a patch would be merged into it
    return [_PlainReader(noted).value(node) for node in found]


def may_have_flow_maps(text: str) -> bool:
    """Say whether *text* may have a map in brackets."""
    return "{" in text


def may_have_comments(text: str) -> bool:
    """Say whether *text*, which is plain, may have comments that kustomize writes to what it merges."""
    head = _HEAD.match(text)
    return "#" in text[head.end() if head else 0 :]

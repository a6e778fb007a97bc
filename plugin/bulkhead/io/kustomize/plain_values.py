"""
YAML that every library reads and writes in the same way: what is not beyond doubt is :class:`NotPlain`.

kustomize reads a file, merges, writes JSON, and writes YAML of that, which is read again. Values that come out of
this as they went in are plain.
"""

import re

from yaml.nodes import ScalarNode

from bulkhead.core.language.scalars import Date, InvalidValue
from bulkhead.io.yaml.nodes import Ambiguous, Raw, ValueReader, is_nothing, looks_like_date, nodes, scalar

LONGEST_KEY = 100
"""Characters. YAML libraries write a key of more than 128 in another form."""

MIDNIGHT = "T00:00:00Z"
"""What kustomize appends to a day without quotes."""

_CONTROLS = r"[^\n -~\u00a1-\u02ff\u0370-\u167f\u1681-\u1fff\u2010-\u2027\u2030-\u205e\u3001-\ud7ff]"
"""What is no letter, digit or sign beyond doubt: control characters, odd spaces, surrogates."""

_DOUBTFUL = re.compile(
    _CONTROLS + r"|(?:^|[\s\[{,:?])[!&%]"  # tags, anchors, directives
    r"|^(?:---(?!\n)|\.\.\.)"  # what can end a document, except a line that is `---`
    r"|#[^\n]*\{",  # kustomize reads a schema in a comment
    re.MULTILINE,
)
_DOUBTFUL_TEXT = re.compile(_CONTROLS + r"|\n|\A(?:<<|=)\Z|\A\s|\s\Z")


class NotPlain(Exception):
    """What is read could mean something else to kustomize, so kustomize builds it."""


class _PlainReader(ValueReader):
    """Reads plain values only."""

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


def _check_text(node: ScalarNode, text: str) -> None:
    """Check that *text* is text also without quotes, and that it is written on one line."""
    if _DOUBTFUL_TEXT.search(text) or node.style == "|":
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
    if _DOUBTFUL.search(text):
        raise NotPlain
    return [_PlainReader().value(node) for node in nodes(text) if not is_nothing(node)]

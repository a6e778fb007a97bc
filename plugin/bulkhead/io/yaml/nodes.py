"""
YAML text to plain values, with every place in the file still known.

The YAML of Kubernetes tools is neither 1.1 nor 1.2: ``no`` is a boolean to some and text to
others.  What the versions read differently is handed on as :class:`Ambiguous`, never guessed.
Duplicate keys are refused, and aliases may not grow a document beyond what is written.
"""

import re
from collections.abc import Iterator

from yaml._yaml import CParser
from yaml.error import MarkedYAMLError, YAMLError
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from bulkhead.core.diagnostics import DiagnosticError, Key, Location, Path
from bulkhead.core.language.scalars import Date, InvalidValue
from bulkhead.io.yaml.characters import SAVE_AS_UTF_8, first_unreadable, wrong_byte

Raw = None | bool | int | float | str | list["Raw"] | dict[str, "Raw"]
"""A YAML value as Python's own types; keys are always text."""

LARGEST = 8 * 1024 * 1024
"""Bytes of YAML that are read at once; above, kustomize itself takes minutes."""

DEEPEST = 200
"""Levels of maps and lists in each other that are read. The schemas in a CustomResourceDefinition have about 60."""

_ALIAS_GROWTH = 10_000
_WORDS = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip
_OLD_BOOLEANS = frozenset(
    form for word in ("y", "n", "yes", "no", "on", "off") for form in (word, word.capitalize(), word.upper())
)
_NUMERIC = frozenset("0123456789+-.")
_TAG = "tag:yaml.org,2002:"


class Ambiguous(str):
    """A plain scalar that YAML 1.1 and 1.2 read differently; *reads* is the type that one of them gives it."""

    reads: str

    @staticmethod
    def of(text: str, reads: str) -> "Ambiguous":
        """Make one of the *text* in the file."""
        found = Ambiguous(text)
        found.reads = reads
        return found

    def remedy(self) -> str:
        """Return the hint: the decimal number if there are only digits, and the quotes that make it text."""
        if self == "=":
            return "write a word: kustomize writes `=` without quotes, also where a file has them"
        decimal = self.lstrip("0") if self.isdecimal() else ""
        return (
            f'write `{decimal}`, or "{self}" in quotes for a text'
            if decimal
            else f'if it is text, write "{self}" in quotes'
        )


class InvalidYaml(DiagnosticError):
    """The text is not YAML that can be read. *line* and *column* count from 1 and are 0 where unknown."""

    def __init__(self, message: str, line: int = 0, column: int = 0, hint: str = "") -> None:
        super().__init__(message, hint, Location("", line, column))


class _Composer(CParser):
    """libyaml's parser, without the tag resolution by regular expressions that triples its cost."""

    def resolve(self, _kind: type, _value: str, _implicit: object) -> str:
        return ""

    def descend_resolver(self, _parent: object, _index: object) -> None: ...
    def ascend_resolver(self) -> None: ...


class Document:
    """One YAML document: its value, and where each part of it was written."""

    def __init__(self, node: Node, value: Raw, text: str = "") -> None:
        self.node = node
        self.value = value
        self.text = text

    def place(self, path: Path) -> tuple[tuple[int, int], int]:
        """
        Return (line, column) of the longest part of *path* that is written here, and that part's length.

        A key's place is its value's, except for maps and lists: there it is the key's own.
        """
        node, mark, depth = self.node, self.node.start_mark, 0
        for step in path:
            found = _child(node, step)
            if found is None:
                break
            mark, node = found
            depth += 1
        return (mark.line + 1, mark.column + 1), depth

    def block(self, path: Path) -> tuple[int, int]:
        """
        Return how many lines and columns stand before the text of the scalar at *path*.

        For a block scalar (``|``) the text begins on the line after, as far in as its first line is.
        """
        node = self.node
        for step in path:
            found = _child(node, step)
            if found is None:
                return 0, 0
            node = found[1]
        mark = node.start_mark
        if not isinstance(node, ScalarNode) or node.style not in ("|", ">"):
            return mark.line, mark.column
        lines = self.text.split("\n")[mark.line + 1 :]
        first = next((line for line in lines if line.strip()), "")
        return mark.line + 1, len(first) - len(first.lstrip(" "))


def _child(node: Node, step: str | int) -> tuple[object, Node] | None:
    if isinstance(node, SequenceNode) and isinstance(step, int) and step < len(node.value):
        child = node.value[step]
        return child.start_mark, child
    if isinstance(node, MappingNode):
        for key, child in node.value:
            if isinstance(key, ScalarNode) and key.value == step:
                at_value = isinstance(child, ScalarNode) and child.value and not isinstance(step, Key)
                return (child if at_value else key).start_mark, child
    if step == 0:  # where a list may be one value, the value represents the list
        return node.start_mark, node
    return None


def documents(text: str) -> Iterator[Document]:
    """
    Yield each document of *text*; empty ones are left out.

    :raises Unreadable: for anything that is not valid YAML, and for duplicate keys and excessive aliases.
    """
    for node in nodes(text):
        if not is_nothing(node):
            yield document_of(node, text)


def document_of(node: Node, text: str = "") -> Document:
    """Read one *node* of *text*; as :func:`documents`."""
    return Document(node, ValueReader().value(node), text)


def nodes(text: str, most: int = LARGEST) -> Iterator[Node]:
    """
    Yield the node of each document of *text*, as :func:`documents` does, without reading values from it.

    :raises InvalidYaml: where it is no YAML, and where it has more than *most* characters.
    """
    if most == LARGEST:
        _check_size(len(text))
    elif len(text) > most:
        raise InvalidYaml(
            f"one document has more than {most // 1024 // 1024} MiB",
            hint="write it as JSON",
        )
    try:
        composer = _Composer(text)
        while composer.check_node():
            node = composer.get_node()
            if node is not None:
                yield node
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        message = " ".join(str(part) for part in (error.context, error.problem) if part)
        place = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        line = "".join(text.split("\n")[mark.line : mark.line + 1]) if mark else ""
        tab = "\t" in line[: place[1]]
        hint = "indent with spaces: YAML does not allow tabs there" if tab else ""
        raise InvalidYaml(f"not valid YAML: {message}", *place, hint) from None
    except (YAMLError, UnicodeError) as error:
        raise InvalidYaml(f"not valid YAML: {str(error).splitlines()[0]}", *first_unreadable(text)) from None


def _check_size(size: int) -> None:
    if size > LARGEST:
        raise InvalidYaml(
            f"the YAML has more than {LARGEST // 1024 // 1024} MiB, the most that is read at once",
            hint="keep what is not about segmentation in kustomizations of its own",
        )


def is_nothing(node: Node) -> bool:
    """Say whether *node* is an empty document, or `null`."""
    return isinstance(node, ScalarNode) and not node.style and node.value in ("", "~", "null")


def decoded(data: bytes) -> str:
    """
    Return the text of *data*, which is UTF-8.

    :raises Unreadable: where it is not, with the line of the first wrong byte.
    """
    _check_size(len(data))
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        message, line, column = wrong_byte(error)
        raise InvalidYaml(message, line, column, SAVE_AS_UTF_8) from None


class ValueReader:
    """
    Turns nodes into values; one instance a document, because aliases share nodes.

    What a scalar and a key mean is decided by :meth:`scalar` and :meth:`key`.
    """

    def __init__(self) -> None:
        self.made: dict[int, tuple[Raw, int]] = {}
        self.open: set[int] = set()
        self.written = 0

    def value(self, node: Node) -> Raw:
        """
        Return the value of *node*.

        :raises InvalidYaml: where something in it is refused.
        """
        value, size = self.read(node)
        if size > self.written + _ALIAS_GROWTH:
            raise at(node, f"aliases blow the document up to {size} values", "write out what is meant")
        return value

    def read(self, node: Node) -> tuple[Raw, int]:
        """Return the node's value and its size with every alias followed."""
        if isinstance(node, ScalarNode):
            self.written += 1
            return self.scalar(node), 1
        key = id(node)
        if key in self.made:
            return self.made[key]
        if key in self.open:
            raise at(node, "an alias refers to the value that contains it", "write out what is meant")
        if len(self.open) >= DEEPEST:
            raise at(node, f"nested more than {DEEPEST} levels deep", "flatten it")
        self.open.add(key)
        self.written += 1
        if isinstance(node, MappingNode):
            made = self.mapping(node)
        else:
            assert isinstance(node, SequenceNode), "a node is a scalar, a map or a sequence"
            made = self.sequence(node)
        self.open.discard(key)
        self.made[key] = made
        return made

    def sequence(self, node: SequenceNode) -> tuple[Raw, int]:
        """Return the list at *node*, and its size."""
        _check_tag(node, "seq")
        parts = [self.read(child) for child in node.value]
        return [value for value, _ in parts], 1 + sum(size for _, size in parts)

    def mapping(self, node: MappingNode) -> tuple[Raw, int]:
        """Return the map at *node*, and its size."""
        _check_tag(node, "map")
        made: dict[str, Raw] = {}
        total = 1
        for key, child in node.value:
            if not isinstance(key, ScalarNode):
                raise at(key, "a map's key must be text, found a map or list")
            name = self.key(key)
            if name == "<<" and not key.style:
                raise at(key, "merge keys (`<<`) are not read", "write the keys out")
            if name in made:
                raise at(key, f"duplicate key `{name}`", "remove one of the two")
            made[name], size = self.read(child)
            total += size
        return made, total

    def scalar(self, node: ScalarNode) -> Raw:
        """Return what a scalar means."""
        return scalar(node)

    def key(self, node: ScalarNode) -> str:
        """Return what a key means."""
        found = scalar(node)
        if isinstance(found, str):
            return found
        return Ambiguous.of(node.value, "null" if found is None else type(found).__name__)


def scalar(node: ScalarNode) -> Raw:
    """Return the value of a scalar: what every version of YAML reads, or :class:`Ambiguous`."""
    text: str = node.value
    if node.tag:
        return _tagged(node, text)
    if node.style:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if text in _OLD_BOOLEANS:
        return Ambiguous.of(text, "a boolean in YAML 1.1")
    if text[0] in _NUMERIC or text[0] == "=":
        return _number(text)
    return text


def _tagged(node: ScalarNode, text: str) -> Raw:
    if node.tag in ("!", _TAG + "str") or (node.tag, text) == (_TAG + "merge", "<<"):  # kustomize hands "<<" on so
        return text
    raise at(node, f"the tag `{node.tag.replace(_TAG, '!!')}` is not read", "leave it out")


def _number(text: str) -> Raw:
    """Read what begins like a number; the patterns are those of the YAML library in kustomize."""
    digits = text.lstrip("+-")
    if len(text) - len(digits) <= 1 and digits.isascii() and digits.isdigit() and len(digits) <= 18:
        if len(digits) > 1 and digits[0] == "0":
            return Ambiguous.of(text, "an octal number in YAML 1.1")
        return int(text)
    if "/" in text:  # a CIDR or a port: no pattern has it, and compiling the patterns takes a millisecond
        return text
    if re.fullmatch(r"[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?", text):
        return Ambiguous.of(text, "a number to base 60 in YAML 1.1")
    if re.fullmatch(r"[-+]?0(x[0-9a-f_]+|o[0-7_]+|b[01_]+)", text, re.IGNORECASE):
        return Ambiguous.of(text, "a number in some versions of YAML")
    if re.fullmatch(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", text):
        return float(text)
    if re.fullmatch(r"[-+]?[0-9][0-9_]*(\.[0-9_]*)?", text):
        return Ambiguous.of(text, "a number in YAML 1.1")
    if text == "=" or re.fullmatch(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)", text):
        return Ambiguous.of(text, "a special value in YAML")
    return text


def _check_tag(node: Node, kind: str) -> None:
    if node.tag and node.tag not in ("!", _TAG + kind):
        raise at(node, f"the tag `{node.tag.replace(_TAG, '!!')}` is not read", "leave it out")


def at(node: Node, message: str, hint: str = "") -> InvalidYaml:
    """Return the error for what is at *node*."""
    return InvalidYaml(message, node.start_mark.line + 1, node.start_mark.column + 1, hint)


def reads_as_text(text: str) -> bool:
    """Say whether *text* without quotes is text to every version of YAML."""
    if not text or text in _WORDS or text in _OLD_BOOLEANS:
        return False
    if text[0] not in _NUMERIC and text[0] != "=":
        return True
    return type(_number(text)) is str and not _is_timestamp(text)


def looks_like_date(text: str) -> bool:
    """
    Say whether *text* has the form of a date of YAML 1.1, or of a date and time, also of a day that does not exist.

    Such a day is text to kustomize and an error to other YAML libraries.
    """
    day, sep, clock = text.replace("t", "T").replace(" ", "T", 1).partition("T")
    if not re.fullmatch(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}", day):
        return False
    zone = "" if " " in text else r"(Z|[-+][0-9]{2}:[0-9]{2})"
    return not sep or bool(re.fullmatch(r"[0-9]{1,2}:[0-9]{1,2}:[0-9]{1,2}([.,][0-9]+)?" + zone, clock))


def _is_timestamp(text: str) -> bool:
    """Say whether *text* is a date, or a date and time, to YAML 1.1."""
    if not looks_like_date(text):
        return False
    year, month, date = re.split("[Tt ]", text)[0].split("-")
    try:
        Date.parse(f"{year}-{month:0>2}-{date:0>2}")
    except InvalidValue:
        return False
    return True

"""
``yaml._yaml`` without libyaml: PyYAML's own parser behind the interface of its binding to libyaml.

The package reads YAML with libyaml (``CParser``). Where no libyaml is built for an interpreter, as for CPython in
WebAssembly, this module takes the place of the binding, so that everything else of the package is the real one.
"""

from typing import IO, Any

from yaml.composer import Composer
from yaml.emitter import Emitter
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from yaml.parser import Parser
from yaml.reader import Reader
from yaml.scanner import Scanner
from yaml.serializer import Serializer

__all__ = ["CEmitter", "CParser", "MappingNode", "Node", "ScalarNode", "SequenceNode"]


class CParser(Reader, Scanner, Parser, Composer):
    """Reads text to events and nodes."""

    def __init__(self, stream: str | bytes | IO[str] | IO[bytes]) -> None:
        Reader.__init__(self, stream)
        Scanner.__init__(self)
        Parser.__init__(self)
        Composer.__init__(self)

    def dispose(self) -> None:
        """Release what the parser holds."""
        Parser.dispose(self)


class CEmitter(Emitter, Serializer):
    """Writes events and nodes as text."""

    def __init__(
        self,
        stream: IO[str] | IO[bytes],
        canonical: Any = None,
        indent: Any = None,
        width: Any = None,
        allow_unicode: Any = None,
        line_break: Any = None,
        encoding: Any = None,
        explicit_start: Any = None,
        explicit_end: Any = None,
        version: Any = None,
        tags: Any = None,
    ) -> None:
        Emitter.__init__(self, stream, canonical, indent, width, allow_unicode, line_break)
        Serializer.__init__(self, encoding, explicit_start, explicit_end, version, tags)

"""New values as YAML text, in the form in which this project's files are written."""

import io

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.nodes import ScalarNode
from ruamel.yaml.representer import RoundTripRepresenter
from ruamel.yaml.scalarstring import DoubleQuotedScalarString, LiteralScalarString

from bulkhead.core.diagnostics import Path
from bulkhead.io.yaml.nodes import Raw, reads_as_text

_IN_ONE_LINE = frozenset({"pods", "from", "to", "accept"})
"""Fields whose maps are written in one line. So are named peers; other maps have a line for each field."""


def round_trip() -> YAML:
    """Return the reader and writer of files that people edit: quotes, comments and long lines stay."""
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 4096
    yaml.brace_single_entry_mapping_in_flow_sequence = True
    # A key without a value is dropped by kustomize: `null` removes what another layer has.
    yaml.representer.add_representer(type(None), _null)
    return yaml


def _null(representer: RoundTripRepresenter, _value: None) -> ScalarNode:
    return representer.represent_scalar("tag:yaml.org,2002:null", "null")


def fragment(path: Path, value: Raw) -> list[str]:
    """Return the lines of a map with *value* at the last step of *path*, which leads to it in a resource."""
    written = io.StringIO()
    key = plain(str(path[-1]))
    round_trip().dump(CommentedMap({key: node(value, _in_one_line(path))}), written)
    return written.getvalue().rstrip("\n").split("\n")


def item_fragment(value: Raw) -> list[str]:
    """Return the lines of a list with *value*, in one line, as its only item."""
    written = io.StringIO()
    round_trip().dump(CommentedSeq([node(value)]), written)
    return written.getvalue().rstrip("\n").split("\n")


def _in_one_line(path: Path) -> bool:
    return path[-1] in _IN_ONE_LINE or path[-2:-1] == ("peers",)


def node(value: Raw, flow: bool = True) -> object:
    """Return *value* as ruamel.yaml writes it, with *flow* in one line; quoted is what YAML may read otherwise."""
    if isinstance(value, dict):
        made = CommentedMap((plain(key), node(each, flow or _in_one_line((key,)))) for key, each in value.items())
        if flow or not value:
            made.fa.set_flow_style()
        return made
    if isinstance(value, list):
        items = CommentedSeq(map(node, value))
        items.fa.set_flow_style()
        return items
    return plain(value) if isinstance(value, str) else value


def plain(text: str) -> str:
    """Return *text* as it is, in quotes where it needs them, and as a block where it has several lines."""
    if "\n" in text:
        block: str = LiteralScalarString(text)
        return block
    quoted: str = DoubleQuotedScalarString(text)
    return str(text) if reads_as_text(text) else quoted

"""Manifests are read by the rules for overlays, but for what a scalar means; JSON in YAML is read as JSON."""

import json
from typing import Any

from bulkhead.io.yaml import documents, nodes
from bulkhead.io.yaml.nodes import Ambiguous, InvalidYaml
from hypothesis import given
from hypothesis import strategies as st

words = st.sampled_from(
    ("a", "b", "80", "true", "null", "~", "1.5", "0x1F", "1:30", "a b", "", " ", "- x", "x: y", "#")
)
words |= st.sampled_from(("*a", "1e3", "0o17", "08", "y", "n", "On", ".5", "1_0"))
data = st.recursive(
    words | st.booleans() | st.integers(-9, 99) | st.none() | st.text("a:-# '\"\\\n.{}[]&|", max_size=6),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(words, below, max_size=3),
    max_leaves=12,
)
pieces = st.sampled_from(
    ("a:", "b:", "a: ", "80:", "null:", "x", "1", "- ", "-", "  ", "    ", " ", "\n", "\n", "\n  ", "...", "---")
)
pieces |= st.sampled_from(
    (" # c", "# c", '"q"', "'s'", "{}", "[]", "|", ">", "&a ", "*a", "!t ", ": ", "yes", "a: b", "\t", "\r\n", "? ")
)


@given(data)
def test_json_within_yaml_is_read_as_json(found: Any) -> None:
    text = f"x: {json.dumps(found)}\nz: 1\n"
    assert repr(documents.parse(text)) == repr([{"x": found, "z": 1}])


def is_clear(value: Any) -> bool:
    """Say whether all versions of YAML read *value*, keys included, alike."""
    if isinstance(value, dict):
        return all(type(key) is str and is_clear(each) for key, each in value.items())
    if isinstance(value, list):
        return all(map(is_clear, value))
    return not isinstance(value, Ambiguous)


def agree(text: str) -> None:
    """Check that both readers refuse *text*, or that they read it alike where no scalar of it is ambiguous."""
    try:
        wanted = [each.value for each in nodes.documents(text)]
    except InvalidYaml:
        wanted = None
    try:
        found = [each for each in documents.parse(text) if each is not None]
    except InvalidYaml:
        found = None
    if wanted == [] and found is None:
        return  # a document that is nothing but a tag
    assert (wanted is None) == (found is None)
    if wanted is not None and is_clear(wanted):
        assert repr(found) == repr(wanted)


@given(st.lists(pieces, max_size=16).map("".join))
def test_any_text_is_read_alike_by_both_readers(text: str) -> None:
    agree(text)


@given(
    st.lists(
        st.builds(
            lambda indent, dashes, what: " " * indent + "- " * dashes + what,
            st.integers(0, 6),
            st.integers(0, 2),
            st.sampled_from(("a:", "b:", "c: 1", "d: x", "e")),
        ),
        max_size=7,
    )
)
def test_any_indentation_is_read_alike_by_both_readers(lines: list[str]) -> None:
    agree("\n".join(lines))

"""The fast reader of plain YAML reads nothing otherwise than the full parser does."""

import yaml
from bulkhead.io.yaml import documents, plain
from hypothesis import given
from hypothesis import strategies as st

words = st.sampled_from(
    ("a", "b", "80", "true", "null", "~", "1.5", "0x1F", "1:30", "a b", "", " ", "- x", "x: y", "#")
)
words |= st.sampled_from(("*a", "1e3", "0o17", "08", "y", "n", "On", ".5", "1_0"))
data = st.recursive(
    words | st.booleans() | st.integers(-9, 99) | st.none() | st.text("a:-# '\"\\\n.{}[]&|", max_size=6),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(words | st.integers(0, 9), below, max_size=3),
    max_leaves=12,
)
pieces = st.sampled_from(
    ("a:", "b:", "a: ", "80:", "null:", "x", "1", "- ", "-", "  ", "    ", " ", "\n", "\n", "\n  ", "...", "---")
)
pieces |= st.sampled_from(
    (" # c", "# c", '"q"', "'s'", "{}", "[]", "|", ">", "&a ", "*a", "!t ", ": ", "yes", "a: b", "\t", "\r\n", "? ")
)


def agree(text: str) -> None:
    read = plain.parse(text)
    if read is not NotImplemented:
        assert spelled([read]) == spelled(documents._events(text))


def spelled(found: object) -> str:
    """Told apart by type as well: true is no 1."""
    return repr(found)


@given(data)
def test_what_yaml_dumps_is_read_alike(found: object) -> None:
    agree(yaml.dump(found, sort_keys=False))


@given(st.lists(pieces, max_size=16).map("".join))
def test_any_text_is_read_alike_or_left_to_the_full_parser(text: str) -> None:
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
def test_any_indentation_is_read_alike_or_left_to_the_full_parser(lines: list[str]) -> None:
    agree("\n".join(lines))

"""Edits of YAML text: the values are those of the edit, and no line of anything else changes."""

from typing import Any

import pytest
import yaml
from bulkhead.io.editing.edited_text import NotEditable, edited
from bulkhead.io.editing.field_edits import REMOVED, FieldEdit, Removed
from hypothesis import given
from hypothesis import strategies as st

pytestmark = pytest.mark.native  # the marks of libyaml say where a value ends

Tree = dict[str, Any]

KEYS = st.sampled_from(["a", "b", "c-d", "e.f/g"])
IN_ONE_LINE = ["text", "7", "'quoted: #'", '"yes"', "null", "[1, x]", "{x: {y: 1}}"]
SCALARS = [*IN_ONE_LINE, ">-\n folded\n\n more", "|\n block\n # no comment"]
COMMENTS = ["", "", "", "# a comment", "#", "\n# after a gap"]
PEERS = {"x": {"y": ["z"]}, "from": {"pods": {"app": "yes"}}}
VALUES: list[Any] = ["new", 7, {"x": 1}, PEERS, "a: # b", ["p", {"q": 1}]]


@st.composite
def texts(draw: st.DrawFn, depth: int = 0) -> list[str]:
    """The lines of a map in block style, with comments everywhere."""
    lines: list[str] = []
    for key in draw(st.lists(KEYS, min_size=1, max_size=3, unique=True)):
        lines += draw(st.sampled_from(COMMENTS)).split("\n") if lines else []
        remark = draw(st.sampled_from(["", "", "  # on the line"]))
        if depth < 3 and draw(st.booleans()):
            lines += [f"{key}:{remark}", *(f"  {line}" if line else "" for line in draw(texts(depth + 1)))]
        else:
            first, *rest = draw(st.sampled_from(SCALARS)).split("\n")
            lines += [f"{key}: {first}{remark}", *(f" {line}" if line else "" for line in rest)]
    return lines + draw(st.sampled_from(["", "# the last"])).split("\n")


def _maps(value: Any, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """The paths of all maps that are not empty."""
    found = [path] if isinstance(value, dict) and value else []
    return found + [each for key, item in value.items() for each in _maps(item, (*path, key))] if found else []


def _changed(value: Tree, path: tuple[str, ...], new: Any) -> Tree:
    """The map after the edit, said without the code under test."""
    copied = dict(value)
    if len(path) > 1:
        below = copied.get(path[0])
        copied[path[0]] = _changed(below if isinstance(below, dict) else {}, path[1:], new)
    elif isinstance(new, Removed):
        del copied[path[0]]
    else:
        copied[path[0]] = new
    return copied


def _is_part(lines: list[str], whole: list[str]) -> bool:
    """Whether *lines* are in *whole* in this order."""
    left = iter(whole)
    return all(line in left for line in lines)


@given(st.data())
def test_an_edit_changes_the_value_and_no_other_line(data: st.DataObject) -> None:
    text = "\n".join(data.draw(texts()))
    before = yaml.safe_load(text)
    holder = data.draw(st.sampled_from(_maps(before)))
    inner = before
    for step in holder:
        inner = inner[step]
    if data.draw(st.booleans()) and len(inner) > 1:
        path, new = (*holder, data.draw(st.sampled_from(sorted(inner)))), REMOVED
    else:
        free = data.draw(st.lists(st.sampled_from(["new", "n.e/w", "y"]), min_size=1, max_size=3))
        path, new = (*holder, *free), data.draw(st.sampled_from(VALUES))
    try:
        after = edited(text, 0, (FieldEdit(path, new),))
    except NotEditable:
        assert "{" in text, "only what is in one line may be refused"
        return
    assert yaml.safe_load(after) == yaml.safe_load(yaml.safe_dump(_changed(before, path, new)))
    if "{" not in text:
        small, large = (after, text) if isinstance(new, Removed) else (text, after)
        assert _is_part(small.split("\n"), large.split("\n"))


@given(st.data())
def test_what_is_added_and_removed_again_leaves_the_text_as_it_was(data: st.DataObject) -> None:
    text = "\n".join(data.draw(texts()))
    holder = data.draw(st.sampled_from(_maps(yaml.safe_load(text))))
    if "{" in text:
        return
    path = (*holder, "new")
    added = edited(text, 0, (FieldEdit(path, data.draw(st.sampled_from(VALUES))),))
    assert edited(added, 0, (FieldEdit(path, REMOVED),)) == text

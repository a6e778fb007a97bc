"""
Edits the text of a YAML file: only the lines of what is edited change.

ruamel.yaml keeps the comments of a file that it writes again, but not their places: a comment above the next key
belongs to the key before it, and a rule that is added there comes after the comment. So lines are added and taken
out of the text itself. ruamel.yaml writes what is added, and the whole file where the map around an edit is in one
line (``{..}``). What comes out is read again: it has to be what the edits ask for.
"""

import io

from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import YAMLError
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from bulkhead.core.diagnostics import DiagnosticError, Path
from bulkhead.io.editing.field_edits import FieldEdit, Removed, applied
from bulkhead.io.editing.fragments import fragment, item_fragment, node, plain, round_trip
from bulkhead.io.yaml.nodes import InvalidYaml, Raw, document_of, nodes


class NotEditable(DiagnosticError):
    """The text cannot be edited so that only what is asked for changes."""


def edited(text: str, number: int, edits: tuple[FieldEdit, ...]) -> str:
    """
    Return *text* with *edits* in its document *number*, which counts from 0, empty documents included.

    :raises NotEditable: where what comes out is not what *edits* ask for, or loses a comment.
    """
    wanted = [applied(value, edits) if i == number else value for i, value in enumerate(_values(text))]
    found = text
    for each in edits:
        found = _edited(found, number, each)
    if _values(found) != wanted:
        raise NotEditable(_NOT_SO, _BY_HAND)
    return found


_NOT_SO = "the file cannot be edited so that its comments and all other fields stay"
_BY_HAND = "edit it by hand: `bulkhead explain` shows what to add"


def _values(text: str) -> list[Raw]:
    try:
        return [document_of(each).value for each in nodes(text)]
    except InvalidYaml as wrong:
        raise NotEditable(wrong.message, wrong.hint, wrong.location) from None


def _comments(lines: list[str]) -> int:
    return sum(line.lstrip().startswith("#") or " #" in line for line in lines)


def _edited(text: str, number: int, edit: FieldEdit) -> str:
    holder, depth = _holder(list(nodes(text))[number], edit.path)
    if isinstance(holder, SequenceNode) and holder.value and not holder.flow_style:
        return _with_item(text, number, edit, holder, edit.path[depth:])
    if not isinstance(holder, MappingNode) or not holder.value or holder.flow_style:
        return _rewritten(text, number, edit)
    key, last = str(edit.path[depth]), depth == len(edit.path) - 1
    lines = text.split("\n")
    begin, end = _entry(holder, key, lines)
    if isinstance(edit.value, Removed):
        if not last or len(holder.value) == 1:
            return _rewritten(text, number, edit)
        return "\n".join([*lines[:begin], *lines[end:]])
    column = holder.value[0][0].start_mark.column
    if begin < end and lines[begin][:column].strip():  # the entry begins behind `- `
        return _rewritten(text, number, edit)
    value = edit.value
    for step in reversed(edit.path[depth + 1 :]):
        value = {str(step): value}
    return _spliced(lines, (begin, end), column, fragment(edit.path[: depth + 1], value))


def _with_item(text: str, number: int, edit: FieldEdit, holder: SequenceNode, rest: Path) -> str:
    """Return *text* with the value of *edit* as one more item of *holder*, or as ruamel.yaml writes any other edit."""
    if rest != (len(holder.value),) or isinstance(edit.value, Removed):
        return _rewritten(text, number, edit)
    lines = text.split("\n")
    end = _last_line(holder, lines) + 1
    return _spliced(lines, (end, end), holder.start_mark.column, item_fragment(edit.value))


def _holder(root: Node, path: Path) -> tuple[Node, int]:
    """Return the innermost map or list around *path* that is written, and how much of *path* leads to it."""
    found, depth = root, 0
    for step in path[:-1]:
        child = _child(found, step)
        if child is None or isinstance(child, ScalarNode):
            break
        found, depth = child, depth + 1
    return found, depth


def _child(found: Node, step: str | int) -> Node | None:
    if isinstance(found, MappingNode):
        return next((value for key, value in found.value if key.value == step), None)
    if isinstance(found, SequenceNode) and isinstance(step, int) and step < len(found.value):
        child: Node = found.value[step]
        return child
    return None


def _entry(holder: MappingNode, key: str, lines: list[str]) -> tuple[int, int]:
    """Return the lines of the entry *key* of *holder*, from and until; where it has none, the place for it."""
    for name, value in holder.value:
        if name.value == key:
            last = _last_line(value, lines, name.start_mark.line)
            return name.start_mark.line, _after_comments(last, lines, name.start_mark.column)
    end = _after_comments(_last_line(holder, lines), lines, holder.value[0][0].start_mark.column)
    return end, end


def _after_comments(last: int, lines: list[str], column: int) -> int:
    """Return the line after *last*, and after the comments below it that are more than *column* columns in."""
    end = last + 1
    for number in range(last + 1, len(lines)):
        text = lines[number].lstrip(" ")
        if text.startswith("#") and len(lines[number]) - len(text) > column:
            end = number + 1
        elif text.strip():
            break
    return end


def _spliced(lines: list[str], place: tuple[int, int], column: int, new: list[str]) -> str:
    """Return *lines* with *new* at *place*, from and until, *column* columns in."""
    carriage = "\r" if any(line.endswith("\r") for line in lines) else ""
    added = [f"{' ' * column}{line}{carriage}" if line else carriage for line in new]
    before, after = lines[: place[0]], lines[place[1] :]
    if not after:  # the text has no newline at its end
        before = [*before[:-1], before[-1] + carriage] if before and not before[-1].endswith("\r") else before
        added[-1] = added[-1].removesuffix("\r")
    return "\n".join([*before, *added, *after])


def _last_line(found: Node, lines: list[str], least: int = 0) -> int:
    """Return the number of the last line of *found*, which counts from 0; comments after it do not belong to it."""
    while isinstance(found, (MappingNode, SequenceNode)) and found.value and not found.flow_style:
        last = found.value[-1]
        key, found = last if isinstance(last, tuple) else (last, last)
        least = max(least, key.start_mark.line)
    if isinstance(found, ScalarNode) and found.style in ("|", ">"):
        return _last_of_block(found.start_mark.line, lines)
    return max(least, found.start_mark.line, found.end_mark.line)


def _last_of_block(first: int, lines: list[str]) -> int:
    """Return the last line of the block scalar whose ``|`` or ``>`` is in line *first*."""
    text = first
    least = 0
    for number in range(first + 1, len(lines)):
        line = lines[number].rstrip()
        indent = len(line) - len(line.lstrip(" "))
        if line and indent < max(least, 1):
            break
        least = least or (indent if line else 0)
        text = number if line else text
    return text


def _rewritten(text: str, number: int, edit: FieldEdit) -> str:
    """Return *text* as ruamel.yaml writes it after *edit*."""
    yaml = round_trip()
    written = io.StringIO()
    try:
        found = list(yaml.load_all(text))
        _assign(found[number], edit)
        yaml.explicit_start = text.startswith("---")
        yaml.dump_all(found, written)
    except (YAMLError, ValueError, TypeError, IndexError) as error:
        raise NotEditable(f"cannot be edited: {str(error).splitlines()[0]}", _BY_HAND) from None
    new = written.getvalue()
    if _comments(new.split("\n")) < _comments(text.split("\n")) - _comments(_gone(text, number, edit)):
        raise NotEditable(_NOT_SO, _BY_HAND)
    return new


def _gone(text: str, number: int, edit: FieldEdit) -> list[str]:
    """Return the lines of what *edit* removes from *text* or replaces in it."""
    lines = text.split("\n")
    holder, depth = _holder(list(nodes(text))[number], edit.path)
    if depth < len(edit.path) - 1 or not isinstance(holder, MappingNode) or holder.flow_style:
        return []
    begin, end = _entry(holder, str(edit.path[depth]), lines)
    return lines[begin:end]


def _assign(found: object, edit: FieldEdit) -> None:
    for step in edit.path[:-1]:
        below = found.get(step) if isinstance(found, CommentedMap) else found[step]  # type: ignore[index]
        if below is None:
            below = CommentedMap()
            found[step] = below  # type: ignore[index]
        found = below
    last = edit.path[-1]
    if isinstance(edit.value, Removed):
        del found[last]  # type: ignore[attr-defined]
    else:
        key = plain(last) if isinstance(last, str) else last
        found[key] = node(edit.value, flow=False)  # type: ignore[index]

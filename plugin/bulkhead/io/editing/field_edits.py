"""One change of a YAML document, and what the document is afterwards."""

from collections.abc import Iterable

from bulkhead.core.diagnostics import Path
from bulkhead.core.record import record
from bulkhead.io.yaml.nodes import Raw


class Removed:
    """The value of a field that goes."""


REMOVED = Removed()


@record
class FieldEdit:
    """The field at *path* gets *value*; with ``REMOVED`` it goes. Maps around it that are not there are made."""

    path: Path
    value: Raw | Removed


def applied(value: Raw, edits: Iterable[FieldEdit]) -> Raw:
    """Return *value* after *edits*. Neither is changed."""
    for each in edits:
        value = _set(value, each.path, each.value)
    return value


def _set(value: Raw, path: Path, new: Raw | Removed) -> Raw:
    step, rest = path[0], path[1:]
    if isinstance(step, int):
        items = list(value) if isinstance(value, list) else []
        items[step : step + 1] = [_set(items[step] if step < len(items) else None, rest, new)] if rest else _one(new)
        return items
    fields = dict(value) if isinstance(value, dict) else {}
    if rest:
        fields[step] = _set(fields.get(step), rest, new)
    elif isinstance(new, Removed):
        fields.pop(step, None)
    else:
        fields[step] = new
    return fields


def _one(new: Raw | Removed) -> list[Raw]:
    return [] if isinstance(new, Removed) else [new]

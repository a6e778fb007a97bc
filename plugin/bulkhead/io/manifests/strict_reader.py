"""
Plain data of a resource to values, as strictly as kubectl and the API server read it.

What they refuse is a problem with its path: an unknown field, data of another type, a name that is not valid.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from bulkhead.core.diagnostics import Diagnostic, Key, Path, in_resource, nearest
from bulkhead.core.language.scalars import InvalidValue, LabelKey, LabelValue, quoted

_T = TypeVar("_T")


class StrictReader:
    """Reads parts of one document and collects what is wrong with it in *problems*."""

    def __init__(self, resource: str) -> None:
        self.resource = resource
        self.problems: list[Diagnostic] = []

    def refuse(self, path: Path, message: str, hint: str = "") -> None:
        """Add a problem at *path*."""
        self.problems.append(Diagnostic(in_resource(self.resource, path), message, hint))

    def mapping(self, data: Any, path: Path, known: tuple[str, ...] = ()) -> dict[str, Any]:
        """Return *data* as a map with no keys but *known* (any, where none are given); absent: an empty one."""
        if data is None:
            return {}
        if not isinstance(data, dict):
            self.refuse(path, f"`{_last(path)}` must be a mapping")
            return {}
        for key in data if known else ():
            if key not in known:
                near = nearest(str(key), known)
                self.refuse((*path, key), f"unknown field `{key}`", f"did you mean `{near}`?" if near else "")
        return data

    def items(self, data: Any, path: Path) -> list[tuple[Path, Any]]:
        """Return the items of the list *data* with their paths; absent: none."""
        if data is None:
            return []
        if not isinstance(data, list):
            self.refuse(path, f"`{_last(path)}` must be a list")
            return []
        return [((*path, number), item) for number, item in enumerate(data)]

    def text(self, data: Any, path: Path) -> str:
        """Return *data*, which must be text; absent: empty."""
        if data is None:
            return ""
        if not isinstance(data, str):
            self.refuse(path, f"`{_last(path)}` must be text, not {quoted(data)}", _quoting(data))
            return ""
        return data

    def whole(self, data: Any, path: Path) -> int | None:
        """Return *data*, which must be a whole number; absent, and where it is none: ``None``."""
        number = whole_number(data)
        if data is not None and number is None:
            self.refuse(path, f"`{_last(path)}` must be a whole number, not {quoted(data)}")
        return number

    def parsed(self, parse: Callable[[object], _T], data: Any, path: Path) -> _T | None:
        """Return what *parse* makes of *data*; ``None`` where that is not valid."""
        try:
            return parse(data)
        except InvalidValue as error:
            self.refuse(path, error.message, _quoting(data) or error.hint)
            return None

    def labels(self, data: Any, path: Path) -> tuple[tuple[str, str], ...]:
        """Return the labels of the map *data*, sorted by key."""
        found = self.mapping(data, path)
        for key, item in found.items():
            self.parsed(LabelKey.parse, key, (*path, Key(key)))
            self.parsed(LabelValue.parse, item, (*path, key))
        return tuple(sorted((str(key), str(item)) for key, item in found.items()))


def whole_number(data: Any) -> int | None:
    """Return the whole number of 64 bits that *data* is, else ``None``. JSON has one kind of number: 80.0 is 80."""
    if isinstance(data, float) and data.is_integer():
        data = int(data)
    fits = isinstance(data, int) and not isinstance(data, bool) and -(1 << 63) <= data < 1 << 63
    return data if fits else None


def _quoting(data: object) -> str:
    """Return the hint for a scalar that was meant as text. What was written may look different from its value."""
    if isinstance(data, bool):
        return "put it in quotes: without them, `y`, `n`, `yes`, `no`, `on` and `off` are truth values to kubectl"
    return "put it in quotes" if isinstance(data, int | float) else ""


def _last(path: Path) -> str:
    return str(path[-1]) if path else "document"

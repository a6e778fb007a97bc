"""
Plain data of a resource to values, as strictly as kubectl and the API server read it.

What they refuse is a problem with its path: an unknown field, data of another type, a name that is not valid.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeVar

from bulkhead.core.diagnostics import Diagnostic, Key, Path, in_resource, nearest
from bulkhead.core.language.scalars import InvalidValue, LabelKey, LabelValue, quoted

_T = TypeVar("_T")
_PORT_NAME = re.compile(r"(?=.*[a-z])[a-z0-9]+(-[a-z0-9]+)*\Z")
_REMEMBERED = 1 << 16
"""Valid labels that are remembered: the pods of a workload have the same ones."""


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
        if known and not data.keys() <= _fields(known):
            for key in [each for each in data if each not in known]:
                near = nearest(str(key), known)
                self.refuse((*path, key), f"unknown field `{key}`", f"did you mean `{near}`?" if near else "")
        return data

    def known_case(self, data: dict[str, Any], path: Path, fields: tuple[str, ...]) -> None:
        """Refuse keys of *data* that are one of *fields* but for capital letters: the API server drops them."""
        for key, field in _other_cases(tuple(data), fields):
            self.refuse((*path, Key(key)), f"unknown field `{key}`", f"did you mean `{field}`?")

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

    def flag(self, data: Any, path: Path) -> bool:
        """Return *data*, which must be `true` or `false`; absent: ``False``."""
        if not isinstance(data, bool | None):
            hint = "write it without quotes" if data in ("true", "false") else ""
            self.refuse(path, f"`{_last(path)}` must be `true` or `false`, not {_shown(data)}", hint)
        return data is True

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
        valid = _valid_labels(tuple(found.items())) if _are_texts(found) else None
        if valid is not None:
            return valid
        for key, item in found.items():
            if type(key) is str and type(item) is str and is_label_key(key) and _is_label_value(item):
                continue
            self.parsed(LabelKey.parse, key, (*path, Key(key)))
            self.parsed(LabelValue.parse, item, (*path, key))
        return tuple(sorted((str(key), str(item)) for key, item in found.items()))


def is_port_name(word: str) -> bool:
    """Say whether *word* can be the name of a port."""
    return len(word) <= 15 and bool(_PORT_NAME.match(word))


def whole_number(data: Any) -> int | None:
    """Return the whole number of 64 bits that *data* is, else ``None``. JSON has one kind of number: 80.0 is 80."""
    if isinstance(data, float) and data.is_integer():
        data = int(data)
    fits = isinstance(data, int) and not isinstance(data, bool) and -(1 << 63) <= data < 1 << 63
    return data if fits else None


@lru_cache
def _fields(known: tuple[str, ...]) -> frozenset[str]:
    return frozenset(known)


@lru_cache(_REMEMBERED)
def is_label_key(word: str) -> bool:
    """Say whether *word* can be the key of a label."""
    return _is_parsed(LabelKey.parse, word)


@lru_cache(_REMEMBERED)
def _is_label_value(word: str) -> bool:
    return _is_parsed(LabelValue.parse, word)


def _is_parsed(parse: Callable[[object], object], word: str) -> bool:
    try:
        parse(word)
    except InvalidValue:
        return False
    return True


def _are_texts(found: dict[Any, Any]) -> bool:
    return all(type(key) is str and type(item) is str for key, item in found.items())


@lru_cache(_REMEMBERED)
def _valid_labels(items: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...] | None:
    """Return the labels *items* sorted by key, ``None`` where one of them is not valid."""
    return tuple(sorted(items)) if all(is_label_key(key) and _is_label_value(item) for key, item in items) else None


@lru_cache(_REMEMBERED)
def _other_cases(keys: tuple[object, ...], fields: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Return the *keys* that are no field, each with the one of *fields* that it is but for capital letters."""
    folded = {field.casefold(): field for field in fields}
    others = [key for key in keys if isinstance(key, str) and key not in fields]
    return tuple((key, folded[key.casefold()]) for key in others if key.casefold() in folded)


def _shown(data: Any) -> str:
    return f'`"{data}"`' if data in ("true", "false") else quoted(data)


def _quoting(data: object) -> str:
    """Return the hint for a scalar that was meant as text. What was written may look different from its value."""
    if isinstance(data, bool):
        return "put it in quotes: without them, `y`, `n`, `yes`, `no`, `on` and `off` are truth values to kubectl"
    return "put it in quotes" if isinstance(data, int | float) else ""


def _last(path: Path) -> str:
    return str(path[-1]) if path else "document"

"""
Whether kustomize can decode a kustomization: the type of every field, and the keys that are no fields.

Scalars mean what they mean to kustomize (``kubectl_scalars``): `on` is a truth value, `08` a number. `null` fits
everywhere. What is wrong has its path, so that the message names a line; kustomize's own names a Go struct.
"""

import math
from collections.abc import Iterator, Mapping
from typing import Any

from bulkhead.core.diagnostics import Key, Path, nearest, spell
from bulkhead.core.language.scalars import quoted
from bulkhead.io.kustomize.fields import KUSTOMIZATION, FieldType, ListOf, MapOf, ScalarType, Struct, field_meant

_FEW = 12
"""So many keys are listed in a hint."""

Problem = tuple[Path, str, str]
"""Path, message and hint."""

_KINDS = {
    "Kustomization": "kustomize.config.k8s.io/v1beta1",
    "Component": "kustomize.config.k8s.io/v1alpha1",
}
"""The kinds of a kustomization, each with its only apiVersion."""


def type_problems(value: Any) -> Iterator[Problem]:
    """Yield what keeps kustomize from decoding *value*, a kustomization as kubectl reads it."""
    found = list(_problems(value, KUSTOMIZATION, ()))
    yield from found
    if not found:
        yield from _header(value)
        if all(value.get(key) in (None, "") for key in value if key not in ("apiVersion", "kind")):
            yield (), "this kustomization is empty, which kustomize refuses", "write `resources: []`"


def _header(value: dict[str, Any]) -> Iterator[Problem]:
    kind = value.get("kind") or "Kustomization"
    if kind not in _KINDS:
        yield ("kind",), f"`{kind}` is no kind of kustomization", f"write {' or '.join(f'`{each}`' for each in _KINDS)}"
    elif value.get("apiVersion") not in (None, "", _KINDS[kind]):
        yield ("apiVersion",), f"a {kind} has another `apiVersion`", f"write `{_KINDS[kind]}`, or leave it out"


def _problems(value: Any, type_: FieldType, path: Path) -> Iterator[Problem]:
    if value is None:
        return
    if isinstance(type_, ScalarType):
        yield from _scalar(value, type_, path)
    elif isinstance(type_, ListOf):
        if not isinstance(value, list):
            yield path, f"{_named(path)} must be a list, found {_found(value)}", _as_list(value, type_)
            return
        for i, item in enumerate(value):
            yield from _problems(item, type_.item, (*path, i))
    elif not isinstance(value, dict):
        yield path, f"{_named(path)} must be a map, found {_found(value)}", _as_map(type_)
    elif isinstance(type_, MapOf):
        for key, item in value.items():
            yield from _problems(item, type_.value, (*path, key)) if key is not None else _no_key(path)
    else:
        yield from _fields(value, type_, path)


def _fields(value: dict[Any, Any], fields: Struct, path: Path) -> Iterator[Problem]:
    for key, item in value.items():
        if key is None:
            yield from _no_key(path)
        elif key in fields:
            yield from _problems(item, fields[key], (*path, key))
        elif not field_meant(key, fields):  # another case is refused elsewhere
            near = nearest(key, list(fields))
            hint = f"did you mean `{near}`?" if near else _keys(fields)
            yield (*path, Key(key)), f"unknown key {quoted(key)}", hint


def _no_key(path: Path) -> Iterator[Problem]:
    yield path, "`null` is no key", "write the key in quotes"


def _scalar(value: Any, type_: ScalarType, path: Path) -> Iterator[Problem]:
    if type_ is ScalarType.ANY:
        yield from _unwritable(value, path)
    elif not _fits(value, type_):
        hint = "write it in quotes" if type_ is ScalarType.TEXT and not isinstance(value, dict | list) else ""
        yield path, f"{_named(path)} must be {type_.value}, found {_found(value)}", hint


def _fits(value: Any, type_: ScalarType) -> bool:
    if type_ is ScalarType.TEXT:
        return isinstance(value, str)
    if type_ is ScalarType.FLAG:
        return isinstance(value, bool)
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return is_number and value == int(value) and -(1 << 63) <= value < 1 << 63


def _unwritable(value: Any, path: Path) -> Iterator[Problem]:
    """Yield the numbers below *value* that JSON, in which kustomize hands values on, does not have."""
    if isinstance(value, float) and not math.isfinite(value):
        yield path, "this number is not finite", "write it in quotes"
    elif isinstance(value, dict | list):
        for step, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _unwritable(item, (*path, step)) if step is not None else _no_key(path)


def _named(path: Path) -> str:
    if path and isinstance(path[-1], int):
        return f"an item of `{spell(path[:-1])}`"
    return f"`{spell(path)}`" if path else "a kustomization"


def _found(value: Any) -> str:
    if isinstance(value, dict | list):
        return "a map" if isinstance(value, dict) else "a list"
    return quoted(value)


def _as_list(value: Any, type_: ListOf) -> str:
    fits = not list(_problems(value, type_.item, ()))
    return "write it as an item: `- ...`" if fits else "write one item a line, each with `- ` before it"


def _as_map(type_: MapOf | Struct) -> str:
    return _keys(type_) if isinstance(type_, Mapping) else "write a map: `key: value`"


def _keys(fields: Struct) -> str:
    few = len(fields) <= _FEW
    return f"its keys are {', '.join(f'`{each}`' for each in fields)}" if few else "remove it, or correct its name"

"""
The resources of ``core/resources.py`` as plain values, guided by their declaration alone: ``io/decode.py`` backwards.

What a person may leave out is left out, a list of one is its one entry, a selector is in its short form.
"""

from collections.abc import Mapping
from enum import Enum

from bulkhead.core.notation import Cidr, Port
from bulkhead.core.resources import LabelSelector
from bulkhead.core.value import fields_of
from bulkhead.io.sources import Raw


def encode(value: object) -> Raw:
    """Return *value*, a record or a part of one, as a person would write it."""
    if isinstance(value, (LabelSelector, Port, Cidr)):
        return _notation(value)
    if hasattr(value, "__fields__"):
        return _record(value)
    if isinstance(value, Mapping):
        return {str(key): encode(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return encode(value[0]) if len(value) == 1 else [encode(item) for item in value]
    if isinstance(value, Enum):
        return str(value.value)
    return str(value)


def _record(value: object) -> dict[str, Raw]:
    made: dict[str, Raw] = {}
    for name, field in fields_of(type(value)).items():
        item = getattr(value, name)
        if item != field.default:
            made[field.key or name] = encode(item)
    return made


def _notation(value: "LabelSelector | Port | Cidr") -> Raw:
    if isinstance(value, LabelSelector):
        return _record(value) if value.match_expressions is not None else encode(value.match_labels)
    if isinstance(value, Cidr):
        return str(value)
    word = value.name or str(value.first) + (f"-{value.last}" if value.last != value.first else "")
    if value.protocol != "TCP":
        return f"{word}/{value.protocol}"
    return int(word) if word.isdigit() else word


def difference(base: Raw, wanted: Raw) -> Raw:
    """
    Return what, merged key by key into *base*, gives *wanted*; an empty map where they are equal.

    What is to go is ``false``: tools on the way to Helm drop a ``null``.

    >>> difference({"a": {"x": 1, "y": 2}, "b": 3}, {"a": {"x": 1}, "b": 4})
    {'a': {'y': False}, 'b': 4}
    """
    if not isinstance(base, dict) or not isinstance(wanted, dict):
        return wanted
    made: dict[str, Raw] = {}
    for key in [*wanted, *(key for key in base if key not in wanted)]:
        if key not in wanted:
            made[key] = False
        elif key not in base or base[key] != wanted[key]:
            made[key] = difference(base.get(key), wanted[key])
    return made

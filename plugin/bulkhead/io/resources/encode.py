"""
The resources of ``core/language/resources.py`` as plain values, the inverse of ``decode.py``.

What a person may leave out is left out, a list of one is its one entry, a selector is in its short form.
"""

from collections.abc import Mapping
from enum import Enum

from bulkhead.core.language.provider_ranges import Count
from bulkhead.core.language.resources import LabelSelector, NamespaceSpec, narrows
from bulkhead.core.language.scalars import Cidr, Port
from bulkhead.core.record import fields_of
from bulkhead.io.yaml.nodes import Raw


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
    return int(value) if isinstance(value, Count) else str(value)


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
    if value.is_whole_protocol:
        return value.protocol
    word = value.name or str(value.first) + (f"-{value.last}" if value.last != value.first else "")
    if value.protocol != "TCP":
        return f"{word}/{value.protocol}"
    return int(word) if word.isdigit() else word


def difference(base: Raw, wanted: Raw, shape: object = NamespaceSpec) -> Raw:
    """
    Return what, merged key by key into *base*, gives *wanted*, both of *shape*; an empty map where they are equal.

    A removed key is ``false``, because some tools that pass values to Helm drop ``null``.  A field that narrows a rule
    (ports, labels, peers) is removed with ``null`` only: ``false`` could be a label value without its quotes.  If the
    ``null`` is lost, the field stays, which allows less.

    >>> base = {"egress": {"x": {"to": "a", "ports": 1}, "y": {"to": "a"}}}
    >>> difference(base, {"egress": {"x": {"to": "a"}}})
    {'egress': {'x': {'ports': None}, 'y': False}}
    """
    if not isinstance(base, dict) or not isinstance(wanted, dict):
        return wanted
    made: dict[str, Raw] = {}
    for key in [*wanted, *(key for key in base if key not in wanted)]:
        inner = _inside(shape, key)
        if key not in wanted:
            made[key] = None if inner is None else False
        elif key not in base or base[key] != wanted[key]:
            made[key] = difference(base.get(key), wanted[key], inner)
    return made


def _inside(shape: object, key: str) -> object:
    """Return the shape of the value at *key*; ``None`` for a field that narrows a rule, and for values inside it."""
    if getattr(shape, "__origin__", None) is Mapping:
        return tuple[object, ...](getattr(shape, "__args__", ()))[1]
    if not isinstance(shape, type) or not hasattr(shape, "__fields__"):
        return None
    (name,) = (name for name, field in fields_of(shape).items() if (field.key or name) == key)
    found: object = shape.__annotations__[name]
    is_limit = narrows(found) or found is LabelSelector or getattr(found, "__origin__", None) is tuple
    return None if is_limit else found

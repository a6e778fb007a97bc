"""
Immutable records.

``@record`` gives a class what ``dataclass(frozen=True, slots=True)`` gives it: a constructor, equality, hash, repr
and immutability. Type checkers treat it like that.  It exists because each ``kustomize build`` starts the plugin and
pays for its imports: ``dataclasses`` with fifteen records costs as much as PyYAML. This decorator compiles no code
and costs almost nothing. Only a record that is created often gets a constructor of its own, which is four times as
fast.
"""

from collections.abc import Callable, Mapping
from operator import attrgetter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeVar

    from typing_extensions import dataclass_transform

    T = TypeVar("T")
else:

    def dataclass_transform(**_options):
        """Replace the decorator of ``typing``, which only a type checker reads."""
        return lambda function: function


class Field:
    """What a field of a record declares in addition to its type: a default and its documentation."""

    __slots__ = ("default", "description", "example", "key")

    def __init__(self, default: object, description: str, example: str, key: str) -> None:
        self.default = default
        self.description = description
        self.example = example
        self.key = key


class Required:
    """The default of a field that has none."""


def declare(description: str, *, default: "Any" = Required, example: str = "", key: str = "") -> "Any":
    """
    Declare a field that people write: its *description* for the reference, and an *example* as YAML.

    *key* is the key in YAML where it differs from the field's name (``from`` is a keyword of Python).
    """
    return Field(default, description, example, key)


def fields_of(record: type) -> Mapping[str, Field]:
    """Return the declared fields of *record*, in order, by name."""
    declared: Mapping[str, Field] = record.__fields__  # type: ignore[attr-defined]
    return declared


class FrozenMap(dict):  # type: ignore[type-arg]  # fields are declared as Mapping, so that nothing changes one
    """A map inside a record, compared and hashed by its content."""

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(frozenset(self.items()))


class Immutable(AttributeError):
    """An assignment to a field of a record."""


_set = object.__setattr__


def replaced(value: "T", **changes: object) -> "T":
    """
    Return a copy of the record *value* in which the fields named by *changes* have these values.

    :raises TypeError: where the record has no field of that name.
    """
    fields = fields_of(type(value))
    unknown = changes.keys() - fields.keys()
    if unknown:
        raise TypeError(f"{type(value).__name__} has no `{min(unknown)}`")
    made = object.__new__(type(value))
    for name in fields:
        _set(made, name, changes[name] if name in changes else getattr(value, name))
    return made


OFTEN = 100
"""From how many objects on a record has a constructor of its own."""


def _init(self: object, *values: object, **named: object) -> None:
    fields = fields_of(type(self))
    if len(values) > len(fields):
        raise TypeError(f"{type(self).__name__} takes {len(fields)} values, got {len(values)}")
    given = iter(values)
    missing = object()
    for name, field in fields.items():
        found = next(given, missing)
        if found is missing:
            found = named.pop(name) if name in named else field.default
        if found is Required:
            raise TypeError(f"{type(self).__name__} needs `{name}`")
        _set(self, name, found)
    if named:
        raise TypeError(f"{type(self).__name__} has no `{min(named)}`, or has it twice")
    _count(type(self))


def _count(cls: "Any") -> None:
    """Note that there is one more object of *cls*, and compile its constructor when there are many."""
    cls.__made__[0] += 1
    if cls.__made__[0] == OFTEN:
        cls.__init__ = _compiled(cls)


def _compiled(cls: "Any") -> "Callable[..., None]":
    """Return the constructor of the record *cls* as a function whose parameters are the fields."""
    names: dict[str, object] = {}
    parameters, body = ["self"], []
    has_default = False
    for number, (name, field) in enumerate(fields_of(cls).items()):
        if has_default and field.default is Required:
            return _init  # Python has no such parameter after one with a default
        has_default = field.default is not Required
        names[f"_set_{number}"] = cls.__dict__[name].__set__  # of the slot: ``__setattr__`` refuses
        names[f"_default_{number}"] = field.default
        parameters.append(f"{name}=_default_{number}" if has_default else name)
        body.append(f" _set_{number}(self, {name})\n")
    exec(f"def __init__({', '.join(parameters)}):\n{''.join(body)}", names)
    return names["__init__"]  # type: ignore[return-value]


def _reader(names: tuple[str, ...]) -> "Callable[[object], object]":
    """Return the function that reads the fields *names* of a record: what is compared and hashed."""
    return staticmethod(attrgetter(*names) if names else lambda _record: ())


def _content(self: object) -> tuple[object, ...]:
    return tuple([getattr(self, name) for name in fields_of(type(self))])


def _equal(self: "Any", other: "Any") -> bool:
    return self is other or (type(self) is type(other) and self.__content__(self) == other.__content__(other))


def _hash(self: "Any") -> int:
    return hash(self.__content__(self))


def _refuse(self: object, *_arguments: object) -> None:
    raise Immutable(f"{type(self).__name__} is immutable: create a new one")


def _repr(self: object) -> str:
    shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in fields_of(type(self)))
    return f"{type(self).__name__}({shown})"


def _reduce(self: object) -> tuple[object, ...]:
    return type(self), _content(self)


@dataclass_transform(frozen_default=True, field_specifiers=(declare,))
def record(cls: "type[T]") -> "type[T]":
    """Make *cls* a record of its annotated fields: immutable, compared and hashed by its content."""
    # Read from the class: since Python 3.14 the dict of the class body has a function that computes the annotations.
    names = tuple(cls.__annotations__)
    body = dict(cls.__dict__)
    fields = {}
    for name in names:
        found = body.pop(name, Required)
        fields[name] = found if isinstance(found, Field) else Field(found, "", "", "")
    for dropped in ("__dict__", "__weakref__"):
        body.pop(dropped, None)
    body.update(
        __slots__=names,
        __fields__=fields,
        __made__=[0],
        __content__=_reader(names),
        __init__=_init,
        __eq__=_equal,
        __hash__=_hash,
        __setattr__=_refuse,
        __delattr__=_refuse,
        __reduce__=_reduce,
        __match_args__=names,
    )
    body.setdefault("__repr__", _repr)
    made: type[T] = type(cls.__name__, cls.__bases__, body)
    return made

"""The JSON Schemas of the resources, from their declaration."""

import json
from collections.abc import Mapping
from enum import Enum
from types import UnionType

from bulkhead.core.language.provider_ranges import Count, RangesSpec
from bulkhead.core.language.reachability_test import EndName, Flag, ReachabilitySpec
from bulkhead.core.language.resources import API_VERSION, LabelSelector, NamespaceSpec, ProfileSpec
from bulkhead.core.language.scalars import Cidr, Date, LabelKey, LabelValue, Name, Port, Text
from bulkhead.core.record import Required, fields_of

Json = None | bool | int | str | list["Json"] | dict[str, "Json"]

KINDS: dict[str, type] = {
    "ClusterProfile": ProfileSpec,
    "SegmentedNamespace": NamespaceSpec,
    "ProviderRanges": RangesSpec,
    "ReachabilityTest": ReachabilitySpec,
}

_LABEL = "[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?"
_NOTATIONS: dict[object, dict[str, Json]] = {
    Text: {"type": "string", "pattern": "\\S"},
    Name: {"type": "string", "pattern": "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"},
    Date: {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"},
    LabelKey: {"type": "string", "pattern": f"^([a-z0-9]([a-z0-9.-]{{0,251}}[a-z0-9])?/)?{_LABEL}$"},
    LabelValue: {"type": "string", "pattern": f"^({_LABEL})?$"},
    EndName: {"type": "string", "pattern": "^\\S+$"},
    Flag: {"type": "boolean"},
    Count: {"type": "integer", "minimum": 1},
    Cidr: {"type": "string", "pattern": "^[0-9a-fA-F:.]+/[0-9]{1,3}$"},
    Port: {
        "anyOf": [
            {"type": "integer", "minimum": 1, "maximum": 65535},
            {"type": "string", "pattern": "^([0-9]{1,5}(-[0-9]{1,5})?|[a-z0-9-]{1,15})(/(TCP|UDP|SCTP))?$"},
            {"enum": ["TCP", "UDP", "SCTP"]},
        ]
    },
}


def schema(kind: str) -> str:
    """
    Return the schema of *kind* as JSON text (draft 2020-12).

    It fits a whole resource and a patch alike: nothing is required below ``spec``, and ``null`` is
    allowed wherever a patch may remove something.  ``bulkhead validate`` checks what a schema cannot express.
    """
    written = _SchemaWriter()
    properties: dict[str, Json] = {
        "apiVersion": {"const": API_VERSION},
        "kind": {"const": kind},
        "metadata": {
            "type": "object",
            "properties": {"name": {"type": "string"}, "namespace": {"type": "string"}},
            "required": ["name"],
        },
        "spec": written.shape(KINDS[kind]),
    }
    whole: dict[str, Json] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"https://{API_VERSION}/{kind}.schema.json",
        "title": kind,
        "description": _first_line(KINDS[kind]),
        "type": "object",
        "properties": properties,
        "required": ["apiVersion", "kind", "metadata"],
        "additionalProperties": False,
        "$defs": dict(sorted(written.definitions.items())),
    }
    return json.dumps(whole, indent=2) + "\n"


class _SchemaWriter:
    """Writes shapes; records become definitions, each once."""

    def __init__(self) -> None:
        self.definitions: dict[str, Json] = {}

    def shape(self, shape: object) -> dict[str, Json]:
        origin, arguments = getattr(shape, "__origin__", None), tuple[object, ...](getattr(shape, "__args__", ()))
        if origin is tuple:
            one = self.shape(arguments[0])
            return {"anyOf": [one, {"type": "array", "items": one, "minItems": 1}]}
        if origin is Mapping:
            return self.mapping(arguments[0], arguments[1])
        if isinstance(shape, UnionType):
            choices = [self.shape(choice) for choice in arguments if choice is not type(None)]
            return choices[0] if len(choices) == 1 else {"anyOf": list(choices)}
        if shape in _NOTATIONS:
            return _NOTATIONS[shape]
        if isinstance(shape, type) and issubclass(shape, Enum):
            return {"enum": [str(member.value) for member in shape]}
        if isinstance(shape, type):
            return self.reference(shape)
        raise TypeError(f"no schema for {shape!r}")

    def mapping(self, key: object, item: object) -> dict[str, Json]:
        inner = self.shape(item)
        whole: dict[str, Json] = {"type": "object", "propertyNames": dict(_NOTATIONS[key])}
        return {**whole, "additionalProperties": {"anyOf": [inner, {"type": "null"}]}}

    def reference(self, record: type) -> dict[str, Json]:
        name = record.__name__
        if name not in self.definitions:
            self.definitions[name] = None  # holds the place while its fields refer to it
            long = self.record(record)
            if record is LabelSelector:
                short = self.shape(Mapping[LabelKey, LabelValue])
                self.definitions[name] = {"description": _first_line(record), "anyOf": [long, short]}
            else:
                self.definitions[name] = long
        return {"$ref": f"#/$defs/{name}"}

    def record(self, record: type) -> dict[str, Json]:
        properties: dict[str, Json] = {}
        for name, field in fields_of(record).items():
            described: dict[str, Json] = {"description": field.description}
            if isinstance(field.default, Enum):
                described["default"] = str(field.default.value)
            inner = self.shape(record.__annotations__[name])
            removable: list[Json] = [inner, {"type": "null"}]
            properties[field.key or name] = described | (
                {"anyOf": removable} if field.default is not Required else inner
            )
        return {
            "description": _first_line(record),
            "type": "object",
            "properties": properties,
            "additionalProperties": False,
        }


def _first_line(record: type) -> str:
    return (record.__doc__ or "").strip().splitlines()[0]

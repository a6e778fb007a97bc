"""
Decode plain YAML values as the resources of ``core/language/resources.py``. Only their declarations say how.

All problems are collected. A resource with a problem is not returned.
"""

from collections.abc import Collection, Mapping
from enum import Enum
from types import UnionType

from bulkhead.core.diagnostics import Diagnostic, Key, Path, in_resource, nearest
from bulkhead.core.language.provider_ranges import ProviderRanges, RangesSpec
from bulkhead.core.language.resources import (
    API_GROUP,
    API_VERSION,
    ClusterProfile,
    LabelSelector,
    NamespaceSpec,
    ProfileSpec,
    SegmentedNamespace,
    narrows,
)
from bulkhead.core.language.scalars import InvalidValue, LabelKey, LabelValue, Name, quoted
from bulkhead.core.record import FrozenMap, Required, fields_of
from bulkhead.io.yaml.nodes import Ambiguous, Raw

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any  # a shape is any annotation, and what is read has its type

RANGES_KIND = "ProviderRanges"
KINDS: dict[str, type] = {
    "ClusterProfile": ProfileSpec,
    "SegmentedNamespace": NamespaceSpec,
    RANGES_KIND: RangesSpec,
}
Decodable = ClusterProfile | SegmentedNamespace | ProviderRanges
TEST_KIND = "ReachabilityTest"
"""The kind that only ``bulkhead test`` reads. A build refuses it."""

_API_FIELDS = {"podSelector": "pods", "namespaceSelector": "namespaces", "ipBlock": "cidr"}
"""The key of a peer for each field of a NetworkPolicyPeer that has another name."""

_HOST_FIELDS = ("host", "hosts", "fqdn", "domain", "domains", "dnsName", "domainNames", "toFQDNs")
"""Keys of people who want to name a host in a peer."""

_NO_HOSTS = (
    "a NetworkPolicy has no host names: pin the provider's `ranges`, use an egress proxy, "
    "or allow `internet` with a `why`"
)

_ADDRESS_CHARACTERS = frozenset("0123456789abcdefABCDEF.:/")

_TOP = ("apiVersion", "kind", "metadata", "spec")


def is_ours(head: Mapping[str, Raw]) -> bool:
    """Say from ``apiVersion`` and ``kind`` whether a resource belongs to this project, even if it is misspelt."""
    group = str(head.get("apiVersion")).partition("/")[0].lower()
    return group == API_GROUP or head.get("kind") in KINDS


Decoded = dict[tuple[int, int], "tuple[Raw, Any]"]
"""Maps that were decoded without a problem, by their identity and that of their shape: what resources share."""


def decode(resource: dict[str, Raw], decoded: Decoded | None = None) -> tuple[Decodable | None, tuple[Diagnostic, ...]]:
    """
    Return the resource, or ``None`` and why not.

    A SegmentedNamespace's namespace is its ``metadata.namespace``, which kustomize sets. *decoded* is what is known
    from other resources, whose parts may be the same objects; it grows.
    """
    kind, version, metadata = resource.get("kind"), resource.get("apiVersion"), resource.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    name, namespace = metadata.get("name"), metadata.get("namespace")
    title = _title(kind, name, namespace)
    found: list[Diagnostic] = []
    if kind == TEST_KIND:
        hint = "take it out of `resources`: `bulkhead test` finds it by itself"
        return None, (Diagnostic(in_resource(title, ("kind",)), f"a {TEST_KIND} is no part of a build", hint),)
    if not isinstance(kind, str) or kind not in KINDS:
        hint = nearest(str(kind), list(KINDS))
        found.append(
            Diagnostic(
                in_resource(title, ("kind",)),
                f"unknown kind {quoted(kind)} of `{API_GROUP}`",
                f"did you mean `{hint}`?" if hint else "the kinds are " + ", ".join(f"`{each}`" for each in KINDS),
            )
        )
    if version != API_VERSION:
        found.append(
            Diagnostic(
                in_resource(title, ("apiVersion",)), f"unknown apiVersion {quoted(version)}", f"write `{API_VERSION}`"
            )
        )
    if found:
        return None, tuple(found)
    decoder = _Decoder(title, decoded)
    for key in sorted(set(resource) - set(_TOP)):
        decoder.unknown(key, _TOP, (Key(key),))
    spec = decoder.record(resource.get("spec"), KINDS[str(kind)], ("spec",))
    if kind == "ClusterProfile":
        made: Decodable = ClusterProfile(str(name), spec)
    elif kind == RANGES_KIND:
        made = ProviderRanges(str(name), spec)
    else:
        made = SegmentedNamespace(decoder.namespace(namespace), spec)
    return (None if decoder.found else made), tuple(decoder.found)


def decode_spec(resource: dict[str, Raw], shape: type) -> "tuple[Any, tuple[Diagnostic, ...]]":
    """Return the ``spec`` of *resource*, whose ``kind`` is known to be right, as *shape*; ``None`` and why not."""
    metadata = resource.get("metadata")
    name = metadata.get("name") if isinstance(metadata, dict) else None
    decoder = _Decoder(_title(resource.get("kind"), name, None))
    if resource.get("apiVersion") != API_VERSION:
        message = f"unknown apiVersion {quoted(resource.get('apiVersion'))}"
        decoder.note(("apiVersion",), message, f"write `{API_VERSION}`")
    for key in sorted(set(resource) - set(_TOP)):
        decoder.unknown(key, _TOP, (Key(key),))
    if name is None:
        decoder.note(("metadata",), "`metadata.name` is missing", "write `metadata: {name: …}`")
    else:
        decoder.scalar(name, Name, ("metadata", "name"))
    spec = decoder.record(resource.get("spec"), shape, ("spec",))
    return (None if decoder.found else spec), tuple(decoder.found)


def _title(kind: Raw, name: Raw, namespace: Raw) -> str:
    if kind == "SegmentedNamespace" and namespace is not None:
        return f"namespace {namespace}"
    if kind == "ClusterProfile":
        return f"cluster {name}"
    return f"{kind} {name}"


class _Failed:
    """The result for a value that could not be read. A problem was noted."""


_FAILED = _Failed()


class _Decoder:
    """Reads one resource; each method returns a value, or notes problems and returns ``_FAILED``."""

    def __init__(self, title: str, decoded: Decoded | None = None) -> None:
        self.title = title
        self.decoded = decoded
        self.found: list[Diagnostic] = []

    def note(self, path: Path, message: str, hint: str = "") -> _Failed:
        self.found.append(Diagnostic(in_resource(self.title, path), message, hint))
        return _FAILED

    def namespace(self, raw: Raw) -> str:
        path = ("metadata", "namespace")
        if raw is None:
            self.note(path, "the namespace is missing", "add `namespace: NAME` to the overlay's kustomization.yaml")
            return ""
        return str(self.scalar(raw, Name, path))

    def value(self, raw: Raw, shape: "Any", path: Path) -> "Any":
        """Read *raw* as *shape*, an annotation of ``core/language/resources.py``."""
        if self.decoded is None or type(raw) is not dict:
            return self.new_value(raw, shape, path)
        key = id(raw), id(shape)
        if key not in self.decoded:
            problems = len(self.found)
            made = self.new_value(raw, shape, path)
            if len(self.found) > problems:
                return made
            self.decoded[key] = raw, made  # with the map itself, so that no other has its identity
        return self.decoded[key][1]

    def new_value(self, raw: Raw, shape: "Any", path: Path) -> "Any":
        """Read *raw* as :meth:`value`, although it may be known."""
        if isinstance(raw, Ambiguous):
            return self.note(path, f"{quoted(raw)} without quotes is {raw.reads}", raw.remedy())
        origin = getattr(shape, "__origin__", None)
        if origin is tuple:
            return self.several(raw, shape.__args__[0], path)
        if origin is Mapping:
            return self.mapping(raw, shape.__args__, path)
        if isinstance(shape, UnionType):
            return self.union(raw, shape, path)
        if shape is LabelSelector:
            return self.selector(raw, path)
        if hasattr(shape, "__fields__") and not hasattr(shape, "parse"):
            return self.record(raw, shape, path)
        return self.scalar(raw, shape, path)

    def union(self, raw: Raw, shape: "Any", path: Path) -> "Any":
        """Read ``X | None`` or ``Name | Peer``: a map is the record, anything else the scalar."""
        choices = [choice for choice in shape.__args__ if choice is not type(None)]
        if len(choices) > 1:
            records = [choice for choice in choices if hasattr(choice, "__fields__")]
            scalars = [choice for choice in choices if choice not in records]
            choices = records if isinstance(raw, dict) else scalars
            if choices == [Name] and _resembles_address(raw):
                hint = f"write `{{cidr: {quoted(raw)[1:-1]}}}`"
                return self.note(path, f"{quoted(raw)} is not the name of a peer", hint)
        return self.value(raw, choices[0], path)

    def several(self, raw: Raw, shape: "Any", path: Path) -> "Any":
        """Read one value or a list of values. An empty list is a problem: it never means everyone."""
        if not isinstance(raw, list):
            one = self.value(raw, shape, path)
            return one if one is _FAILED else (one,)
        if not raw:
            return self.note(path, "the list is empty", _without(path))
        read = [self.value(item, shape, (*path, i)) for i, item in enumerate(raw)]
        return _FAILED if _FAILED in read else tuple(dict.fromkeys(read))

    def mapping(self, raw: Raw, shapes: "tuple[Any, Any]", path: Path) -> "Any":
        if not isinstance(raw, dict):
            return self.note(path, f"this must be a map of names, found {_kind(raw)}", "write `NAME: …` for each")
        key_shape, shape = shapes
        read = FrozenMap()
        for key, item in sorted(raw.items()):
            name = self.value(key, key_shape, (*path, Key(key)))
            if item is not None or shape is LabelValue:
                read[name] = self.value(item, shape, (*path, key))
        return _FAILED if _FAILED in read or _FAILED in read.values() else read

    def selector(self, raw: Raw, path: Path) -> "Any":
        """Read the long form of a selector, or the short one, which is a map of labels."""
        if isinstance(raw, dict) and not {"matchLabels", "matchExpressions"} & set(raw):
            labels = self.mapping(raw, (LabelKey, LabelValue), path)
            return labels if labels is _FAILED else LabelSelector(labels)
        return self.record(raw, LabelSelector, path)

    def record(self, raw: Raw, shape: type, path: Path) -> "Any":
        if not isinstance(raw, dict):
            listed = ", ".join(f"`{key}`" for key in _keys(shape))
            return self.note(path, f"this must be a map, found {_kind(raw)}", f"its keys are {listed}")
        keys = _keys(shape)
        for key in sorted(set(raw) - set(keys)):
            self.unknown(key, tuple(keys), (*path, Key(key)))
        read = {}
        for key, name in keys.items():
            field = fields_of(shape)[name]
            item = raw.get(key)
            if item is not None:
                read[name] = self.value(item, shape.__annotations__[name], (*path, key))
            elif key in raw and narrows(shape.__annotations__[name]):
                hint = f"leave `{key}` out if that is meant, or write the value"
                read[name] = self.note((*path, Key(key)), f"`{key}` has no value", hint)
            elif field.default is Required:
                example = f"write `{key}: {field.example}`, for example" if field.example else f"add `{key}`"
                self.note(path, f"`{key}` is missing", example)
                read[name] = _FAILED
        if _FAILED in read.values():
            return _FAILED
        return self.checked(shape(**read), path)

    def checked(self, made: "Any", path: Path) -> "Any":
        """Note the problems that the record itself reports."""
        complaints = list(made.complaints()) if hasattr(made, "complaints") else []
        for key, message, hint in complaints:
            self.note((*path, key) if key else path, message, hint)
        return _FAILED if complaints else made

    def scalar(self, raw: Raw, shape: "Any", path: Path) -> "Any":
        if isinstance(shape, type) and issubclass(shape, Enum):
            return self.choice(raw, shape, path)
        try:
            return shape.parse(raw)
        except InvalidValue as refused:
            return self.note(path, refused.message, refused.hint)

    def choice(self, raw: Raw, shape: type[Enum], path: Path) -> Enum | _Failed:
        words = [str(member.value) for member in shape]
        if isinstance(raw, str) and raw in words:
            return shape(raw)
        near = nearest(str(raw), words)
        listed = ", ".join(f"`{word}`" for word in words)
        return self.note(path, f"{_kind(raw)} is not one of {listed}", f"did you mean `{near}`?" if near else "")

    def unknown(self, key: str, known: Collection[str], path: Path) -> None:
        near = _API_FIELDS.get(key, "")
        near = near if near in known else nearest(key, tuple(known))
        listed = ", ".join(f"`{word}`" for word in known)
        if key in _HOST_FIELDS and "cidr" in known:
            self.note(path, f"unknown key {quoted(key)}", _NO_HOSTS)
            return
        self.note(path, f"unknown key {quoted(key)}", f"did you mean `{near}`?" if near else f"the keys are {listed}")


def _keys(shape: type) -> dict[str, str]:
    return {field.key or name: name for name, field in fields_of(shape).items()}


def _resembles_address(raw: Raw) -> bool:
    """Say whether *raw* is text that looks like an address or a CIDR, which a peer gives as `cidr`."""
    if not isinstance(raw, str) or isinstance(raw, Ambiguous) or not _ADDRESS_CHARACTERS.issuperset(raw):
        return False
    return ":" in raw or (raw[:1].isdigit() and ("." in raw or "/" in raw))


def _kind(raw: Raw) -> str:
    if raw is None:
        return "nothing"
    return "a map" if isinstance(raw, dict) else "a list" if isinstance(raw, list) else quoted(raw)


def _without(path: Path) -> str:
    if path[-1] in ("from", "to"):
        return "name at least one peer, or remove the rule with `null`"
    return f"leave `{path[-1]}` out" if path[-1] == "ports" else "write at least one, or remove the key"

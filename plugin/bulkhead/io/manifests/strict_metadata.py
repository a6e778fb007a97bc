"""
The metadata of a resource, as strictly as the API server reads it.

Names and labels decide what policies select. The other fields decide nothing here, but a server refuses the whole
resource where one of them is wrong.
"""

import re
from datetime import datetime
from typing import Any

from bulkhead.core.diagnostics import Key, Path
from bulkhead.core.language.scalars import LabelKey, Name, Subdomain
from bulkhead.core.record import record
from bulkhead.io.manifests.strict_reader import StrictReader

_TEXTS = ("selfLink", "uid", "resourceVersion")
_NUMBERS = ("generation", "deletionGracePeriodSeconds")
_TIMES = ("creationTimestamp", "deletionTimestamp")
_OTHERS = ("name", "generateName", "namespace", "labels", "annotations", "finalizers", "ownerReferences")
_FIELDS = (*_OTHERS, "managedFields", *_TEXTS, *_NUMBERS, *_TIMES)
_OWNER = ("apiVersion", "kind", "name", "uid")
_MANAGED = ("manager", "operation", "apiVersion", "time", "fieldsType", "fieldsV1", "subresource")
_FINALIZERS = ("kubernetes", "orphan", "foregroundDeletion")
"""The finalizers without a domain."""
_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:[0-5]\d)([.,]\d+)?(Z|[-+]([01]\d|2[0-3]):[0-5]\d)", re.ASCII)
_ANNOTATIONS = 256 * 1024
"""Bytes of annotations that an object may have."""


@record
class Metadata:
    """
    What is in the metadata of an object in a namespace.

    *name* is ``generateName`` where no name is given. *stored*: an API server had accepted the object when this was
    written, as the ``uid`` shows that it gives every object.
    """

    namespace: str
    name: str
    labels: tuple[tuple[str, str], ...]
    annotations: tuple[tuple[str, str], ...]
    stored: bool


def read(reader: StrictReader, data: Any, path: Path) -> Metadata:
    """Return the metadata that *data* is; what is wrong becomes a problem of *reader*."""
    found = reader.mapping(data, path, _FIELDS)
    space = found.get("namespace")
    metadata = Metadata(
        namespace="default" if space in (None, "") else reader.parsed(Name.parse, space, (*path, "namespace")) or "",
        name=_name(reader, found, path),
        labels=reader.labels(found.get("labels"), (*path, "labels")),
        annotations=_annotations(reader, found.get("annotations"), (*path, "annotations")),
        stored=bool(found.get("uid")),
    )
    _check_the_rest(reader, found, path)
    return metadata


def _name(reader: StrictReader, found: dict[str, Any], path: Path) -> str:
    name = reader.text(found.get("name"), (*path, "name"))
    prefix = reader.text(found.get("generateName"), (*path, "generateName"))
    if prefix:  # the server adds letters: a dash before them is not the last character
        ended = prefix[:-2] + "a" if len(prefix) > 1 and prefix.endswith("-") else prefix
        reader.parsed(Subdomain.parse, ended, (*path, "generateName"))
    if name:
        reader.parsed(Subdomain.parse, name, (*path, "name"))
    elif not prefix and isinstance(found.get("name"), str | None):
        reader.refuse((*path, "name"), "`name` is missing")
    return name or prefix


def _annotations(reader: StrictReader, data: Any, path: Path) -> tuple[tuple[str, str], ...]:
    found = reader.mapping(data, path)
    for key in found:
        reader.parsed(LabelKey.parse, key.lower() if isinstance(key, str) else key, (*path, Key(key)))
    pairs = tuple(sorted((str(key), reader.text(item, (*path, key))) for key, item in found.items()))
    if sum(len(part.encode(errors="replace")) for pair in pairs for part in pair) > _ANNOTATIONS:
        reader.refuse(path, f"the annotations have more than {_ANNOTATIONS // 1024} KiB")
    return pairs


def _check_the_rest(reader: StrictReader, found: dict[str, Any], path: Path) -> None:
    for field in _TEXTS:
        reader.text(found.get(field), (*path, field))
    for field in _NUMBERS:
        reader.whole(found.get(field), (*path, field))
    for field in _TIMES:
        _check_time(reader, found.get(field), (*path, field))
    finalizers = [item for _, item in reader.items(found.get("finalizers"), (*path, "finalizers"))]
    for number, item in enumerate(finalizers):
        name = reader.parsed(LabelKey.parse, item, (*path, "finalizers", number))
        if name and "/" not in name and name not in _FINALIZERS:
            reader.refuse(
                (*path, "finalizers", number), f"finalizer `{name}` has no domain", f"write `example.com/{name}`"
            )
    if "orphan" in finalizers and "foregroundDeletion" in finalizers:
        reader.refuse((*path, "finalizers"), "`orphan` and `foregroundDeletion` exclude each other")
    _check_owners(reader, found.get("ownerReferences"), (*path, "ownerReferences"))
    for place, item in reader.items(found.get("managedFields"), (*path, "managedFields")):
        reader.mapping(item, place, _MANAGED)


def _check_time(reader: StrictReader, data: Any, path: Path) -> None:
    text = reader.text(data, path)
    if not isinstance(data, str):
        return
    found = _TIME.fullmatch(text)
    try:
        datetime.strptime(found[1] if found else "", "%Y-%m-%dT%H:%M:%S")
    except ValueError:
        reader.refuse(path, f"`{text}` is not a time", "write it as `2026-01-31T12:00:00Z`")


def _check_owners(reader: StrictReader, data: Any, path: Path) -> None:
    controllers = 0
    for place, item in reader.items(data, path):
        owner = reader.mapping(item, place, (*_OWNER, "controller", "blockOwnerDeletion"))
        for field in _OWNER:
            if not reader.text(owner.get(field), (*place, field)):
                reader.refuse((*place, field), f"`{field}` of an owner is missing")
        version = str(owner.get("apiVersion"))
        if version.count("/") > 1 or version.endswith("/"):
            reader.refuse((*place, "apiVersion"), f"`{version}` is not an API version")
        for field in ("controller", "blockOwnerDeletion"):
            if not isinstance(owner.get(field), bool | None):
                reader.refuse((*place, field), f"`{field}` must be `true` or `false`")
        controllers += owner.get("controller") is True
    if controllers > 1:
        reader.refuse(path, "only one owner can be the controller")

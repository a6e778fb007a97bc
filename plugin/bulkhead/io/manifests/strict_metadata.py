"""
The metadata of a resource, as strictly as the API server reads it.

Names and labels decide what policies select. The other fields decide nothing here, but a server refuses the whole
resource where one of them is wrong.
"""

import re
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from typing import Any

from bulkhead.core.diagnostics import Key, Path
from bulkhead.core.kubernetes.cluster import Labels
from bulkhead.core.language.scalars import InvalidValue, LabelKey, Name, Subdomain
from bulkhead.core.record import record
from bulkhead.io.manifests.strict_reader import StrictReader, is_label_key

_TEXTS = ("selfLink", "uid", "resourceVersion")
_NUMBERS = ("generation", "deletionGracePeriodSeconds")
_OF_SERVER = ("uid", "resourceVersion", "creationTimestamp")
_TIMES = ("creationTimestamp", "deletionTimestamp")
_OTHERS = ("name", "generateName", "namespace", "labels", "annotations", "finalizers", "ownerReferences")
_FIELDS = (*_OTHERS, "managedFields", *_TEXTS, *_NUMBERS, *_TIMES)
OWNER_FIELDS = ("apiVersion", "kind", "name", "uid")
_OWNER_KEYS = (*OWNER_FIELDS, "controller", "blockOwnerDeletion")
_MANAGED = ("manager", "operation", "apiVersion", "time", "fieldsType", "fieldsV1", "subresource")
_FINALIZERS = ("kubernetes", "orphan", "foregroundDeletion")
"""The finalizers without a domain."""
_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:[0-5]\d)([.,]\d+)?(Z|[-+]([01]\d|2[0-3]):[0-5]\d)", re.ASCII)
_ANNOTATIONS = 256 * 1024
"""Bytes of annotations that an object may have."""


Owner = tuple[str, str]
"""Kind and name of an object."""

NO_OWNER: Owner = ("", "")
"""Nothing controls the object."""


@record
class Metadata:
    """
    What is in the metadata of an object.

    *namespace* is ``default`` where none is written. *name* is ``generateName`` where no name is given, and then the
    object is *generated*: the API server completes its name. *stored*: an API server had accepted the object when
    this was written, as the ``uid`` shows that it gives every object. *printed*: it has all that a server gives an
    object (``is_printed``). *controller*: what controls the object; the node
    of a mirror pod is none. *leaving*: it is being deleted.
    """

    namespace: str
    name: str
    labels: Labels
    annotations: Labels
    stored: bool = False
    generated: bool = False
    controller: Owner = NO_OWNER
    leaving: bool = False
    printed: bool = False


def is_printed(metadata: Any) -> bool:
    """Say whether *metadata*, as it was read, has what an API server gives every object, and kubectl prints."""
    return isinstance(metadata, dict) and all(metadata.get(field) for field in _OF_SERVER)


def read(
    reader: StrictReader,
    data: Any,
    path: Path,
    parse_name: Callable[[object], str] = Subdomain.parse,
    owner_fields: tuple[str, ...] = OWNER_FIELDS,
) -> Metadata:
    """
    Return the metadata that *data* is; what is wrong becomes a problem of *reader*.

    *parse_name* takes the names that the kind of the object can have. *owner_fields* are those that each owner needs.
    """
    found = reader.mapping(data, path, _FIELDS)
    space = found.get("namespace")
    metadata = Metadata(
        namespace="default" if space in (None, "") else _namespace(reader, space, (*path, "namespace")),
        name=_name(reader, found, path, parse_name),
        labels=reader.labels(found.get("labels"), (*path, "labels")),
        annotations=_annotations(reader, found.get("annotations"), (*path, "annotations")),
        stored=bool(found.get("uid")),
        generated=not found.get("name"),
        controller=_controller(reader, found.get("ownerReferences"), (*path, "ownerReferences"), owner_fields),
        leaving=found.get("deletionTimestamp") is not None,
        printed=is_printed(found),
    )
    _check_the_rest(reader, found, path)
    return metadata


def labels_of_template(reader: StrictReader, data: Any, path: Path) -> Labels:
    """Return the labels of a pod template's metadata *data*. It needs no name, and whose it is decides nothing."""
    found = reader.mapping(data, path, _FIELDS)
    for field in ("name", "generateName", "namespace"):
        reader.text(found.get(field), (*path, field))
    _annotations(reader, found.get("annotations"), (*path, "annotations"))
    return reader.labels(found.get("labels"), (*path, "labels"))


def _namespace(reader: StrictReader, data: Any, path: Path) -> str:
    return data if isinstance(data, str) and _is_namespace(data) else reader.parsed(Name.parse, data, path) or ""


@lru_cache
def _is_namespace(word: str) -> bool:
    try:
        return bool(Name.parse(word))
    except InvalidValue:
        return False


def _name(reader: StrictReader, found: dict[str, Any], path: Path, parse: Callable[[object], str]) -> str:
    name = reader.text(found.get("name"), (*path, "name"))
    prefix = reader.text(found.get("generateName"), (*path, "generateName"))
    if prefix:  # the server adds letters: a dash before them is not the last character
        ended = prefix[:-2] + "a" if len(prefix) > 1 and prefix.endswith("-") else prefix
        reader.parsed(parse, ended, (*path, "generateName"))
    if name:
        reader.parsed(parse, name, (*path, "name"))
    elif not prefix and isinstance(found.get("name"), str | None):
        reader.refuse((*path, "name"), "`name` is missing")
    return name or prefix


def _annotations(reader: StrictReader, data: Any, path: Path) -> Labels:
    if data is None:
        return ()
    found = reader.mapping(data, path)
    for key in found:
        if not (isinstance(key, str) and is_label_key(key.lower())):
            reader.parsed(LabelKey.parse, key.lower() if isinstance(key, str) else key, (*path, Key(key)))
    pairs = tuple(sorted((str(key), reader.text(item, (*path, key))) for key, item in found.items()))
    if sum(len(key) + len(item) for key, item in pairs) * 4 > _ANNOTATIONS and _size(pairs) > _ANNOTATIONS:
        reader.refuse(path, f"the annotations have more than {_ANNOTATIONS // 1024} KiB")
    return pairs


def _size(pairs: Labels) -> int:
    return sum(len(part.encode(errors="replace")) for pair in pairs for part in pair)


def _check_the_rest(reader: StrictReader, found: dict[str, Any], path: Path) -> None:
    for field in found:
        if field in _TEXTS:
            reader.text(found[field], (*path, field))
        elif field in _NUMBERS:
            reader.whole(found[field], (*path, field))
        elif field in _TIMES:
            _check_time(reader, found[field], (*path, field))
        elif field == "finalizers":
            _check_finalizers(reader, found[field], (*path, field))
        elif field == "managedFields":
            for place, item in reader.items(found[field], (*path, field)):
                reader.mapping(item, place, _MANAGED)


def _check_finalizers(reader: StrictReader, data: Any, path: Path) -> None:
    finalizers = [item for _, item in reader.items(data, path)]
    for number, item in enumerate(finalizers):
        name = reader.parsed(LabelKey.parse, item, (*path, number))
        if name and "/" not in name and name not in _FINALIZERS:
            reader.refuse((*path, number), f"finalizer `{name}` has no domain", f"write `example.com/{name}`")
    if "orphan" in finalizers and "foregroundDeletion" in finalizers:
        reader.refuse(path, "`orphan` and `foregroundDeletion` exclude each other")


def _check_time(reader: StrictReader, data: Any, path: Path) -> None:
    text = reader.text(data, path)
    if isinstance(data, str) and not _is_time(text):
        reader.refuse(path, f"`{text}` is not a time", "write it as `2026-01-31T12:00:00Z`")


@lru_cache
def _is_time(text: str) -> bool:
    found = _TIME.fullmatch(text)
    try:
        return bool(found and datetime.strptime(found[1], "%Y-%m-%dT%H:%M:%S"))
    except ValueError:
        return False


def _controller(reader: StrictReader, data: Any, path: Path, needed: tuple[str, ...]) -> Owner:
    """Return what controls the object whose owners *data* are."""
    if data is None:
        return NO_OWNER
    owners = [(place, reader.mapping(item, place, _OWNER_KEYS)) for place, item in reader.items(data, path)]
    for place, owner in owners:
        _check_owner(reader, owner, place, needed)
    found = [owner for _, owner in owners if owner.get("controller") is True]
    if len(found) > 1:
        reader.refuse(path, "only one owner can be the controller")
    named = [(str(owner.get("kind")), str(owner.get("name"))) for owner in found if owner.get("kind") != "Node"]
    return named[0] if named else NO_OWNER


def _check_owner(reader: StrictReader, owner: dict[str, Any], place: Path, needed: tuple[str, ...]) -> None:
    for field in OWNER_FIELDS:
        if not reader.text(owner.get(field), (*place, field)) and field in needed:
            reader.refuse((*place, field), f"`{field}` of an owner is missing")
    version = str(owner.get("apiVersion"))
    if version.count("/") > 1 or version.endswith("/"):
        reader.refuse((*place, "apiVersion"), f"`{version}` is not an API version")
    for field in ("controller", "blockOwnerDeletion"):
        reader.flag(owner.get(field), (*place, field))

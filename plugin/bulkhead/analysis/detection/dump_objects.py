"""The objects of a dump as plain values, with safe access to their fields."""

import json
from collections.abc import Iterator
from io import TextIOWrapper
from typing import TextIO, TypeAlias

from bulkhead.core.diagnostics import DiagnosticError
from bulkhead.core.record import record
from bulkhead.io.files import LARGEST_TEXT, Unreadable, regular_file
from bulkhead.io.yaml.json_stream import items

Plain: TypeAlias = "bool | int | float | str | list[Plain] | dict[str, Plain] | None"

LARGEST_DUMP = 64 * LARGEST_TEXT
"""Bytes of a dump, which is read item by item."""

_DUMP = "write one with `kubectl get ns,nodes,svc,pods,deploy,ds,sts,netpol -A -o json`"
_KEPT = {
    "Node", "Service", "Pod", "Deployment", "DaemonSet", "StatefulSet", "Namespace", "ConfigMap", "Endpoints",
    "EndpointSlice", "ServiceCIDR", "IPPool", "CiliumNode",
}  # fmt: skip


class NoDump(DiagnosticError):
    """What was given is no dump of a cluster."""


@record
class DumpObject:
    """One object of a dump: its *kind*, *namespace* (empty without one), *name* and its whole *data*."""

    kind: str
    namespace: str
    name: str
    data: Plain

    def at(self, *path: str) -> Plain:
        """Return the value at *path*, ``None`` where there is none."""
        return at(self.data, *path)

    def labels(self, *path: str) -> dict[str, str]:
        """Return the labels at *path*, by default those of the object itself."""
        found = at(self.data, *(path or ("metadata", "labels")))
        return {key: value for key, value in found.items() if isinstance(value, str)} if isinstance(found, dict) else {}

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace + '/' if self.namespace else ''}{self.name}"


def at(value: Plain, *path: str) -> Plain:
    """Return what is at *path* of *value*, ``None`` where there is nothing."""
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def texts(value: Plain) -> list[str]:
    """Return the texts in the list *value*, or the one that it is."""
    return [value] if isinstance(value, str) else [each for each in listed(value) if isinstance(each, str)]


def listed(value: Plain) -> list[Plain]:
    """Return the list *value*; an empty one where it is none."""
    return value if isinstance(value, list) else []


def read_dump(path: str, stdin: TextIO) -> tuple[DumpObject, ...]:
    """
    Return the objects of the dump at *path*, `-` for *stdin*, of the kinds that say something about a cluster.

    :raises NoDump: where it cannot be read, is no JSON, or holds no object.
    """
    name = "stdin" if path == "-" else path
    try:
        if path == "-":
            return _objects(stdin, name)
        with TextIOWrapper(regular_file(path, LARGEST_DUMP), encoding="utf-8-sig") as opened:
            return _objects(opened, name)
    except Unreadable as refused:
        raise NoDump(f"{name}: {refused.message}", refused.hint) from None
    except UnicodeDecodeError:
        raise NoDump(f"{name}: not UTF-8 text", _DUMP) from None
    except json.JSONDecodeError as error:
        raise NoDump(f"{name}:{error.lineno}:{error.colno}: no JSON: {error.msg}", _DUMP) from None


def _objects(stream: TextIO, name: str) -> tuple[DumpObject, ...]:
    found = [made for item in items(stream) for made in _object(item.data, item.kind)]
    if not found:
        raise NoDump(f"{name}: there is no Kubernetes object in it", _DUMP)
    return tuple(each for each in found if each.kind in _KEPT)


def _object(data: Plain, list_kind: str) -> Iterator[DumpObject]:
    kind = at(data, "kind") or list_kind
    named, namespace = at(data, "metadata", "name"), at(data, "metadata", "namespace")
    if isinstance(kind, str) and isinstance(named, str):
        yield DumpObject(kind, namespace if isinstance(namespace, str) else "", named, data)

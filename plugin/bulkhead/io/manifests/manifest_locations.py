"""
Where NetworkPolicies and namespaces are in files that people wrote, or that a cluster was dumped to.

The values of a cluster know no file.  The files are read again for their places, and only where
something is to be said about one.
"""

import json
from collections.abc import Iterable, Iterator
from io import TextIOWrapper
from typing import Any

from bulkhead.core.diagnostics import Location, Path
from bulkhead.core.kubernetes.networkpolicy import NETWORKPOLICY
from bulkhead.core.record import record
from bulkhead.io.files import Unreadable, regular_file
from bulkhead.io.manifests.kinds import group_of, is_unjudged
from bulkhead.io.manifests.manifest_files import LARGEST_DUMP
from bulkhead.io.yaml import documents, json_stream
from bulkhead.io.yaml.nodes import InvalidYaml

_KINDS = (NETWORKPOLICY, "Namespace")


@record
class Standing:
    """
    A resource's place: in *file*, *line* lines down, at *path* of the document *text*.

    Of a resource in a stream only the line is known; *text* is empty.  *data* is the resource itself.
    """

    file: str
    line: int
    text: str
    path: Path
    data: Any

    @property
    def namespace(self) -> str:
        """The namespace that is written, ``""`` where none is."""
        return str(self.metadata.get("namespace") or "")

    @property
    def metadata(self) -> dict[str, Any]:
        """The resource's metadata."""
        found = self.data.get("metadata")
        return found if isinstance(found, dict) else {}


class Places:
    """
    The NetworkPolicies and namespaces in *files*, by kind, namespace and name; read when first asked for.

    *files* are in the order in which they are applied: of two objects of one name, the later one counts.
    """

    def __init__(self, files: Iterable[str]) -> None:
        self.files = tuple(dict.fromkeys(files))
        self._found: dict[tuple[str, str], list[Standing]] | None = None
        self._last: dict[tuple[str, str, str], Standing] | None = None

    def locate(self, kind: str, namespace: str, name: str, path: Path) -> Location | None:
        """Return the place of *path* in a resource, or the nearest around it; ``None``: in no file."""
        standing = self._standing(kind, namespace, name)
        if standing is None:
            return None
        if not standing.text:
            return Location(standing.file, standing.line + 1, 1)
        line, column = documents.place(standing.text, (*standing.path, *path))
        return Location(standing.file, standing.line + line + 1, column + 1)

    def _standing(self, kind: str, namespace: str, name: str) -> Standing | None:
        """Return the resource, one without a namespace of its own where none has the right one."""
        if kind == "Namespace":
            return next(reversed(self.read().get((kind, name), [])), None)
        if self._last is None:
            self._last = {
                (found, title, space): each
                for (found, title), standings in self.read().items()
                for each in standings
                for space in ([each.namespace] if each.namespace else ["default", ""])
            }
        return self._last.get((kind, name, namespace)) or self._last.get((kind, name, ""))

    def read(self) -> dict[tuple[str, str], list[Standing]]:
        """Return what the files hold by kind and name; they are read once, and may be gone afterwards."""
        if self._found is None:
            self._found = {}
            for file in self.files:
                for standing in _in_file(file):
                    kind, metadata = str(standing.data.get("kind")), standing.metadata
                    name = str(metadata.get("name") or metadata.get("generateName"))
                    self._found.setdefault((kind, name), []).append(standing)
        return self._found

    def unspoken(self) -> Iterator[tuple[str, str, Path]]:
        """Yield namespace, name and path of the first port of each policy for which no protocol is written."""
        for name, standing in self._policies():
            path = next(_without_protocol(standing.data), None)
            if path:
                yield standing.namespace or "default", name, path

    def left_out(self) -> Iterator[tuple[str, str, Path]]:
        """Yield namespace, name and path of the rules of each direction that is not in the policy's ``policyTypes``."""
        for name, standing in self._policies():
            for path in _without_type(standing.data):
                yield standing.namespace or "default", name, path

    def _policies(self) -> Iterator[tuple[str, Standing]]:
        """Yield the name and the place of each policy that counts."""
        for (kind, name), standings in self.read().items():
            if kind == NETWORKPOLICY:
                last = {each.namespace or "default": each for each in standings if each.metadata.get("name")}
                generated = [each for each in standings if not each.metadata.get("name")]
                yield from ((name, each) for each in (*last.values(), *generated))


def _without_type(data: dict[str, Any]) -> Iterator[Path]:
    spec = data.get("spec")
    types = spec.get("policyTypes") if isinstance(spec, dict) else None
    if not isinstance(spec, dict) or not isinstance(types, list) or not types:
        return  # without `policyTypes` a policy is for ingress, and for egress where it has rules of it
    for direction in ("ingress", "egress"):
        if direction.capitalize() not in types and spec.get(direction):
            yield "spec", direction


def _without_protocol(data: dict[str, Any]) -> Iterator[Path]:
    spec = data.get("spec")
    for direction in ("ingress", "egress"):
        rules = spec.get(direction) if isinstance(spec, dict) else None
        for i, rule in enumerate(rules if isinstance(rules, list) else []):
            ports = rule.get("ports") if isinstance(rule, dict) else None
            for j, port in enumerate(ports if isinstance(ports, list) else []):
                if isinstance(port, dict) and not port.get("protocol"):
                    yield "spec", direction, i, "ports", j


def _in_file(file: str) -> Iterator[Standing]:
    try:
        with TextIOWrapper(regular_file(file, LARGEST_DUMP), encoding="utf-8-sig") as stream:
            if file.endswith(".json"):
                for item in json_stream.items(stream):
                    yield from _in(file, item.line, "", (), item.data, item.kind, item.version)
                return
            text = stream.read()
        for chunk in documents.split(text) if any(kind in text for kind in _KINDS) else ():
            for data in documents.parse(chunk.text):
                yield from _in(file, chunk.line, chunk.text, (), data)
    except (OSError, Unreadable, UnicodeDecodeError, InvalidYaml, json.JSONDecodeError):
        return  # what cannot be read was reported when the cluster was read


def _in(
    file: str, line: int, text: str, path: Path, data: Any, kind: str = "", version: str = ""
) -> Iterator[Standing]:
    if not isinstance(data, dict):
        return
    found, version = str(data.get("kind") or kind), str(data.get("apiVersion") or version)
    if found.endswith("List") and isinstance(data.get("items"), list):
        for number, item in enumerate(data["items"]):
            yield from _in(file, line, text, (*path, "items", number), item, found.removesuffix("List"), version)
    elif found in _KINDS and not is_unjudged(group_of(version), found):
        yield Standing(file, line, text, path, data if data.get("kind") else {**data, "kind": found})

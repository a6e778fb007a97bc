"""
A build of a plain overlay without kustomize.

A plain overlay has resources of this project only, a namespace, strategic merge patches that name what they
patch, components of the same form, and the plugin as its only transformer. Its text is such that every YAML library
reads it the same way. Nothing else is built here: kustomize builds it.

The rules are those of kustomize's ``merge2`` for kinds without a schema: maps are merged, any other value replaces
the one before, ``null`` removes. ``tests/laws/test_direct_build.py`` compares the two.
"""

import json
import os
import re
from collections.abc import Iterator
from functools import cached_property

from bulkhead.core.language.resources import API_VERSION
from bulkhead.io.kustomize.kustomization import Graph, Kustomization
from bulkhead.io.kustomize.plain_values import (
    MIDNIGHT,
    NotPlain,
    may_have_comments,
    may_have_flow_maps,
    plain_documents,
)
from bulkhead.io.resources.decode import KINDS
from bulkhead.io.yaml.nodes import InvalidYaml, Raw
from bulkhead.io.yaml.resource_stream import Resource

Object = dict[str, Raw]
"""A resource as plain values: without a namespace, and a name as the only metadata."""


class _WrittenObject(Object):
    """A resource, and whether what it comes from may have maps in brackets, and comments."""

    def __init__(self, value: Object, has_flow_maps: bool, has_comments: bool) -> None:
        super().__init__(value)
        self.has_flow_maps = has_flow_maps
        self.has_comments = has_comments

    @cached_property
    def text(self) -> str:
        """The resource as JSON, the same in every namespace."""
        return json.dumps(self)


_KUSTOMIZATION = ("kustomize.config.k8s.io/v1beta1", "Kustomization")
_COMPONENT = ("kustomize.config.k8s.io/v1alpha1", "Component")
_HEAD = frozenset(("apiVersion", "kind"))
_LAYERS = frozenset(("resources", "components", "patches"))
_TOP = frozenset(("apiVersion", "kind", "metadata", "spec"))
_PATH = re.compile(r"(?:\.\./)*(?:[A-Za-z0-9_-][A-Za-z0-9._-]*/?)+|(?:\.\./)*\.\./?")
_NAME = re.compile(r"[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?")


def is_wanted() -> bool:
    """Say whether plain overlays are built here: with ``BULKHEAD_DIRECT=0`` kustomize builds all of them."""
    return os.environ.get("BULKHEAD_DIRECT") != "0"


class MergedResource(Resource):
    """
    A resource that was merged here.

    Parts that no patch changes are shared between the resources of all overlays: they must not be changed.
    """

    def __init__(self, merged: Object, namespace: str) -> None:
        self.merged = merged
        self.metadata: Object = {"name": _name(merged), **({"namespace": namespace} if namespace else {})}
        super().__init__({"apiVersion": merged["apiVersion"], "kind": merged["kind"], **self.metadata})

    def value(self) -> Object:
        """Return the whole value."""
        return {**self.merged, "metadata": self.metadata}

    def keys(self) -> list[str]:
        """Return the keys of the resource."""
        return list(self.merged)

    @property
    def text(self) -> str:
        """The resource as JSON."""
        return json.dumps(self.value(), ensure_ascii=False) + "\n"

    @property
    def text_without_namespace(self) -> str:
        """The text of the resource, the same in every namespace."""
        return self.merged.text if isinstance(self.merged, _WrittenObject) else json.dumps(self.merged)

    @property
    def identity(self) -> str:
        """What is the same for resources of the same text."""
        return f"{self.metadata.get('namespace', '')}\n{self.text_without_namespace}"


class DirectBuilds:
    """Builds the plain overlays of *graph*. What several of them build on is read once."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self._bases: dict[str, tuple[Object, ...] | None] = {}

    def build(self, leaf: Kustomization) -> list[MergedResource] | None:
        """Return what kustomize builds in the folder of *leaf* without the plugin, ``None`` where it is not plain."""
        try:
            namespace = self._namespace(leaf)
            return [MergedResource(each, namespace) for each in self._merged(leaf, ())]
        except (NotPlain, InvalidYaml):
            return None

    def _namespace(self, leaf: Kustomization) -> str:
        """Return the namespace of an overlay whose own fields are plain, ``""`` where it has none."""
        fields = leaf.fields
        _check(_is(leaf, _KUSTOMIZATION, _LAYERS | {"namespace", "transformers"}))
        entries = _listed(leaf, "transformers")
        _check(len(entries) == 1 and self.graph.is_plugin(self._path(leaf, entries[0])))
        namespace = fields.get("namespace", "")
        _check("namespace" not in fields or (type(namespace) is str and bool(_NAME.fullmatch(namespace))))
        return str(namespace)

    def _base(self, folder: str) -> tuple[Object, ...]:
        """Return what the kustomization in *folder*, on which others build, builds by itself."""
        if folder not in self._bases:
            self._bases[folder] = None  # until it is built, and where it is not plain
            at = self.graph.found[folder]
            _check(_is(at, _KUSTOMIZATION, _LAYERS) and any(at.fields.get(key) for key in _LAYERS))
            self._bases[folder] = self._merged(at, ())
        found = self._bases[folder]
        if found is None:
            raise NotPlain
        return found

    def _merged(self, at: Kustomization, before: tuple[Object, ...]) -> tuple[Object, ...]:
        """Return *before* with the resources of *at*, then changed by its components, then by its patches."""
        found = list(before)
        for entry in _listed(at, "resources"):
            path = self._path(at, entry)
            found += self._base(path) if path in self.graph.found else self._resources(at, path)
        _check(len({(each["kind"], _name(each)) for each in found}) == len(found))
        for entry in _listed(at, "components"):
            folder = self._path(at, entry)
            _check(folder in self.graph.found)
            component = self.graph.found[folder]
            _check(_is(component, _COMPONENT, _LAYERS) and any(component.fields.get(key) for key in _LAYERS))
            found = list(self._merged(component, tuple(found)))
        for patch in self._patches(at):
            _check([_id(each) for each in found].count(_id(patch)) == 1)
            found = [_patched(each, patch) if _id(each) == _id(patch) else each for each in found]
        return tuple(found)

    def _patches(self, at: Kustomization) -> Iterator[Object]:
        patches = at.fields.get("patches", [])
        _check(isinstance(patches, list))
        for each in patches if isinstance(patches, list) else ():
            _check(isinstance(each, dict) and len(each) == 1)
            path = each.get("path") if isinstance(each, dict) else None
            text = each.get("patch") if isinstance(each, dict) else None
            if type(path) is str:
                yield from self._objects(at, self._path(at, path))
            else:
                _check(type(text) is str)
                yield from _objects(str(text))

    def _resources(self, at: Kustomization, file: str) -> tuple[Object, ...]:
        found = self._objects(at, file)
        _check(not any(_has_null(each) for each in found))
        return found

    def _objects(self, at: Kustomization, file: str) -> tuple[Object, ...]:
        """Return the objects in *file*, which *at* names."""
        _check(file in at.files and file.endswith((".yaml", ".yml")))
        text, known = self.graph.read.text(file), self.graph.read.parsed.objects
        if text not in known:
            known[text] = _plain_objects(text)
        found = known[text]
        if found is None:
            raise NotPlain
        return found

    def _path(self, at: Kustomization, entry: str) -> str:
        """Return the path of *entry*, beyond doubt a path of the tree that no link leads to."""
        path = at.at(entry)
        _check(bool(_PATH.fullmatch(entry)) and self.graph.read.real(path) == path)
        return path


def _check(is_plain: bool) -> None:
    if not is_plain:
        raise NotPlain


def _is(at: Kustomization, usual: tuple[str, str], fields: frozenset[str]) -> bool:
    """Say whether *at* has the *usual* apiVersion and kind, which only a Component has to write, and only *fields*."""
    found = tuple(
        at.fields.get(key, word if usual is _KUSTOMIZATION else None) for key, word in zip(_KEYS, usual, strict=True)
    )
    return found == usual and at.fields.keys() <= _HEAD | fields


_KEYS = ("apiVersion", "kind")


def _listed(at: Kustomization, key: str) -> list[str]:
    found = at.entries(key)
    _check(at.fields.get(key, []) == found and all(type(each) is str for each in found))
    return found


def _plain_objects(text: str) -> tuple[Object, ...] | None:
    try:
        return _objects(text)
    except (NotPlain, InvalidYaml):
        return None


def _objects(text: str) -> tuple[Object, ...]:
    """Return the resources of this project that *text* consists of; at least one."""
    found = plain_documents(text)
    _check(bool(found))
    marks = may_have_flow_maps(text), may_have_comments(text)
    return tuple(_WrittenObject(_object(each), *marks) for each in found)


def _object(value: Raw) -> Object:
    if not isinstance(value, dict) or value.keys() != _TOP:
        raise NotPlain
    metadata = value["metadata"]
    _check(value["apiVersion"] == API_VERSION and value["kind"] in KINDS and isinstance(value["spec"], dict))
    _check(isinstance(metadata, dict) and metadata.keys() == {"name"} and type(metadata["name"]) is str)
    _check(bool(_NAME.fullmatch(_name(value))))
    return value


def _name(value: Object) -> str:
    metadata = value["metadata"]
    return str(metadata["name"]) if isinstance(metadata, dict) else ""


def _id(value: Object) -> tuple[Raw, str]:
    return value["kind"], _name(value)


def _patched(before: Object, patch: Object) -> Object:
    """
    Return *before* changed by *patch*.

    kustomize merges the comments of a patch, too, and writes text that no YAML library reads for those in a map in
    brackets.
    """
    found = _merge(before, patch)
    if not (isinstance(found, dict) and isinstance(before, _WrittenObject) and isinstance(patch, _WrittenObject)):
        raise NotPlain
    _check(not (before.has_flow_maps and patch.has_comments))
    marks = before.has_flow_maps or patch.has_flow_maps, before.has_comments or patch.has_comments
    return _WrittenObject(found, *marks)


def _merge(before: Raw, patch: Raw) -> Raw:
    """Return *before* changed by *patch*, which removes nothing itself; parts that it does not name are shared."""
    if isinstance(before, dict) and isinstance(patch, dict):
        found = dict(before)
        for key, item in patch.items():
            if item is None:
                found.pop(key, None)
            else:
                found[key] = _merge(found[key], item) if key in found else _added(item)
        return found
    _check(isinstance(before, dict) == isinstance(patch, dict))
    _check(isinstance(before, list) == isinstance(patch, list))
    # A text may be in quotes, and kustomize keeps them around whatever replaces it.
    _check(type(before) is not str or (type(patch) is str and not patch.endswith(MIDNIGHT)))
    return _added(patch)


def _added(item: Raw) -> Raw:
    """Return what a patch adds where nothing was: without what it would remove."""
    if isinstance(item, dict):
        return {key: _added(each) for key, each in item.items() if each is not None}
    _check(not _has_null(item))
    return item


def _has_null(value: Raw) -> bool:
    if isinstance(value, dict):
        return any(map(_has_null, value.values()))
    if isinstance(value, list):
        return any(map(_has_null, value))
    return value is None

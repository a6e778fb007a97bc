"""
The fields of a kustomization and their types (``types.Kustomization`` of kustomize 5.8).

kustomize reads a kustomization with Go's JSON decoder, which also takes a key that matches a field only after case
folding: `Resources`, `reſources` (U+017F) and `components` with a Kelvin sign are fields.  Nothing here reads such a
key, so it is refused.
"""

from collections.abc import Iterator, Mapping
from enum import Enum
from typing import TypeAlias

from bulkhead.core.diagnostics import Path
from bulkhead.core.record import record
from bulkhead.io.yaml.nodes import Raw


class ScalarType(Enum):
    """The type of a field that is no list and no map; the value is how a message names it."""

    TEXT = "text"
    FLAG = "`true` or `false`"
    COUNT = "a whole number"
    ANY = "anything"


@record
class ListOf:
    """A list whose items have the type *item*."""

    item: "FieldType"


@record
class MapOf:
    """A map with keys that people choose, whose values have the type *value*."""

    value: ScalarType


Struct: TypeAlias = Mapping[str, "FieldType"]
"""The fields of a Go struct by name."""

FieldType: TypeAlias = "ScalarType | ListOf | MapOf | Struct"

_TEXT, _FLAG, _COUNT, _ANY = ScalarType.TEXT, ScalarType.FLAG, ScalarType.COUNT, ScalarType.ANY
_TEXTS, _TEXT_MAP = ListOf(_TEXT), MapOf(_TEXT)


def _texts(*names: str) -> dict[str, "FieldType"]:
    return dict.fromkeys(names, _TEXT)


_GVK = _texts("group", "version", "kind")
_RESOURCE: Struct = {**_GVK, **_texts("name", "namespace")}
_FIELD_SPEC: Struct = {**_GVK, "path": _TEXT, "create": _FLAG}
_SELECTOR: Struct = {**_RESOURCE, **_texts("annotationSelector", "labelSelector")}
_PATCH: Struct = {
    **_texts("path", "patch"),
    "target": _SELECTOR,
    "options": {"allowNameChange": _FLAG, "allowKindChange": _FLAG},
}
_FIELD_OPTIONS: Struct = {**_texts("delimiter", "encoding"), "index": _COUNT, "create": _FLAG}
_TARGET: Struct = {
    "select": _SELECTOR, "reject": ListOf(_SELECTOR), "fieldPaths": _TEXTS, "options": _FIELD_OPTIONS,
}  # fmt: skip
_REPLACEMENT: Struct = {
    "path": _TEXT,
    "source": {**_RESOURCE, "fieldPath": _TEXT, "options": _FIELD_OPTIONS},
    "sourceValue": _TEXT,
    "targets": ListOf(_TARGET),
}
_GENERATOR_OPTIONS: Struct = {
    "labels": _TEXT_MAP, "annotations": _TEXT_MAP, "disableNameSuffixHash": _FLAG, "immutable": _FLAG,
}  # fmt: skip
_GENERATOR: Struct = {
    **_texts("namespace", "name", "behavior", "env"),
    **dict.fromkeys(("literals", "files", "envs"), _TEXTS),
    "options": _GENERATOR_OPTIONS,
}
_CHART: Struct = {
    **_texts("name", "version", "repo", "releaseName", "namespace", "nameTemplate", "valuesFile", "valuesMerge"),
    "kubeVersion": _TEXT,
    "additionalValuesFiles": _TEXTS,
    "apiVersions": _TEXTS,
    "valuesInline": MapOf(_ANY),
    **dict.fromkeys(("includeCRDs", "skipHooks", "skipTests", "debug", "devel"), _FLAG),
}
_OLD_CHART: Struct = {
    **_texts("chartName", "chartVersion", "chartRepoUrl", "chartHome", "chartRepoName", "helmBin", "helmHome"),
    **_texts("values", "valuesMerge", "releaseName", "releaseNamespace"),
    "valuesLocal": MapOf(_ANY),
    "extraArgs": _TEXTS,
}
_IMAGE = _texts("name", "newName", "tagSuffix", "newTag", "digest")
_LABEL: Struct = {
    "pairs": _TEXT_MAP, "includeSelectors": _FLAG, "includeTemplates": _FLAG, "fields": ListOf(_FIELD_SPEC),
}  # fmt: skip

KUSTOMIZATION: Struct = {
    **_texts("apiVersion", "kind", "namePrefix", "nameSuffix", "namespace"),
    "metadata": {**_texts("name", "namespace"), "labels": _TEXT_MAP, "annotations": _TEXT_MAP},
    "openapi": _TEXT_MAP,
    "commonLabels": _TEXT_MAP,
    "labels": ListOf(_LABEL),
    "commonAnnotations": _TEXT_MAP,
    "patchesStrategicMerge": _TEXTS,
    "patchesJson6902": ListOf(_PATCH),
    "patches": ListOf(_PATCH),
    "images": ListOf(_IMAGE),
    "imageTags": ListOf(_IMAGE),
    "replacements": ListOf(_REPLACEMENT),
    "replicas": ListOf({"name": _TEXT, "count": _COUNT}),
    "vars": ListOf({"name": _TEXT, "objref": {**_RESOURCE, "apiVersion": _TEXT}, "fieldref": {"fieldPath": _TEXT}}),
    "sortOptions": {"order": _TEXT, "legacySortOptions": {"orderFirst": _TEXTS, "orderLast": _TEXTS}},
    **dict.fromkeys(("resources", "components", "crds", "bases"), _TEXTS),
    "configMapGenerator": ListOf(_GENERATOR),
    "secretGenerator": ListOf({**_GENERATOR, "type": _TEXT}),
    "helmGlobals": _texts("chartHome", "configHome"),
    "helmCharts": ListOf(_CHART),
    "helmChartInflationGenerator": ListOf(_OLD_CHART),
    "generatorOptions": _GENERATOR_OPTIONS,
    **dict.fromkeys(("configurations", "generators", "transformers", "validators", "buildMetadata"), _TEXTS),
}


def folded(key: str) -> str:
    """Return *key* in the form in which Go's JSON decoder compares the names of fields."""
    return key.replace("\u017f", "s").replace("\u212a", "k").lower()


def misspelt(value: Raw, type_: FieldType = KUSTOMIZATION, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Yield the path of each key that is a field only after case folding, with the spelling of that field."""
    if isinstance(type_, ListOf):
        for i, item in enumerate(value if isinstance(value, list) else []):
            yield from misspelt(item, type_.item, (*path, i))
    elif isinstance(type_, Mapping) and isinstance(value, dict):
        for key, item in value.items():
            if key in type_:
                yield from misspelt(item, type_[key], (*path, key))
                continue
            meant = field_meant(key, type_)
            if meant:
                yield (*path, key), meant


def field_meant(key: str, fields: Struct) -> str:
    """Return the field that *key* is after case folding, ``""`` where it is none."""
    return next((name for name in fields if folded(name) == folded(key)), "")

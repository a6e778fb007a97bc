"""
The fields of a kustomization, as kustomize spells them (``types.Kustomization`` of kustomize 5.8).

kustomize reads a kustomization with Go's JSON decoder, which also takes a key that matches a field only after case
folding: `Resources`, `reſources` (U+017F) and `components` with a Kelvin sign are fields.  Nothing here reads such a
key, so it is refused.  Keys that kustomize refuses itself are left to it.
"""

from collections.abc import Iterator, Mapping

from bulkhead.core.diagnostics import Path
from bulkhead.io.yaml.nodes import Raw

Shape = Mapping[str, "Shape"] | None
"""The fields of a struct by name; ``None`` for a scalar, and for a map whose keys people choose."""

_FIELD_SPEC: Shape = {"group": None, "version": None, "kind": None, "path": None, "create": None}
_RESOURCE: Mapping[str, Shape] = {
    "group": None, "version": None, "kind": None, "isClusterScoped": None, "name": None, "namespace": None,
}  # fmt: skip
_SELECTOR: Shape = {**_RESOURCE, "annotationSelector": None, "labelSelector": None}
_PATCH: Shape = {"path": None, "patch": None, "target": _SELECTOR, "options": None}
_FIELD_OPTIONS: Shape = {"delimiter": None, "index": None, "encoding": None, "create": None}
_REPLACEMENT: Shape = {
    "path": None,
    "source": {**_RESOURCE, "fieldPath": None, "options": _FIELD_OPTIONS},
    "sourceValue": None,
    "targets": {"select": _SELECTOR, "reject": _SELECTOR, "fieldPaths": None, "options": _FIELD_OPTIONS},
}
_GENERATOR_OPTIONS: Shape = {"labels": None, "annotations": None, "disableNameSuffixHash": None, "immutable": None}
_GENERATOR: Mapping[str, Shape] = {
    "namespace": None, "name": None, "behavior": None, "literals": None, "files": None, "envs": None, "env": None,
    "options": _GENERATOR_OPTIONS,
}  # fmt: skip
_CHART: Shape = dict.fromkeys(
    (
        "name", "version", "repo", "releaseName", "namespace", "nameTemplate", "additionalValuesFiles", "valuesFile",
        "valuesInline", "valuesMerge", "includeCRDs", "skipHooks", "apiVersions", "kubeVersion", "skipTests", "debug",
        "devel",
    )
)  # fmt: skip
_OLD_CHART: Shape = dict.fromkeys(
    (
        "chartName", "chartVersion", "chartRepoUrl", "chartHome", "chartRepoName", "helmBin", "helmHome", "values",
        "valuesLocal", "valuesMerge", "releaseName", "releaseNamespace", "extraArgs",
    )
)  # fmt: skip

KUSTOMIZATION: Mapping[str, Shape] = {
    "apiVersion": None,
    "kind": None,
    "metadata": {"name": None, "namespace": None, "labels": None, "annotations": None},
    "openapi": None,
    "namePrefix": None,
    "nameSuffix": None,
    "namespace": None,
    "commonLabels": None,
    "labels": {"pairs": None, "includeSelectors": None, "includeTemplates": None, "fields": _FIELD_SPEC},
    "commonAnnotations": None,
    "patchesStrategicMerge": None,
    "patchesJson6902": _PATCH,
    "patches": _PATCH,
    "images": {"name": None, "newName": None, "tagSuffix": None, "newTag": None, "digest": None},
    "replacements": _REPLACEMENT,
    "replicas": {"name": None, "count": None},
    "vars": {
        "name": None,
        "objref": {**_RESOURCE, "apiVersion": None},
        "fieldref": {"fieldPath": None},
    },
    "sortOptions": {"order": None, "legacySortOptions": {"orderFirst": None, "orderLast": None}},
    "resources": None,
    "components": None,
    "crds": None,
    "bases": None,
    "configMapGenerator": _GENERATOR,
    "secretGenerator": {**_GENERATOR, "type": None},
    "helmGlobals": {"chartHome": None, "configHome": None},
    "helmCharts": _CHART,
    "helmChartInflationGenerator": _OLD_CHART,
    "generatorOptions": _GENERATOR_OPTIONS,
    "configurations": None,
    "generators": None,
    "transformers": None,
    "validators": None,
    "buildMetadata": None,
}


def folded(key: str) -> str:
    """Return *key* in the form in which Go's JSON decoder compares the names of fields."""
    return key.replace("\u017f", "s").replace("\u212a", "k").lower()


def misspelt(value: Raw, shape: Shape = KUSTOMIZATION, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Yield the path of each key that is a field only after case folding, with the spelling of that field."""
    if shape is None:
        return
    if isinstance(value, list):
        for i, item in enumerate(value):
            yield from misspelt(item, shape, (*path, i))
    elif isinstance(value, dict):
        for key, item in value.items():
            if key in shape:
                yield from misspelt(item, shape[key], (*path, key))
                continue
            meant = next((name for name in shape if folded(name) == folded(key)), "")
            if meant:
                yield (*path, key), meant

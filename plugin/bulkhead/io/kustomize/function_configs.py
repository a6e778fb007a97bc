"""
The configuration of this project's function: which program kustomize would run for it, and from where.

kustomize starts an exec function in the folder of the overlay that names it, so the same configuration names
another file from another depth.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass

from bulkhead.core.language.resources import API_GROUP
from bulkhead.io.yaml.nodes import Document, InvalidYaml, Raw, documents

FUNCTION_KIND = "Expand"
PROGRAM = "expand"
"""The file that an exec path leads to: the plugin's own."""

_FUNCTION = "config.kubernetes.io/function"
_LEGACY = f"{API_GROUP}/v1alpha1"
"""The apiVersion from which kustomize makes the path of a plugin of the older kind."""


@dataclass(frozen=True)
class FunctionConfig:
    """What a configuration names: an *exec* path, an *image*, or neither: a plugin of the older kind."""

    exec: str = ""
    image: str = ""


def function_config(value: Raw) -> FunctionConfig | None:
    """Return what *value* configures; ``None`` where that is not this project's function and nothing else."""
    if not isinstance(value, dict) or set(value) - {"apiVersion", "kind", "metadata"}:
        return None
    metadata = value.get("metadata")
    if value.get("apiVersion") != _LEGACY or value.get("kind") != FUNCTION_KIND or not isinstance(metadata, dict):
        return None
    if set(metadata) - {"name", "labels", "annotations"}:
        return None
    annotations = metadata.get("annotations", {})
    if not isinstance(annotations, dict) or set(annotations) - {_FUNCTION}:
        return None
    return _named(annotations[_FUNCTION]) if annotations else FunctionConfig()


def _named(text: Raw) -> FunctionConfig | None:
    """Return what the annotation of a function names; it may mount, pass on or reach nothing."""
    try:
        found = [each.value for each in documents(text)] if isinstance(text, str) else []
    except InvalidYaml:
        return None
    spec = found[0] if len(found) == 1 else None
    if not isinstance(spec, dict) or len(spec) != 1:
        return None
    for form, key in (("exec", "path"), ("container", "image")):
        inner = spec.get(form)
        if isinstance(inner, dict) and set(inner) == {key}:
            name = inner[key]
            if type(name) is str and name:
                return FunctionConfig(**{"exec" if form == "exec" else "image": name})
    return None


def is_harmless(text: str) -> bool:
    """Say whether all that *text* configures is this project's function, and patches that only test."""
    try:
        return all(function_config(each.value) or _is_test(each.value) for each in documents(text))
    except InvalidYaml:
        return False


def function_configs(found: list[Document]) -> Iterator[FunctionConfig]:
    """Yield what each configuration of this project's function among *found* names."""
    for each in found:
        config = function_config(each.value)
        if config is not None:
            yield config


def _is_test(value: Raw) -> bool:
    """Say whether *value* is a patch of test operations; a key in another case is a field to kustomize."""
    if not isinstance(value, dict) or (value.get("apiVersion"), value.get("kind")) != ("builtin", "PatchTransformer"):
        return False
    if set(value) - {"apiVersion", "kind", "metadata", "target", "patch"}:
        return False
    patch = value.get("patch")
    steps = [each.value for each in documents(patch)] if isinstance(patch, str) else []
    steps = steps[0] if len(steps) == 1 and isinstance(steps[0], list) else [None]
    return all(
        isinstance(step, dict) and step.get("op") == "test" and not set(step) - {"op", "path", "value"}
        for step in steps
    )


def wrong_program(overlay: str, plugin: str, path: str) -> tuple[str, bool] | None:
    """
    Return what is wrong with the exec *path* of the configuration in the folder *plugin* from the folder *overlay*.

    The second value says that the build would run something; otherwise it fails.  ``None``: it is the plugin's own
    file.
    """
    # A copy of a revision holds the programs of plugins and no other: there, another one is as if it did not exist.
    if os.sep not in path:
        return f"`{path}` is looked for on PATH, so it is not the plugin's own file", True
    target = os.path.realpath(os.path.join(overlay, path))
    if not os.path.lexists(os.path.join(overlay, path)):
        return f"`kustomize build` does not find the plugin: from this folder `{path}` is not its program", False
    if target != os.path.join(plugin, PROGRAM) or not os.path.isfile(target):
        shown = os.path.relpath(target, overlay)
        return f"from this folder `{path}` is `{shown}`, not the plugin's own file", True
    return None

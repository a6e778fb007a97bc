"""The metadata of an object: name, namespace, labels, and who controls it."""

from typing import Any

from bulkhead.core.diagnostics import Path
from bulkhead.core.kubernetes.cluster import Labels
from bulkhead.io.manifests.object_fields import InvalidField, items, mapping, text

PATH: Path = ("metadata",)
"""Where metadata is in an object."""


def name_of(metadata: dict[str, Any]) -> str:
    """
    Return the name, or the ``generateName`` of what has no name yet.

    :raises InvalidField: where there is neither.
    """
    is_generated = "generateName" in metadata and "name" not in metadata
    return text(metadata, "generateName" if is_generated else "name", PATH)


def namespace_of(metadata: dict[str, Any]) -> str:
    """
    Return the namespace; ``default`` where none is written.

    :raises InvalidField: where it is no text.
    """
    space = metadata.get("namespace") or "default"
    if not isinstance(space, str):
        raise InvalidField((*PATH, "namespace"), f"`namespace` must be text, not `{space}`", f'write `"{space}"`')
    return space


def labels_of(metadata: dict[str, Any], path: Path = PATH) -> Labels:
    """
    Return the labels of *metadata*, which is at *path*.

    :raises InvalidField: where one is no text.
    """
    found = mapping(metadata, "labels", path)
    for key, word in found.items():
        if type(word) is not str:
            raise InvalidField((*path, "labels", key), f"label `{key}` must be text, not `{word}`", f'write `"{word}"`')
    return tuple(sorted(found.items()))


def controller_of(metadata: dict[str, Any]) -> tuple[str, str]:
    """
    Return kind and name of the object that controls this one, two empty texts where none does.

    The node of a mirror pod is no controller.
    """
    for owner in items(metadata, "ownerReferences", PATH):
        if isinstance(owner, dict) and owner.get("controller") is True and owner.get("kind") != "Node":
            return str(owner.get("kind")), str(owner.get("name"))
    return "", ""

"""
What in an object that is judged, or harmless in itself, is not judged: settings, commands, further networks.

What a controller made in a cluster is not looked at: the object that the controller made it from has the same.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from bulkhead.core.record import record
from bulkhead.io.delivery_commands import commands_about_policies, has_command
from bulkhead.io.manifests.held_policies import decoded_texts
from bulkhead.io.manifests.pod_templates import containers_of, templates_of, words_of
from bulkhead.io.manifests.settings import DELIVERY, MAPS, agent_settings, configures
from bulkhead.io.manifests.strict_metadata import is_printed
from bulkhead.io.yaml.paths import value_at

_NOT_SAID = frozenset(("metadata", "status"))
_NETWORKS = (
    "k8s.v1.cni.cncf.io/networks",
    "v1.multus-cni.io/default-network",
    "ovn.kubernetes.io/security_groups",
    "io.cilium.no-track-port",
)
"""Annotations of pods by which they get another network, or traffic that policies do not see."""


@record
class UnjudgedPart:
    """What of an object is not judged: the *title* says why, *content* is equal where it says the same."""

    title: str
    content: object
    delivers: bool = False


def unjudged_part(group: str, kind: str, document: dict[str, Any]) -> UnjudgedPart | None:
    """Return what of *document*, of *kind* in *group*, is not judged; ``None`` where all of it is."""
    metadata = document.get("metadata")
    if isinstance(metadata, dict) and metadata.get("ownerReferences") and is_printed(metadata):
        return None
    found = list(_parts(group, kind, document))
    if not found:
        return None
    title, content = ", ".join(each.title for each in found), [each.content for each in found]
    return UnjudgedPart(f"{kind} with {title}", content, all(each.delivers for each in found))


def _parts(group: str, kind: str, document: dict[str, Any]) -> Iterator[UnjudgedPart]:
    is_map = not group and kind in MAPS
    templates = () if is_map else tuple(templates_of(document))
    containers = tuple(containers_of(templates))
    name = str(value_at(document, "metadata", "name") or "")
    title = configures(group, kind, name, containers)
    if is_map:
        yield from _of_map(title, [*_texts(document), *decoded_texts(kind, document)])
        return
    if title:
        settings = agent_settings(containers) or {key: document[key] for key in document.keys() - _NOT_SAID}
        yield UnjudgedPart(title, settings, title == DELIVERY)
    commands = [" ".join(words_of(each)) for each in containers]
    if any(map(_delivers, commands)):
        yield UnjudgedPart("commands of a delivery", commands)
    for template in templates:
        annotations = value_at(template, "metadata", "annotations")
        given = annotations if isinstance(annotations, dict) else {}
        networks = {key: given[key] for key in _NETWORKS if key in given}
        if networks:
            yield UnjudgedPart(", ".join(f"`{key}`" for key in networks), networks)


def _of_map(title: str, texts: list[str]) -> Iterator[UnjudgedPart]:
    if title:
        yield UnjudgedPart(title, texts, title == DELIVERY)
    lines = [line for text in texts for line in commands_about_policies(text)]
    if lines:
        yield UnjudgedPart("commands that change policies", lines)


@lru_cache(maxsize=1024)
def _delivers(command: str) -> bool:
    return has_command(command)


def _texts(document: dict[str, Any]) -> Iterator[str]:
    for field in ("data", "stringData"):
        found = document.get(field)
        yield from (f"{key}: {text}" for key, text in found.items()) if isinstance(found, dict) else ()

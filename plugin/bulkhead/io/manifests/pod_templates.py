"""
Finds pod templates: by their place in the kinds of Kubernetes, by their shape in all others.

Operators have hundreds of kinds with a pod template (Rollout, CloneSet, Knative's Service, JobSet, RayCluster), and
none has it in a place that a list could keep up with. What they have in common is a map with
``spec.containers``.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from bulkhead.core.diagnostics import Path
from bulkhead.core.record import record
from bulkhead.io.yaml.paths import value_at

_TEMPLATES: dict[str, Path] = {
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
    **dict.fromkeys(
        ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job"), ("spec", "template")
    ),
}
_DEEPEST = 16


@record
class PodTemplate:
    """The *path* of a template in its object. *part* is what it is for, empty where the object has no other one."""

    path: Path
    part: str = ""


def is_workload(kind: str) -> bool:
    """Say whether *kind*, of Kubernetes itself, has a pod template."""
    return kind in _TEMPLATES


def template_of(kind: str) -> PodTemplate:
    """Return the place of the template in the workload *kind*."""
    return PodTemplate(_TEMPLATES[kind])


def templates_in(document: dict[str, Any]) -> tuple[PodTemplate, ...]:
    """Return the templates in an object of any kind, found by shape below its ``spec``."""
    found = list(_below(document.get("spec"), ("spec",), set()))
    several = len(found) > 1
    return tuple(PodTemplate(path, part if several else "") for path, part in found)


def templates_of(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield *document* where it is a pod, and else each template in it."""
    if _is_template(document):
        yield document
        return
    for template in templates_in(document):
        found: Any = document
        for step in template.path:
            found = found[step]
        yield found


def containers_of(templates: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield the containers of pods, or of their *templates*, with those that run before them."""
    for template in templates:
        for field in ("containers", "initContainers"):
            found = template["spec"].get(field)
            yield from (each for each in found if isinstance(each, dict)) if isinstance(found, list) else ()


def words_of(container: dict[str, Any]) -> Iterator[str]:
    """Yield the words that *container* is started with: those of ``command``, then those of ``args``."""
    for field in ("command", "args"):
        found = container.get(field)
        yield from map(str, found) if isinstance(found, list) else ()


_ROLES = {"canary": ("canaryMetadata", "stableMetadata"), "blueGreen": ("activeMetadata", "previewMetadata")}
"""Where a Rollout has the labels that its pods get in a role, below ``spec.strategy``."""


def labels_by_role(document: dict[str, Any]) -> Iterator[dict[str, str]]:
    """Yield the labels that pods of the workload *document* get in each role: canary, stable, active or preview."""
    for strategy, fields in _ROLES.items():
        for field in fields:
            below = value_at(document, "spec", "strategy", strategy, field, "labels")
            if isinstance(below, dict) and below:
                yield {str(key): str(text) for key, text in below.items()}


def _below(value: Any, path: Path, seen: set[int], part: str = "") -> Iterator[tuple[Path, str]]:
    if len(path) > _DEEPEST or id(value) in seen:
        return
    if isinstance(value, dict):
        seen.add(id(value))
        for key, item in value.items():
            if _is_template(item):
                yield (*path, str(key)), part or str(path[-1] if len(path) > 1 else key)
            else:
                yield from _below(item, (*path, str(key)), seen, part)
    elif isinstance(value, list):
        seen.add(id(value))
        for number, item in enumerate(value):
            name = item.get("name") or item.get("groupName") if isinstance(item, dict) else None
            yield from _below(item, (*path, number), seen, name if isinstance(name, str) else f"{path[-1]}-{number}")


def _is_template(value: Any) -> bool:
    spec = value.get("spec") if isinstance(value, dict) else None
    return isinstance(spec, dict) and isinstance(spec.get("containers"), list) and bool(spec["containers"])

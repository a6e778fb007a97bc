"""The text that a person adds to the file of an overlay."""

import os

from bulkhead.analysis.analysis_input import AnalysisInput
from bulkhead.analysis.suggestions.restored_rules import restored_rules
from bulkhead.analysis.suggestions.suggested_rules import SuggestedRule
from bulkhead.core.diagnostics import Path
from bulkhead.core.kubernetes.networkpolicy import Direction
from bulkhead.io.kustomize.patch_layers import PatchLayer
from bulkhead.io.rendered.write_networkpolicy import plain
from bulkhead.io.yaml.nodes import Raw

REASON = "say here who needs it, and what for"


class NoSuggestion(Exception):
    """There is no text that a person could add to the file as it is."""


def rule_snippet(found: AnalysisInput, namespace: str, rules: list[SuggestedRule]) -> tuple[str, str]:
    """
    Return the file and what to add to it: the whole resource where the file is new, else from ``spec`` on.

    :raises NoSuggestion: where adding *rules* to the file would change something else.
    """
    layers = _layers(found, namespace)
    file, name = _file(found.rules.folders[namespace], layers)
    removed: dict[tuple[str, str], list[str]] = {}
    for path in _restored(layers, file, rules):
        workload = str(path[1]) if path[0] == "workloads" else ""
        removed.setdefault((workload, str(path[-2])), []).append(str(path[-1]))
    lines = [*([] if os.path.exists(file) else _head(name)), "spec:"]
    for direction in Direction:
        mine = [rule for rule in rules if not rule.workload]
        lines += _listed(mine, direction, "  ", removed.get(("", direction.value), []))
    workloads = sorted({rule.workload for rule in rules if rule.workload})
    lines += ["  workloads:"] if workloads else []
    for workload in workloads:
        mine = [rule for rule in rules if rule.workload == workload]
        lines.append(f"    {workload}:")
        lines += [f"      pods: {mine[0].pods}"] if mine[0].pods else []
        for direction in Direction:
            lines += _listed(mine, direction, "      ", removed.get((workload, direction.value), []))
    return file, "\n".join(lines) + "\n"


def restored_by(found: AnalysisInput, namespace: str, rules: list[SuggestedRule]) -> tuple[Path, ...]:
    """
    Return the rules of the base, as paths in the spec, that come back with *rules* in the overlay of *namespace*.

    :raises NoSuggestion: where anything else would change.
    """
    layers = _layers(found, namespace)
    return _restored(layers, _file(found.rules.folders[namespace], layers)[0], rules)


def _layers(found: AnalysisInput, namespace: str) -> list[PatchLayer]:
    sources = found.loaded.sources if found.loaded else None
    layers = sources.behind(found.rules.folders[namespace]) if sources else []
    return [each for each in layers if each.kind == "SegmentedNamespace"]


def _head(name: str) -> list[str]:
    return [
        "# new: list it in kustomization.yaml with `patches: [{path: rules.yaml}]`",
        "apiVersion: bulkhead.dev/v1alpha1",
        "kind: SegmentedNamespace",
        f"metadata: {{name: {plain(name)}}}",
    ]


def _restored(layers: list[PatchLayer], file: str, rules: list[SuggestedRule]) -> tuple[Path, ...]:
    """
    Return the rules of the base that come back with *rules*, where *file* has a ``null`` in their place.

    :raises NoSuggestion: where anything else would change.
    """
    added: dict[str, Raw] = {}
    for rule in rules:
        holder = added
        for key in ("workloads", rule.workload) if rule.workload else ():
            holder = _map_in(holder, key)
        if rule.pods:
            holder["pods"] = {}
        _map_in(holder, rule.direction.value)[rule.name] = rule.name
    found = restored_rules(layers, file, added)
    if found is None or any(len(path) not in (2, 4) or path[-2] not in set(Direction) for path in found):
        raise NoSuggestion
    return found


def _map_in(holder: dict[str, Raw], key: str) -> dict[str, Raw]:
    """Return the map at *key* of *holder*, a new one where there is none."""
    found = holder.get(key)
    if not isinstance(found, dict):
        found = holder[key] = {}
    return found


def _file(folder: str, layers: list[PatchLayer]) -> tuple[str, str]:
    """Return where the overlay in *folder* writes its rules, and the name of its SegmentedNamespace."""
    own = [each.file for each in layers if each.patch and each.file.startswith(folder + os.sep)]
    file = own[0] if own else os.path.join(folder, "rules.yaml")
    for layer in layers:
        metadata = layer.document.value.get("metadata") if isinstance(layer.document.value, dict) else None
        if isinstance(metadata, dict) and not layer.patch:
            return file, str(metadata.get("name"))
    return file, "standard"


def _listed(rules: list[SuggestedRule], direction: Direction, lead: str, removed: list[str]) -> list[str]:
    mine = [rule for rule in rules if rule.direction == direction]
    key = "from" if direction is Direction.INGRESS else "to"
    lines = [f"{lead}  {rule.name}: {{{key}: {rule.peer}, ports: {rule.ports}, why: '{REASON}'}}" for rule in mine]
    lines = [*(f"{lead}  {name}: null" for name in removed), *lines] if lines else []
    return [f"{lead}{direction}:", *lines] if lines else []

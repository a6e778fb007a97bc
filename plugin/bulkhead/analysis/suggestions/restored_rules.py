"""
Finds the rules of the base that come back when a suggestion is added to the file of an overlay.

`ingress: null` in an overlay removes every rule of the base. Whoever adds a rule there replaces ``null`` by a map, and
the rules of the base come back. So a suggestion removes them by name.
"""

from collections.abc import Iterable, Iterator

from bulkhead.analysis.suggestions.merge_patch import merged, pasted
from bulkhead.core.diagnostics import Path
from bulkhead.io.kustomize.patch_layers import PatchLayer
from bulkhead.io.yaml.nodes import Raw


def restored_rules(layers: Iterable[PatchLayer], file: str, added: Raw) -> tuple[Path, ...] | None:
    """
    Return the paths in the spec that come back if the spec *added* is merged into the one of *file*.

    *layers* are those of the resource, in the order in which kustomize applies them. Returns ``None`` where this is not
    known, or where more than *added* would change.
    """
    layers = list(layers)
    own = next((layer for layer in layers if layer.file == file), None)
    if own is None or not _has_null(_spec(own)):
        return ()
    if any(layer.prefix for layer in layers):
        return None
    before: Raw = {}
    after: Raw = {}
    for layer in layers:
        before = merged(before, _spec(layer))
        after = merged(after, pasted(_spec(layer), added) if layer is own else _spec(layer))
    found = list(_differences(merged(before, added), after, ()))
    return None if any(path is None for path in found) else tuple(path for path in found if path is not None)


def _spec(layer: PatchLayer) -> Raw:
    value = layer.document.value
    return value.get("spec") if isinstance(value, dict) else None


def _has_null(value: Raw) -> bool:
    return isinstance(value, dict) and any(item is None or _has_null(item) for item in value.values())


def _differences(wanted: Raw, found: Raw, path: Path) -> Iterator[Path | None]:
    """Yield the paths that only *found* has; ``None`` where the two differ in another way."""
    if not isinstance(wanted, dict) or not isinstance(found, dict):
        if wanted != found:
            yield None
        return
    for key, item in found.items():
        if key in wanted:
            yield from _differences(wanted[key], item, (*path, key))
        else:
            yield (*path, key)
    yield from (None for key in wanted if key not in found)

"""
What a person's file brings back when a suggestion is added to it.

`ingress: null` in an overlay removes every rule of the base. Anyone who adds a rule there writes a map in the place of
``null``, and the rules of the base come back. So a suggestion removes them by name.
"""

from collections.abc import Iterable, Iterator

from bulkhead.core.diagnostics import Path
from bulkhead.io.kustomize.patch_layers import PatchLayer
from bulkhead.io.yaml.nodes import Raw


def restored_rules(layers: Iterable[PatchLayer], file: str, added: Raw) -> tuple[Path, ...] | None:
    """
    Return the paths in the spec that come back if the spec *added* is merged into the one of *file*.

    *layers* are those of the resource, in the order in which kustomize applies them. Returns ``None`` where it cannot
    be said, or where something else than *added* would change.
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
        before = _applied(before, _spec(layer))
        after = _applied(after, _pasted(_spec(layer), added) if layer is own else _spec(layer))
    found = list(_differences(_applied(before, added), after, ()))
    return None if any(path is None for path in found) else tuple(path for path in found if path is not None)


def _spec(layer: PatchLayer) -> Raw:
    value = layer.document.value
    return value.get("spec") if isinstance(value, dict) else None


def _has_null(value: Raw) -> bool:
    return isinstance(value, dict) and any(item is None or _has_null(item) for item in value.values())


def _pasted(old: Raw, new: Raw) -> Raw:
    """Return the text *old* with *new* written into it."""
    if not isinstance(old, dict) or not isinstance(new, dict):
        return new
    return {**old, **{key: _pasted(old.get(key), item) for key, item in new.items()}}


def _applied(old: Raw, patch: Raw) -> Raw:
    """Return *old* with *patch* merged into it as kustomize does: ``null`` removes a key."""
    if not isinstance(patch, dict):
        return patch
    found = dict(old) if isinstance(old, dict) else {}
    for key, item in patch.items():
        if item is None:
            found.pop(key, None)
        else:
            found[key] = _applied(found.get(key), item)
    return found


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

"""A patch merged into a resource, as kustomize does it, and a text written into another text."""

from bulkhead.io.yaml.nodes import Raw


def merged(old: Raw, patch: Raw) -> Raw:
    """Return *old* with *patch* merged into it as kustomize does: ``null`` removes a key."""
    if not isinstance(patch, dict):
        return patch
    found = dict(old) if isinstance(old, dict) else {}
    for key, item in patch.items():
        if item is None:
            found.pop(key, None)
        else:
            found[key] = merged(found.get(key), item)
    return found


def pasted(old: Raw, new: Raw) -> Raw:
    """Return the map *old* with the keys of *new* written into it; ``null`` is a value like any other."""
    if not isinstance(old, dict) or not isinstance(new, dict):
        return new
    return {**old, **{key: pasted(old.get(key), item) for key, item in new.items()}}

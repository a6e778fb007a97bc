"""Values inside YAML values."""

from bulkhead.io.yaml.nodes import Raw


def value_at(value: Raw, *keys: str) -> Raw:
    """Return what *keys* lead to in *value*, map after map; ``None`` where there is no such key or no map."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value

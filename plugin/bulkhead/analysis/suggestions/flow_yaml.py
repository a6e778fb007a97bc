"""Values as YAML on one line, for peers and selectors in a rule."""

from bulkhead.io.rendered.write_networkpolicy import plain
from bulkhead.io.yaml.nodes import Raw


def flow_yaml(value: Raw) -> str:
    """Return *value* as YAML in flow style, the keys of a map in order."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{plain(key)}: {flow_yaml(item)}" for key, item in sorted(value.items())) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(flow_yaml, value)) + "]"
    return _quoted(str(value))


def _quoted(text: str) -> str:
    word = plain(text) if text else "''"
    return f"'{text}'" if "," in word else word

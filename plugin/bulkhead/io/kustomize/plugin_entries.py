"""
The entries of `transformers`, `generators` and `validators`: each is a path, or a resource written in place.

kustomize parses an entry as resources first and takes it for a path only where that fails.  It ignores an entry
that holds nothing, as a comment does.
"""

import os
import re
from collections.abc import Iterator

from bulkhead.core.diagnostics import Path
from bulkhead.io.yaml.nodes import InvalidYaml, Raw, documents

PLUGIN_LISTS = ("generators", "transformers", "validators")
"""The fields that list configurations of plugins."""

_PATH = re.compile(r"[\w./@:+-]*[\w/]")
"""A path beyond doubt, unless it is a word for nothing."""

_NOTHING = ("null", "Null", "NULL")


def inline_resources(entry: str) -> list[dict[str, Raw]] | None:
    """
    Return the resources that *entry* is, or ``None`` where it is a path.

    :raises InvalidYaml: where it is neither beyond doubt.
    """
    if _PATH.fullmatch(entry) and entry not in _NOTHING and ": " not in entry:
        return None
    try:
        values = [each.value for each in documents(entry)]
    except InvalidYaml:
        if "\n" not in entry and entry.strip() == entry and entry[:1] not in "{[#&*!|>%@`\"'":
            return None
        raise
    if len(values) == 1 and isinstance(values[0], str) and values[0] == entry:
        return None
    resources = [each for each in values if isinstance(each, dict) and isinstance(each.get("kind"), str)]
    if not values or len(resources) != len(values):
        raise InvalidYaml("neither a path nor a resource")
    return resources


def is_inline(entry: str) -> bool:
    """Say whether *entry* is written in place; one that is neither that nor a path is refused elsewhere."""
    try:
        return inline_resources(entry) is not None
    except InvalidYaml:
        return False


def doubtful_entries(folder: str, fields: dict[str, Raw]) -> Iterator[tuple[Path, str]]:
    """Yield the path of each entry that is not one thing beyond doubt, with what is wrong with it."""
    for key in (*PLUGIN_LISTS, "patchesStrategicMerge"):
        listed = fields.get(key)
        for i, entry in enumerate(listed if isinstance(listed, list) else []):
            wrong = _wrong(folder, entry)
            if wrong:
                yield (key, i), wrong


def _wrong(folder: str, entry: Raw) -> str:
    if not isinstance(entry, str):
        return "this entry is not text: kustomize takes a path or a resource written as text"
    try:
        inline = inline_resources(entry) is not None
    except InvalidYaml:
        return "this entry is neither a path nor a resource"
    if inline and "\0" not in entry and _exists(os.path.join(folder, entry)):
        return "this entry is a resource and also the path of a file"
    return ""


def _exists(path: str) -> bool:
    try:
        os.lstat(path)
    except FileNotFoundError:
        return False
    except OSError:  # too long for a path: none
        return False
    return True

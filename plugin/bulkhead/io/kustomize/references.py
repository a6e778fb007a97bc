"""What the text in a kustomization refers to: a folder, a file, or an address to fetch from."""

import os
import re
from collections.abc import Iterator, Mapping

from bulkhead.core.diagnostics import Path
from bulkhead.io.folders import walk
from bulkhead.io.kustomize.plugin_entries import PLUGIN_LISTS, is_inline
from bulkhead.io.yaml.nodes import Raw

FOLDERS = ("resources", "components", "bases", *PLUGIN_LISTS, "configurations", "crds")
"""Fields that list folders and files."""

HELM = ("helmCharts", "helmChartInflationGenerator")

REMOTE = re.compile(
    r"://|^[^/\s]+@|^git::|^gh:|^github\.com[/:]|[?&](ref|version|submodules|timeout)=|\.git(/|$)|/_git/"
)
"""What kustomize takes for an address to fetch from, in any field."""

_FILES = ("patchesStrategicMerge", "patchesJson6902", "openapi", "replacements")
_PATHS = ("patches", "patchesJson6902", "replacements")
_GENERATORS = ("configMapGenerator", "secretGenerator")


def is_fetched(path: Path, entry: str) -> bool:
    """Say whether kustomize would fetch *entry*: a folder or a file that a kustomization names."""
    if path[0] == "helmCharts":
        return path[-1] == "repo"
    named = path[0] in FOLDERS or path[0] in _FILES or path[-1] == "path" or "files" in path or "envs" in path
    return named and bool(REMOTE.search(entry.rpartition("=")[2] if "files" in path else entry))


def chart_home(fields: Mapping[str, Raw]) -> Raw:
    """Return the folder in which kustomize looks for charts."""
    given = fields.get("helmGlobals")
    found = given.get("chartHome") if isinstance(given, dict) else None
    return found or ("charts" if any(key in fields for key in HELM) else None)


def absent(folder: str, fields: Mapping[str, Raw]) -> Iterator[tuple[Path, str]]:
    """
    Yield the path of each entry of *fields* that names nothing below *folder*, with the name of what is absent.

    The name is empty where the entry is, which kustomize refuses for these.
    """
    for path, entry in _named(fields):
        if not entry and path[0] in ("resources", "components", "bases"):
            yield path, entry
        is_name = entry and "\n" not in entry and "\0" not in entry and len(entry) < 4096
        if is_name and not REMOTE.search(entry) and not os.path.lexists(os.path.join(folder, entry)):
            yield path, entry


def _named(fields: Mapping[str, Raw]) -> Iterator[tuple[Path, str]]:
    """Yield each text that must name a file or a folder, with its path."""
    for key in FOLDERS:
        for i, entry in enumerate(_texts(fields.get(key))):
            if key not in PLUGIN_LISTS or not is_inline(entry):
                yield (key, i), entry
    for key in _PATHS:
        for i, patch in enumerate(_maps(fields.get(key))):
            path = patch.get("path")
            if isinstance(path, str):
                yield (key, i, "path"), path
    for key in _GENERATORS:
        for i, generator in enumerate(_maps(fields.get(key))):
            for name in ("files", "envs"):
                for j, entry in enumerate(_texts(generator.get(name))):
                    yield (key, i, name, j), entry.rpartition("=")[2] if name == "files" else entry


def _texts(value: Raw) -> list[str]:
    return [each if isinstance(each, str) else "" for each in value] if isinstance(value, list) else []


def _maps(value: Raw) -> list[dict[str, Raw]]:
    return [each if isinstance(each, dict) else {} for each in value] if isinstance(value, list) else []


def files_below(folder: str) -> list[str]:
    """Return the files in *folder* and in all folders below it, sorted."""
    return sorted(os.path.join(at, name) for at, _, names in walk(folder) for name in names)

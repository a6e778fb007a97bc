"""
What changes the result of a real build in a way that a build without the plugin does not show.

Fields that act when all resources are there, the policies included; annotations that kustomize acts on by itself;
and files that the configuration of a builtin plugin names.
"""

import re
from collections.abc import Iterator

from bulkhead.core.diagnostics import Diagnostic, Location, Path
from bulkhead.io.kustomize.fields import folded
from bulkhead.io.kustomize.refusals import refusal
from bulkhead.io.yaml.nodes import Document, InvalidYaml, Raw, documents

_LATE = {
    "configurations": "it can make kustomize rename what the policies refer to",
    "crds": "it can make kustomize rename what the policies refer to",
    "openapi": "it changes how patches merge, in every kustomization of the same build",
    "vars": "they are replaced in the policies too, which the build without the plugin does not have",
}
"""Fields that act on the whole build, so on the policies as well, and what they do."""

_ACTS = re.compile(
    r"(?:internal\.config\.kubernetes\.io"
    r"|(?<!internal\.)config\.kubernetes\.io[/~](?!1?depends-on)"
    r"|(?<!kustomize\.)(?<!lifecycle\.)config\.k8s\.io[/~]"
    r"|kustomize\.config\.k8s\.io[/~](?!v\d))[\w/~-]*"
)
"""An annotation that kustomize acts on, in the spelling of a key, of a JSON pointer, or of a field path."""

_LOCAL = "config.kubernetes.io/local-config"
_HIDES = re.compile(r"\\(?:[xuU][0-9A-Fa-f]|\r?\n)")
"""Escapes in double quotes that can spell a word which is not written as such."""

_DEPTH = 4
"""So many levels of YAML within YAML are read."""

_NAMES_FILES = frozenset(("path", "paths", "files", "envs", "env", "repo", "chartHome", "valuesFile"))
"""Keys under which the configuration of a builtin plugin names files."""


def late_fields(file: str, document: Document) -> Iterator[Diagnostic]:
    """Yield each field of a kustomization whose effect on the policies is not modelled."""
    fields = document.value if isinstance(document.value, dict) else {}
    for key, why in _LATE.items():
        if fields.get(key) not in (None, [], {}):
            (line, column), _ = document.place((key,))
            hint = "leave it out; `replacements` copies values" if key == "vars" else "leave it out"
            yield refusal(Location(file, line, column), f"`{key}`: {why}", hint)


def annotations(text: str) -> Iterator[str]:
    """Yield each annotation that kustomize acts on and that *text*, a YAML file, names, however it is escaped."""
    if "config" not in text and "\\" not in text:
        return
    yield from _written(text.replace("\\", ""))
    if _HIDES.search(text):
        for word in _strings(text, _DEPTH):
            yield from _written(word.replace("\\", ""))


def _written(text: str) -> Iterator[str]:
    for found in _ACTS.finditer(text):
        yield found.group().replace("~1", "/")


def is_local(annotation: str) -> bool:
    """Say whether *annotation* is the one by which kustomize leaves a resource out of its output."""
    return annotation == _LOCAL


def _strings(text: str, depth: int) -> Iterator[str]:
    """Yield every text in *text*, and in the YAML that such a text is."""
    try:
        found = [word for each in documents(text) for word in texts(each.value)]
    except InvalidYaml:
        return
    for word in found:
        yield word
        if depth and _HIDES.search(word):
            yield from _strings(word, depth - 1)


def texts(value: Raw) -> Iterator[str]:
    """Yield every text in *value*, keys included."""
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            yield from each
            waiting += each.values()
        elif isinstance(each, list):
            waiting += each
        elif isinstance(each, str):
            yield each


def named_files(value: Raw, path: Path = ()) -> Iterator[tuple[Path, str, str]]:
    """
    Yield path, key and text of what the configuration *value* of a builtin plugin names under a key for files.

    The key is as kustomize reads it: after case folding.
    """
    if isinstance(value, dict):
        for key, item in value.items():
            meant = next((name for name in _NAMES_FILES if folded(name) == folded(key)), "")
            if meant:
                yield from (((*path, key), meant, text) for text in texts(item))
            else:
                yield from named_files(item, (*path, key))
    elif isinstance(value, list):
        for i, item in enumerate(value):
            yield from named_files(item, (*path, i))

"""
Files that an object of a delivery names: the values of an Application or a HelmRelease, wherever they are.

They are found from the other end: a changed file is looked for in all objects of deliveries of the tree. A path there
may begin at a folder that another repository, or a template, decides, so the end of a path is enough.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from posixpath import basename, dirname

from bulkhead.io.input_files import KUSTOMIZATIONS, SUFFIXES
from bulkhead.io.manifests.kinds import DELIVERING_GROUPS

_DELIVERING = re.compile("|".join((*map(re.escape, sorted(DELIVERING_GROUPS)), r"fluxcd\.io")).encode())
_GENERATES = re.compile(rb"(?:configMap|secret)Generator", re.IGNORECASE)
_FILLED_IN = re.compile(r"\{\{.*?\}\}|\$\{.*?\}", re.DOTALL)
_WORD = re.compile(r"[\w./@+~*?-]+")
_ANY = {"*": "[^/]*", "?": "[^/]"}


def may_deliver(path: str) -> bool:
    """Say whether the file at *path* can hold an object of a delivery, or a kustomization."""
    return path.endswith(SUFFIXES) or basename(path) in KUSTOMIZATIONS


def value_files(changed: Iterable[str], texts: Mapping[str, bytes]) -> Iterator[str]:
    """Yield each of *changed* that a delivery among *texts*, by path, names, or a generator in its folder."""
    deliveries = {path for path, text in texts.items() if _DELIVERING.search(text)}
    folders = {dirname(path) for path in deliveries}
    deliveries |= {
        path
        for path, text in texts.items()
        if basename(path) in KUSTOMIZATIONS and dirname(path) in folders and _GENERATES.search(text)
    }
    words = {word for path in deliveries for word in _words(texts[path].decode("utf-8", "replace"))}
    patterns = [_pattern(word) for word in words if "*" in word or "?" in word]
    for path in changed:
        ends = _ends(path)
        if not words.isdisjoint(ends) or any(each.fullmatch(end) for each in patterns for end in ends):
            yield path


def _words(text: str) -> Iterator[str]:
    """Yield what may name a file in *text*, without what leads up, and without its first folder too."""
    for word in set(_WORD.findall(_FILLED_IN.sub("*", text))):
        parts = [part for part in word.split("/") if part not in ("", ".", "..")]
        for named in (parts, parts[1:]):
            if named and "." in named[-1] and any(map(str.isalnum, named[-1])):
                yield "/".join(named)


def _ends(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[number:]) for number in range(len(parts))]


def _pattern(word: str) -> re.Pattern[str]:
    return re.compile("".join(_ANY.get(each) or re.escape(each) for each in word))

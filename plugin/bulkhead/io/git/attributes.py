"""
Attributes of files by which git checks out, or packs, another text than it stores.

A revision is reviewed as git stores it.  A build reads what git has checked out, or an archive of it.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from posixpath import basename, dirname, relpath

ATTRIBUTES = ".gitattributes"

_CHECKS_OUT = ("filter", "ident", "working-tree-encoding")
_PACKS = ("export-ignore", "export-subst")
_MACRO = "[attr]"


@dataclass(frozen=True)
class AlteredText:
    """Git gives *path* another text, because of the *attribute* that *line* of *file* sets."""

    path: str
    attribute: str
    file: str
    line: int

    @property
    def message(self) -> str:
        """What git does."""
        if self.attribute.partition("=")[0] in _PACKS:
            return f"`{self.attribute}` changes or leaves out `{self.path}` in an archive of the repository"
        return f"`{self.attribute}` makes git check `{self.path}` out with another text than it stores"


@dataclass(frozen=True)
class _Rule:
    folder: str
    pattern: str
    words: tuple[str, ...]
    file: str
    line: int

    @property
    def is_exact(self) -> bool:
        """Whether the pattern matches exactly what it matches in git: only such a rule can remove an attribute."""
        return re.fullmatch(r"(?:(?!\*\*)[\w./*-])*(?:[\w.*-]|/\*\*)", self.pattern) is not None

    def matches(self, path: str) -> bool:
        """Say whether the pattern matches *path*, a file or a folder; where git's answer is in doubt, it does."""
        if self.folder and not path.startswith(f"{self.folder}/"):
            return False
        inside = relpath(path, self.folder) if self.folder else path
        pattern = self.pattern.rstrip("/")
        if "/" not in pattern:
            return bool(_regex(pattern).fullmatch(basename(path)))
        return bool(_regex(pattern.lstrip("/")).fullmatch(inside))


def altered_texts(
    paths: Iterable[str], read: Callable[[str], bytes | None], others: Sequence[tuple[str, bytes]] = ()
) -> Iterator[AlteredText]:
    """
    Yield each of *paths* whose text git changes when it checks it out or packs it, with the cause.

    *read* returns the content of a file of the tree, ``None`` where there is none; *others* are files of attributes
    outside of it, by name, the weakest first: they apply to the whole tree.
    """
    wanted = sorted(set(paths))
    folders = {folder for path in wanted for folder in _above(path)}
    given = [("", name, content) for name, content in others[:-1]]
    for folder in sorted(folders, key=lambda each: (each != "", each.count("/"))):
        name = f"{folder}/{ATTRIBUTES}" if folder else ATTRIBUTES
        content = read(name)
        if content is not None:
            given.append((folder, name, content))
    given += [("", name, content) for name, content in others[-1:]]
    macros = _macros(content for _, _, content in given)
    rules = [rule for folder, name, content in given for rule in _rules(folder, name, content, macros)]
    acting = [rule for rule in rules if rule.words]
    if any(_acts(word) for rule in acting for word in rule.words):
        for path in wanted:
            yield from _altered(path, acting)


def _altered(path: str, rules: Sequence[_Rule]) -> Iterator[AlteredText]:
    last: dict[str, AlteredText] = {}
    for rule in rules:
        for word in rule.words:
            name = word.lstrip("-!").partition("=")[0]
            # A folder that an archive leaves out takes everything below it along.
            of = [path, *filter(None, _above(path))] if name == "export-ignore" else [path]
            if (_acts(word) or rule.is_exact) and any(map(rule.matches, of)):
                last[name] = AlteredText(path, word, rule.file, rule.line)
    yield from (each for each in last.values() if _acts(each.attribute))


def _acts(word: str) -> bool:
    """Say whether an attribute as it is written changes a text; on Linux, `text` and `eol=lf` change none."""
    return word.partition("=")[0] in (*_CHECKS_OUT, *_PACKS) or word == "eol=crlf"


def _macros(files: Iterable[bytes]) -> dict[str, list[str]]:
    """Return what each macro that any of *files* defines sets, macros in it included, wherever it is defined."""
    given: dict[str, list[str]] = {}
    for content in files:
        for _, pattern, words in _lines(content):
            if pattern.startswith(_MACRO):
                given.setdefault(pattern.removeprefix(_MACRO), []).extend(words)
    return {name: [name, *filter(_acts, _reached(name, given))] for name in given}


def _reached(name: str, given: Mapping[str, list[str]]) -> list[str]:
    found = [name]
    for each in found:  # grows on the way
        found += [word for word in given.get(each, ()) if word not in found]
    return found


def _rules(folder: str, name: str, content: bytes, macros: Mapping[str, list[str]]) -> Iterator[_Rule]:
    """Yield the rules in the *content* of the file *name*; *macros* are replaced by all that they set."""
    for number, pattern, given in _lines(content):
        if not pattern.startswith(_MACRO):
            words = tuple(word for each in given for word in macros.get(each, [each]))
            yield _Rule(folder, pattern, words, name, number)


def _lines(content: bytes) -> Iterator[tuple[int, str, list[str]]]:
    """Yield number, pattern and attributes of each line, split as git splits it: other blanks are part of a word."""
    for number, line in enumerate(content.decode(errors="replace").removeprefix("\ufeff").split("\n"), 1):
        words = [word for word in re.split(r"[ \t\r]+", line) if word]
        if not words or words[0].startswith("#"):
            continue
        if words[0].startswith('"'):  # a pattern with blanks: taken for one that matches everything
            yield number, "*", line.rpartition('"')[2].split()
        else:
            yield number, words[0], words[1:]


def _above(path: str) -> list[str]:
    """Return every folder that *path* is in, the top included as the empty text."""
    found = []
    while path:
        path = dirname(path)
        found.append(path)
    return found


def _regex(pattern: str) -> re.Pattern[str]:
    """
    Return a regular expression that matches at least what a pattern of git does.

    Two stars match any text, and a pattern with brackets or a backslash matches everything: too much is refused,
    too little would be silent.
    """
    if re.search(r"[\[\\]", pattern):
        return re.compile(".*", re.DOTALL)
    parts = {"/**/": "/(?:.*/)?", "**/": "(?:.*/)?", "*": "[^/]*", "?": "."}
    text = "".join(
        parts.get(each) or (".*" if each.startswith("*") else re.escape(each))
        for each in re.findall(r"/\*\*/|\*\*/|\*+|.", pattern, re.DOTALL)
    )
    return re.compile(text, re.DOTALL)

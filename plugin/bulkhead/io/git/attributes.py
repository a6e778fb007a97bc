"""
Attributes of files by which git checks out, or packs, another text than it stores.

A revision is reviewed as git stores it.  A build reads what git has checked out, or an archive of it.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
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

    def matches(self, path: str) -> bool:
        """Say whether the pattern matches *path*, a file or a folder."""
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
    Yield each of *paths* of which git checks out or packs another text than it stores, with the cause.

    *read* returns the content of a file of the tree, ``None`` where there is none; *others* are files of attributes
    outside of it, by name, the weakest first: they apply to the whole tree.
    """
    wanted = sorted(set(paths))
    folders = {folder for path in wanted for folder in _above(path)}
    macros: dict[str, list[str]] = {}
    rules = [rule for name, content in others[:-1] for rule in _rules("", name, content, macros)]
    for folder in sorted(folders, key=lambda each: (each != "", each.count("/"))):
        name = f"{folder}/{ATTRIBUTES}" if folder else ATTRIBUTES
        content = read(name)
        if content is not None:
            rules += _rules(folder, name, content, macros)
    rules += [rule for name, content in others[-1:] for rule in _rules("", name, content, macros)]
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
            if any(map(rule.matches, of)):
                last[name] = AlteredText(path, word, rule.file, rule.line)
    yield from (each for each in last.values() if _acts(each.attribute))


def _acts(word: str) -> bool:
    """Say whether an attribute as it is written changes a text; on Linux, `text` and `eol=lf` change none."""
    return word.partition("=")[0] in (*_CHECKS_OUT, *_PACKS) or word == "eol=crlf"


def _rules(folder: str, name: str, content: bytes, macros: dict[str, list[str]]) -> list[_Rule]:
    """Return the rules in the *content* of the file *name*; *macros* are replaced by what they set, and added to."""
    found = []
    for number, line in enumerate(content.decode(errors="replace").splitlines(), 1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        pattern, given = words[0], words[1:]
        if pattern.startswith('"'):  # a pattern with blanks: taken for one that matches everything
            pattern, given = "*", line.rpartition('"')[2].split()
        known = [word for each in given for word in macros.get(each, [each])]
        if pattern.startswith(_MACRO):
            macros[pattern.removeprefix(_MACRO)] = known
        else:
            found.append(_Rule(folder, pattern, tuple(known), name, number))
    return found


def _above(path: str) -> list[str]:
    """Return every folder that *path* is in, the top included as the empty text."""
    found = []
    while path:
        path = dirname(path)
        found.append(path)
    return found


def _regex(pattern: str) -> re.Pattern[str]:
    """Return the regular expression of a pattern of git; what it cannot be made of matches everything."""
    parts = {"/**/": "/(?:.*/)?", "**/": "(?:.*/)?", "/**": "/.*", "*": "[^/]*", "?": "[^/]"}
    text = "".join(
        parts.get(each) or (each if each.startswith("[") else re.escape(each.removeprefix("\\")))
        for each in re.findall(r"/\*\*/|\*\*/|/\*\*|\*+|\?|\[[^]]*\]|\\.|.", pattern)
    )
    try:
        return re.compile(text.replace("[!", "[^"), re.DOTALL)
    except re.error:
        return re.compile(".*", re.DOTALL)

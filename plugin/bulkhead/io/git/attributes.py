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
_LONGEST_LINE = 2048
"""Bytes: git leaves out a longer line."""

_EXACT_PATTERN = re.compile(r"(?:(?!\*\*)[\w./*-])*(?:[\w.*-]|/\*\*)", re.ASCII)
_VALID_WORD = re.compile(r"[-!]?(?!-|builtin_)[\w.-]+(?:=[!-~]*)?", re.ASCII)


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
    is_exact: bool
    """Whether git reads the line, and the pattern matches exactly what it matches in git: only such a rule unsets."""

    def matches(self, path: str) -> bool:
        """Say whether the pattern matches *path*, a file or a folder; where git's answer is in doubt, it does."""
        if self.folder and not path.startswith(f"{self.folder}/"):
            return False
        inside = relpath(path, self.folder) if self.folder else path
        pattern = self.pattern.rstrip("/")
        if "/" not in pattern:
            return bool(_regex(pattern).fullmatch(basename(path)))
        return bool(_regex(pattern.lstrip("/")).fullmatch(inside))


def may_alter(content: bytes) -> bool:
    """Say whether a file of attributes with this *content* names one by which git gives out another text."""
    return any(name.encode() in content for name in (*_CHECKS_OUT, *_PACKS))


def attribute_files(paths: Iterable[str]) -> list[str]:
    """Return where git looks for attributes of *paths* in the tree: the weakest, that of the top, first."""
    folders = {folder for path in paths for folder in _above(path)}
    ordered = sorted(folders, key=lambda each: (each != "", each.count("/")))
    return [f"{folder}/{ATTRIBUTES}" if folder else ATTRIBUTES for folder in ordered]


def altered_texts(
    paths: Iterable[str], read: Callable[[str], bytes | None], others: Sequence[tuple[str, bytes]] = ()
) -> Iterator[AlteredText]:
    """
    Yield each of *paths* whose text git changes when it checks it out or packs it, with the cause.

    *read* returns the content of a file of the tree, ``None`` where there is none; *others* are files of attributes
    outside of it, by name, the weakest first: they apply to the whole tree.
    """
    wanted = sorted(set(paths))
    given = [("", name, content) for name, content in others[:-1]]
    for name in attribute_files(wanted):
        content = read(name)
        if content is not None:
            given.append((dirname(name), name, content))
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
            # A folder that an archive leaves out takes everything below it along, whatever is said of that.
            leaves_out = name == "export-ignore"
            of = [path, *filter(None, _above(path))] if leaves_out else [path]
            if (_acts(word) or (rule.is_exact and not leaves_out)) and any(map(rule.matches, of)):
                last[name] = AlteredText(path, word, rule.file, rule.line)
    yield from (each for each in last.values() if _acts(each.attribute))


def _acts(word: str) -> bool:
    """Say whether an attribute as it is written changes a text; on Linux, `text` and `eol=lf` change none."""
    return word.partition("=")[0] in (*_CHECKS_OUT, *_PACKS) or word == "eol=crlf"


def _macros(files: Iterable[bytes]) -> dict[str, list[str]]:
    """Return what each macro that any of *files* defines sets, macros in it included, wherever it is defined."""
    given: dict[str, list[str]] = {}
    for content in files:
        for line in _lines(content):
            if line.pattern.startswith(_MACRO):
                given.setdefault(line.pattern.removeprefix(_MACRO), []).extend(line.words)
    return {name: [name, *filter(_acts, _reached(name, given))] for name in given}


def _reached(name: str, given: Mapping[str, list[str]]) -> list[str]:
    found = [name]
    for each in found:  # grows on the way
        found += [word for word in given.get(each, ()) if word not in found]
    return found


def _rules(folder: str, name: str, content: bytes, macros: Mapping[str, list[str]]) -> Iterator[_Rule]:
    """Yield the rules in the *content* of the file *name*; *macros* are replaced by all that they set."""
    for line in _lines(content):
        if not line.pattern.startswith(_MACRO):
            words = tuple(word for each in line.words for word in macros.get(each, [each]))
            yield _Rule(folder, line.pattern, words, name, line.number, line.is_exact)


@dataclass(frozen=True)
class _AttributeLine:
    number: int
    pattern: str
    words: list[str]
    is_exact: bool


def _lines(content: bytes) -> Iterator[_AttributeLine]:
    """Yield each line that may set an attribute, split as git splits it: other blanks are part of a word."""
    for number, raw in enumerate(content.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        line = raw.decode(errors="replace").replace("\0", " ")
        words = [word for word in re.split(r"[ \t\r]+", line) if word]
        if not words or words[0].startswith("#"):
            continue
        if words[0].startswith('"'):  # a quoted pattern: every word may be an attribute, of every file
            yield _AttributeLine(number, "*", [each for word in words for each in word.split('"') if each], False)
        else:
            is_read = len(raw) < _LONGEST_LINE and b"\0" not in raw and all(map(_VALID_WORD.fullmatch, words[1:]))
            yield _AttributeLine(number, words[0], words[1:], is_read and bool(_EXACT_PATTERN.fullmatch(words[0])))


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

"""The commands that the pages of this repository show."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from conftest import ROOT

PAGES = sorted(
    page.relative_to(ROOT)
    for pattern in ("*.md", "docs/**/*.md", "charts/**/*.md", "deploy/**/*.md")
    for page in ROOT.glob(pattern)
    if page.name != "CHANGELOG.md"
)
# A block, also one inside a list: `sh` has commands alone, `console` has them after `$ `, with what they print.
_BLOCK = re.compile(r"^( *)```(sh|bash|shell|console)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"(?<!`)`([a-z][^`\n]*)`(?!`)")
_SEPARATORS = ("|", "||", "&", "&&", ";", "(", ")")


@dataclass(frozen=True)
class Command:
    """One command of a page, its continuation lines joined, and the text below it in the block."""

    page: Path
    line: int
    text: str
    output: str = ""

    def __str__(self) -> str:
        return f"{self.page}:{self.line}: {self.text}"


def commands(page: Path) -> list[Command]:
    """Return the commands in the blocks of *page*, in order."""
    return list(_commands(page, (ROOT / page).read_text()))


def _commands(page: Path, text: str) -> Iterator[Command]:
    for block in _BLOCK.finditer(text):
        line = text.count("\n", 0, block.start()) + 2
        body = re.sub(rf"^{block[1]}", "", block[3], flags=re.MULTILINE)
        prompt = "$ " if block[2] == "console" else ""
        found: list[tuple[int, str, str]] = []
        going_on = False
        for number, each in enumerate(body.splitlines(), line):
            if going_on:
                before, command, _ = found.pop()
                found.append((before, f"{command[:-1]}{each.strip()}", ""))
            elif each.startswith(prompt) and (prompt or each.strip()):
                found.append((number, each.removeprefix(prompt), ""))
            elif found:
                before, command, output = found.pop()
                found.append((before, command, f"{output}{each}\n"))
            going_on = bool(found) and found[-1][1].endswith("\\") and not found[-1][2]
        yield from (Command(page, number, command, output) for number, command, output in found)


def unfenced(page: Path) -> list[str]:
    """Return the lines of *page* that are a block by their indentation alone, and look like a command."""
    text = re.sub(r"^( *)```.*?^ *```$", "", (ROOT / page).read_text(), flags=re.MULTILINE | re.DOTALL)
    return re.findall(r"^    (?:\$ )?(?:bulkhead|git|helm|kubectl|kustomize|make|sudo) .*", text, re.MULTILINE)


def inline(page: Path, program: str) -> list[Command]:
    """Return what *page* has between backticks in its sentences and tables and begins with *program* and a space."""
    text = _BLOCK.sub(lambda block: "\n" * block[0].count("\n"), (ROOT / page).read_text())
    return [
        Command(page, text.count("\n", 0, found.start()) + 1, found[1])
        for found in _INLINE.finditer(text)
        if found[1].startswith(f"{program} ")
    ]


def simple_commands(text: str) -> list[list[str]]:
    """Return the words of each command in a line of shell, without assignments and redirections."""
    lexer = shlex.shlex(text, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    found: list[list[str]] = [[]]
    redirected = False
    for word in lexer:
        if word in _SEPARATORS:
            found.append([])
        elif redirected:
            redirected = False
        elif set(word) <= set("<>&"):
            redirected = True
        elif found[-1] or not re.match(r"[A-Z_]+=", word):
            found[-1].append(word)
    return [words for words in found if words]

"""What a command reads from and writes to, and how a command ends early."""

import os
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import NoReturn, TextIO

from bulkhead.cli.forge import forge_of
from bulkhead.cli.progress import ProgressBar
from bulkhead.cli.supervision import at_work, limit_time
from bulkhead.core.diagnostics import Diagnostic, sorted_diagnostics
from bulkhead.core.safe_text import printable, safe_text
from bulkhead.report.layout.colour import Palette
from bulkhead.report.layout.cut import EVERYTHING, SHORT
from bulkhead.report.layout.permalinks import Forge
from bulkhead.report.layout.style import Style
from bulkhead.report.layout.text import count, error_lines, faults

HERE = "."
"""The folder that a command reads where none is named."""

NO_TERMINAL = 120
"""Columns of a line where there is no terminal."""

MOST_PROBLEMS = 200
"""Problems of one run that are written."""


class CommandFailed(Exception):
    """The command ends with this exit *status*; the reason is written to stderr already."""

    def __init__(self, status: int = 2) -> None:
        super().__init__(status)
        self.status = status


class OutputFailed(Exception):
    """What a command prints cannot be written to stdout: the disk is full, or whatever reads it has failed."""


class UsageError(Exception):
    """The options contradict each other or are incomplete; the text says how."""


def _no_progress(_done: int, _total: int) -> None:
    """Show nothing."""


def _nothing() -> None:
    """Do nothing."""


def _no_limit(_seconds: float) -> None:
    """Let a command take its time: a program that runs one in its own process sets the limit itself."""


@dataclass(frozen=True)
class Console:
    """
    The streams of a command, whether it may use *colour*, and the *width* of a line in columns.

    *progress* is called with the number of overlays that are done and the number of all, *end_progress* before anything
    is written. *limit_time* is called with the number of seconds after which the process ends. *forge* is where a
    reader finds the lines of commits, if that is known. *is_terminal* says whether stdout is a terminal.
    """

    stdin: TextIO
    stdout: TextIO
    stderr: TextIO
    colour: bool = False
    width: int = NO_TERMINAL
    progress: Callable[[int, int], None] = _no_progress
    limit_time: Callable[[float], None] = _no_limit
    end_progress: Callable[[], None] = _nothing
    forge: Forge | None = None
    is_terminal: bool = False

    @property
    def palette(self) -> Palette:
        """The colours of what is written to stdout."""
        return Palette(self.colour)

    @property
    def folder(self) -> str:
        """The current folder. Reports show files relative to it."""
        return os.getcwd()

    @property
    def style(self) -> Style:
        """How reports are written for the reader of stdout."""
        return self.style_of(False)

    def style_of(self, whole: bool) -> Style:
        """Return how reports are written for the reader of stdout: with *whole* no list is shortened."""
        cut = EVERYTHING if whole else SHORT
        columns = self.width if self.is_terminal else 0
        return Style(self.folder, self.palette, self.width, cut, _repository_root(self.folder), self.forge, columns)

    def write(self, text: str | Iterator[str]) -> None:
        """
        Write a report to stdout. No name in it acts on a terminal or on the log of a CI system.

        A report in parts, each of which begins a line or ends one, is never in memory as a whole.
        """
        for part in [text] if isinstance(text, str) else text:
            self._print(safe_text(part, self.colour))

    def write_exact(self, text: str) -> None:
        """
        Write a document to stdout as it is: manifests, values, a schema or a script.

        A terminal is shown no character that acts on it; no program reads the document from there.
        """
        self._print(safe_text(text) if self.stdout.isatty() else text)

    def _print(self, text: str) -> None:
        self.end_progress()
        with _output():
            self.stdout.write(text)

    def flush(self) -> None:
        """
        Hand everything that was written to the system.

        :raises OutputFailed: where stdout cannot take it.
        """
        with _output():
            self.stdout.flush()

    def note(self, text: str) -> None:
        """Write lines that are not the result of the command to stderr. Where nobody can read them they are lost."""
        self.end_progress()
        self.flush()
        with suppress(OSError):
            self.stderr.write(safe_text(text))

    def status_line(self, text: str) -> None:
        """Write one line about the work, which is not its result, to stderr."""
        self.note(f"bulkhead: {printable(text)}\n")

    def error(self, message: str, hint: str = "") -> int:
        """Write one error to stderr; return exit status 2."""
        self.note(error_lines(f"bulkhead: error: {message}", hint))
        return 2

    def file_error(self, file: str, message: str, hint: str = "") -> int:
        """Write one error about *file* to stderr; return exit status 2."""
        self.note(error_lines(f"{printable(file)}: error: {message}", hint))
        return 2

    def refuse(self, problems: Iterable[Diagnostic], outcome: str = "", status: int = 2) -> NoReturn:
        """
        Write the first problems with their places to stderr, then how many there are and the *outcome*.

        :raises CommandFailed: always, with *status*.
        """
        found = list(sorted_diagnostics(problems))
        self.note(faults(found[:MOST_PROBLEMS], self.folder))
        if len(found) > MOST_PROBLEMS:
            self.status_line(f"the first {MOST_PROBLEMS} problems are shown")
        self.status_line(", ".join([count(len(found), "problem"), *([outcome] if outcome else [])]))
        raise CommandFailed(status)


@contextmanager
def _output() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:  # its reader has read enough
        raise
    except OSError as error:
        raise OutputFailed(f"the output cannot be written: {error.strerror}") from None


def process_console() -> Console:
    """Return the console of this process: its streams, and what its terminal and its environment say."""
    environment = os.environ
    is_terminal = sys.stdout.isatty()
    colour = is_terminal and not environment.get("NO_COLOR") and environment.get("TERM") != "dumb"
    width = shutil.get_terminal_size((NO_TERMINAL, 24)).columns
    forge = forge_of(environment)
    streams = sys.stdin, sys.stdout, sys.stderr
    console = Console(*streams, colour, width, limit_time=limit_time, forge=forge, is_terminal=is_terminal)
    if not sys.stderr.isatty() or environment.get("TERM") == "dumb":
        return console
    progress = ProgressBar(sys.stderr, at_work)
    progress.start()
    return replace(console, progress=progress, end_progress=progress.end)


def _repository_root(folder: str) -> str:
    """Return the folder of the repository that *folder* is in, or *folder*."""
    found = folder
    while not os.path.exists(os.path.join(found, ".git")):
        if found == os.path.dirname(found):
            return folder
        found = os.path.dirname(found)
    return found

"""What a terminal shows while a command is at work that takes more than a second: overlays that are built, or steps."""

import threading
import time
from collections.abc import Callable
from typing import TextIO

DELAY = 1.0
"""Seconds before anything is shown: most commands have ended by then."""

_EVERY = 0.2
_CELLS = 30
ERASE = "\r\x1b[K"
"""Goes to the first column, and removes what is on the line."""


class ProgressBar:
    """
    Shows on *stream*, a terminal, what is done.

    *step* returns the work at hand, *clock* the seconds since some moment.
    """

    def __init__(self, stream: TextIO, step: Callable[[], str], clock: Callable[[], float] = time.monotonic) -> None:
        self.stream, self.step, self.clock = stream, step, clock
        self.begun = clock()
        self.count = (0, 0)
        self.is_shown = False
        self._ended = threading.Event()
        self._lock = threading.Lock()

    def __call__(self, done: int, total: int) -> None:
        """Note that of *total* overlays so many are *done*."""
        self.count = done, total

    def start(self) -> None:
        """Show it from now on, again and again, in a thread of its own."""
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        wait = DELAY
        while not self._ended.wait(wait):
            self.draw()
            wait = _EVERY

    def draw(self) -> None:
        """Show what is done, unless the command has not taken long yet, or writes its results already."""
        with self._lock:
            passed = self.clock() - self.begun
            if passed >= DELAY and not self._ended.is_set():
                self._write(f"{ERASE}{self.line(passed)}")
                self.is_shown = True

    def line(self, passed: float) -> str:
        """Return what is shown after *passed* seconds."""
        done, total = self.count
        if done >= total:  # none are built, or all
            return f"{self.step()}, {passed:.0f} s"
        return f"[{'#' * (_CELLS * done // total):<{_CELLS}}] {done}/{total} overlays"

    def end(self) -> None:
        """Remove it from the terminal for good: the command writes now."""
        self._ended.set()
        with self._lock:
            if self.is_shown:
                self._write(ERASE)
            self.is_shown = False

    def _write(self, text: str) -> None:
        try:
            self.stream.write(text)
            self.stream.flush()
        except (OSError, ValueError):  # the terminal is gone
            self._ended.set()

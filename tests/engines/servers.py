"""Start a server, wait for it, stop it."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from conftest import PATIENCE, TOOLS


class Stopped(Exception):
    """A server that is gone, or a state that never came."""


@dataclass
class Server:
    """A running program, and the file that it writes to."""

    process: subprocess.Popen[bytes]
    log: Path

    def said(self, lines: int = 15) -> str:
        """Return the last lines that it wrote."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def wait_until(self, ready: Callable[[], bool], what: str) -> None:
        """Return when *ready*; raise Stopped, with what the server said, when it is gone or never will be."""
        wait_until(ready, what, lambda: self.process.poll() is None, self.said)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End it, and what it has started."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, how)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait(PATIENCE)


def wait_until(
    ready: Callable[[], bool],
    what: str,
    alive: Callable[[], bool] = lambda: True,
    said: Callable[[], str] = lambda: "",
) -> None:
    """Return when *ready*; raise Stopped where *alive* ends first, or after long patience."""
    end = time.monotonic() + PATIENCE
    while not ready():
        if not alive() or time.monotonic() > end:
            raise Stopped(f"{what}: not so after {PATIENCE} s, or the server is gone\n{said()}")
        time.sleep(0.1)


def start(
    command: Sequence[str | Path],
    log: Path,
    env: Mapping[str, str] | None = None,
    options: Mapping[str, str | int | Path] | None = None,
) -> Server:
    """Start a program that ends with the tests, whatever ends them; *options* become ``--name=value``."""
    named = [f"--{name}={value}" for name, value in (options or {}).items()]
    plain = {"PATH": f"{TOOLS}:/usr/local/bin:/usr/bin:/bin", "HOME": str(log.parent), "LANG": "C.UTF-8"}
    with log.open("ab") as out:
        process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "TERM", *(str(part) for part in command), *named],
            cwd=log.parent,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            env={**plain, **(env or {})},
            start_new_session=True,
        )
    return Server(process, log)

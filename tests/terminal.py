"""A command on a terminal."""

import os
import pty
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path


def shown_on_terminal(command: Sequence[str | Path], cwd: Path, env: Mapping[str, str], stderr: bool = False) -> str:
    """
    Return all that *command*, which has to succeed, writes to a terminal: to stdout, and with *stderr* to that too.

    It is read until the command has closed the terminal: what was written need not be there in one piece.
    """
    ours, theirs = pty.openpty()
    found = b""
    with subprocess.Popen(
        command, cwd=cwd, env=env, stdout=theirs, stderr=theirs if stderr else subprocess.DEVNULL
    ) as process:
        os.close(theirs)
        while chunk := _read(ours):
            found += chunk
    os.close(ours)
    assert process.returncode == 0, found
    return found.decode()


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # nobody has it open any more
        return b""

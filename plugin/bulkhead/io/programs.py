"""
The other programs that run: git and kustomize, each with a bound on what it may print, and ended with this process.
"""

import os
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bulkhead.core.diagnostics import DiagnosticError
from bulkhead.io.files import MIB

LARGEST_OUTPUT = 256 * MIB
"""Bytes that a program may print."""

_LARGEST_MESSAGE = MIB
_PIECE = MIB

_OUT_OF_MEMORY = (
    "out of memory",
    "cannot allocate memory",
    "Cannot allocate memory",
    "pthread_create failed",  # the stack of a thread of a Go program
    "failed to create new OS thread",
    "goroutine 0 gp=",  # Go's own runtime crashed: it does not check all of its allocations
)


class ProgramError(DiagnosticError):
    """A program printed too much, or needed more memory than it may use."""


@dataclass(frozen=True)
class Finished:
    """A program that has ended: its *status*, what it printed, and its error *message*, without blanks around it."""

    status: int
    stdout: bytes
    message: str


_running: dict["subprocess.Popen[bytes]", str] = {}


def run_program(
    command: Sequence[str],
    environment: Mapping[str, str],
    stdin: bytes = b"",
    about: str = "",
    most: int = LARGEST_OUTPUT,
) -> Finished:
    """
    Run *command* to its end. *about* says in messages what it does.

    :raises FileNotFoundError: where the program is not installed.
    :raises ProgramError: where it prints more than *most* bytes, or needs more memory than it may use.
    """
    name = os.path.basename(command[0])
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as said:
        given.write(stdin)
        given.seek(0)
        process = subprocess.Popen(
            command, stdin=given, stdout=subprocess.PIPE, stderr=said, env=environment, start_new_session=True
        )
        _running[process] = about or name
        try:
            stdout = _printed(process, most)
            process.wait()
        finally:
            _kill(process)
            process.wait()
            _running.pop(process, None)
        if len(stdout) > most:
            raise ProgramError(f"{name} prints more than {most // MIB} MiB")
        said.seek(0)
        message = said.read(_LARGEST_MESSAGE).decode(errors="replace").strip()
    if process.returncode and any(each in message for each in _OUT_OF_MEMORY):
        raise ProgramError(f"{name} needs more memory than it may use", "BULKHEAD_MEMORY=MIB allows more")
    return Finished(process.returncode, stdout, message)


def _printed(process: "subprocess.Popen[bytes]", most: int) -> bytes:
    """Return what *process* prints, at most one piece more than *most* bytes."""
    assert process.stdout is not None
    pieces, left = [], most
    with process.stdout as stream:
        while left >= 0 and (piece := stream.read(_PIECE)):
            pieces.append(piece)
            left -= len(piece)
    return b"".join(pieces)


def _kill(process: "subprocess.Popen[bytes]") -> None:
    """Kill *process*, unless it has ended, and whatever it has started."""
    if process.returncode is None:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except (OSError, PermissionError):
            process.kill()


def running() -> list[str]:
    """Return what the programs that run now do."""
    return sorted(_running.values())


def kill_all() -> None:
    """Kill every program that runs."""
    for process in list(_running):
        _kill(process)

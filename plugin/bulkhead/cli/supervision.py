"""
Runs a command in its own process. The parent process removes the files that are left after a sudden end.

A signal, a time limit or a lack of memory can end a command anywhere, also while another thread writes. The process
that does the work then ends at once. Its parent waits for that and removes the temporary folders of the run.
"""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from types import FrameType

from bulkhead.cli.progress import ERASE
from bulkhead.core.language.scalars import InvalidValue
from bulkhead.core.safe_text import printable
from bulkhead.io.files import MIB, RUN, TEMPORARY_FOLDER, undo_changes
from bulkhead.io.programs import kill_all, running

MEMORY = 2048
"""MiB that a command may use, and each program that it runs. ``BULKHEAD_MEMORY`` is another number, 0 is no limit."""

NOTICE = 60
"""Seconds after which a command says on stderr what it does."""

_GRACE = 5
_TOO_LATE = 124
"""The status with which the process that does the work reports the end of its time."""

_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)

_WORK = {
    "bulkhead.io.git": "git objects are read",
    "bulkhead.io.kustomize": "kustomizations are read",
    "bulkhead.io": "files are read",
    "bulkhead.report": "the report is written",
    "bulkhead.core": "the policies are analysed",
}
"""What is done while a module of a package is at work."""


def supervised(work: Callable[[], int]) -> int:
    """Return the exit status of *work*, which runs in a child of this process with the limits of a command."""
    run = os.environ[RUN] = f"{os.getpid()}-{os.urandom(4).hex()}-"
    ignored = [each for each in _SIGNALS if signal.getsignal(each) == signal.SIG_IGN]
    signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    child = os.fork()
    if child == 0:
        _exit(_worker(work, ignored))
    _pass_on(child, ignored)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status < 0 or status in (_TOO_LATE, *(128 + each for each in _SIGNALS)):
        _clean(run)
    if status == -signal.SIGKILL:
        _say("error: the process was killed: it ran out of memory, or somebody ended it")
    elif status < 0:
        _say(f"error: the process was ended by signal {-status}")
    return 2 if status < 0 or status == _TOO_LATE else status


def _pass_on(child: int, ignored: list[signal.Signals]) -> None:
    """Send the signals of this process to *child*, and end it where it does not obey."""

    def send(number: int) -> None:
        with suppress(ProcessLookupError):  # it has ended, and its status is known
            os.kill(child, number)

    def end(number: int, _frame: FrameType | None) -> None:
        send(number)
        signal.alarm(_GRACE)

    signal.signal(signal.SIGALRM, lambda *_: send(signal.SIGKILL))
    for each in _SIGNALS:
        if each not in ignored:
            signal.signal(each, end)


def _worker(work: Callable[[], int], ignored: list[signal.Signals]) -> int:
    for each in _SIGNALS:
        if each not in ignored:
            signal.signal(each, lambda number, _frame: _end(128 + number))
    signal.signal(signal.SIGALRM, _still_at_work)
    signal.setitimer(signal.ITIMER_REAL, NOTICE)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
    limit_memory()
    return work()


def _exit(status: int) -> None:
    """End this process: nothing that it was given by its parent is finished twice."""
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except (OSError, ValueError):
        status = status or 141
    os._exit(status)


def _end(status: int) -> None:
    kill_all()
    undo_changes()
    os._exit(status)


def memory() -> int:
    """
    Return the MiB that a command may use, 0 where there is no limit.

    :raises InvalidValue: where ``BULKHEAD_MEMORY`` has a value that is no whole number.
    """
    text = os.environ.get("BULKHEAD_MEMORY", "")
    if text and not (text.isdecimal() and text.isascii() and len(text) < 9):
        raise InvalidValue(f"`BULKHEAD_MEMORY={text}` is no number of MiB", "write a whole number; `0` is no limit")
    return int(text) if text else MEMORY


def limit_memory() -> None:
    """Limit the memory of this process and of the programs that it starts."""
    most = memory() * MIB
    try:
        import resource  # here: not every system has it
    except ImportError:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    if most and (soft == resource.RLIM_INFINITY or soft > most):
        resource.setrlimit(resource.RLIMIT_DATA, (most, hard))


def limit_time(seconds: float) -> None:
    """End this process with exit status 2 and a message when it takes longer than *seconds* from now."""

    def end(_number: int, _frame: FrameType | None) -> None:
        _say(f"error: this takes longer than {seconds:g} s, the limit of --timeout: {_at_work(_frame)}")
        _end(_TOO_LATE)

    def notice(number: int, frame: FrameType | None) -> None:
        _still_at_work(number, frame)
        signal.signal(signal.SIGALRM, end)
        signal.setitimer(signal.ITIMER_REAL, seconds - NOTICE)

    signal.signal(signal.SIGALRM, notice if seconds > NOTICE else end)
    signal.setitimer(signal.ITIMER_REAL, min(seconds, NOTICE))


def _still_at_work(_number: int, frame: FrameType | None) -> None:
    _say(f"still at work after {NOTICE} s: {_at_work(frame)} (--timeout SECONDS sets a limit)")


def at_work() -> str:
    """Return what the main thread does now, for another thread."""
    main = threading.main_thread().ident
    return _at_work(sys._current_frames().get(main) if main else None)


def _at_work(frame: FrameType | None) -> str:
    programs = running()
    if programs:
        return ", ".join(programs)
    modules = list(_modules(frame))
    found = (said for module in modules for package, said in _WORK.items() if module.startswith(package))
    return next(found, "the input is read and analysed")


def _modules(frame: FrameType | None) -> Iterator[str]:
    while frame is not None:
        yield str(frame.f_globals.get("__name__", ""))
        frame = frame.f_back


def _say(text: str) -> None:
    """Write one line to stderr, also where a signal came in the middle of another line."""
    try:
        erase = ERASE if os.isatty(2) else ""  # a progress bar may be there
        os.write(2, f"{erase}bulkhead: {printable(text)}\n".encode(errors="replace"))
    except OSError:
        return


def _clean(run: str) -> None:
    """Remove the temporary folders of *run*."""
    import shutil  # here: a command that ends as it should has removed them
    import tempfile

    at = tempfile.gettempdir()
    for name in os.listdir(at):
        if name.startswith(TEMPORARY_FOLDER + run):
            shutil.rmtree(os.path.join(at, name), ignore_errors=True)

"""The entry point of the process: runs its command line and turns every exception into a message."""

import errno
import os
import sys
import tempfile

from bulkhead.cli.command_line import run
from bulkhead.cli.console import Console, OutputFailed, process_console
from bulkhead.cli.supervision import memory, supervised
from bulkhead.core.language.scalars import InvalidValue


def main() -> int:
    """Run the command line of this process; return the exit status."""
    if not _has_output():
        return process_console().error("stdout is closed", "send the output to a file, or to `/dev/null`")
    try:
        memory()
    except InvalidValue as wrong:
        return process_console().error(wrong.message, wrong.hint)
    return supervised(work) if hasattr(os, "fork") else work()


def work() -> int:
    """Run the command line in this process; return the exit status."""
    console = process_console()
    try:
        status = run(sys.argv[1:], console)
        console.end_progress()
        console.flush()
        return status
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader of the output has closed it (`| head`)
        _drop_output()
        return 141
    except OutputFailed as error:
        _drop_output()
        return console.error(str(error))
    except MemoryError:
        hint = "BULKHEAD_MEMORY=MIB allows more"
        return console.error(f"the input needs more than {memory():,} MiB of memory", hint)
    except RecursionError:
        return console.error("the input is nested more deeply than it can be read", "flatten it")
    except OSError as error:
        return _failed(error, console)
    except Exception as error:
        if os.environ.get("BULKHEAD_DEBUG"):
            raise
        console.status_line(f"internal error: {type(error).__name__}: {error}")
        console.note("hint: this is a defect; run again with BULKHEAD_DEBUG=1 and report what it prints\n")
        return 3


def _failed(error: OSError, console: Console) -> int:
    """Write what the system refused; return exit status 2. Files of the user have been dealt with before."""
    reason = error.strerror or str(error)
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        at = tempfile.gettempdir()
        hint = f"make room in `{at}`, or name another folder: `TMPDIR=FOLDER`"
        return console.error(f"a temporary file cannot be written: {reason}", hint)
    return console.file_error(os.fsdecode(error.filename), reason) if error.filename else console.error(reason)


def _has_output() -> bool:
    """
    Say whether this process was started with a stdout; open what it was started without.

    Else the first file that is read would be stdin, stdout or stderr to the programs that are run.
    """
    is_closed = sys.stdout is None
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        if getattr(sys, name) is None:
            os.dup2(os.open(os.devnull, os.O_RDWR), number)
            setattr(sys, name, os.fdopen(number, mode, encoding="utf-8", closefd=False))
    return not is_closed


def _drop_output() -> None:
    """Let what is still to be written to stdout be lost: Python would write an error about it at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

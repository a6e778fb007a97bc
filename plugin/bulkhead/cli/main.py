"""The entry point of the process: runs its command line and turns every exception into a message."""

import os
import sys

from bulkhead.cli.command_line import run
from bulkhead.cli.console import process_console
from bulkhead.cli.supervision import memory, supervised
from bulkhead.core.language.scalars import InvalidValue


def main() -> int:
    """Run the command line of this process; return the exit status."""
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
        sys.stdout.flush()
        return status
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader of the output has closed it (`| head`). Without this, Python would write an error at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except MemoryError:
        hint = "BULKHEAD_MEMORY=MIB allows more"
        return console.error(f"the input needs more than {memory():,} MiB of memory", hint)
    except RecursionError:
        return console.error("the input is nested more deeply than it can be read", "flatten it")
    except OSError as error:
        return console.error(str(error))
    except Exception as error:
        if os.environ.get("BULKHEAD_DEBUG"):
            raise
        console.status_line(f"internal error: {type(error).__name__}: {error}")
        console.note("hint: this is a defect; run again with BULKHEAD_DEBUG=1 and report what it prints\n")
        return 3

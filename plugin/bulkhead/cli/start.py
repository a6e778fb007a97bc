"""
The first module of a process of the command line: it imports almost nothing, so that a signal never meets an import.

Python turns SIGINT into an exception. While other modules are imported that would end in a traceback, so here the
signal ends the process, as it ends any program; ``supervised`` sets its own handlers later.
"""

import signal

if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # a shell may have it ignored
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def main() -> int:
    """Run the command line of this process; return the exit status."""
    from bulkhead.cli.main import main as run_process  # here: with the signal as it is now

    return run_process()

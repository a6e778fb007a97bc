"""``bulkhead version``: print the version, and which kustomize and which Python are used."""

import os
import platform
import sys

from bulkhead import __version__
from bulkhead.cli.console import Console
from bulkhead.cli.options import Options, Parser, describe
from bulkhead.core.safe_text import printable
from bulkhead.io.kustomize.build import Failed, find
from bulkhead.io.programs import ProgramError, run_program
from bulkhead.io.vendored_copy import vendored_version


def options(parser: Parser) -> None:
    """Declare the options."""
    describe(parser, "Print the version, the kustomize that is found with its version, and the Python, each on a line.")


def run(_options: Options, console: Console) -> int:
    """Print the versions; 0 also where no kustomize is found, which is printed."""
    console.write(f"bulkhead {__version__}\nkustomize {_kustomize()}\n")
    console.write(f"Python {platform.python_version()} ({sys.executable})\n")
    vendored = vendored_version("plugin")
    if vendored:
        console.write(f"plugin {printable(vendored)} (./plugin, which a build of this folder runs)\n")
    return 0


def _kustomize() -> str:
    """Return version and path of the kustomize that builds, or that there is none."""
    try:
        program, verb = find()
        asked = ["version"] if verb == "build" else ["version", "--client"]
        done = run_program([program, *asked], {"PATH": os.environ.get("PATH", "")})
    except Failed:
        return "not found: install kustomize 5, or set BULKHEAD_KUSTOMIZE to its path"
    except (OSError, ProgramError):
        return f"does not run ({program})"
    lines = done.stdout.decode(errors="replace").split("\n")
    words = next((line for line in lines if verb == "build" or line.startswith("Kustomize")), "")
    return f"{words.rpartition(' ')[2] or 'of an unknown version'} ({program}{'' if verb == 'build' else ' kustomize'})"

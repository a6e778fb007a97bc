"""Graphviz, which lays out pictures. It is a program of the machine: no other part of the project needs it."""

import os
import shutil

from bulkhead.io.programs import ProgramError, run_program

_INSTALL = "install Graphviz (`apt-get install graphviz`, `brew install graphviz`), or write --format mermaid"


def svg_of(dot: str) -> str:
    """
    Return the SVG of a picture in the language of Graphviz.

    :raises ProgramError: where there is no Graphviz, or it fails.
    """
    program = shutil.which("dot")
    if program is None:
        raise ProgramError("Graphviz is needed for an SVG, and there is no `dot` on PATH", _INSTALL)
    environment = {
        key: value for key, value in os.environ.items() if key in ("PATH", "HOME", "LANG", "FONTCONFIG_PATH")
    }
    try:
        done = run_program([program, "-Tsvg"], environment, dot.encode(), "draws the picture")
    except OSError as error:
        raise ProgramError(f"`{program}` does not run: {error.strerror}", _INSTALL) from None
    if done.status or not done.stdout:
        raise ProgramError(f"`{program}` fails with status {done.status}: {done.message[:500]}", _INSTALL)
    return done.stdout.decode()

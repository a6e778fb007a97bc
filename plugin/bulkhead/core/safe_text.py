r"""
Text that a terminal and the log of a CI system show as it is.

Names, reasons, file names and labels come from people who may be hostile. Two functions keep them from acting:

- :func:`printable` is for a name inside a line. The name gets no line of its own.
- :func:`safe_text` is for everything that a command writes for people. It is the last step before the stream.
"""

import re

REPLACEMENT = "\ufffd"

_COLOUR = re.compile(r"\x1b\[(?:0|1|2|31|32|33)m")
"""What ``Palette`` writes."""

_WORKFLOW_COMMAND = re.compile(r"^(\s*):(?=:[A-Za-z][^\n]*::)", re.MULTILINE)
"""
The start of ``::error file=a:b::``, which GitHub runs where it is the first thing in a line, behind any white space.

An IPv6 address has one ``::`` only.
"""

_LOG_COMMAND = re.compile(r"##(?=\w*\[)")
"""The start of ``##[group]`` and ``##vso[...]``, which Azure and GitHub run anywhere in a line."""

_INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
"""Characters without width, or that look like a blank, which Python takes to be printable."""


def printable(text: str) -> str:
    r"""
    Return *text* in one line, without characters that control a terminal or change the direction of writing.

    >>> printable("a\x1b[2Jb\n\u202ec")
    'a\ufffd[2Jb\ufffd\ufffdc'
    """
    if text.isascii() and text.isprintable():
        return text
    return _INVISIBLE.sub(REPLACEMENT, "".join(each if each.isprintable() else REPLACEMENT for each in text))


def safe_text(text: str, colour: bool = False) -> str:
    r"""
    Return *text*, of several lines, so that it does nothing but appear.

    Tabs and line feeds stay, and where *colour* the codes of ``Palette``. The first character of a command of a CI
    system is set apart.

    >>> safe_text("::error::x\n")
    ': :error::x\n'
    """
    if colour:
        last, kept = 0, []
        for code in _COLOUR.finditer(text):
            kept += [_lines(text[last : code.start()]), code.group()]
            last = code.end()
        text = "".join([*kept, _lines(text[last:])])
    else:
        text = _lines(text)
    return _LOG_COMMAND.sub("# #", _WORKFLOW_COMMAND.sub(r"\1: ", text))


def _lines(text: str) -> str:
    if text.isascii() and text.replace("\n", "").isprintable():
        return text
    shown = "".join(each if each in "\n\t" or each.isprintable() else REPLACEMENT for each in text)
    return _INVISIBLE.sub(REPLACEMENT, shown)

"""The characters that YAML does not have, and bytes that are no UTF-8."""

import re

SAVE_AS_UTF_8 = "save the file as UTF-8"
"""The hint for a text in another encoding."""

UNREADABLE = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]|[\ud800-\udfff]|\ufeff|[\ufffe\uffff]")
"""
A character that no text of YAML may have: control characters, halves of pairs, and the mark of the order of bytes.

Several small sets: one set with all of them takes 6 ms to compile.
"""


def first_unreadable(text: str) -> tuple[int, int]:
    """Return line and column, from 1, of the first character of *text* that YAML does not have; 0 if there is none."""
    found = UNREADABLE.search(text)
    if found is None:
        return 0, 0
    return text.count("\n", 0, found.start()) + 1, found.start() - text.rfind("\n", 0, found.start())


def wrong_byte(error: UnicodeDecodeError) -> tuple[str, int, int]:
    """Return what is wrong with a text that is not UTF-8, and line and column, from 1, of the first wrong byte."""
    before = bytes(error.object[: error.start])
    message = f"not UTF-8 text: byte 0x{error.object[error.start]:02x}"
    return message, before.count(b"\n") + 1, error.start - before.rfind(b"\n")

"""Lines that fit a terminal: it would break them within words, and at its left edge."""

import re
from collections.abc import Iterator

_SHOWN_AS_NOTHING = re.compile(r"\x1b\[[0-9;]*m")


def fitted(text: str, columns: int) -> str:
    """
    Return *text* with lines of at most *columns* characters, as far as its words are that short; 0 is no limit.

    What does not fit is in a further line, four columns to the right of the first. Colours take no place.

    >>> print(fitted("  one two three", 9), end="")
      one two
          three
    """
    if not columns:
        return text
    return "".join(f"{part}\n" for line in text.splitlines() for part in _parts(line, columns))


def _parts(line: str, columns: int) -> Iterator[str]:
    if _length(line) <= columns:
        yield line
        return
    indent = len(line) - len(line.lstrip(" "))
    part, further = line[:indent], " " * (indent + 4)
    is_empty = True
    for word in line[indent:].split(" "):
        if not is_empty and _length(part) + 1 + _length(word) > columns:
            yield part.rstrip(" ")
            part, is_empty = further, True
        part += word if is_empty else f" {word}"
        is_empty = False
    yield part


def _length(text: str) -> int:
    return len(_SHOWN_AS_NOTHING.sub("", text))

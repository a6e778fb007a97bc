"""
JSON in which no key occurs twice.

Of two values of one key some readers take the first and others the last, so a text with both says two things.
"""

import json
import re
from typing import Any

_TOKEN = re.compile(r'(?P<key>"(?:[^"\\]|\\.)*")[ \t\r\n]*:|"(?:[^"\\]|\\.)*"|[{}\[\]]', re.DOTALL)
"""A key with its colon, a text, or what begins or ends a map or a list."""


class DuplicateKey(json.JSONDecodeError):
    """A key occurs twice in one map; ``pos`` is where the second one is."""


class _Twice(Exception):
    """A key occurs twice in the map that was read last."""


def decode(text: str, start: int) -> tuple[Any, int]:
    """
    Return the value that begins at *start* of *text*, and where it ends.

    :raises DuplicateKey: where a key occurs twice in a map, at any depth. json.JSONDecodeError where it is no JSON,
        ValueError for a number of more than 4300 digits, RecursionError.
    """
    try:
        return _DECODER.raw_decode(text, start)
    except _Twice:
        return _refuse(text, start)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Twice
    return found


_DECODER = json.JSONDecoder(object_pairs_hook=_unique)


def _refuse(text: str, start: int) -> tuple[Any, int]:
    """Raise the error for the first key of the value at *start* that occurs twice: that much of it is JSON."""
    maps: list[set[str]] = []
    for token in _TOKEN.finditer(text, start):
        if token["key"]:
            key = json.loads(token["key"])
            if key in maps[-1]:
                raise duplicate(key, text, token.start())
            maps[-1].add(key)
        elif token[0] in "{[":
            maps.append(set())
        elif token[0] in "}]":
            maps.pop()
    raise AssertionError("the decoder found a key that occurs twice")


def duplicate(key: str, text: str, at: int) -> DuplicateKey:
    """Return the error for *key*, whose second occurrence is *at* in *text*."""
    return DuplicateKey(f"duplicate key `{key}`", text, at)

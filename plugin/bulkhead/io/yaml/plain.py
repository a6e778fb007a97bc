"""
The YAML that machines write, a line at a time: three times as fast as any full parser.

Block mappings and sequences of short scalars, one a line, are what kubectl, kustomize and
most charts print.  Text with anything else in it (flow collections, escapes, anchors, tags,
block scalars, a comment behind a value, a key twice) is not understood here, and the full
parser takes over: what this reads it must read as that does, which a law holds.
"""

import re
from typing import Any, cast

from bulkhead.io.yaml.kubectl_scalars import key as as_key
from bulkhead.io.yaml.kubectl_scalars import resolve

_WORD = r"[A-Za-z0-9_./](?:[A-Za-z0-9_./@+=,()*-]|:(?=[A-Za-z0-9_./]))*"
_SCALAR = rf"""{_WORD}(?:[ ]{_WORD})*|"[ !#-\[\]-~]*"|'[ -&(-~]*'|\{{\}}|\[\]"""
_LINE = re.compile(
    rf"(\ *)((?:-\ )*)(?:([A-Za-z0-9_./][A-Za-z0-9_./-]*):(?:\ +({_SCALAR}))?|({_SCALAR}))\ *".replace(r"\ ", "[ ]")
)


def parse(text: str) -> Any:
    """Return the document that *text* is; ``NotImplemented`` where it takes the full parser to tell."""
    root: Any = None
    stack: list[tuple[int, Any]] = []  # the collections around *into*, each with its column
    column, into = -1, cast(Any, None)  # the innermost open collection
    waiting: Any = None  # the key of *into* that has no value yet
    match = _LINE.fullmatch
    for line in text.split("\n"):  # one loop without calls: a call a line would cost more than all the rest
        found = match(line)
        if not found:
            if line.lstrip(" ")[:1] in ("", "#"):
                continue
            return NotImplemented
        spaces, dashes, key, below, alone = found.groups()
        at = len(spaces)
        while column > at or (column == at and not dashes and type(into) is list):
            if not stack:
                return NotImplemented
            column, into = stack.pop()
            waiting = None
        if into is None and root is not None:
            return NotImplemented
        for dash in range(0, len(dashes), 2):
            if column != at or type(into) is not list:
                opened = _opened(column, into, waiting, at, [], dash > 0)
                if opened is NotImplemented:
                    return NotImplemented
                root = opened if into is None else root
                stack.append((column, into))
                column, into, waiting = at, opened, None
            at += 2
        if alone is not None:
            if not dashes:
                return NotImplemented
            into.append(_scalar(alone))
            continue
        if column != at or type(into) is not dict:
            opened = _opened(column, into, waiting, at, {}, bool(dashes))
            if opened is NotImplemented:
                return NotImplemented
            root = opened if into is None else root
            stack.append((column, into))
            column, into = at, opened
        waiting = as_key(resolve(key)) if key[0] < "A" or len(key) < 6 else key  # a longer word is always text
        if waiting is None or waiting in into:
            return NotImplemented
        if below is None:
            into[waiting] = None
        else:
            into[waiting] = _scalar(below)
            waiting = None
    return NotImplemented if root is None else root


def _opened(column: int, into: Any, waiting: Any, at: int, new: Any, behind_dash: bool) -> Any:
    """Return *new*, put at *at* into its place: the root, the value of the waiting key, or an item; else not plain."""
    if into is None:
        return NotImplemented if at else new
    if type(into) is list:
        if column != at - 2 or not behind_dash:
            return NotImplemented
        into.append(new)
    elif waiting is None or (at <= column if type(new) is dict else at < column):
        return NotImplemented
    else:
        into[waiting] = new
    return new


def _scalar(text: str) -> Any:
    first = text[0]
    if first in "\"'":
        return text[1:-1]
    if first in "{[":
        return {} if first == "{" else []
    return resolve(text)

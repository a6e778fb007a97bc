"""
Files below `--manifests` that are not read and that other tools may apply: in dot folders, behind links, programs.

`kubectl apply -R` and Argo CD enter a folder whose name begins with a dot, and Argo CD runs Jsonnet.
"""

import os
from collections.abc import Iterator, Sequence

from bulkhead.analysis.changes.delivery_changes import DeliveryChange, DeliveryReason
from bulkhead.io.files import Unreadable, bytes_of
from bulkhead.io.input_files import input_files
from bulkhead.io.manifests.file_kinds import LARGEST_PARSED, MOST_PARSED, UNREAD, FileKinds, kinds_in

Files = dict[str, str]
"""The path of each file, by its path from the folder that was named."""


def left_out_changes(pairs: Sequence[tuple[str, str]], exclude: Sequence[str]) -> tuple[DeliveryChange, ...]:
    """
    Return each file that is not read below a folder of *pairs*, differs between both, and may contain a policy.

    A pattern of *exclude* leaves a file out of this, too: a person decided it.
    """
    found = set()
    for pair in pairs:
        before, after = (_hidden(path, exclude) for path in pair)
        found |= set(_changed(before, after))
    return tuple(DeliveryChange(file, DeliveryReason.LEFT_OUT) for file in sorted(found))


def _hidden(path: str, exclude: Sequence[str]) -> Files:
    return {os.path.relpath(file, path): file for file in input_files(path, exclude).hidden}


def _changed(before: Files, after: Files) -> Iterator[str]:
    parsed = 0
    for name in before.keys() | after.keys():
        sides = [_content(files[name]) if name in files else b"" for files in (before, after)]
        if sides[0] == sides[1] and sides[0] is not None:
            continue
        parsed += sum(len(each or b"") for each in sides)
        if any(each is None or _kinds(name, each, parsed).concerns for each in sides):
            yield after.get(name) or before[name]


def _kinds(name: str, content: bytes, parsed: int) -> FileKinds:
    if not content:
        return FileKinds()
    return kinds_in(name, content) if parsed <= MOST_PARSED else UNREAD


def _content(file: str) -> bytes | None:
    """Return the content of *file*, ``None`` where it cannot be read: it differs from every other."""
    try:
        return bytes_of(file, LARGEST_PARSED)
    except Unreadable:
        return None

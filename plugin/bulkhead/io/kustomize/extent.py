"""How many kustomizations there may be, how deep, how often a build reads one, and how much text they name."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence

from bulkhead.io.folders import DEEPEST_FOLDER, FLATTEN, path_problem

MOST = 10_000
"""Kustomizations that one folder may lead to."""

DEEPEST = 100
"""Kustomizations that may be nested. Each is one level of recursion here and in kustomize."""

VISITS = 100_000
"""
Kustomizations that a build may accumulate, each as often as it is named: kustomize does not remember one.

30 levels that name two folders each are a thousand million.
"""

LARGEST = 256 * 1024 * 1024
"""Bytes of all files together."""


def too_much(root: str, names: Mapping[str, Sequence[str]], files: Iterable[str]) -> Iterator[tuple[str, str, str]]:
    """
    Yield folder, message and hint for each bound that the kustomizations below *root* exceed.

    *names* gives the folders that each folder names; there is no circle among them.
    """
    depth: dict[str, int] = {}
    visits: dict[str, int] = {}
    for folder in _deepest_first(root, names):
        below = [each for each in names[folder] if each in names]
        depth[folder] = 1 + max((depth[each] for each in below), default=0)
        visits[folder] = 1 + sum(visits[each] for each in below)
    if depth[root] > DEEPEST:
        yield root, f"kustomizations are nested {depth[root]} deep: more than {DEEPEST} are not read", "flatten them"
    if visits[root] > VISITS:
        message = f"a build reads more than {VISITS} kustomizations, counted as often as they are named"
        yield root, message, "name each folder once"
    listed = list(files)
    for path in [*names, *listed]:
        if path.count("/") - root.count("/") > DEEPEST_FOLDER:
            yield root, f"it leads to a file that is not read: {path_problem(os.path.relpath(path, root))}", FLATTEN
            return
    size = sum(os.path.getsize(file) for file in listed)
    if size > LARGEST:
        message = f"its files have {size // 1024 // 1024} MiB: more than {LARGEST // 1024 // 1024} MiB are not read"
        yield root, message, "review a part of it"


def _deepest_first(root: str, names: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Yield each folder once, after all that it names; there is no circle."""
    done: set[str] = set()
    waiting = [(root, False)]
    while waiting:
        folder, is_last = waiting.pop()
        if folder in done or folder not in names:
            continue
        if is_last:
            done.add(folder)
            yield folder
        else:
            waiting.append((folder, True))
            waiting += [(each, False) for each in names[folder]]


def circle(names: Mapping[str, Sequence[str]]) -> str:
    """Return a folder that leads back to itself, empty where there is none; *names* as in :func:`too_much`."""
    counts = dict.fromkeys(names, 0)
    for below in names.values():
        for each in below:
            if each in counts:
                counts[each] += 1
    waiting = [folder for folder, count in counts.items() if not count]
    left = set(names)
    while waiting:
        folder = waiting.pop()
        left.discard(folder)
        for each in names[folder]:
            if each in counts:
                counts[each] -= 1
                if not counts[each]:
                    waiting.append(each)
    return min(left) if left else ""

"""
Problems are values: collected, never raised or printed here.

A door (the plugin, the command line) adds the place in a file where it knows it, prints
all of them and refuses to render anything.
"""

from collections.abc import Iterable, Iterator

from bulkhead.core.record import record

Path = tuple[str | int, ...]
"""Where in a resource: keys and list positions, ``("spec", "egress", "nas", "ports", 0)``."""


class Key(str):
    """The last step of a path to a key itself rather than to what stands behind it."""


@record
class Problem:
    """What is wrong at *path* of *resource* (``"namespace media"``), and in *hint* what to write instead."""

    resource: str
    path: Path
    says: str
    hint: str = ""


def spell(path: Path) -> str:
    """
    Write *path* the way a person reads it.

    >>> spell(("spec", "egress", "nas", "ports", 0))
    'spec.egress.nas.ports[0]'
    """
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif step.replace("-", "").replace("_", "").isalnum():
            text += f".{step}" if text else step
        else:
            text += f'["{step}"]'
    return text


def problems_in_order(found: Iterable[Problem]) -> Iterator[Problem]:
    """Yield the problems sorted by resource and path, each once."""
    seen = set()
    for problem in sorted(found, key=lambda p: (p.resource, [str(step) for step in p.path], p.says)):
        if problem not in seen:
            seen.add(problem)
            yield problem


def nearest(word: str, known: "tuple[str, ...] | list[str]") -> str:
    """
    Return the one of *known* that *word* most likely meant, or ``""`` where none is near.

    Near is one edit for every three letters, a swap of neighbours being one edit.

    >>> nearest("treafik", ["dns", "traefik"])
    'traefik'
    """
    best, least = "", max(1, len(word) // 3) + 1
    for candidate in sorted(known):
        distance = edits(word, candidate)
        if distance < least:
            best, least = candidate, distance
    return best


def edits(left: str, right: str) -> int:
    """Return the least number of insertions, deletions, changes and swaps of neighbours from *left* to *right*."""
    older: list[int] = []
    before = list(range(len(right) + 1))
    for i, a in enumerate(left):
        row = [i + 1]
        for j, b in enumerate(right):
            least = min(before[j + 1] + 1, row[j] + 1, before[j] + (a != b))
            if i and j and a == right[j - 1] and left[i - 1] == b:
                least = min(least, older[j - 1] + 1)
            row.append(least)
        older, before = before, row
    return before[-1]

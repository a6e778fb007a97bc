"""Names that no rule, workload or policy has, in the cluster or in the same suggestion."""

from collections.abc import Iterator


class UniqueNames:
    """Gives out names, each once in its scope."""

    def __init__(self) -> None:
        self.used: dict[tuple[str, ...], set[str]] = {}
        self.known: dict[tuple[str, ...], str] = {}

    def of(self, key: tuple[str, ...], scope: tuple[str, ...], wanted: str, taken: set[str], suffix: str = "") -> str:
        """Return the name of *key*, the same each time, that nothing in *scope* has."""
        if key not in self.known:
            self.known[key] = self.free(scope, wanted, taken, suffix)
        return self.known[key]

    def free(self, scope: tuple[str, ...], wanted: str, taken: set[str], suffix: str = "") -> str:
        """Return *wanted*, or the first similar name that is neither in *taken* nor in *scope*."""
        used = self.used.setdefault(scope, set())
        found = next(name for name in _candidates(wanted, suffix) if name not in taken and name not in used)
        used.add(found)
        return found


def _candidates(wanted: str, suffix: str) -> Iterator[str]:
    yield wanted
    stem = f"{wanted}-{suffix}" if suffix else wanted
    if suffix:
        yield stem
    number = 2
    while True:
        yield f"{stem}-{number}"
        number += 1


def rule_name(text: str) -> str:
    """Return *text* as the name of a rule: lower-case letters, digits and hyphens, at most 40 characters."""
    word = "".join(c if c.isascii() and (c.islower() or c.isdigit()) else "-" for c in text.lower())
    return "-".join(part for part in word.split("-") if part)[:40].strip("-") or "rule"

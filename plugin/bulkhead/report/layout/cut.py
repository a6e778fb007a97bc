"""
Where a long list ends in a report for people: its first items, and how many more there are.

Every list in text and Markdown is shortened here, and nowhere else. ``--all`` shows all items. Documents for programs
(JSON, pairs, SARIF, JUnit) are never shortened.
"""

from collections.abc import Sequence
from typing import TypeVar

from bulkhead.core.record import record

Item = TypeVar("Item")


@record
class Cut:
    """The rule for one reader: lists are shortened, or *whole*."""

    whole: bool = False

    def first(self, items: Sequence[Item], most: int) -> tuple[Sequence[Item], int]:
        """Return the *items* to show, at most one more than *most*, and how many are left out: never a single one."""
        if self.whole or len(items) <= most + 1:
            return items, 0
        return items[:most], len(items) - most

    def row(self, words: Sequence[str], most: int, between: str = ", ") -> str:
        """
        Return *words* in a row, of many the first ones.

        >>> Cut().row(["a", "b", "c", "d"], 2), Cut().row(["a", "b", "c"], 2)
        ('a, b and 2 more', 'a, b, c')
        """
        shown, more = self.first(words, most)
        return between.join(shown) + (f" and {more} more" if more else "")

    def sentence(self, words: Sequence[str], most: int) -> str:
        """
        Return *words* as a sentence has them, of many the first ones.

        >>> Cut().sentence(["a", "b", "c"], 2), Cut(True).sentence(["a", "b", "c", "d"], 2)
        ('a, b and c', 'a, b, c and d')
        """
        shown, more = self.first(words, most)
        if more:
            return f"{', '.join(shown)} and {more} more"
        return " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)


SHORT = Cut()
EVERYTHING = Cut(whole=True)

"""Tables of what occurs many times in the data of a page: it is in the page once, and everywhere else by its number."""

from collections.abc import Iterable

from bulkhead.core.kubernetes.selectors import Members
from bulkhead.core.safe_text import printable
from bulkhead.core.sets import ports
from bulkhead.core.sets.partition import indices
from bulkhead.core.sets.port_spelling import short
from bulkhead.core.sets.ports import PortSet


class Tables:
    """The texts and the sets of ports of one page, and the numbers under which it has them."""

    def __init__(self) -> None:
        self.texts: dict[str, int] = {}
        self.ports: dict[PortSet, int] = {}

    def text(self, text: str) -> int:
        """Return the number of *text*, which loses characters that change the direction of writing."""
        return self.texts.setdefault(printable(" ".join(text.split())), len(self.texts))

    def every_text(self, found: Iterable[str]) -> list[int]:
        """Return the numbers of several texts."""
        return [self.text(each) for each in found]

    def port_set(self, found: PortSet) -> int:
        """Return the number of a set of ports."""
        return self.ports.setdefault(found, len(self.ports))

    def as_json(self) -> dict[str, object]:
        """Return both tables: each set of ports as its text, and as protocol, first and last port of each range."""
        listed = [[short(found), [_span(*span) for span in found.spans]] for found in self.ports]
        return {"texts": list(self.texts), "ports": listed}


def _span(first: int, last: int) -> list[object]:
    protocol, low = ports.place(first)
    return [protocol, low, ports.place(last)[1]]


class MemberSets:
    """The sets of members of one address family with *size* endpoint classes, and their numbers."""

    def __init__(self, size: int) -> None:
        self.every: Members = (1 << size) - 1
        self.known: dict[Members, int] = {}

    def number(self, members: Members) -> int:
        """Return the number of the set *members*."""
        return self.known.setdefault(members & self.every, len(self.known))

    def as_json(self) -> list[str]:
        """Return the sets, each as ranges (``0-3,7``) or as a number in hexadecimal (``x8f``), whichever is shorter."""
        return [_spelt(each) for each in self.known]


def _spelt(members: Members) -> str:
    bits = f"x{members:x}"
    ranges = ",".join(_ranges(members)) if members.bit_count() < 4 * len(bits) or _runs(members) < len(bits) else bits
    return ranges if len(ranges) <= len(bits) else bits


def _runs(members: Members) -> int:
    """Return how many ranges of neighbours *members* are."""
    return (members & ~(members << 1)).bit_count()


def _ranges(members: Members) -> Iterable[str]:
    first = last = -1
    for each in indices(members):
        if each != last + 1 or first < 0:
            if first >= 0:
                yield _range(first, last)
            first = each
        last = each
    if first >= 0:
        yield _range(first, last)


def _range(first: int, last: int) -> str:
    return str(first) if first == last else f"{first}-{last}"


def runs(numbers: Iterable[int]) -> list[int]:
    """
    Return *numbers* as pairs of a number and how often it follows itself.

    >>> runs([5, 5, 5, 0])
    [5, 3, 0, 1]
    """
    found: list[int] = []
    for each in numbers:
        if found and found[-2] == each:
            found[-1] += 1
        else:
            found += [each, 1]
    return found

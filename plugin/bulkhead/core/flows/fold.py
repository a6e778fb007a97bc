"""Counts records as they are read: memory grows with the number of different connections, not of records."""

from bulkhead.core.flows.flow_evidence import Counted
from bulkhead.core.flows.observation import NotAConnection, Observation, ObservationKey
from bulkhead.core.record import record

_EXAMPLE = 200
"""Characters of an example line that are kept."""


@record
class Seen:
    """How often something was seen, *first* and *last* in seconds since 1970; ``None`` where no record has a time."""

    count: int
    first: float | None = None
    last: float | None = None

    def plus(self, other: "Seen") -> "Seen":
        """Return both together."""
        firsts = [each for each in (self.first, other.first) if each is not None]
        lasts = [each for each in (self.last, other.last) if each is not None]
        return Seen(self.count + other.count, min(firsts, default=None), max(lasts, default=None))


class Fold:
    """What was read so far: connections that are counted together, and everything that was left out."""

    def __init__(self) -> None:
        self._seen: dict[ObservationKey, list[float]] = {}
        self._untimed: dict[ObservationKey, int] = {}
        self._read: dict[str, int] = {}
        self._left_out: dict[str, int] = {}
        self._unreadable: dict[str, tuple[int, str]] = {}

    def add(self, form: str, found: Observation | NotAConnection) -> None:
        """Count *found*, a record of the format *form*."""
        if isinstance(found, NotAConnection):
            self._left_out[found.reason] = self._left_out.get(found.reason, 0) + found.times
            return
        key, time, count = found
        self._read[form] = self._read.get(form, 0) + count
        if time is None:
            self._untimed[key] = self._untimed.get(key, 0) + count
            return
        known = self._seen.get(key)
        if known is None:
            self._seen[key] = [count, time, time]
            return
        known[0] += count
        if time < known[1]:
            known[1] = time
        elif time > known[2]:
            known[2] = time

    def unreadable(self, file: str, line: str) -> None:
        """Count *line* of *file*, which no format reads."""
        count, example = self._unreadable.get(file, (0, line[:_EXAMPLE]))
        self._unreadable[file] = count + 1, example

    def rows(self) -> dict[ObservationKey, Seen]:
        """Return how often each connection was seen, and when."""
        found = {key: Seen(int(count), first, last) for key, (count, first, last) in self._seen.items()}
        for key, count in self._untimed.items():
            found[key] = Seen(count).plus(found[key]) if key in found else Seen(count)
        return found

    def read(self) -> tuple[Counted, ...]:
        """Return the number of connections by format."""
        return tuple(Counted(form, count) for form, count in sorted(self._read.items()))

    def left_out(self) -> tuple[Counted, ...]:
        """Return the number of records that are no connections by reason."""
        return tuple(Counted(reason, count) for reason, count in sorted(self._left_out.items()))

    def unread(self) -> tuple[Counted, ...]:
        """Return the number of lines that no format reads by file, with the first of them."""
        return tuple(Counted(file, count, example) for file, (count, example) in sorted(self._unreadable.items()))

    def untimed(self) -> int:
        """Return the number of connections without a time."""
        return sum(self._untimed.values())

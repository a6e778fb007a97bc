"""What an answer about observed traffic is based on: what was read, what was not, and the time that it covers."""

from bulkhead.core.record import record


@record
class Counted:
    """How many records are of one *kind*, with an *example* where it helps to find them."""

    kind: str
    count: int
    example: str = ""


@record
class FlowEvidence:
    """
    What was read.

    *read* counts the connections by format, *left_out* the records that are no connections by reason, *unreadable*
    the lines that no format reads by file, each with the first one. *unresolved* counts the connections with an end
    that could not be named, by reason. *first* and *last* are the times of the records in seconds since 1970, ``None``
    where no record has a time; *untimed* connections have none. *caveats* say what the formats cannot show.
    """

    read: tuple[Counted, ...] = ()
    left_out: tuple[Counted, ...] = ()
    unreadable: tuple[Counted, ...] = ()
    unresolved: tuple[Counted, ...] = ()
    first: float | None = None
    last: float | None = None
    untimed: int = 0
    caveats: tuple[str, ...] = ()

    @property
    def total(self) -> int:
        """How many connections were read."""
        return sum(each.count for each in self.read)

    @property
    def is_incomplete(self) -> bool:
        """Whether there are lines that could not be read, or connections with an end that has no name."""
        return bool(self.unreadable or self.unresolved)

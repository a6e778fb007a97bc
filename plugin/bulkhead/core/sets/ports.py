"""
Exact sets of ports: TCP, UDP and SCTP, each from 1 to 65535.

The three protocols follow each other on a single axis.  Port 0 does not exist, so
spans of neighbouring protocols are never adjacent and never merge.
"""

from bulkhead.core.record import record
from bulkhead.core.sets import intervals
from bulkhead.core.sets.intervals import Spans

PROTOCOLS = ("TCP", "UDP", "SCTP")
LAST = 65535
_WIDTH = LAST + 1
_BASE = {protocol: place * _WIDTH for place, protocol in enumerate(PROTOCOLS)}


@record
class PortSet:
    """The ports of *spans*, canonical spans on the axis of all protocols. Empty means no port, never every port."""

    spans: Spans

    def __str__(self) -> str:
        return spell(self)


def between(protocol: str, first: int = 1, last: int = LAST) -> PortSet:
    """Return the ports of *protocol* from *first* to *last*, both included; without bounds all of them."""
    base = _BASE[protocol]
    return PortSet(((base + first, base + last),))


NONE = PortSet(())
EVERY = PortSet(tuple(between(protocol).spans[0] for protocol in PROTOCOLS))


def union(left: PortSet, right: PortSet) -> PortSet:
    """Return the ports in *left*, in *right*, or in both."""
    return PortSet(intervals.union(left.spans, right.spans))


def intersect(left: PortSet, right: PortSet) -> PortSet:
    """Return the ports in both *left* and *right*."""
    return PortSet(intervals.intersect(left.spans, right.spans))


def subtract(left: PortSet, right: PortSet) -> PortSet:
    """
    Return the ports in *left* that are not in *right*.

    >>> str(subtract(between("TCP", 80, 90), between("TCP", 82, 85)))
    'TCP 80-81,86-90'
    """
    return PortSet(intervals.subtract(left.spans, right.spans))


def point(protocol: str, port: int) -> int:
    """Return the place of one port on the axis of all protocols."""
    return _BASE[protocol] + port


def place(at: int) -> tuple[str, int]:
    """Return the protocol and the port at the place *at* of the axis: the inverse of ``point``."""
    return PROTOCOLS[at // _WIDTH], at % _WIDTH


def spell(ports: PortSet) -> str:
    """
    Write *ports* for people and for files; ``read`` reads it back.

    >>> spell(union(between("UDP", 53, 53), between("TCP", 80, 80)))
    'TCP 80,UDP 53'
    """
    if ports == EVERY:
        return "All Connections"
    if not ports.spans:
        return "No Connections"
    parts, protocol = [], ""
    for low, high in ports.spans:
        named, first = place(low)
        last = high % _WIDTH
        span = str(first) if first == last else f"{first}-{last}"
        parts.append(span if named == protocol else f"{named} {span}")
        protocol = named
    return ",".join(parts)


def read(text: str) -> PortSet:
    """
    Return the ports that ``spell`` wrote as *text*; ValueError for any other text.

    >>> read("TCP 80,443,UDP 53") == read("UDP 53,TCP 443,80")
    True
    """
    if text in ("All Connections", "No Connections"):
        return EVERY if text.startswith("All") else NONE
    protocol, found = "", NONE
    for part in text.split(","):
        word, _, rest = part.strip().rpartition(" ")
        protocol = word or protocol
        if protocol not in _BASE:
            raise ValueError(f"`{part}` names no protocol")
        first, _, last = rest.partition("-")
        found = union(found, _bounded(protocol, int(first), int(last or first)))
    return found


def _bounded(protocol: str, first: int, last: int) -> PortSet:
    if not 1 <= first <= last <= LAST:
        raise ValueError(f"`{first}-{last}` is no range of ports")
    return between(protocol, first, last)

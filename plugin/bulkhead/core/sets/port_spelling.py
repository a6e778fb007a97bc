"""Ports as people write them in rules: ``443`` is TCP, ``53/UDP``, ``8000-8010``; ``all``, ``-`` for none."""

from bulkhead.core.sets import ports
from bulkhead.core.sets.ports import PROTOCOLS, PortSet

_FEW = 4


def short(opened: PortSet) -> str:
    """
    Return *opened* in the notation of rules, as what it lacks where that is shorter.

    >>> short(ports.read("TCP 80,443,UDP 53")), short(ports.EVERY), short(ports.NONE)
    ('80, 443, 53/UDP', 'all', '-')
    """
    if opened == ports.EVERY:
        return "all"
    if not opened.spans:
        return "-"
    missing = ports.subtract(ports.EVERY, opened)
    if len(missing.spans) <= _FEW and len(missing.spans) < len(opened.spans):
        return f"all but {_listed(missing)}"
    return _listed(opened)


def phrase(opened: PortSet) -> str:
    """
    Return *opened* as part of a sentence.

    >>> phrase(ports.read("TCP 80")), phrase(ports.read("TCP 80,UDP 53")), phrase(ports.EVERY), phrase(ports.NONE)
    ('port 80', 'ports 80, 53/UDP', 'all ports', 'nothing')
    """
    if not opened.spans:
        return "nothing"
    spelt = short(opened)
    if spelt == "all" or spelt.startswith("all but"):
        return spelt.replace("all", "all ports", 1)
    if spelt.startswith("all"):
        return f"{spelt} ports"
    return f"ports {spelt}" if "," in spelt or "-" in spelt else f"port {spelt}"


def _listed(some: PortSet) -> str:
    return ", ".join(_span(low, high) for low, high in some.spans)


def _span(low: int, high: int) -> str:
    protocol, first = ports.place(low)
    last = ports.place(high)[1]
    if (first, last) == (1, ports.LAST):
        return f"all {protocol}"
    return in_rule(protocol, first, last)


def in_rule(protocol: str, first: int, last: int) -> str:
    """
    Return the ports from *first* to *last* as a rule has them.

    >>> in_rule("TCP", 443, 443), in_rule("UDP", 8000, 8010)
    ('443', '8000-8010/UDP')
    """
    span = str(first) if first == last else f"{first}-{last}"
    return span if protocol == PROTOCOLS[0] else f"{span}/{protocol}"

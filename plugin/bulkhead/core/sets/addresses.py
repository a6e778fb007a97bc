"""
Exact sets of IP addresses, both families on one axis: IPv4 first, then, after a gap, IPv6.
"""

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_network

from bulkhead.core.record import record
from bulkhead.core.sets import intervals
from bulkhead.core.sets.intervals import Span, Spans

_V6 = 1 << 33
"""Where IPv6 starts. The gap after IPv4 prevents that spans of the two families merge."""

Family = int
"""An address family: 4 or 6."""

FAMILIES: tuple[Family, ...] = (4, 6)
WHOLE: dict[Family, Span] = {4: (0, (1 << 32) - 1), 6: (_V6, _V6 + (1 << 128) - 1)}
"""All addresses of a family."""


@record
class AddressSet:
    """The addresses of *spans*, canonical spans on the axis of both families. Empty means no address."""

    spans: Spans

    def __str__(self) -> str:
        return spell(self)


def union(left: AddressSet, right: AddressSet) -> AddressSet:
    """Return the addresses in *left*, in *right*, or in both."""
    return AddressSet(intervals.union(left.spans, right.spans))


def intersect(left: AddressSet, right: AddressSet) -> AddressSet:
    """Return the addresses in both *left* and *right*."""
    return AddressSet(intervals.intersect(left.spans, right.spans))


def subtract(left: AddressSet, right: AddressSet) -> AddressSet:
    """Return the addresses in *left* that are not in *right*."""
    return AddressSet(intervals.subtract(left.spans, right.spans))


@lru_cache(1 << 16)
def network(text: str) -> Span:
    """
    Return the first and last address of a CIDR, or of a single address; ValueError where *text* is neither.

    Host bits are cut off, as the API server does. A CIDR is asked for many times: the last ones are remembered.
    """
    head, _, length = text.partition("/")
    if length in _HOSTS and head.count(".") == 3:
        try:
            size = _HOSTS[length]
            first = address(head) & -size
            return first, first + size - 1
        except ValueError:
            pass
    found = ip_network(text, strict=False)
    base = 0 if found.version == 4 else _V6
    first = base + int(found.network_address)
    return first, first + found.num_addresses - 1


def spans_of(texts: Iterable[str]) -> Spans:
    """Return the addresses of *texts*, each a CIDR or one address."""
    return intervals.merge(map(network, texts))


def block(cidr: str, excluded: tuple[str, ...] = ()) -> Spans:
    """Return the addresses of *cidr* outside every CIDR of *excluded*."""
    return intervals.subtract((network(cidr),), intervals.merge(network(one) for one in excluded))


def address(text: str) -> int:
    """Return the place of one address on the axis; ValueError where *text* is none."""
    parts = text.split(".")
    if len(parts) == 4 and ":" not in text:  # ten times faster than ipaddress: a dump has 100,000
        try:
            a, b, c, d = map(_OCTETS.__getitem__, parts)
        except KeyError:
            raise ValueError(f"`{text}` is no IP address") from None
        return a << 24 | b << 16 | c << 8 | d
    return _V6 + int(IPv6Address(text))


def is_address(text: str) -> bool:
    """Say whether *text* is one address."""
    try:
        return address(text) >= 0
    except ValueError:
        return False


_OCTETS = {str(octet): octet for octet in range(256)}
_HOSTS = {str(length): 1 << 32 - length for length in range(33)}
"""How many addresses an IPv4 network has, by the length of its prefix."""


def family(at: int) -> int:
    """Return 4 or 6 for a place on the axis."""
    return 6 if at >= _V6 else 4


def spell_address(at: int) -> str:
    """Write the address at a place on the axis: the inverse of ``address``."""
    if at < _V6:
        return str(IPv4Address(at))
    found = IPv6Address(at - _V6)
    # Python 3.13 and newer write it so; older ones write hexadecimal digits alone.
    return f"::ffff:{found.ipv4_mapped}" if found.ipv4_mapped else str(found)


def blocks(spans: Spans) -> "list[tuple[str, tuple[str, ...]]]":
    """
    Return *spans* as few CIDRs, each with the CIDRs that are left out of it: the inverse of ``block``.

    >>> blocks(block("10.42.0.0/16", ("10.42.0.5/32",)))
    [('10.42.0.0/16', ('10.42.0.5/32',))]
    """
    found: list[tuple[Span, list[Span]]] = []
    for number in FAMILIES:
        found += _blocks(WHOLE[number], intervals.intersect(spans, (WHOLE[number],)))
    return [(spell_network(whole), tuple(map(spell_network, left_out))) for whole, left_out in found]


def _blocks(whole: Span, spans: Spans) -> "list[tuple[Span, list[Span]]]":
    if not spans:
        return []
    if spans == (whole,):
        return [(whole, [])]
    middle = (whole[0] + whole[1]) // 2
    halves = (whole[0], middle), (middle + 1, whole[1])
    parts = [each for half in halves for each in _blocks(half, intervals.intersect(spans, (half,)))]
    left_out = networks(intervals.subtract((whole,), spans))
    if 1 + len(left_out) < sum(1 + len(each) for _, each in parts):
        return [(whole, left_out)]
    return parts


def networks(spans: Spans) -> list[Span]:
    """Return *spans* as the fewest CIDRs."""
    found = []
    for first, last in spans:
        base = 0 if family(first) == 4 else _V6
        at, end = first - base, last - base
        while at <= end:
            size = min((at & -at) or 1 << 128, 1 << (end - at + 1).bit_length() - 1)
            found.append((base + at, base + at + size - 1))
            at += size
    return found


def spell_network(span: Span) -> str:
    """Write *span*, which is one network, as a CIDR."""
    bits = 32 if family(span[0]) == 4 else 128
    return f"{spell_address(span[0])}/{bits - (span[1] - span[0] + 1).bit_length() + 1}"


def spell(addresses: AddressSet) -> str:
    """
    Write *addresses* as ranges.

    >>> spell(AddressSet(block("10.0.0.0/8", ("10.1.0.0/16",))))
    '10.0.0.0-10.0.255.255,10.2.0.0-10.255.255.255'
    """
    return ",".join(f"{spell_address(first)}-{spell_address(last)}" for first, last in addresses.spans)

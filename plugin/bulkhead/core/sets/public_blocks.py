"""Lists of public networks: what is wrong with one, the fewest networks for the same addresses, and wider ones."""

from collections.abc import Iterable, Iterator
from heapq import heapify, heappop, heappush

from bulkhead.core.sets import intervals
from bulkhead.core.sets.addresses import FAMILIES, family, network, networks, spell_network
from bulkhead.core.sets.intervals import Span, Spans

SPECIAL_CIDRS = (
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
    "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
    "224.0.0.0/3", "::/3", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "4000::/2", "8000::/1",
)  # fmt: skip
"""Networks that no provider has on the internet (RFC 6890 and IANA's registries; of IPv6 all but 2000::/3)."""

_SPECIAL: Spans = intervals.merge(map(network, SPECIAL_CIDRS))


def mistakes(blocks: Iterable[str]) -> Iterator[str]:
    """Yield what is wrong with *blocks* as a list of public networks: special addresses, one block inside another."""
    found = sorted((network(text), text) for text in set(blocks))
    before: tuple[Span, str] | None = None
    for span, text in found:
        special = intervals.intersect((span,), _SPECIAL)
        if special:
            holds = "" if special == (span,) else f": it contains `{spell_network(networks(special)[0])}`"
            yield f"`{text}` is not public{holds}"
        if before and span[0] <= before[0][1]:
            yield f"`{text}` and `{before[1]}` overlap"
        if before is None or span[1] > before[0][1]:
            before = span, text


def collapsed(blocks: Iterable[str]) -> list[str]:
    """Return the fewest networks with exactly the addresses of *blocks*, IPv4 first, sorted by address."""
    return [spell_network(each) for each in networks(intervals.merge(map(network, blocks)))]


def widened(blocks: Iterable[str], most: int) -> list[str]:
    """
    Return at most *most* networks of each family that contain all addresses of *blocks*, and no special ones.

    The two neighbours whose common network adds the fewest addresses are joined first. There can be more networks
    than *most* where every further join would contain special addresses.
    """
    spans = networks(intervals.merge(map(network, blocks)))
    found: list[Span] = []
    for number in FAMILIES:
        found += _joined([each for each in spans if family(each[0]) == number], most)
    return [spell_network(each) for each in found]


def _joined(spans: list[Span], most: int) -> list[Span]:
    """Return *spans*, networks of one family, in order, joined until at most *most* are left."""
    after = list(range(1, len(spans) + 1))
    before = list(range(-1, len(spans) - 1))
    alive: list[Span | None] = list(spans)
    heap = [(_cost(spans[i], spans[i + 1]), i, i + 1) for i in range(len(spans) - 1)]
    heapify(heap)
    left = len(spans)
    while left > most and heap:
        cost, first, second = heappop(heap)
        one, other = alive[first], alive[second]
        if one is None or other is None or after[first] != second or cost != _cost(one, other):
            continue
        common = _common(one, other)
        if intervals.intersect((common,), _SPECIAL):
            continue
        alive[first], alive[second] = common, None
        left -= 1
        _unlink(second, after, before)
        while (at := after[first]) < len(spans) and _inside(alive[at], common):
            alive[at] = None
            left -= 1
            _unlink(at, after, before)
        while (at := before[first]) >= 0 and _inside(alive[at], common):
            alive[at] = None
            left -= 1
            _unlink(at, after, before)
        for left_end, right_end in ((before[first], first), (first, after[first])):
            if left_end >= 0 and right_end < len(spans):
                pair = alive[left_end], alive[right_end]
                if pair[0] is not None and pair[1] is not None:
                    heappush(heap, (_cost(pair[0], pair[1]), left_end, right_end))
    return [each for each in alive if each is not None]


def _unlink(at: int, after: list[int], before: list[int]) -> None:
    """Take the block number *at* out of the chain."""
    if before[at] >= 0:
        after[before[at]] = after[at]
    if after[at] < len(before):
        before[after[at]] = before[at]


def _inside(span: Span | None, whole: Span) -> bool:
    return span is not None and whole[0] <= span[0] and span[1] <= whole[1]


def _common(one: Span, other: Span) -> Span:
    """Return the smallest network with both."""
    base = 0 if family(one[0]) == 4 else _V6
    bits = ((one[0] - base) ^ (other[1] - base)).bit_length()
    first = base + ((one[0] - base) >> bits << bits)
    return first, first + (1 << bits) - 1


def _cost(one: Span, other: Span) -> int:
    """Return how many addresses the common network has in addition to the two."""
    whole = _common(one, other)
    return (whole[1] - whole[0]) - (one[1] - one[0]) - (other[1] - other[0]) - 1


_V6 = network("::/0")[0]

"""The addresses that pods that could exist may have."""

from bulkhead.core.sets import addresses, intervals
from bulkhead.core.sets.intervals import Spans


def spans_of(networks: tuple[str, ...]) -> Spans:
    """Return the addresses of *networks*."""
    return intervals.merge(addresses.network(text) for text in networks)

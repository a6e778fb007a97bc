"""The address ranges that have a meaning of their own: private, public, and those of no machine on the internet."""

from bulkhead.core.sets import addresses, intervals
from bulkhead.core.sets.addresses import AddressSet
from bulkhead.core.sets.intervals import Spans

RFC_1918 = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
"""The private networks of IPv4."""

PRIVATE_CIDRS = (*RFC_1918, "fc00::/7")
"""The private networks of both families: RFC 1918 and RFC 4193."""

PRIVATE = AddressSet(intervals.merge(map(addresses.network, PRIVATE_CIDRS)))
"""The same as addresses."""

_NOT_PUBLIC = (*RFC_1918, "0.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3")

PUBLIC: Spans = intervals.merge([*addresses.block("0.0.0.0/0", _NOT_PUBLIC), *addresses.block("2000::/3")])
"""The addresses of the internet: all but private, shared, link-local, loopback and multicast ones."""

"""Observed traffic that no rule is written for: a scan, the internet as a source, addresses that serve credentials."""

from collections.abc import Callable, Iterable

from bulkhead.core.flows.flow_table import EndKind, FlowEnd, FlowRow
from bulkhead.core.sets import addresses, intervals
from bulkhead.core.sets.intervals import Spans, holds
from bulkhead.core.sets.ranges import PUBLIC

SCAN_SIZE = 20
"""So many ports of one destination, or destinations on one port, that one source asked for in vain, are a scan."""

WIDE_SCAN_SIZE = 100
"""So many different destinations and ports together, that one source asked for in vain, are a scan too."""

SCAN = (
    f"it looks like a scan: {SCAN_SIZE} ports of one destination, {SCAN_SIZE} destinations on one port, or "
    f"{WIDE_SCAN_SIZE} of both together, or more, from one source"
)
FROM_INTERNET = "it comes from the internet"
METADATA = "it goes to an address that serves credentials of the machine (metadata)"
NO_HOST = "the address is no host: multicast, broadcast or unspecified"
HOST_NETWORK = "a pod is on the host network: no selector matches it"

METADATA_ADDRESSES = (
    "169.254.169.254",
    "169.254.170.2",
    "169.254.170.23",
    "100.100.100.200",
    "168.63.129.16",
    "fd00:ec2::254",
    "fd00:ec2::23",
    "fd20:ce::254",
)
"""Metadata services of AWS (machines, containers, EKS), Google, Azure, Alibaba and others."""

_METADATA = intervals.merge(addresses.network(each) for each in METADATA_ADDRESSES)
_NO_HOST = intervals.merge(addresses.network(each) for each in ("0.0.0.0/8", "224.0.0.0/3", "ff00::/8", "::/128"))

_Key = tuple[EndKind, str, str, str]


def set_apart(rows: Iterable[FlowRow]) -> dict[FlowRow, str]:
    """Return the rows of *rows*, all of them denied, that no rule is written for, each with the reason."""
    rows = tuple(rows)
    scanning = _scans(rows)
    found = {row: _reason(row) or (SCAN if row in scanning else "") for row in rows}
    return {row: reason for row, reason in found.items() if reason}


def _reason(row: FlowRow) -> str:
    ends = row.source, row.destination
    if any(each.pod is not None and each.pod.host_network for each in ends):
        return HOST_NETWORK
    if any(_is_in(each, _NO_HOST) for each in ends):
        return NO_HOST
    if _is_in(row.destination, _METADATA):
        return METADATA
    return FROM_INTERNET if row.source.kind is EndKind.ADDRESS and _is_in(row.source, PUBLIC) else ""


def _is_in(end: FlowEnd, spans: Spans) -> bool:
    return end.kind in (EndKind.ADDRESS, EndKind.NODE) and holds(spans, addresses.address(end.address))


def _scans(rows: tuple[FlowRow, ...]) -> set[FlowRow]:
    ports = _grouped(
        rows, lambda row: (_key(row.source), _key(row.destination), row.protocol), lambda row: row.port, SCAN_SIZE
    )
    hosts = _grouped(
        rows, lambda row: (_key(row.source), row.protocol, row.port), lambda row: _key(row.destination), SCAN_SIZE
    )
    both = _grouped(
        rows,
        lambda row: _key(row.source),
        lambda row: (_key(row.destination), row.protocol, row.port),
        WIDE_SCAN_SIZE,
    )
    return ports | hosts | both


def _grouped(
    rows: tuple[FlowRow, ...], group: Callable[[FlowRow], object], value: Callable[[FlowRow], object], size: int
) -> set[FlowRow]:
    """Return the rows in the groups with at least *size* different values."""
    values: dict[object, set[object]] = {}
    for row in rows:
        values.setdefault(group(row), set()).add(value(row))
    return {row for row in rows if len(values[group(row)]) >= size}


def _key(end: FlowEnd) -> _Key:
    return end.kind, end.namespace, end.workload, end.address

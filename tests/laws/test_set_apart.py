"""Which observed traffic no rule is written for, compared with the definition, row by row."""

import ipaddress

from bulkhead.core.flows.flow_table import EndKind, FlowEnd, FlowRow
from bulkhead.core.flows.fold import Seen
from bulkhead.core.flows.observation import ObservedVerdict
from bulkhead.core.flows.set_apart import (
    FROM_INTERNET,
    METADATA,
    METADATA_ADDRESSES,
    NO_HOST,
    SCAN,
    SCAN_SIZE,
    WIDE_SCAN_SIZE,
    set_apart,
)
from hypothesis import given
from hypothesis import strategies as st

POOL = [
    "192.168.1.5", "8.8.8.8", "2001:4860::1", "fd00::5", "169.254.20.10", "100.64.1.1", "224.0.0.1", "ff02::1",
    "0.0.0.0", "255.255.255.255", *METADATA_ADDRESSES,
]  # fmt: skip


def address(text: str) -> FlowEnd:
    return FlowEnd(EndKind.ADDRESS, address=text)


def pod(name: str) -> FlowEnd:
    return FlowEnd(EndKind.WORKLOAD, "shop", name)


ENDS = st.one_of(st.sampled_from(POOL).map(address), st.sampled_from("abc").map(pod))
PROTOCOLS = st.sampled_from(["TCP", "UDP"])


def row(source: FlowEnd, destination: FlowEnd, protocol: str, port: int) -> FlowRow:
    return FlowRow(source, destination, protocol, port, ObservedVerdict.DENIED, Seen(1))


def sweeps(size: int) -> st.SearchStrategy[list[FlowRow]]:
    """Rows of one source to many ports, to many destinations, or to many of both."""
    source = st.sampled_from("abc").map(pod)
    counted = st.integers(size - 2, size + 1)
    return st.one_of(
        st.builds(lambda one, last: [row(one, pod("z"), "TCP", 7 + n) for n in range(last)], source, counted),
        st.builds(
            lambda one, last: [row(one, address(f"10.9.0.{n}"), "UDP", 53) for n in range(last)], source, counted
        ),
        st.builds(
            lambda one, last: [row(one, address(f"10.8.0.{n}"), "TCP", 100 + n) for n in range(last)], source, counted
        ),
    )


def is_scan(one: FlowRow, rows: set[FlowRow]) -> bool:
    own = [each for each in rows if each.source == one.source]
    ports = {each.port for each in own if (each.destination, each.protocol) == (one.destination, one.protocol)}
    hosts = {each.destination for each in own if (each.protocol, each.port) == (one.protocol, one.port)}
    both = {(each.destination, each.protocol, each.port) for each in own}
    return len(ports) >= SCAN_SIZE or len(hosts) >= SCAN_SIZE or len(both) >= WIDE_SCAN_SIZE


def expected(one: FlowRow, rows: set[FlowRow]) -> str:
    """The reason by Python's own idea of addresses; 100.64.0.0/10 is neither private nor global there."""
    found = [ipaddress.ip_address(each.address) for each in (one.source, one.destination) if each.address]
    if any(each.is_multicast or each.is_unspecified or str(each) == "255.255.255.255" for each in found):
        return NO_HOST
    if one.destination.address in METADATA_ADDRESSES:
        return METADATA
    if one.source.address and ipaddress.ip_address(one.source.address).is_global:
        return FROM_INTERNET
    return SCAN if is_scan(one, rows) else ""


ROWS = st.lists(st.builds(row, ENDS, ENDS, PROTOCOLS, st.integers(1, 5)), max_size=30)


@given(ROWS, st.lists(st.one_of(sweeps(SCAN_SIZE), sweeps(WIDE_SCAN_SIZE)), max_size=2))
def test_rows_are_set_apart_as_defined(some: list[FlowRow], more: list[list[FlowRow]]) -> None:
    rows = {*some, *(each for sweep in more for each in sweep)}
    wanted = {each: expected(each, rows) for each in rows}
    assert set_apart(rows) == {each: reason for each, reason in wanted.items() if reason}

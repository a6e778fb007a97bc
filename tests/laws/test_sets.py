"""Port sets, address sets and cells are sets: canonical, exact, and equal when they have the same members."""

from ipaddress import IPv4Address, IPv6Address
from typing import Any

from bulkhead.core.kubernetes.networkpolicy import Selector
from bulkhead.core.kubernetes.selectors import index, known_labels, matches, select, vocabulary
from bulkhead.core.sets import addresses, intervals, partition, ports
from bulkhead.core.sets.addresses import AddressSet
from bulkhead.core.sets.intervals import Spans
from bulkhead.core.sets.ports import PortSet
from hypothesis import example, given
from hypothesis import strategies as st
from laws.strategies import labels, selectors

AXIS = range(1, 41)
spans = st.lists(
    st.tuples(st.integers(1, 40), st.integers(0, 9)).map(lambda at: (at[0], min(40, at[0] + at[1]))), max_size=6
).map(intervals.merge)
port_sets = st.lists(
    st.builds(
        lambda protocol, first, width: ports.between(protocol, first, min(first + width, 65535)),
        st.sampled_from(ports.PROTOCOLS),
        st.integers(1, 65535),
        st.integers(0, 65535),
    ),
    max_size=5,
).map(lambda found: PortSet(intervals.merge(span for one in found for span in one.spans)))
four = st.builds(lambda base, length: f"{base}/{length}", st.ip_addresses(v=4).map(str), st.integers(0, 32))
six = st.builds(lambda base, length: f"{base}/{length}", st.ip_addresses(v=6).map(str), st.integers(0, 128))
address_sets = st.lists(four | six, max_size=4).map(
    lambda cidrs: AddressSet(intervals.merge(map(addresses.network, cidrs)))
)


def points(found: Any) -> set[int]:
    return {at for at in AXIS if intervals.holds(found, at)}


@given(spans, spans)
def test_operations_on_spans_are_those_of_sets(left: Spans, right: Spans) -> None:
    assert points(intervals.union(left, right)) == points(left) | points(right)
    assert points(intervals.intersect(left, right)) == points(left) & points(right)
    assert points(intervals.subtract(left, right)) == points(left) - points(right)


@given(spans, spans)
def test_equal_sets_are_equal_values(left: Spans, right: Spans) -> None:
    for found in (
        left,
        intervals.union(left, right),
        intervals.intersect(left, right),
        intervals.subtract(left, right),
    ):
        assert found == intervals.merge((at, at) for at in points(found))


def algebra(module: Any, one: Any, two: Any, three: Any, nothing: Any) -> None:
    union, intersect, subtract = module.union, module.intersect, module.subtract
    assert union(one, two) == union(two, one) and intersect(one, two) == intersect(two, one)
    assert union(one, union(two, three)) == union(union(one, two), three)
    assert intersect(one, union(two, three)) == union(intersect(one, two), intersect(one, three))
    assert union(one, one) == one == intersect(one, one) and subtract(one, one) == nothing
    assert union(subtract(one, two), intersect(one, two)) == one
    assert intersect(subtract(one, two), two) == nothing
    assert subtract(one, union(two, three)) == subtract(subtract(one, two), three)


@given(port_sets, port_sets, port_sets)
def test_ports_obey_the_algebra_of_sets(one: Any, two: Any, three: Any) -> None:
    algebra(ports, one, two, three, ports.NONE)


@given(address_sets, address_sets, address_sets)
def test_addresses_obey_the_algebra_of_sets(one: Any, two: Any, three: Any) -> None:
    algebra(addresses, one, two, three, AddressSet(()))


@given(port_sets)
def test_ports_are_read_as_they_were_written(found: Any) -> None:
    assert ports.read(str(found)) == found


def spelled(address: IPv4Address | IPv6Address) -> str:
    """Return *address* as Python 3.13 and newer spell it: an IPv4 address inside an IPv6 address keeps its dots."""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return f"::ffff:{mapped}" if mapped else str(address)


@given(st.ip_addresses().map(spelled))
@example("::ffff:0.0.0.0")
@example("::ffff:10.42.0.5")
def test_an_address_is_spelled_as_it_was_read(text: str) -> None:
    at = addresses.address(text)
    assert addresses.spell_address(at) == text
    assert addresses.network(text) == (at, at)
    assert addresses.family(at) == (6 if ":" in text else 4)


@given(st.lists(spans, max_size=5))
def test_cells_partition_the_axis_and_every_set_is_a_union_of_them(sets: list[Spans]) -> None:
    found = partition.split(((1, 40),), sets)
    assert intervals.merge(span for region in found.regions for span in region) == ((1, 40),)
    assert sum(last - first + 1 for region in found.regions for first, last in region) == 40
    for one in sets:
        assert partition.spans(found, partition.covered(found, one)) == one
    kinds = {frozenset(number for number, one in enumerate(sets) if intervals.holds(one, at)) for at in AXIS}
    assert len(found.regions) == len(kinds)


@given(st.lists(spans, max_size=5))
def test_a_point_is_in_the_region_of_its_cell(sets: list[Spans]) -> None:
    found = partition.split(((1, 40),), sets)
    assert all(intervals.holds(found.regions[partition.locate(found, at)], at) for at in AXIS)
    assert partition.locate(found, 0) == partition.locate(found, 41) == -1


@given(st.sets(st.integers(0, 300)))
def test_members_are_the_bits(places: set[int]) -> None:
    assert partition.bitset_of(places) == sum(1 << place for place in places)
    assert partition.indices(sum(1 << place for place in places)) == sorted(places)


@given(st.lists(selectors, max_size=4), st.lists(labels, min_size=1, max_size=6))
def test_selecting_from_an_index_is_matching_one_by_one(wanted: list[Selector], labelled: Any) -> None:
    words = vocabulary(wanted)
    found = index((1 << place, known_labels(one, words)) for place, one in enumerate(labelled))
    for selector in wanted:
        assert partition.indices(select(selector, found)) == [
            place for place, one in enumerate(labelled) if matches(selector, dict(one))
        ]

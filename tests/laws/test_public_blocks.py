"""Lists of public networks are collapsed exactly, widened as far as they must be, and never over special addresses."""

from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_network
from itertools import pairwise
from typing import Any

from bulkhead.core.sets.public_blocks import SPECIAL_CIDRS, collapsed, mistakes, widened
from hypothesis import given
from hypothesis import strategies as st

# Small parts of the internet, one next to private addresses, so that blocks meet, and every address can be listed.
PLACES = ("20.1.2.0/26", "9.255.255.192/26", "11.0.0.0/26", "2606:50c0::/122")
Network = IPv4Network | IPv6Network


@st.composite
def blocks(draw: st.DrawFn) -> str:
    whole: Any = ip_network(draw(st.sampled_from(PLACES)))
    length = draw(st.integers(whole.prefixlen, whole.max_prefixlen))
    return str(draw(st.sampled_from(list(whole.subnets(new_prefix=length)))))


lists = st.lists(blocks(), min_size=1, max_size=12)


def addresses(found: list[str]) -> set[str]:
    return {str(each) for cidr in found for each in ip_network(cidr)}


def by_python(found: list[str]) -> list[Network]:
    """Collapse with Python's own library, one family after the other."""
    networks = [ip_network(each) for each in found]
    four = [each for each in networks if isinstance(each, IPv4Network)]
    six = [each for each in networks if isinstance(each, IPv6Network)]
    return [*sorted(collapse_addresses(four)), *sorted(collapse_addresses(six))]


@given(lists)
def test_collapsed_blocks_have_the_same_addresses_and_are_the_fewest(found: list[str]) -> None:
    made = collapsed(found)
    assert addresses(made) == addresses(found)
    assert [ip_network(each) for each in made] == by_python(found)


@given(lists, st.integers(1, 6))
def test_widened_blocks_contain_all_addresses_and_nothing_special(found: list[str], most: int) -> None:
    made = [ip_network(each) for each in widened(found, most)]
    for cidr in found:
        assert any(each.version == ip_network(cidr).version and ip_network(cidr).subnet_of(each) for each in made)  # type: ignore[arg-type]
    special = [ip_network(each) for each in SPECIAL_CIDRS]
    assert not any(one.version == other.version and one.overlaps(other) for one in made for other in special)
    assert not any(
        one is not other and one.version == other.version and one.overlaps(other) for one in made for other in made
    )
    for version in (4, 6):
        mine = [each for each in made if each.version == version]
        if len(mine) > most:  # then every further join would contain special addresses
            for one, other in pairwise(mine):
                assert any(each.version == version and each.overlaps(common(one, other)) for each in special)


def common(one: Any, other: Any) -> Any:
    while not other.subnet_of(one):
        one = one.supernet()
    return one


@given(lists)
def test_enough_blocks_are_not_widened(found: list[str]) -> None:
    assert widened(found, len(found)) == collapsed(found)


def test_the_neighbours_that_add_least_are_joined_first() -> None:
    # 20.1.2.0/32 and 20.1.2.3/32 have a common /30, which adds 2; with 20.1.2.64/32 a /25, which adds 126.
    assert widened(["20.1.2.0/32", "20.1.2.3/32", "20.1.2.64/32"], 2) == ["20.1.2.0/30", "20.1.2.64/32"]
    assert widened(["20.1.2.0/32", "20.1.2.3/32", "20.1.2.64/32"], 1) == ["20.1.2.0/25"]
    assert widened(["9.255.255.255/32", "11.0.0.0/32"], 1) == ["9.255.255.255/32", "11.0.0.0/32"]


@given(lists)
def test_blocks_that_do_not_overlap_have_no_mistakes(found: list[str]) -> None:
    networks = list({ip_network(each) for each in found})
    overlap = any(a.version == b.version and a.overlaps(b) for a in networks for b in networks if a is not b)
    assert bool(list(mistakes(found))) == overlap


def test_special_networks_are_mistakes() -> None:
    for cidr in [*SPECIAL_CIDRS, "0.0.0.0/0", "::/0", "10.0.0.0/7", "172.20.0.0/16", "fe80::/64"]:
        assert [each for each in mistakes([cidr]) if "is not public" in each], cidr

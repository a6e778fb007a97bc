"""The grade of an opening, and the names of both its ends."""

import pytest
from bulkhead.core.diff.findings import FindingEndpoints
from bulkhead.core.diff.grades import Grade, in_order, towards
from bulkhead.core.kubernetes.networkpolicy import IpBlock
from bulkhead.core.sets import addresses
from bulkhead.core.sets.addresses import AddressSet
from bulkhead.report.names.endpoint_names import EndpointNames

NOTHING = AddressSet(())


def block(cidr: str, *excluded: str) -> AddressSet:
    """Return the addresses of a block."""
    return AddressSet(addresses.block(cidr, excluded))


@pytest.mark.parametrize(
    ("reached", "own", "grades"),
    [
        (block("8.8.8.8/32"), NOTHING, ["internet"]),
        (block("192.168.1.0/24"), NOTHING, ["private"]),
        (block("0.0.0.0/0"), NOTHING, ["internet", "private"]),
        (block("0.0.0.0/0", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"), NOTHING, ["internet"]),
        (block("172.32.0.0/16"), NOTHING, ["internet"]),
        (block("203.0.113.0/24"), block("203.0.113.0/24"), ["private"]),
        (block("fd00::/8"), NOTHING, ["private"]),
        (block("2000::/3"), NOTHING, ["internet"]),
        (block("169.254.169.254/32"), NOTHING, ["internet"]),
    ],
)
def test_an_address_is_private_or_counts_as_the_internet(
    reached: AddressSet, own: AddressSet, grades: list[str]
) -> None:
    assert [grade.value for grade in towards(reached, own)] == grades


def test_grades_stand_in_the_order_of_how_serious_they_are() -> None:
    assert [grade.value for grade in in_order(set(Grade))] == ["internet", "outside", "across", "private", "within"]


PODS = {("a", "*"), ("a", "web"), ("b", "*"), ("c", "*"), ("*", "*")}


@pytest.mark.parametrize(
    ("pods", "says"),
    [
        ((("a", "*"), ("a", "web")), "a"),
        ((("a", "web"),), "a/web"),
        ((("a", "*"), ("b", "*")), "b, any other pod of a"),
        ((("b", "*"), ("*", "*")), "b, any other namespace"),
        (tuple(sorted(PODS)), "every namespace"),
        ((("*", "*"), ("a", "*"), ("a", "web"), ("b", "*")), "every namespace but c"),
    ],
)
def test_whole_namespaces_go_by_their_name(pods: tuple[tuple[str, str], ...], says: str) -> None:
    assert EndpointNames(PODS, None, NOTHING, set()).end(FindingEndpoints(pods)) == says


@pytest.mark.parametrize(
    ("reached", "says"),
    [
        (block("192.168.1.0/24"), "192.168.1.0/24"),
        (block("0.0.0.0/0", "10.42.0.0/16"), "0.0.0.0/0"),
        (block("0.0.0.0/0", "10.0.0.0/8"), "0.0.0.0/0 except 10.0.0.0/8"),
        (block("10.0.0.0/8", "10.42.0.0/16", "10.43.0.0/16"), "10.0.0.0/8 except 10.43.0.0/16"),
        (block("0.0.0.0/0", "10.42.0.0/16", "1.1.1.0/24", "10.0.0.0/9"), "0.0.0.0/0 except 1.1.1.0/24, 10.0.0.0/9"),
        (block("::/0"), "::/0"),
    ],
)
def test_networks_are_said_in_the_fewest_words_and_the_pods_among_them_do_not_count(
    reached: AddressSet, says: str
) -> None:
    names = EndpointNames(PODS, None, block("10.42.0.0/16"), {IpBlock("0.0.0.0/0")})
    assert names.end(FindingEndpoints(addresses=reached)) == says

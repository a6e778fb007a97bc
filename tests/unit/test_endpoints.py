"""The spellings of an endpoint, and the suggestion where there is no such endpoint."""

from collections.abc import Sequence
from typing import Any

import pytest
from bulkhead.core.engine.endpoint_terms import EndpointVocabulary, fits, target
from bulkhead.core.kubernetes.cluster import Cluster, Pod
from bulkhead.core.kubernetes.networkpolicy import NAMESPACE_NAME, IpBlock, PodPeer, Selector
from bulkhead.core.language.scalars import InvalidValue
from bulkhead.core.sets import addresses
from bulkhead.core.sets.ranges import PUBLIC

LISTED = [
    Pod("*", "*"),
    Pod("media", "*"),
    Pod("media", "jellyfin", labels=(("app", "jellyfin"),)),
    Pod("media", "postgresql"),
    Pod("openclaw", "*"),
]
PEERS: dict[str, tuple[IpBlock | PodPeer, ...]] = {
    "lan": (IpBlock("192.168.1.0/24"),),
    "media": (IpBlock("10.9.0.0/16"),),
    "player": (PodPeer(Selector((("app", "jellyfin"),)), Selector(((NAMESPACE_NAME, "media"),))),),
    "same": (PodPeer(Selector()),),
}
KNOWN = [
    Pod("shop", "web-1", kind="Deployment", workload="web", addresses=("10.0.0.1",)),
    Pod("shop", "web-2", kind="Deployment", workload="web", addresses=("10.0.0.2",)),
    Pod("shop", "node-agent", addresses=("10.1.0.1",), host_network=True),
]


def pods(text: str, listed: Sequence[Pod] = LISTED) -> list[str]:
    chosen = EndpointVocabulary(Cluster(pods=tuple(listed)), PEERS).choose(text)
    return [f"{pod.namespace}/{pod.name}" for pod in chosen.pods]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("openclaw", ["openclaw/*"]),
        ("namespace=media", ["media/*", "media/jellyfin", "media/postgresql"]),
        ("media/jellyfin", ["media/jellyfin"]),
        ("media/*", ["media/*"]),
        ("media/post*", ["media/postgresql"]),
        ("*/jellyfin", ["media/jellyfin"]),
        ("open*", ["openclaw/*"]),
        ("*/*", ["*/*"]),
        ("player", ["media/jellyfin"]),
        ("*", ["*/*", "media/*", "media/jellyfin", "media/postgresql", "openclaw/*"]),
    ],
)
def test_a_name_means_the_pods_that_the_notation_says(text: str, expected: Any) -> None:
    assert pods(text) == expected


def test_where_every_pod_is_known_any_other_pod_is_every_pod() -> None:
    assert pods("shop/*", KNOWN) == ["shop/web-1", "shop/web-2", "shop/node-agent"]
    assert pods("*/*", KNOWN) == ["shop/web-1", "shop/web-2", "shop/node-agent"]


def test_a_workload_s_name_means_all_its_pods_and_a_pod_s_name_the_one() -> None:
    assert pods("shop/web", KNOWN) == ["shop/web-1", "shop/web-2"]
    assert pods("shop/web-2", KNOWN) == ["shop/web-2"]


def test_the_address_of_a_known_pod_means_the_pod() -> None:
    assert pods("10.0.0.2", KNOWN) == ["shop/web-2"]


def test_the_address_of_a_pod_on_the_host_network_means_the_node() -> None:
    chosen = EndpointVocabulary(Cluster(pods=tuple(KNOWN))).choose("10.1.0.1")
    assert (chosen.pods, chosen.addresses) == ((), (addresses.network("10.1.0.1"),))


def test_a_named_peer_means_its_addresses() -> None:
    names = EndpointVocabulary(Cluster(pods=tuple(LISTED)), PEERS)
    assert names.choose("lan").addresses == (addresses.network("192.168.1.0/24"),)
    assert names.choose("peer=media").addresses == (addresses.network("10.9.0.0/16"),)
    assert names.choose("peer=media").peer == "media"


def test_a_name_of_a_namespace_and_of_another_peer_is_refused_with_both_spellings() -> None:
    names = EndpointVocabulary(Cluster(pods=tuple(LISTED)), PEERS)
    with pytest.raises(InvalidValue) as refused:
        names.choose("media")
    assert refused.value.message == "`media` is a namespace and a named peer"
    assert refused.value.hint == "write `namespace=media` or `peer=media`"


def test_a_peer_of_a_namespace_s_name_that_is_the_namespace_is_no_question() -> None:
    whole = PodPeer(Selector(), Selector(((NAMESPACE_NAME, "media"),)))
    names = EndpointVocabulary(Cluster(pods=tuple(LISTED)), {"media": (whole,)})
    assert [pod.name for pod in names.choose("media").pods] == ["*", "jellyfin", "postgresql"]


def test_internet_is_the_public_addresses() -> None:
    chosen = EndpointVocabulary(Cluster(pods=tuple(LISTED))).choose("internet")
    assert chosen.addresses == PUBLIC
    for private in ("10.1.2.3", "100.64.0.1", "169.254.169.254", "192.168.0.1", "fd00::1", "fe80::1", "224.0.0.1"):
        assert not any(first <= addresses.address(private) <= last for first, last in PUBLIC)
    for public in ("1.1.1.1", "203.0.113.7", "2606:4700::1111"):
        assert any(first <= addresses.address(public) <= last for first, last in PUBLIC)


@pytest.mark.parametrize(
    ("text", "says", "hint"),
    [
        ("medai", "there is no namespace or peer `medai`", "did you mean `media`?"),
        ("medai/jellyfin", "there is no namespace `medai`", "did you mean `media/jellyfin`?"),
        ("media/jelyfin", "nothing in namespace `media` is known as `jelyfin`", "did you mean `media/jellyfin`?"),
        ("lam", "there is no namespace or peer `lam`", "did you mean `lan`?"),
        ("10.0.0.1/24", "CIDR `10.0.0.1/24` has host bits set", "write `10.0.0.0/24` for the network"),
        ("10.0.0.256", "`10.0.0.256` is not an address", "write `192.168.1.40`"),
        ("same", "peer `same` means another namespace in each rule", "write the namespace"),
        ("x*", "there is no namespace or peer `x*`", "the namespaces are `media`, `openclaw`"),
    ],
)
def test_what_names_nothing_is_refused_with_the_nearest_that_does(text: str, says: str, hint: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        pods(text)
    assert refused.value.message == says
    assert refused.value.hint.startswith(hint)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("trade-bot", ("trade-bot", "")),
        ("trade-bot/*:53/UDP", ("trade-bot/*", "53/UDP")),
        ("10.0.0.0/8:443", ("10.0.0.0/8", "443")),
        ("[fd00::/8]:443", ("fd00::/8", "443")),
        ("[fd00::1]", ("fd00::1", "")),
        ("fd00::1", ("fd00::1", "")),
    ],
)
def test_the_port_stands_behind_the_last_colon(text: str, expected: Any) -> None:
    assert target(text) == expected


@pytest.mark.parametrize(
    ("pattern", "word", "expected"),
    [
        ("a*c", "abc", True), ("a*c", "ac", True), ("a*a", "a", False), ("*b*", "abc", True),
        ("a*b*c", "a-b-b-c", True), ("a", "ab", False), ("*", "", True), ("a*b*c", "acb", False),
    ],
)  # fmt: skip
def test_a_star_stands_for_any_text(pattern: str, word: str, expected: Any) -> None:
    assert fits(pattern, word) is expected

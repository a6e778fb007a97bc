"""What lint says of a profile: networks that overlap or are public, address by address, and peers that nothing uses."""

import ipaddress
from itertools import combinations
from random import Random
from typing import Any

from bulkhead.core.expansion.expand import expand
from bulkhead.core.kubernetes.cluster import Cluster
from bulkhead.core.language.resources import ClusterProfile, Networks, ProfileSpec, SegmentedNamespace
from bulkhead.core.language.scalars import Cidr
from bulkhead.core.lint.checks.hygiene import UNUSED_PEER
from bulkhead.core.lint.checks.networks import OVERLAPPING_NETWORKS, PUBLIC_NETWORK, WHOLE_NETWORK
from bulkhead.core.lint.context import LintContext
from bulkhead.core.record import FrozenMap, replaced
from bulkhead.io.resources.decode import decode
from laws import edits, written
from laws.linted import scene_of

CIDRS = ("10.0.0.0/8", "10.42.0.0/16", "10.43.0.0/16", "10.42.128.0/17", "172.16.0.0/12", "172.0.0.0/11",
         "192.168.20.0/24", "192.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "8.8.8.0/24", "8.8.8.8/32", "11.0.0.0/8",
         "0.0.0.0/0", "::/0", "0.0.0.0/1", "fd00::/8", "fd00:42::/56", "2a00:1450::/32", "fe80::/10")  # fmt: skip
PROBES = ("8.8.8.8", "11.0.0.1", "172.1.0.1", "192.1.0.1", "2a00:1450::1")
"""Addresses of the internet; each public block above has one of them."""

ROUNDS = 400


def profile_of(random: Random) -> ClusterProfile:
    given = {name: random.sample(CIDRS, random.choice((0, 1, 1, 2))) for name in ("pods", "services", "nodes")}
    networks = {name: tuple(map(Cidr.parse, cidrs)) or None for name, cidrs in given.items()}
    return ClusterProfile("test", ProfileSpec(networks=Networks(**networks)))


def scene(profile: ClusterProfile) -> LintContext:
    return replaced(scene_of(Cluster(), profile.spec.enforcer), profile=profile, whole=True)


def cidrs_of(profile: ClusterProfile) -> list[tuple[str, str]]:
    networks = profile.spec.networks
    every = {"pods": networks.pods, "services": networks.services, "nodes": networks.nodes}
    return [(name, str(cidr)) for name, cidrs in every.items() for cidr in cidrs or ()]


def test_networks_are_reported_where_an_address_says_that_they_are_wrong() -> None:
    random, seen = Random(5), [0, 0, 0]
    for _ in range(ROUNDS):
        profile = profile_of(random)
        networks = cidrs_of(profile)
        whole = {(name, cidr) for name, cidr in networks if cidr.endswith("/0")}
        overlapping = {
            frozenset((one, other))
            for one, other in combinations(networks, 2)
            if one[0] != other[0] and not {one, other} & whole and share(one[1], other[1])
        }
        public = {each for each in networks if each not in whole and any(has(each[1], probe) for probe in PROBES)}
        found = [list(check.find(scene(profile))) for check in (OVERLAPPING_NETWORKS, PUBLIC_NETWORK, WHOLE_NETWORK)]
        assert [len(each) for each in found] == [len(overlapping), len(public), len(whole)], networks
        for results, expected in zip(found[1:], (public, whole), strict=True):
            named = {
                (each.at.path[-1], cidr) for each in results for _, cidr in networks if f"`{cidr}`" in each.message
            }
            assert expected <= named
        seen = [count + bool(each) for count, each in zip(seen, (overlapping, public, whole), strict=True)]
    assert min(seen) > 20, seen


def share(one: str, other: str) -> bool:
    left, right = ipaddress.ip_network(one), ipaddress.ip_network(other)
    return left.version == right.version and left.overlaps(right)


def has(cidr: str, address: str) -> bool:
    return ipaddress.ip_address(address) in ipaddress.ip_network(cidr)


def resources(random: Random) -> tuple[ClusterProfile, SegmentedNamespace] | None:
    """A profile and a namespace that are rendered without a problem; some peers of the profile name others."""
    profile: dict[str, Any] = edits.written_profile(random)
    more = {f"p{n}": random.choice(({"cidr": "10.9.9.9/32"}, "p0", "p1")) for n in range(1, 4)}
    profile["peers"] = {**profile.get("peers", {}), "p0": {"cidr": "10.9.9.8/32"}, **more}
    spec = edits.written_spec(random)
    if random.random() < 0.5:
        spec["egress"] = {**spec.get("egress", {}), "extra": {"to": random.choice(("p0", "p1", "p2", "p3"))}}
    made, problems = decode(written.profile() | {"spec": profile, "metadata": {"name": "home"}})
    resource, wrong = decode(written.namespace(spec, "alpha"))
    if problems or wrong or not isinstance(made, ClusterProfile) or not isinstance(resource, SegmentedNamespace):
        return None
    return None if expand(made, [resource]).problems else (made, resource)


def test_a_peer_is_unused_exactly_if_everything_is_rendered_without_it() -> None:
    random, seen = Random(6), 0
    for _ in range(ROUNDS):
        found = resources(random)
        if found is None:
            continue
        profile, resource = found
        unused = {each.at.path[-1] for each in UNUSED_PEER.find(replaced(scene(profile), namespaces=(resource,)))}
        rendered = expand(profile, [resource]).policies
        left = only(profile, {name for name in profile.spec.peers if name not in unused})
        assert expand(left, [resource]).policies == rendered
        for name in left.spec.peers:
            assert is_needed(left, resource, name), (name, resource)
        seen += 1
    assert seen > ROUNDS // 4


def only(profile: ClusterProfile, names: set[Any]) -> ClusterProfile:
    peers = FrozenMap({name: each for name, each in profile.spec.peers.items() if name in names})
    return replaced(profile, spec=replaced(profile.spec, peers=peers))


def is_needed(profile: ClusterProfile, resource: SegmentedNamespace, name: Any) -> bool:
    return bool(expand(only(profile, {*profile.spec.peers} - {name}), [resource]).problems)

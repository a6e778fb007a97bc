"""What lint says has no effect can go, and no packet of a cluster that an enforcer sees is decided differently."""

import re
from collections.abc import Iterator, Sequence
from itertools import product

from bulkhead.core.engine.semantics import Semantics, mode_of
from bulkhead.core.kubernetes.cluster import Cluster, Endpoint, External, Pod
from bulkhead.core.kubernetes.networkpolicy import Direction, IpBlock, NetworkPolicy, PolicyRule
from bulkhead.core.language.resources import ClusterProfile, Enforcer, Networks, ProfileSpec
from bulkhead.core.language.scalars import Cidr
from bulkhead.core.lint.checks.dead_parts import PORT_NAME_OF_NO_POD
from bulkhead.core.lint.checks.no_effect import (
    HOST_NETWORK_SELECTOR,
    NAMED_PORT_TO_ADDRESSES,
    POD_ADDRESS_ON_CILIUM,
    SERVICE_ADDRESS,
)
from bulkhead.core.lint.context import LintContext, LintedCluster
from bulkhead.core.lint.finding import Check
from bulkhead.core.record import replaced
from hypothesis import given, settings
from hypothesis import strategies as st
from laws import brute, kube_router
from laws.linted import scene_of
from laws.strategies import settled

PODS, SERVICES, NODES = ("10.0.0.0/30", "fd00::/125"), ("10.0.0.4/30",), ("192.168.0.0/29",)
PROFILE = ClusterProfile(
    "test", ProfileSpec(networks=Networks(*(tuple(map(Cidr.parse, each)) for each in (PODS, SERVICES, NODES))))
)
ADDRESSES = tuple(map(External, ("8.8.8.8", "192.168.0.1", "192.168.0.9", "2001:db8::1")))
"""Addresses outside: none is of the pods' networks, nor of the Services', which no packet has when policies look."""

PROBES = [("TCP", 53), ("TCP", 80), ("UDP", 81)]
EVERY_NAMESPACE = ("alpha", "beta", "kube-system", "kube-public", "kube-node-lease")

FEW = settings(max_examples=settings().max_examples // 2)

Place = tuple[int, Direction, int]
"""A rule: the index of its policy, its direction, its index there."""


@st.composite
def scenes(draw: st.DrawFn) -> LintContext:
    found = draw(settled(most=3))
    named = tuple(replaced(each, name=f"policy-{number}") for number, each in enumerate(found.policies))
    cluster = Cluster(found.namespaces, found.pods, named, PODS, NODES, SERVICES)
    scene = scene_of(cluster, draw(st.sampled_from(Enforcer)), workloads=True)
    return replaced(scene, profile=PROFILE, listed=EVERY_NAMESPACE)


def verdicts(scene: LintContext, policies: Sequence[NetworkPolicy]) -> Iterator[bool]:
    """Every verdict on a packet, in each way in which the enforcer may decide it."""
    cluster = replaced(scene.cluster, policies=tuple(policies))
    ends: tuple[Endpoint, ...] = (*cluster.pods, *ADDRESSES)
    for source, destination in product(ends, ends):
        if source == destination or not (isinstance(source, Pod) or isinstance(destination, Pod)):
            continue
        for protocol, port in PROBES:
            if scene.enforcer is Enforcer.KUBE_ROUTER:
                for lucky in (True, False):
                    yield kube_router.allows(cluster, source, destination, protocol, port, lucky)
            else:
                for reading in scene.readings:
                    yield brute.allows(cluster, source, destination, protocol, port, reading.mode)


def places(scene: LintContext, check: Check) -> dict[Place, set[int]]:
    """Return the peers that *check* finds, by rule."""
    numbers = {f"{each.namespace}/{each.name}": at for at, each in enumerate(scene.cluster.policies)}
    found: dict[Place, set[int]] = {}
    for result in check.find(scene):
        if len(result.at.path) == 5:
            _, direction, entry, _, peer = result.at.path
            place = numbers[result.at.name], Direction(str(direction)), int(entry)
            found.setdefault(place, set()).add(int(peer))
    return found


def with_rules(scene: LintContext, changed: dict[Place, tuple[PolicyRule, ...]]) -> list[NetworkPolicy]:
    """Return the policies with other rules in the place of those *changed*."""
    made = []
    for number, policy in enumerate(scene.cluster.policies):
        sides: dict[Direction, tuple[PolicyRule, ...] | None] = {}
        for direction in Direction:
            rules = policy.of(direction)
            sides[direction] = rules and tuple(
                new for at, rule in enumerate(rules) for new in changed.get((number, direction, at), (rule,))
            )
        made.append(replaced(policy, ingress=sides[Direction.INGRESS], egress=sides[Direction.EGRESS]))
    return made


def rule_at(scene: LintContext, place: Place) -> PolicyRule:
    number, direction, entry = place
    return (scene.cluster.policies[number].of(direction) or ())[entry]


def without_peers(rule: PolicyRule, gone: set[int]) -> tuple[PolicyRule, ...]:
    peers = tuple(peer for at, peer in enumerate(rule.peers or ()) if at not in gone)
    return (PolicyRule(peers, rule.ports),) if peers else ()


def with_numbers(rule: PolicyRule, blocks: set[int]) -> tuple[PolicyRule, ...]:
    """Return *rule* with the peers *blocks* in a rule of their own, which has no names of ports."""
    peers = tuple(peer for at, peer in enumerate(rule.peers or ()) if at in blocks)
    assert all(isinstance(peer, IpBlock) for peer in peers)
    numbers = tuple(port for port in rule.ports or () if not isinstance(port.port, str))
    return (*without_peers(rule, blocks), *((PolicyRule(peers, numbers),) if numbers else ()))


def edits(scene: LintContext) -> Iterator[dict[Place, tuple[PolicyRule, ...]]]:
    """Yield for each check the rules without what it finds."""
    for check in (SERVICE_ADDRESS, POD_ADDRESS_ON_CILIUM, HOST_NETWORK_SELECTOR):
        yield {place: without_peers(rule_at(scene, place), gone) for place, gone in places(scene, check).items()}
    found = places(scene, NAMED_PORT_TO_ADDRESSES)
    yield {place: with_numbers(rule_at(scene, place), blocks) for place, blocks in found.items()}
    yield without_names(scene)


def without_names(scene: LintContext) -> dict[Place, tuple[PolicyRule, ...]]:
    """Return the rules without the names of ports that no pod has."""
    numbers = {f"{each.namespace}/{each.name}": at for at, each in enumerate(scene.cluster.policies)}
    changed: dict[Place, tuple[PolicyRule, ...]] = {}
    for result in PORT_NAME_OF_NO_POD.find(scene):
        _, direction, entry = result.at.path
        place = numbers[result.at.name], Direction(str(direction)), int(entry)
        named = re.search(r"a port named `(.*)` \((.*)\)", result.message)
        assert named
        rules = changed.get(place, (rule_at(scene, place),))
        left = [
            port for each in rules for port in each.ports or () if (port.port, port.protocol) != (named[1], named[2])
        ]
        changed[place] = (PolicyRule(rule_at(scene, place).peers, tuple(left)),) if left else ()
    return changed


@FEW
@given(scenes())
def test_what_has_no_effect_can_go(scene: LintContext) -> None:
    before: list[bool] = []
    for changed in filter(None, edits(scene)):
        before = before or list(verdicts(scene, scene.cluster.policies))
        assert before == list(verdicts(scene, with_rules(scene, changed))), changed


@FEW
@given(scenes())
def test_a_policy_that_has_no_effect_on_pods_of_the_host_network_selects_none_of_them(scene: LintContext) -> None:
    for result in HOST_NETWORK_SELECTOR.find(scene):
        if result.at.path == ("spec", "podSelector"):
            policy = next(each for each in scene.cluster.policies if result.at.name == f"{each.namespace}/{each.name}")
            hosts = [pod for pod in scene.cluster.pods if pod.host_network]
            named = [pod for pod in hosts if f"`{pod.name}`" in result.message]
            assert named and not any(brute.selects(policy, pod) for pod in named)


@FEW
@given(scenes())
def test_a_deviation_is_reported_only_where_the_enforcer_is_named(scene: LintContext) -> None:
    unknown = replaced(
        scene, enforcer=Enforcer.ANY, answer=LintedCluster(scene.cluster, Semantics(mode_of(Enforcer.ANY)))
    )
    assert not list(SERVICE_ADDRESS.find(unknown))
    assert not list(POD_ADDRESS_ON_CILIUM.find(unknown))

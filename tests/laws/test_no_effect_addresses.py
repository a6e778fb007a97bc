"""What lint says of multicast, LoadBalancers, NodePorts and volumes is so for every packet that policies see."""

from collections.abc import Iterator, Sequence
from itertools import product
from random import Random

import pytest
from bulkhead.core.kubernetes.cluster import Cluster, Endpoint, External, Namespace, Pod
from bulkhead.core.kubernetes.networkpolicy import (
    EVERY_POD,
    Direction,
    IpBlock,
    NetworkPolicy,
    PodPeer,
    PolicyPort,
    PolicyRule,
)
from bulkhead.core.language.resources import ClusterProfile, Enforcer, Networks, ProfileSpec
from bulkhead.core.language.scalars import Cidr
from bulkhead.core.lint.checks.no_effect import KUBELET_MOUNT, LOAD_BALANCER_ADDRESS, MULTICAST_ADDRESS, NODE_PORTS
from bulkhead.core.lint.context import LintContext
from bulkhead.core.lint.finding import Check
from bulkhead.core.record import replaced
from laws import brute, kube_router
from laws.linted import scene_of

NODE, OTHER_NODE = "192.168.0.1", "192.168.0.2"
NODES, PODS = ("192.168.0.0/29",), ("10.0.0.0/30",)
BALANCERS = ((), ("192.168.0.4/32",), ("192.168.0.0/29",), ("192.168.0.0/24",), ("10.0.0.0/24",), ("192.168.0.1/32",))
BLOCKS = ("224.0.0.251/32", "224.0.0.0/4", "224.0.0.0/3", "ff02::/16", "192.168.0.1/32", "192.168.0.0/29",
          "192.168.0.4/32", "10.0.0.0/30", "10.0.0.1/32", "8.8.8.8/32", "0.0.0.0/0")  # fmt: skip
PORTS = (PolicyPort("TCP", 2049), PolicyPort("UDP", 111), PolicyPort("TCP", 30443), PolicyPort("UDP", 30000, 32767),
         PolicyPort("TCP", 443), PolicyPort("TCP", 2049, 2050), PolicyPort("SCTP", 30443))  # fmt: skip
PROBES = (("TCP", 2049), ("UDP", 111), ("TCP", 30443), ("UDP", 31000), ("TCP", 443), ("SCTP", 30443))
POD_LIST = (
    Pod("a", "web", labels=(("app", "web"),), addresses=("10.0.0.1",), node=NODE),
    Pod("a", "db", addresses=("10.0.0.2",), node=OTHER_NODE),
    Pod("a", "agent", addresses=(NODE,), host_network=True, node=NODE),
)
ENDS: tuple[Endpoint, ...] = (*POD_LIST, External(OTHER_NODE), External("8.8.8.8"))
"""What a packet has for its ends when policies see it: no multicast group, and no address that a Service has."""

ROUNDS = 400


def rule(random: Random) -> PolicyRule:
    blocks = [IpBlock(cidr) for cidr in random.sample(BLOCKS, random.randint(1, 2))]
    pods = [PodPeer(EVERY_POD)] if random.random() < 0.2 else []
    ports = tuple(random.sample(PORTS, random.randint(1, 2))) if random.random() < 0.8 else None
    return PolicyRule((*blocks, *pods), ports)


def scene(random: Random) -> LintContext:
    rules = [tuple(rule(random) for _ in range(random.randint(1, 2))) for _ in range(2)]
    policies = (
        NetworkPolicy("a", "in", EVERY_POD, rules[0], None),
        NetworkPolicy("a", "out", EVERY_POD, None, rules[1]),
    )
    pods = POD_LIST if random.random() < 0.7 else ()
    cluster = Cluster((Namespace("a"),), pods, policies, PODS, NODES)
    balancers = random.choice(BALANCERS if pods else BALANCERS[:-1])  # that one is a node is known by its pods
    networks = Networks(
        pods=tuple(map(Cidr.parse, PODS)),
        nodes=tuple(map(Cidr.parse, NODES)),
        load_balancers=tuple(map(Cidr.parse, balancers)) or None,
    )
    found = scene_of(cluster, random.choice(tuple(Enforcer)), workloads=True)
    return replaced(found, profile=ClusterProfile("test", ProfileSpec(enforcer=found.enforcer, networks=networks)))


def rules_found(given: LintContext, check: Check) -> dict[tuple[int, Direction, int], set[int]]:
    """The numbers of the peers that *check* finds, by policy, direction and rule."""
    numbers = {each.name: at for at, each in enumerate(given.cluster.policies)}
    found: dict[tuple[int, Direction, int], set[int]] = {}
    for each in check.find(given):
        _, direction, entry, _, peer = each.at.path
        place = numbers[each.at.name.partition("/")[2]], Direction(str(direction)), int(entry)
        found.setdefault(place, set()).add(int(peer))
    return found


def without(given: LintContext, found: dict[tuple[int, Direction, int], set[int]]) -> tuple[NetworkPolicy, ...]:
    """The policies without the peers *found*; a policy isolates what it isolated."""
    made = []
    for number, policy in enumerate(given.cluster.policies):
        sides: dict[str, tuple[PolicyRule, ...] | None] = {}
        for direction in Direction:
            rules = policy.of(direction)
            left = []
            for entry, each in enumerate(rules or ()):
                gone = found.get((number, direction, entry), set())
                peers = tuple(peer for at, peer in enumerate(each.peers or ()) if at not in gone)
                left += [PolicyRule(peers, each.ports)] if peers else []
            sides[direction.value] = None if rules is None else tuple(left)
        made.append(replaced(policy, **sides))
    return tuple(made)


def verdicts(
    given: LintContext, policies: tuple[NetworkPolicy, ...], pairs: Sequence[tuple[Endpoint, Endpoint]]
) -> Iterator[bool]:
    cluster = replaced(given.cluster, pods=POD_LIST, policies=policies)
    for (source, destination), probe in product(pairs, PROBES):
        if given.enforcer is Enforcer.KUBE_ROUTER:
            yield kube_router.allows(cluster, source, destination, *probe, True)
        else:
            for reading in given.readings:
                yield brute.allows(cluster, source, destination, *probe, reading.mode)


PAIRS = [
    (source, destination)
    for source, destination in product(ENDS, ENDS)
    if source != destination and (isinstance(source, Pod) or isinstance(destination, Pod))
]
FROM_NODES = [(source, destination) for source, destination in PAIRS if source == POD_LIST[2]]
TO_OWN_NODE = [(POD_LIST[0], POD_LIST[2]), (POD_LIST[1], External(OTHER_NODE))]


@pytest.mark.parametrize(
    ("check", "pairs"),
    [
        (MULTICAST_ADDRESS, PAIRS),
        (LOAD_BALANCER_ADDRESS, PAIRS),
        (KUBELET_MOUNT, FROM_NODES),
        (NODE_PORTS, TO_OWN_NODE),
    ],
    ids=lambda found: found.id if isinstance(found, Check) else "",
)
def test_what_has_no_effect_can_go(check: Check, pairs: Sequence[tuple[Endpoint, Endpoint]]) -> None:
    random, seen = Random(3), 0
    for _ in range(ROUNDS):
        given = scene(random)
        found = rules_found(given, check)
        if found:
            seen += 1
            policies = given.cluster.policies
            changed = without(given, found)
            assert list(verdicts(given, policies, pairs)) == list(verdicts(given, changed, pairs)), (policies, found)
    assert seen > 5

"""What another enforcer opens and closes is reported for any pod, the node ports of its own node too."""

from random import Random

from bulkhead.core.diff.possible_changes import possible_changes
from bulkhead.core.engine.semantics import API, enforced
from bulkhead.core.kubernetes.cluster import Cluster, Endpoint, External, Namespace, Pod
from bulkhead.core.kubernetes.networkpolicy import NetworkPolicy
from bulkhead.core.language.resources import Enforcer
from hypothesis import given
from hypothesis import strategies as st
from laws import brute, edits, kube_router, population
from laws.strategies import KEYS, NAMESPACES, VALUES

KUBE_ROUTER = enforced(Enforcer.KUBE_ROUTER)
NODES = ("192.168.0.1", "192.168.0.9")
POD_ADDRESSES = ("10.0.0.1", "10.0.0.3", "10.0.0.5")
PROBES = (("TCP", 80), ("TCP", 29999), ("TCP", 30000), ("UDP", 32767), ("UDP", 32768), ("SCTP", 30000))


def has_names(policy: NetworkPolicy) -> bool:
    """What a name means depends on the other pods: other laws are about that."""
    rules = (*(policy.ingress or ()), *(policy.egress or ()))
    return any(isinstance(port.port, str) for rule in rules for port in rule.ports or ())


def policies(random: Random) -> tuple[NetworkPolicy, ...]:
    some = [edits.policy(random) for _ in range(random.randint(1, 3))]
    return tuple(each for each in some if not has_names(each))


def pods(random: Random) -> tuple[Pod, ...]:
    return tuple(
        Pod(
            random.choice(population.SPACES),
            f"possible-{number}",
            labels=tuple((key, random.choice(VALUES)) for key in KEYS if random.random() < 0.7),
            addresses=(address,),
            node=random.choice(NODES),
        )
        for number, address in enumerate(POD_ADDRESSES)
    )


@given(st.randoms(use_true_random=False), st.booleans(), st.booleans(), st.sampled_from(((), ("192.168.0.0/24",))))
def test_what_a_changed_enforcer_opens_and_closes_is_reported(
    random: Random, is_installed: bool, are_policies_edited: bool, nodes: tuple[str, ...]
) -> None:
    old = policies(random)
    new = edits.edited(old, random)[1] if old and are_policies_edited else old
    if any(map(has_names, new)):
        new = old
    known = tuple(Namespace(name, edits.labels(random)) for name in NAMESPACES if random.random() < 0.5)
    before, after = (Cluster(known, (), each, ("10.0.0.0/29",), nodes) for each in (old, new))
    semantics = (API, KUBE_ROUTER) if is_installed else (KUBE_ROUTER, API)
    changes = possible_changes(before, after, semantics)
    assert all(change.opens is is_installed for change in changes if change.is_part)
    spaces = {name: {"app": random.choice(VALUES)} if random.random() < 0.5 else {} for name in population.SPACES}
    living = pods(random)
    sides = [population.living(each, living, spaces) for each in (before, after)]
    ends: tuple[Endpoint, ...] = (*living, *map(External, (*NODES, "8.8.8.8")))
    for source in ends:
        for destination in ends:
            if source == destination or not {source, destination} & set(living):
                continue
            for protocol, port in PROBES:
                flow = source, destination, protocol, port
                verdicts = [
                    kube_router.passes(side, *flow, False, 4)
                    if read is KUBE_ROUTER
                    else brute.allows_over(side, *flow, read.mode, 4)
                    for side, read in zip(sides, semantics, strict=True)
                ]
                for opens in (True, False):
                    listed = [
                        each
                        for each in changes
                        if each.opens is opens
                        and each.space.family == 4
                        and population.is_in(each.flows, *flow, spaces)
                    ]
                    if verdicts == [not opens, opens]:
                        assert listed, flow
                    else:
                        assert all(each.is_part for each in listed) or is_with_own_node(source, destination), flow


def is_with_own_node(source: Endpoint, destination: Endpoint) -> bool:
    """Traffic with a pod's own node, which policies do not decide, is left out of what is said of all nodes."""
    ends = (source, destination), (destination, source)
    return any(isinstance(pod, Pod) and isinstance(end, External) and end.address == pod.node for pod, end in ends)

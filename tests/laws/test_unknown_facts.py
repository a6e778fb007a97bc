"""
What is not known of a pod decides nothing: a pair is refused only if no value of it lets the pair through.

Brute force gives each namespace without a Namespace object every label, and each pod every address, that the
policies can distinguish, and each pod that represents others every label and every number behind the name of a port.
"""

import itertools
import random
from collections.abc import Iterator

import pytest
from bulkhead.analysis.analysis_input import AnalysisInput
from bulkhead.analysis.unknown_facts import UnknownFacts, uncertain_pairs
from bulkhead.core.engine.endpoint_terms import EndpointSelection
from bulkhead.core.engine.semantics import IpBlockMode, Semantics
from bulkhead.core.engine.solve import reach
from bulkhead.core.explanation.pair import UnknownFact, explain_pairs
from bulkhead.core.kubernetes.cluster import POSSIBLE, Cluster, NamedPort, Namespace, Pod
from bulkhead.core.kubernetes.networkpolicy import (
    EVERY_POD,
    IpBlock,
    NetworkPolicy,
    PodPeer,
    PolicyPort,
    PolicyRule,
    Requirement,
    Selector,
)
from bulkhead.core.record import replaced
from bulkhead.core.sets import ports
from laws.brute import allows

SPACES = ("a", "b", "c")
LABELS: tuple[tuple[tuple[str, str], ...], ...] = ((), (("team", "red"),), (("team", "blue"),), (("team", "other"),))
ADDRESSES = ("10.0.0.%s", "10.1.0.%s", "192.168.0.%s", "203.0.113.%s")
PORT = ports.between("TCP", 80, 80)
NAMED = ((), (NamedPort("http", "TCP", 80),), (NamedPort("http", "TCP", 81),))
PORTS = (None, None, (PolicyPort("TCP", "http"),), (PolicyPort("TCP", 80),), (PolicyPort("UDP", "http"),))
ROUNDS = 300


def selector(random: random.Random) -> Selector:
    values = tuple(random.sample(("red", "blue"), random.randint(1, 2)))
    operator = random.choice(("In", "NotIn", "Exists", "DoesNotExist"))
    return Selector((), (Requirement("team", operator, values if "In" in operator else ()),))


def peer(random: random.Random) -> IpBlock | PodPeer:
    if random.random() < 0.4:
        return PodPeer(EVERY_POD, EVERY_POD)
    if random.random() < 0.5:
        cidr = random.choice(("10.0.0.0/8", "10.0.0.0/16", "192.168.0.0/16", "0.0.0.0/0"))
        return IpBlock(cidr, ("10.1.0.0/16",) if cidr == "10.0.0.0/8" and random.random() < 0.5 else ())
    pods = random.choice((EVERY_POD, Selector((("app", "x"),), ())))
    return PodPeer(pods, random.choice((None, selector(random), selector(random))))


def pod(random: random.Random, space: str, number: int) -> Pod:
    """Return a pod that is given, or one that represents every pod with its labels."""
    labels = random.choice(((), (("app", "x"),)))
    if random.random() < 0.4:
        return Pod(space, f"p{number}", kind=POSSIBLE, labels=labels)
    addresses = random.choice(((), (), (random.choice(ADDRESSES) % number,)))
    named = random.choice(NAMED)
    return Pod(space, f"p{number}", labels=labels, addresses=addresses, host_network=random.random() < 0.25,
               ports=named)  # fmt: skip


def cluster(random: random.Random) -> Cluster:
    """Return a cluster with two pods, in namespaces that may be known, and policies of both."""
    spaces = random.choices(SPACES, k=2)
    pods = tuple(pod(random, space, number) for number, space in enumerate(spaces))
    known = tuple(Namespace(name, random.choice(LABELS)) for name in SPACES if random.random() < 0.4)
    policies: list[NetworkPolicy] = []
    for space in spaces:
        rules = tuple(
            PolicyRule(tuple(peer(random) for _ in range(random.randint(1, 2))), random.choice(PORTS))
            for _ in range(random.randint(0, 2))
        )
        ingress, egress = random.choice(((rules, None), (None, rules)))
        policies.append(NetworkPolicy(space, f"n{len(policies)}", EVERY_POD, ingress, egress))
    return Cluster(known, pods, tuple(policies))


def completions(given: Cluster) -> Iterator[Cluster]:
    """Yield *given* with each value of what is not known of it."""
    names = sorted({pod.namespace for pod in given.pods} - {each.name for each in given.namespaces})
    places = [
        (pod.addresses,) if pod.addresses else tuple((text % number,) for text in ADDRESSES)
        for number, pod in enumerate(given.pods)
    ]
    represented = [tuple(represents(each, given)) for each in given.pods]
    for labels in itertools.product(LABELS, repeat=len(names)):
        spaces = (*given.namespaces, *map(Namespace, names, labels))
        for some, chosen in itertools.product(itertools.product(*represented), itertools.product(*places)):
            pods = tuple(replaced(pod, addresses=mine) for pod, mine in zip(some, chosen, strict=True))
            yield replaced(given, namespaces=spaces, pods=pods)


def represents(pod: Pod, given: Cluster) -> Iterator[Pod]:
    """Yield the pods that *pod* represents: with its labels, and others that no other one represents; itself else."""
    if pod.kind != POSSIBLE:
        yield pod
        return
    others = {each.labels for each in given.pods if each.kind == POSSIBLE and each.namespace == pod.namespace}
    every: tuple[tuple[tuple[str, str], ...], ...] = ((), (("app", "x"),), (("app", "y"),))
    for labels in (pod.labels,) if pod.labels else tuple(each for each in every if not each or each not in others):
        yield from (replaced(pod, kind="Pod", labels=labels, ports=named) for named in NAMED)


def seen_in(given: Cluster, mode: IpBlockMode) -> set[bool]:
    """Return the verdicts on the first pod's connection to the second one by all that could be."""
    found: set[bool] = set()
    for each in completions(given):
        found.add(allows(each, each.pods[0], each.pods[1], "TCP", 80, mode))
        if len(found) == 2:
            break
    return found


@pytest.mark.slow
def test_a_pair_is_refused_only_if_no_value_of_what_is_not_known_lets_it_through() -> None:
    seen = {"allowed": 0, "refused": 0, "depends": 0}
    chance, named = random.Random(7), False
    for _ in range(ROUNDS):
        given, mode = cluster(chance), chance.choice(tuple(IpBlockMode))
        verdicts = seen_in(given, mode)
        found = AnalysisInput(given, Semantics(mode))
        answer = reach(given, found.semantics)
        ends = [EndpointSelection(pod.name, (pod,)) for pod in given.pods]
        (pair,) = UnknownFacts(found, answer).with_uncertain_ports(explain_pairs(answer, ends[0], ends[1], PORT, False))
        word = "refused" if pair.denied else "depends" if pair.uncertain.spans else "allowed"
        assert (word == "refused") is (verdicts == {False}), (given, mode, word, verdicts)
        assert bool(uncertain_pairs(found, answer, ends[0], ends[1], PORT).pairs) is (word == "depends"), given
        seen[word] += 1
        named = named or UnknownFact.PORT_NUMBERS in pair.unknown
    assert named
    assert min(seen.values()) > 20, seen

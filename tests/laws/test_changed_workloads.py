"""What opens or closes because a workload changes is reported with its grade, whoever is at the other end."""

from itertools import permutations, product
from random import Random

import pytest
from bulkhead.analysis.analysis_input import AnalysisInput
from bulkhead.analysis.changes.comparison import ComparedSides, Comparison, compare_manifests
from bulkhead.analysis.judged_endpoints import Endpoints
from bulkhead.core.diff.grades import Grade
from bulkhead.core.engine.semantics import IpBlockMode, Semantics
from bulkhead.core.kubernetes.cluster import Cluster, Endpoint, External, NamedPort, Pod
from bulkhead.core.kubernetes.networkpolicy import EVERY_POD, IpBlock, NetworkPolicy, PodPeer, PolicyRule, Selector
from bulkhead.core.record import replaced
from bulkhead.report.diff.diff_rows import verdict
from hypothesis import given, settings
from hypothesis import strategies as st
from laws.brute import allows_over
from laws.named_blocks import HERE, THERE, by_block, policies
from laws.small_universe import LABELS, SPACES
from laws.strategies import few, modes

Effects = set[tuple[bool, Grade]]
"""Whether traffic opens, and of which grade it is."""

OUTSIDE = {
    4: {External("8.8.8.8"): Grade.INTERNET, External("192.168.0.1"): Grade.PRIVATE},
    6: {External("2a00::1"): Grade.INTERNET, External("fd00::99"): Grade.PRIVATE},
}
ADDRESSES = {4: (("10.0.0.1", "172.16.0.1"), ("10.0.0.2", "172.16.0.2")), 6: (("fd00::1",), ("fd00::2", "2a00::2"))}
"""What the changed pod may have, and what the pods at the other end may have."""

HOSTS = {4: ("192.168.5.5", "10.0.0.7", "172.16.0.7", "203.0.113.7"), 6: ("fd00::77", "2a00::77")}
REPLICAS = {4: "10.0.0.9", 6: "fd00::9"}

HTTP = (NamedPort("http", "TCP", 80),), (NamedPort("http", "TCP", 22),), ()
EVERY_POD_OF = {
    family: [
        Pod(space, f"possible-{number}", labels=labels, ports=ports, addresses=(address,))
        for number, (space, labels, ports, address) in enumerate(product((HERE, THERE), LABELS, HTTP[:2], away))
    ]
    for family, (_, away) in ADDRESSES.items()
}
"""A pod for everything that the policies can tell apart, by address family."""

PROBES = (("TCP", 80), ("TCP", 22), ("TCP", 7777), ("UDP", 80))

workloads = st.builds(
    Pod,
    st.just(HERE),
    st.just("web"),
    st.sampled_from(("Deployment", "StatefulSet")),
    labels=st.sampled_from(LABELS[:3]),
    ports=st.sampled_from(HTTP),
    host_network=st.sampled_from((False, False, True)),
)


def compared(before: Cluster, after: Cluster, mode: IpBlockMode, endpoints: Endpoints = Endpoints.ALL) -> Comparison:
    semantics = Semantics(mode), Semantics(mode)
    return compare_manifests(
        ComparedSides(("old", "new"), AnalysisInput(before), AnalysisInput(after), semantics, endpoints)
    )


def reported(found: Comparison) -> Effects:
    assert not found.undecided
    assert all(each.decided for each in found.relabelled)
    return {(each.opens, grade) for each in found.findings for grade in each.grades}


def grade_of(source: Endpoint, destination: Endpoint, family: int) -> Grade:
    if isinstance(source, External):
        return Grade.OUTSIDE
    if isinstance(destination, External):
        return OUTSIDE[family][destination]
    return Grade.WITHIN if source.namespace == destination.namespace else Grade.ACROSS


def changed(policies: tuple[NetworkPolicy, ...], old: Pod, new: Pod, mode: IpBlockMode, random: Random) -> Effects:
    """
    Return what opens and closes, flow by flow, where *old* becomes *new*, at its own address if it has one.

    On the host network its address is that of a node. Of a workload there may be several pods.
    """
    found: Effects = set()
    cluster = Cluster(SPACES, policies=policies)
    for family, (every, _) in ADDRESSES.items():
        ends: list[Endpoint] = [
            *random.sample(EVERY_POD_OF[family], 6),
            *OUTSIDE[family],
            *(() if old.addresses else (REPLICA,)),
        ]
        own = [each for each in every if not old.addresses or each in old.addresses]
        places = list(zip(*(own_addresses(each, own, family, random) for each in (old, new)), strict=True))
        for other, at, outgoing, (protocol, port) in product(ends, places, (True, False), random.sample(PROBES, 2)):
            both = [replaced(each, addresses=(address,)) for each, address in zip((old, new), at, strict=True)]
            away = [replica(each, family) if other is REPLICA else other for each in (old, new)]
            ends_of = list(zip(both, away, strict=True))
            pairs: list[tuple[Endpoint, Endpoint]] = [(one, two) if outgoing else (two, one) for one, two in ends_of]
            was, now = (allows_over(cluster, one, two, protocol, port, mode, family) for one, two in pairs)
            if was != now:
                found.add((now, grade_of(pairs[1][0], pairs[1][1], family)))
    return found


REPLICA = External("the workload itself")
"""Another pod of the workload, which changes like it, instead of an end that stays as it is."""


def own_addresses(pod: Pod, own: list[str], family: int, random: Random) -> list[str]:
    return [random.choice(HOSTS[family]) for _ in own] if pod.host_network and not pod.addresses else own


def replica(pod: Pod, family: int) -> Pod:
    found = HOSTS[family][0] if pod.host_network else REPLICAS[family]
    return replaced(pod, name="replica", addresses=(found,))


@given(policies, workloads, workloads, modes, st.randoms(use_true_random=False))
def test_what_a_changed_workload_opens_or_closes_is_reported(
    policies: tuple[NetworkPolicy, ...], old: Pod, new: Pod, mode: IpBlockMode, random: Random
) -> None:
    before, after = (Cluster(pods=(each,), policies=policies) for each in (old, new))
    assert changed(policies, old, new, mode, random) <= reported(compared(before, after, mode))


@given(policies, few(st.tuples(workloads, workloads), 2, least=1), modes, st.sampled_from(Endpoints))
def test_what_the_verdict_says_of_changed_workloads_is_a_row(
    policies: tuple[NetworkPolicy, ...], pods: tuple[tuple[Pod, Pod], ...], mode: IpBlockMode, endpoints: Endpoints
) -> None:
    """They may change their kind, their labels, ports and network together, and be both ends of what changes."""
    before, after = (
        Cluster(pods=tuple(replaced(each[side], name=f"web-{n}") for n, each in enumerate(pods)), policies=policies)
        for side in (0, 1)
    )
    found = compared(before, after, mode, endpoints)
    for opens in (True, False):
        said = any(each.opens if opens else each.closes for each in found.relabelled)
        assert not said or any(each.opens is opens for each in found.findings), verdict(found)


@given(policies, by_block, st.booleans(), workloads, modes)
def test_given_pods_never_hide_a_grade_of_what_changes_for_possible_pods(
    policies: tuple[NetworkPolicy, ...], rule: PolicyRule, into: bool, pod: Pod, mode: IpBlockMode
) -> None:
    first = replaced(policies[0], namespace=HERE, ingress=policies[0].ingress or (), egress=policies[0].egress or ())
    more = {"ingress": (rule,)} if into else {"egress": (rule,)}
    before = Cluster(pods=(pod,), policies=(first, *policies[1:]))
    after = Cluster(pods=(pod,), policies=(replaced(first, **more), *policies[1:]))
    assert reported(compared(before, after, mode, Endpoints.POSSIBLE)) <= reported(compared(before, after, mode))


@settings(max_examples=settings().max_examples // 2)
@given(policies, workloads, workloads, modes, st.permutations(ADDRESSES[4][0]), st.randoms(use_true_random=False))
def test_of_workloads_that_change_alike_every_address_counts(
    policies: tuple[NetworkPolicy, ...], old: Pod, new: Pod, mode: IpBlockMode, own: list[str], random: Random
) -> None:
    before, after = (
        [replaced(each, name=f"web-{number}", addresses=(address,)) for number, address in enumerate(own)]
        for each in (old, new)
    )
    expected = [changed(policies, *pods, mode, random) for pods in zip(before, after, strict=True)]
    first, second = (Cluster(pods=tuple(pods), policies=policies) for pods in (before, after))
    assert expected[0] | expected[1] <= reported(compared(first, second, mode))


@pytest.mark.parametrize("own", list(permutations(("10.42.5.5", "10.42.0.1", "10.42.0.9"))))
def test_of_replicas_that_get_new_names_every_old_address_counts(own: tuple[str, ...]) -> None:
    """A Deployment of a dump has pods with other names after a change of its template. A block lets some of them in."""
    web = PodPeer(Selector((("app", "web"),)), EVERY_POD)
    client = NetworkPolicy(THERE, "client", EVERY_POD, None, (PolicyRule((web, IpBlock("10.42.5.0/24")), None),))
    old = [Pod(HERE, f"web-{each}", "Deployment", "web", addresses=(each,)) for each in own]
    new = [Pod(HERE, f"web-new-{n}", "Deployment", "web", web.pods.labels, addresses=(f"10.42.5.{n}",)) for n in (6, 7)]
    found = compared(Cluster(pods=tuple(old), policies=(client,)), Cluster(pods=tuple(new), policies=(client,)),
                     IpBlockMode.PODS)  # fmt: skip
    assert (True, Grade.ACROSS) in reported(found)
    assert [(each.names, each.opens) for each in found.relabelled] == [((f"{HERE}/web",), True)]


@pytest.mark.parametrize("own", list(permutations(("10.42.5.5", "10.42.0.1", "10.42.0.9"))))
def test_only_workloads_whose_address_no_block_lets_in_before_are_named(own: tuple[str, ...]) -> None:
    web = PodPeer(Selector((("app", "web"),)), EVERY_POD)
    client = NetworkPolicy(THERE, "client", EVERY_POD, None, (PolicyRule((web, IpBlock("10.42.5.0/24")), None),))
    before, after = (
        Cluster(
            pods=tuple(Pod(HERE, f"pod-{each}", labels=labels, addresses=(each,)) for each in own), policies=(client,)
        )
        for labels in ((), (("app", "web"),))
    )
    (found,) = compared(before, after, IpBlockMode.PODS).relabelled
    assert found.names == (f"{HERE}/pod-10.42.0.1", f"{HERE}/pod-10.42.0.9")
    assert {each.destinations.pods for each in found.findings} == {((HERE, "pod-10.42.0.1"), (HERE, "pod-10.42.0.9"))}

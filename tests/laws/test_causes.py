"""Every cause that a review names matters: without it, and others that it names, what is reported is not changed."""

from collections.abc import Iterable, Iterator
from itertools import chain, combinations, product
from random import Random

from bulkhead.core.diff.causes import ISOLATES, Cause
from bulkhead.core.diff.compare import compare_clusters
from bulkhead.core.diff.findings import FindingEndpoints, TrafficFinding, findings
from bulkhead.core.diff.possible_changes import possible_changes
from bulkhead.core.engine.semantics import API, IpBlockMode, Semantics, enforced
from bulkhead.core.kubernetes.cluster import Cluster, Endpoint, External, Namespace, Pod
from bulkhead.core.kubernetes.networkpolicy import Direction, NetworkPolicy, PolicyPort, PolicyRule
from bulkhead.core.language.resources import Enforcer
from bulkhead.core.sets import addresses, intervals, ports
from hypothesis import assume, given
from hypothesis import strategies as st
from laws import edits as random_edits
from laws import kube_router, population
from laws.brute import allows_over, families
from laws.strategies import NAMESPACES, PORTS, PROTOCOLS, clusters, few, modes, policies, rules

ADDRESSES = (
    *(*(f"10.0.0.{number}" for number in (1, 2, 4, 5, 6, 7, 9)), "192.168.0.1", "192.168.0.2", "192.168.0.9"),
    *("1.1.1.1", "8.8.8.8", "8.8.8.9", *(f"fd00::{number}" for number in (1, 2, 4, 5, 9)), "2001:db8::1"),
)
OUTSIDE = tuple(map(External, ADDRESSES))
"""An address for each way in which the blocks of the policies can overlap."""
MOST = 5
"""Causes of one finding: every choice of them is judged."""

Both = tuple[Cluster, Cluster]
Flow = tuple[Endpoint, Endpoint, str, int, IpBlockMode, int]
"""Source, destination, protocol, port, the mode and the address family."""


@st.composite
def edits(draw: st.DrawFn) -> Both:
    """Two clusters with the same pods; a part of the policies changed."""
    before = draw(clusters(4, owned=False))
    after = [changed(draw, policy) for policy in before.policies if draw(st.integers(0, 4))]
    after += draw(few(policies, 1))
    return before, with_policies(before, after)


def changed(draw: st.DrawFn, policy: NetworkPolicy) -> NetworkPolicy:
    """The same policy, now and then with a rule more or less, or with another list of directions."""
    kept: list[tuple[PolicyRule, ...] | None] = []
    for found in (policy.ingress, policy.egress):
        change = draw(st.integers(0, 5))
        if change == 0 and found:
            place = draw(st.integers(0, len(found) - 1))
            found = (*found[:place], *found[place + 1 :])
        elif change == 1 and found is not None:
            found = (*found, draw(rules))
        elif change == 2:
            found = None if found is not None else ()
        kept.append(found)
    return NetworkPolicy(policy.namespace, policy.name, policy.pods, kept[0], kept[1])


def with_policies(cluster: Cluster, found: Iterable[NetworkPolicy]) -> Cluster:
    """The same cluster under other policies."""
    return Cluster(cluster.namespaces, cluster.pods, tuple(found), cluster.networks, cluster.nodes)


def reverted(both: Both, open_side: bool, causes: Iterable[Cause]) -> Cluster:
    """The side on which the traffic is allowed, without what *causes* say."""
    found = list(both[open_side].policies)
    rules_gone: set[tuple[int, Direction, int]] = set()
    for cause in causes:
        if cause.rule == ISOLATES:
            policy = both[not cause.old].policies[cause.policy]
            found.append(isolating(policy, cause.direction))
        else:
            assert cause.old is not open_side
            rules_gone.add((cause.policy, cause.direction, cause.rule))
    return with_policies(both[open_side], [without(each, number, rules_gone) for number, each in enumerate(found)])


def isolating(policy: NetworkPolicy, direction: Direction) -> NetworkPolicy:
    """A policy on the same pods that isolates them in *direction*, without rules."""
    ingress, egress = (() if each is direction else None for each in (Direction.INGRESS, Direction.EGRESS))
    return NetworkPolicy(policy.namespace, "isolating", policy.pods, ingress, egress)


def without(policy: NetworkPolicy, number: int, gone: set[tuple[int, Direction, int]]) -> NetworkPolicy:
    """The policy, which is *number* of its cluster, without the rules that are *gone*."""
    ingress, egress = (
        None
        if (found := policy.of(direction)) is None
        else tuple(rule for place, rule in enumerate(found) if (number, direction, place) not in gone)
        for direction in (Direction.INGRESS, Direction.EGRESS)
    )
    return NetworkPolicy(policy.namespace, policy.name, policy.pods, ingress, egress)


def flows_of(both: Both, finding: TrafficFinding, mode: IpBlockMode) -> Iterator[Flow]:
    """The flows of a finding that one side allows and the other refuses."""
    here, there = (both[1], both[0]) if finding.opens else both
    for source, destination in product(ends(here, finding.sources), ends(here, finding.destinations)):
        if source == destination or (isinstance(source, External) and isinstance(destination, External)):
            continue
        for family in families(here, source) & families(here, destination):
            for protocol, port in product(PROTOCOLS, PORTS):
                flow = (source, destination, protocol, port, mode, family)
                reported = intervals.holds(finding.ports.spans, ports.point(protocol, port))
                if reported and allows_over(here, *flow) and not allows_over(there, *flow):
                    yield flow


def ends(cluster: Cluster, named: FindingEndpoints) -> list[Endpoint]:
    """The pods and the addresses at one end of a finding."""
    names = {name for _, name in (*named.pods, *named.hosts)}
    pods = [pod for pod in cluster.pods if pod.name in names]
    return pods + [each for each in OUTSIDE if intervals.holds(named.addresses.spans, addresses.address(each.address))]


@given(edits(), modes)
def test_each_cause_of_a_finding_changes_what_it_reports(both: Both, mode: IpBlockMode) -> None:
    difference = compare_clusters(*both, Semantics(mode))
    assume(difference.changes)
    for finding in findings(difference):
        flows = list(flows_of(both, finding, mode))
        assert flows and finding.causes
        for cause in finding.causes if len(finding.causes) <= MOST else ():
            others = [each for each in finding.causes if each != cause]
            choices = chain.from_iterable(combinations(others, count) for count in range(len(others) + 1))
            assert any(matters(both, finding.opens, some, cause, flows) for some in choices), (cause, finding)


def matters(both: Both, opens: bool, some: tuple[Cause, ...], cause: Cause, flows: list[Flow]) -> bool:
    """Whether a flow that passes without *some* causes does not pass without *cause* as well."""
    open_side, closed = reverted(both, opens, some), reverted(both, opens, (*some, cause))
    return any(allows_over(open_side, *flow) and not allows_over(closed, *flow) for flow in flows)


@given(edits(), modes)
def test_without_all_causes_of_a_finding_nothing_of_it_is_changed(both: Both, mode: IpBlockMode) -> None:
    difference = compare_clusters(*both, Semantics(mode))
    assume(difference.changes)
    found = [(finding, set(flows_of(both, finding, mode))) for finding in findings(difference)]
    for finding, flows in found:
        for flow in flows:  # two findings may differ in the address family alone, and be about the same pods
            same = [each for each, own in found if each.opens is finding.opens and flow in own]
            causes = {cause for each in same for cause in each.causes}
            assert not allows_over(reverted(both, finding.opens, causes), *flow), finding


KUBE_ROUTER = enforced(Enforcer.KUBE_ROUTER)
POSSIBLE = ("10.0.0.1", "10.0.0.3", "10.0.0.5", "10.0.0.6")
PROBES = (("TCP", 80), ("UDP", 53), ("SCTP", 80))


def nameless_policies(random: Random) -> Both:
    """Two clusters without pods, whose policies differ in one edit and do not use the names of ports."""
    while True:
        old = tuple(random_edits.policy(random) for _ in range(random.randint(1, 3)))
        _, new = random_edits.edited(old, random)
        if not any(isinstance(port.port, str) for policy in (*old, *new) for port in ports_of(policy)):
            break
    known = tuple(Namespace(name, random_edits.labels(random)) for name in NAMESPACES)
    before, after = (Cluster(known, (), each, ("10.0.0.0/29",)) for each in (old, new))
    return before, after


def ports_of(policy: NetworkPolicy) -> Iterator[PolicyPort]:
    for rule in (*(policy.ingress or ()), *(policy.egress or ())):
        yield from rule.ports or ()


def passes(cluster: Cluster, read: Semantics, source: Endpoint, destination: Endpoint, probe: tuple[str, int]) -> bool:
    if read is KUBE_ROUTER:
        return kube_router.passes(cluster, source, destination, *probe, False, 4)
    return allows_over(cluster, source, destination, *probe, read.mode, 4)


@given(st.randoms(use_true_random=False), st.sampled_from((API, KUBE_ROUTER)))
def test_without_all_causes_nothing_changes_for_pods_that_could_exist(random: Random, read: Semantics) -> None:
    both = nameless_policies(random)
    changes = [each for each in possible_changes(*both, (read, read)) if each.space.family == 4]
    assert all(change.causes for change in changes)
    spaces = {name: {"app": "web"} for name in population.SPACES}
    spaces |= {each.name: dict(each.labels) for each in both[0].namespaces}
    pods = tuple(
        Pod(random.choice(population.SPACES), f"pod-{at}", labels=random_edits.labels(random), addresses=(address,))
        for at, address in enumerate(POSSIBLE)
    )
    every: tuple[Endpoint, ...] = (*pods, External("8.8.8.8"), External("1.1.1.1"))
    for source, destination, probe, opens in product(every, every, PROBES, (True, False)):
        if source == destination or not {source, destination} & set(pods):
            continue
        flow = source, destination, *probe
        mine = [each for each in changes if each.opens is opens and population.is_in(each.flows, *flow, spaces)]
        if mine:
            causes = {cause for each in mine for cause in each.causes}
            without_causes = population.living(reverted(both, opens, causes), pods, spaces)
            assert passes(population.living(both[opens], pods, spaces), read, source, destination, probe)
            assert not passes(without_causes, read, source, destination, probe), (flow, causes)

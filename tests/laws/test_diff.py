"""A difference holds what opens and what closes, and nothing else."""

from bulkhead.core.diff.compare import Difference, compare_clusters
from bulkhead.core.engine.endpoint_space import EndpointSpace, member_of
from bulkhead.core.engine.semantics import IpBlockMode, Semantics
from bulkhead.core.kubernetes.cluster import Cluster, Endpoint, External
from bulkhead.core.kubernetes.networkpolicy import NetworkPolicy, PolicyRule
from bulkhead.core.sets import ports
from bulkhead.core.sets.intervals import holds
from bulkhead.core.sets.partition import indices
from bulkhead.core.sets.ports import PortSet
from hypothesis import assume, given
from hypothesis import strategies as st
from laws.brute import allows_over
from laws.revisions import Revisions, revisions
from laws.strategies import OUTSIDE, PROBES, clusters, modes, rules

Changed = dict[tuple[int, int], tuple[PortSet, PortSet]]
"""What was open and is open, by the members of an endpoint space at both ends."""


@given(clusters(), modes)
def test_diff_of_a_cluster_with_itself_is_empty(cluster: Cluster, mode: IpBlockMode) -> None:
    assert compare_clusters(cluster, cluster, Semantics(mode)).changes == ()


@given(revisions(), modes)
def test_diff_the_other_way_round_is_its_mirror(both: Revisions, mode: IpBlockMode) -> None:
    before, after = both
    forth, back = compare_clusters(before, after, Semantics(mode)), compare_clusters(after, before, Semantics(mode))
    assert told(forth) == {(pair, after, before) for pair, before, after in told(back)}


def told(difference: Difference) -> set[tuple[object, PortSet, PortSet]]:
    """The changes as pairs of the classes at their ends, which do not depend on the order of members."""
    found: set[tuple[object, PortSet, PortSet]] = set()
    for change in difference.changes:
        names = [
            (old.addresses, frozenset({old.pods, new.pods}))
            for old, new in zip(
                difference.before.layers[change.layer].space.classes,
                difference.after.layers[change.layer].space.classes,
                strict=True,
            )
        ]
        for source in indices(change.sources):
            for destination in indices(change.destinations):
                found.add(((names[source], names[destination]), change.before, change.after))
    return found


@given(revisions(owned=False), modes)  # the replicas of a workload would represent each other
def test_changes_are_exactly_where_the_specification_judges_otherwise(both: Revisions, mode: IpBlockMode) -> None:
    before, after = both
    difference = compare_clusters(before, after, Semantics(mode))
    for layer, spaces in enumerate(zip(difference.before.layers, difference.after.layers, strict=True)):
        changed = expanded(difference, layer)
        everyone = {pod.name: pod for pod in (*before.pods, *after.pods)}
        ends: list[str | External] = [*everyone, *OUTSIDE]
        for source in ends:
            for destination in ends:
                check(both, mode, [one.space for one in spaces], changed, source, destination)


def expanded(difference: Difference, layer: int) -> Changed:
    found: Changed = {}
    for change in difference.changes:
        assert change.before != change.after
        if change.layer == layer:
            for source in indices(change.sources):
                for destination in indices(change.destinations):
                    assert (source, destination) not in found
                    found[source, destination] = change.before, change.after
    return found


def check(
    both: Revisions,
    mode: IpBlockMode,
    spaces: list[EndpointSpace],
    changed: Changed,
    source: str | External,
    destination: str | External,
) -> None:
    if source == destination or source == OUTSIDE[4] or (source in OUTSIDE and destination in OUTSIDE):
        return
    here, there = ([on(cluster, end) for cluster in both] for end in (source, destination))
    at_source, at_destination = (
        [member_of(space, one) if one else None for space, one in zip(spaces, ends, strict=True)]
        for ends in (here, there)
    )
    sources, destinations = ({each for each in found if each is not None} for found in (at_source, at_destination))
    if not sources or not destinations:
        return
    change = changed.get((min(sources), min(destinations)))
    for protocol, port in PROBES:
        judged = [
            # Where an end is not in a cluster of this family, nothing passes.
            out is not None
            and into is not None
            and one is not None
            and other is not None
            and allows_over(cluster, one, other, protocol, port, mode, spaces[0].family)
            for cluster, one, other, out, into in zip(both, here, there, at_source, at_destination, strict=True)
        ]
        if change is not None:
            assert [holds(side.spans, ports.point(protocol, port)) for side in change] == judged
        else:
            assert judged[0] == judged[1]


def on(cluster: Cluster, name: str | External) -> Endpoint | None:
    return name if name in OUTSIDE else next((pod for pod in cluster.pods if pod.name == name), None)


@given(clusters(), rules, st.data(), modes)
def test_a_rule_added_to_a_policy_never_closes_anything(
    cluster: Cluster, rule: PolicyRule, data: st.DataObject, mode: IpBlockMode
) -> None:
    assume(any(policy.ingress is not None or policy.egress is not None for policy in cluster.policies))
    number = data.draw(st.integers(0, len(cluster.policies) - 1))
    policy = cluster.policies[number]
    wider = NetworkPolicy(
        policy.namespace,
        policy.name,
        policy.pods,
        None if policy.ingress is None else (*policy.ingress, rule),
        None if policy.egress is None else (*policy.egress, rule),
    )
    more = (*cluster.policies[:number], wider, *cluster.policies[number + 1 :])
    after = Cluster(cluster.namespaces, cluster.pods, more, cluster.networks, cluster.nodes)
    assert all(not change.closes.spans for change in compare_clusters(cluster, after, Semantics(mode)).changes)


@given(clusters(), rules, modes)
def test_a_policy_added_for_pods_that_are_isolated_never_closes_anything(
    cluster: Cluster, rule: PolicyRule, mode: IpBlockMode
) -> None:
    policy = cluster.policies[0]
    ingress, egress = (None if found is None else (rule,) for found in (policy.ingress, policy.egress))
    more = (*cluster.policies, NetworkPolicy(policy.namespace, "more", policy.pods, ingress, egress))
    after = Cluster(cluster.namespaces, cluster.pods, more, cluster.networks, cluster.nodes)
    assert all(not change.closes.spans for change in compare_clusters(cluster, after, Semantics(mode)).changes)

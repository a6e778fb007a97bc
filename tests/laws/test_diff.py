"""A difference holds what opens and what closes, and nothing else."""

from bulkhead.core.diff.compare import compare_clusters
from bulkhead.core.engine.endpoint_space import place_of
from bulkhead.core.engine.semantics import Semantics
from bulkhead.core.kubernetes.cluster import Cluster, Pod
from bulkhead.core.kubernetes.networkpolicy import NetworkPolicy
from bulkhead.core.sets import ports
from bulkhead.core.sets.intervals import holds
from bulkhead.core.sets.partition import indices
from hypothesis import assume, given
from hypothesis import strategies as st
from laws.brute import allows_over
from laws.strategies import OUTSIDE, PORTS, PROTOCOLS, clusters, few, known, labels, modes, policies, rules

PROBES = [(protocol, port) for protocol in PROTOCOLS for port in PORTS]


@st.composite
def revisions(draw, owned=True):
    """Two clusters with most of their pods in common, under different policies."""
    before = draw(clusters(owned=owned))
    kept = [changed(draw, pod) for pod in before.pods if draw(st.integers(0, 5))]
    added = [pod for pod in draw(clusters(2, owned)).pods if pod.name not in {known.name for known in before.pods}]
    return before, Cluster(before.namespaces, (*kept, *added), draw(few(policies, 4)), before.networks, before.nodes)


def changed(draw, pod):
    """The same pod, now and then with other labels and addresses."""
    if draw(st.integers(0, 3)):
        return pod
    return Pod(
        *(pod.namespace, pod.name, pod.kind, pod.workload),
        labels=draw(labels),
        ports=pod.ports,
        addresses=pod.addresses if pod.host_network else draw(known),
        host_network=pod.host_network,
        node=pod.node,
    )


@given(clusters(), modes)
def test_diff_of_a_cluster_with_itself_is_empty(cluster, mode):
    assert compare_clusters(cluster, cluster, Semantics(mode)).changes == ()


@given(revisions(), modes)
def test_diff_the_other_way_round_is_its_mirror(both, mode):
    before, after = both
    forth, back = compare_clusters(before, after, Semantics(mode)), compare_clusters(after, before, Semantics(mode))
    assert told(forth) == {(pair, after, before) for pair, before, after in told(back)}


def told(difference):
    """The changes as pairs of what stands at their ends, which does not depend on the order of members."""
    found = set()
    for change in difference.changes:
        names = [
            (old.addresses, frozenset({old.pods, new.pods}))
            for old, new in zip(
                difference.before.layers[change.layer].universe.members,
                difference.after.layers[change.layer].universe.members,
                strict=True,
            )
        ]
        for source in indices(change.sources):
            for destination in indices(change.destinations):
                found.add(((names[source], names[destination]), change.before, change.after))
    return found


@given(revisions(owned=False), modes)  # the replicas of a workload would stand for each other
def test_changes_are_exactly_where_the_specification_judges_otherwise(both, mode):
    before, after = both
    difference = compare_clusters(before, after, Semantics(mode))
    for layer, universes in enumerate(zip(difference.before.layers, difference.after.layers, strict=True)):
        changed = expanded(difference, layer)
        everyone = {pod.name: pod for pod in (*before.pods, *after.pods)}
        for source in (*everyone, *OUTSIDE):
            for destination in (*everyone, *OUTSIDE):
                check(both, mode, [one.universe for one in universes], changed, source, destination)


def expanded(difference, layer):
    found = {}
    for change in difference.changes:
        assert change.before != change.after
        if change.layer == layer:
            for source in indices(change.sources):
                for destination in indices(change.destinations):
                    assert (source, destination) not in found
                    found[source, destination] = change.before, change.after
    return found


def check(both, mode, universes, changed, source, destination):
    if source == destination or source == OUTSIDE[4] or (source in OUTSIDE and destination in OUTSIDE):
        return
    places, opened = set(), []
    for cluster, universe in zip(both, universes, strict=True):
        here, there = on(cluster, source), on(cluster, destination)
        ends = tuple(place_of(universe, end) if end else None for end in (here, there))
        opened.append((cluster, here, there, None not in ends))
        places.add(ends)
    sure = {places_[0] for places_ in places} - {None}, {places_[1] for places_ in places} - {None}
    if not all(sure):
        return
    was, now = changed.get((min(sure[0]), min(sure[1])), (None, None))
    for protocol, port in PROBES:
        judged = [
            there_ and allows_over(cluster, here, there, protocol, port, mode, universes[0].family)
            for cluster, here, there, there_ in opened
        ]
        if was is not None:
            at = ports.point(protocol, port)
            assert [holds(was.spans, at), holds(now.spans, at)] == judged
        else:
            assert judged[0] == judged[1]


def on(cluster, name):
    return name if name in OUTSIDE else next((pod for pod in cluster.pods if pod.name == name), None)


@given(clusters(), rules, st.data(), modes)
def test_a_rule_added_to_a_policy_never_closes_anything(cluster, rule, data, mode):
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
def test_a_policy_added_for_pods_that_are_isolated_never_closes_anything(cluster, rule, mode):
    policy = cluster.policies[0]
    ingress, egress = (None if found is None else (rule,) for found in (policy.ingress, policy.egress))
    more = (*cluster.policies, NetworkPolicy(policy.namespace, "more", policy.pods, ingress, egress))
    after = Cluster(cluster.namespaces, cluster.pods, more, cluster.networks, cluster.nodes)
    assert all(not change.closes.spans for change in compare_clusters(cluster, after, Semantics(mode)).changes)

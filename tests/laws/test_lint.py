"""A rule is already allowed exactly where the specification finds the same traffic without it."""

from bulkhead.core.diff.compare import compare_clusters
from bulkhead.core.engine.semantics import Semantics
from bulkhead.core.engine.solve import reach
from bulkhead.core.kubernetes.cluster import Cluster, External
from bulkhead.core.kubernetes.networkpolicy import Direction, NetworkPolicy
from bulkhead.core.lint.checks.redundancy import superfluous
from bulkhead.core.lint.context import FieldReference, Kind, LintContext, RuleReference
from bulkhead.core.sets.addresses import spell_address
from bulkhead.core.sets.ports import place
from hypothesis import given
from laws.brute import allowing, allows_over, families, is_own_node, selects
from laws.strategies import NODES, clusters, modes


def scene_of(cluster, mode):
    lines = tuple(
        RuleReference(
            policy.namespace,
            number,
            direction,
            (entry,),
            f"{number} {direction} {entry}",
            FieldReference(Kind.POLICY, str(number)),
        )
        for number, policy in enumerate(cluster.policies)
        for direction in Direction
        for entry in range(len(getattr(policy, direction) or ()))
    )
    return LintContext(reach(cluster, Semantics(mode)), lines, workloads=True)


def without(cluster, lines):
    """The cluster in which the policies do not have *lines*, but still isolate what they isolated."""
    gone = {(line.policy, line.direction, entry) for line in lines for entry in line.entries}

    def kept(number, policy, direction):
        rules = getattr(policy, direction)
        left = [rule for at, rule in enumerate(rules or ()) if (number, direction, at) not in gone]
        return None if rules is None else tuple(left)

    policies = tuple(
        NetworkPolicy(one.namespace, one.name, one.pods, kept(number, one, "ingress"), kept(number, one, "egress"))
        for number, one in enumerate(cluster.policies)
    )
    return Cluster(cluster.namespaces, cluster.pods, policies, cluster.networks, cluster.nodes)


def probes(scene):
    """One address and one port of every kind that the policies can tell apart; the nodes are pods' already."""
    addresses, points = set(), set()
    for layer in scene.answer.layers:
        for member in layer.universe.members:
            known = (at for first, last in member.addresses.spans for at in range(first, min(last, first + 3) + 1))
            addresses |= set([each for each in map(spell_address, known) if each not in NODES][:1])
        points |= {place(region[0][0]) for region in layer.universe.atoms.regions}
    return [External(each) for each in sorted(addresses)], sorted(points)


def traffic(scene, cluster, mode):
    """Every flow that passes in *cluster* by the specification, between its pods and an address of every kind."""
    outside, points = probes(scene)
    ends = (*cluster.pods, *outside)
    return {
        (source, destination, probe, family)
        for source in ends
        for destination in ends
        if source in cluster.pods or destination in cluster.pods
        for family in families(cluster, source) & families(cluster, destination)
        if family in {layer.universe.family for layer in scene.answer.layers}
        for probe in points
        if allows_over(cluster, source, destination, *probe, mode, family)
    }


def lets_pass(cluster, line, passing, mode):
    """Whether any of the flows *passing* is one that *line* allows, and that policies decide."""
    return any(
        (line.policy, *line.entries) in allowing(cluster, line.direction, (source, destination, *probe), mode, family)
        for source, destination, probe, family in passing
        if selects(cluster.policies[line.policy], source if line.direction is Direction.EGRESS else destination)
        if source != destination and not is_own_node(source, destination)
    )


@given(clusters(most=3), modes)
def test_all_that_is_already_allowed_can_go_at_once_and_nothing_else_can(cluster, mode):
    scene = scene_of(cluster, mode)
    found = superfluous(scene)
    before = traffic(scene, cluster, mode)
    assert traffic(scene, without(cluster, found), mode) == before
    for line in found:
        assert lets_pass(cluster, line, before, mode)
    for line in set(scene.lines) - set(found):
        if traffic(scene, without(cluster, [*found, line]), mode) == before:
            assert not lets_pass(cluster, line, before, mode)


@given(clusters(), modes)
def test_the_engine_sees_no_difference_without_what_is_already_allowed(cluster, mode):
    found = superfluous(scene_of(cluster, mode))
    assert compare_clusters(cluster, without(cluster, found), Semantics(mode)).changes == ()

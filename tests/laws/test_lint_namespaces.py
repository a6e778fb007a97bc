"""The same finding in many namespaces is one finding, whatever finds it."""

from collections.abc import Iterable

import pytest
from bulkhead.core.diagnostics import Location
from bulkhead.core.kubernetes.cluster import Cluster, Namespace, Pod
from bulkhead.core.kubernetes.networkpolicy import NetworkPolicy, PodPeer, PolicyRule
from bulkhead.core.language.resources import Enforcer
from bulkhead.core.lint.context import FieldReference
from bulkhead.core.lint.grouping import FindingGroup, grouped
from bulkhead.core.lint.registry import CHECKS, lint
from bulkhead.core.record import replaced
from hypothesis import given, settings
from hypothesis import strategies as st
from laws import strategies
from laws.linted import scene_of
from laws.strategies import few

own_peers = st.one_of(st.builds(PodPeer, strategies.selectors), strategies.blocks)
own_rules = st.builds(
    PolicyRule,
    few(own_peers, 2, least=1),
    st.none() | few(strategies.policy_ports, 2, least=1),
)
own_directions = st.none() | few(own_rules, 2)
own_policies = few(
    st.builds(NetworkPolicy, st.just(""), st.just(""), strategies.selectors, own_directions, own_directions), 3, least=1
)
own_pods = few(
    st.builds(
        Pod,
        st.just(""),
        st.just(""),
        st.just("Deployment"),
        labels=strategies.labels,
        ports=few(strategies.ports, 1),
        host_network=st.sampled_from((False, False, False, True)),
    ),
    2,
)


def groups(
    names: Iterable[str], policies: tuple[NetworkPolicy, ...], pods: tuple[Pod, ...], enforcer: Enforcer
) -> tuple[FindingGroup, ...]:
    """What lint finds in namespaces that are alike, each with *policies* and *pods*."""
    cluster = Cluster(
        tuple(map(Namespace, names)),
        tuple(replaced(each, namespace=name, name=f"pod-{n}") for name in names for n, each in enumerate(pods)),
        tuple(replaced(each, namespace=name, name=f"policy-{n}") for name in names for n, each in enumerate(policies)),
    )
    scene = replaced(scene_of(cluster, enforcer, workloads=bool(pods)), listed=tuple(names))
    lines = tuple(replaced(each, title=f"{each.direction} rule {each.entries[0] + 1} of policy "
                           f"`{cluster.policies[each.policy].name}`") for each in scene.lines)  # fmt: skip
    places: dict[FieldReference, Location] = {}
    found = lint(replaced(scene, lines=lines), tuple(each for each in CHECKS if each.on)).findings
    for each in found:
        places.setdefault(each.found.at, Location(f"{each.found.at.name}.yaml", len(places) + 1, 1))
    return grouped([(places[each.found.at], each) for each in found], frozenset())


@pytest.mark.slow
@settings(max_examples=settings().max_examples // 2)
@given(own_policies, own_pods, st.sampled_from(Enforcer))
def test_what_is_found_in_namespaces_that_are_alike_is_one_finding_however_many_they_are(
    policies: tuple[NetworkPolicy, ...], pods: tuple[Pod, ...], enforcer: Enforcer
) -> None:
    both, three = (groups(names, policies, pods, enforcer) for names in (("a", "b"), ("a", "b", "c")))
    said = [sorted((each.finding.check.id, each.finding.found.message) for each in some) for some in (both, three)]
    assert said[0] == said[1]
    assert all(each.finding.found.namespaces in ((), ("a", "b", "c")) for each in three)

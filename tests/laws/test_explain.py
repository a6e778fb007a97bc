"""An explanation gives the verdict, names exactly the rules that matter, and its remedy works."""

from bulkhead.core.engine.reachability import allows as is_allowed
from bulkhead.core.engine.semantics import Semantics
from bulkhead.core.engine.solve import reach
from bulkhead.core.explanation.explain import explain_flow
from bulkhead.core.kubernetes.cluster import Cluster
from hypothesis import given
from hypothesis import strategies as st
from laws.brute import allowing, allows, allows_over, isolating
from laws.strategies import clusters, flows, modes


@given(st.data(), modes)
def test_the_verdict_is_the_specification_s(data, mode):
    cluster = data.draw(clusters())
    flow = data.draw(flows(cluster))
    answer = reach(cluster, Semantics(mode))
    found = explain_flow(answer, flow)
    ends = (flow.source, flow.destination, flow.protocol, flow.port)
    for verdict in found.verdicts:
        assert verdict.allowed == allows_over(cluster, *ends, mode, verdict.family)
        for direction, pod in (("egress", flow.source), ("ingress", flow.destination)):
            half = getattr(verdict, direction)
            assert list(half.isolated_by) == isolating(cluster, pod, direction)
            allowed_by = [
                (cluster.policies[number], rule)
                for number, rule in allowing(cluster, direction, ends, mode, verdict.family)
            ]
            assert [(one.policy, one.rule) for one in half.allowed_by] == allowed_by
    assert found.allowed == is_allowed(answer, flow)


@given(st.data(), modes)
def test_adding_what_is_missing_allows_the_flow(data, mode):
    cluster = data.draw(clusters())
    flow = data.draw(flows(cluster))
    found = explain_flow(reach(cluster, Semantics(mode)), flow)
    assert not (found.allowed and found.missing)
    if found.missing:
        more = Cluster(
            cluster.namespaces, cluster.pods, cluster.policies + found.missing, cluster.networks, cluster.nodes
        )
        assert allows(more, flow.source, flow.destination, flow.protocol, flow.port, mode)

"""An explanation gives the verdict, names exactly the rules that matter, and what it misses allows the flow."""

from bulkhead.core.engine.reachability import allows as allowed_by_rows
from bulkhead.core.engine.semantics import IpBlockMode, Semantics
from bulkhead.core.engine.solve import reach
from bulkhead.core.explanation.missing import missing_policies
from bulkhead.core.explanation.pair import PairExplanation
from bulkhead.core.kubernetes.cluster import Cluster, Flow
from bulkhead.core.kubernetes.networkpolicy import Direction
from explained import explain_flow, is_allowed
from hypothesis import assume, given
from hypothesis import strategies as st
from laws.brute import allowing, allows, allows_over, isolating
from laws.strategies import PORTS, PROTOCOLS, clusters, flows, modes, pairs


@given(st.data(), modes)
def test_the_verdict_is_the_specification_s(data: st.DataObject, mode: IpBlockMode) -> None:
    cluster = data.draw(clusters())
    flow = data.draw(flows(cluster))
    answer = reach(cluster, Semantics(mode))
    found = explain_flow(answer, flow)
    ends = (flow.source, flow.destination, flow.protocol, flow.port)
    for each in found:
        assert bool(each.open_ports.spans) == allows_over(cluster, *ends, mode, each.family)
        (verdict,) = each.verdicts
        sides = (
            (Direction.EGRESS, flow.source, each.egress, verdict.egress),
            (Direction.INGRESS, flow.destination, each.ingress, verdict.ingress),
        )
        for direction, pod, isolated, matching in sides:
            assert [cluster.policies[number] for number in isolated] == isolating(cluster, pod, direction)
            rules = [(each.policy, each.rule) for each in matching]
            assert rules == list(allowing(cluster, direction, ends, mode, each.family))
    assert is_allowed(found) == allowed_by_rows(answer, flow)


@given(st.data(), modes)
def test_adding_what_is_missing_allows_the_flow(data: st.DataObject, mode: IpBlockMode) -> None:
    cluster = data.draw(clusters())
    answer = reach(cluster, Semantics(mode))
    protocol, port = data.draw(st.sampled_from(PROTOCOLS)), data.draw(st.sampled_from(PORTS))
    refused = [
        (flow, found)
        for source, destination in pairs(cluster)
        for flow in [Flow(source, destination, protocol, port)]
        if (found := explain_flow(answer, flow)) and not is_allowed(found)
    ]
    assume(refused)
    flow, found = data.draw(st.sampled_from(refused))
    missing = missing_policies(flow, found[0].family, mode, refusing(found[0]))
    if missing:  # there is no peer for a pod on the host network whose address nobody knows
        more = Cluster(cluster.namespaces, cluster.pods, cluster.policies + missing, cluster.networks, cluster.nodes)
        assert allows(more, flow.source, flow.destination, flow.protocol, flow.port, mode)


def refusing(found: PairExplanation) -> set[Direction]:
    """Return the directions whose side refuses the one port of *found*."""
    (verdict,) = found.verdicts
    sides = {Direction.EGRESS: found.egress_allows(verdict), Direction.INGRESS: found.ingress_allows(verdict)}
    return {direction for direction, passes in sides.items() if not passes}

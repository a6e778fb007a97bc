"""The engine agrees with what kube-router programs, packet by packet."""

from bulkhead.core.engine.endpoint_terms import EndpointSelection
from bulkhead.core.engine.reachability import open_ports
from bulkhead.core.engine.semantics import Deviation, enforced
from bulkhead.core.engine.solve import reach
from bulkhead.core.explanation.deviations import with_deviations
from bulkhead.core.explanation.pair import explain_pairs
from bulkhead.core.kubernetes.cluster import Cluster
from bulkhead.core.language.resources import Enforcer
from bulkhead.core.sets import ports
from bulkhead.core.sets.intervals import holds
from hypothesis import given
from hypothesis import strategies as st
from laws.brute import families
from laws.kube_router import allows
from laws.strategies import PORTS, PROTOCOLS, pairs, settled

KUBE_ROUTER = enforced(Enforcer.KUBE_ROUTER)
SURE = KUBE_ROUTER.but(KUBE_ROUTER.deviations - {Deviation.SHARED_PORTS})
PROBES = [(protocol, port) for protocol in PROTOCOLS for port in (*PORTS, 29999, 30000, 32767, 32768)]


@given(settled(), st.booleans())
def test_every_flow_is_judged_as_kube_router_programs_it(cluster: Cluster, lucky: bool) -> None:
    answer = reach(cluster, KUBE_ROUTER if lucky else SURE)
    spoken_of = {layer.space.family for layer in answer.layers}
    for source, destination in pairs(cluster):
        if not families(cluster, source) & families(cluster, destination) <= spoken_of:
            continue
        opened = open_ports(answer, source, destination)
        for protocol, port in PROBES:
            wanted = allows(cluster, source, destination, protocol, port, lucky)
            assert holds(opened.spans, ports.point(protocol, port)) == wanted, (source, destination, protocol, port)


@given(settled())
def test_where_the_specification_says_otherwise_is_reported_exactly_with_its_causes(cluster: Cluster) -> None:
    answer, specified = reach(cluster, KUBE_ROUTER), reach(cluster)
    for source in cluster.pods:
        for destination in cluster.pods:
            ends = EndpointSelection("source", (source,)), EndpointSelection("destination", (destination,))
            explained = list(with_deviations(answer, explain_pairs(answer, *ends, ports.EVERY, False)))
            assert [each.open_ports for each in explained] == [
                each.open_ports for each in explain_pairs(answer, *ends, ports.EVERY, False)
            ]
            for one, other in zip(explained, explain_pairs(specified, *ends, ports.EVERY, False), strict=True):
                for verdict in one.verdicts:
                    same = ports.intersect(verdict.ports, other.open_ports) == (
                        verdict.ports if one.allows(verdict) else ports.NONE
                    )
                    assert same is not bool(verdict.deviations)

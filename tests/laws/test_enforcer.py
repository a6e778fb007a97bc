"""The engine agrees with what kube-router programs, packet by packet."""

from bulkhead.core import ports
from bulkhead.core.account import account
from bulkhead.core.departure import departing
from bulkhead.core.endpoints import Chosen
from bulkhead.core.intervals import holds
from bulkhead.core.reach import reach
from bulkhead.core.reachability import open_ports
from bulkhead.core.resources import Enforcer
from bulkhead.core.semantics import Deviation, enforced
from hypothesis import given
from hypothesis import strategies as st
from laws.brute import families
from laws.kube_router import allows
from laws.strategies import PORTS, PROTOCOLS, pairs, settled

KUBE_ROUTER = enforced(Enforcer.KUBE_ROUTER)
SURE = KUBE_ROUTER.but(KUBE_ROUTER.deviations - {Deviation.SHARED_PORTS})
PROBES = [(protocol, port) for protocol in PROTOCOLS for port in (*PORTS, 29999, 30000, 32767, 32768)]


@given(settled(), st.booleans())
def test_every_flow_is_judged_as_kube_router_programs_it(cluster, lucky):
    answer = reach(cluster, KUBE_ROUTER if lucky else SURE)
    spoken_of = {layer.universe.family for layer in answer.layers}
    for source, destination in pairs(cluster):
        if not families(cluster, source) & families(cluster, destination) <= spoken_of:
            continue
        opened = open_ports(answer, source, destination)
        for protocol, port in PROBES:
            wanted = allows(cluster, source, destination, protocol, port, lucky)
            assert holds(opened.spans, ports.point(protocol, port)) == wanted, (source, destination, protocol, port)


@given(settled())
def test_where_the_specification_says_otherwise_is_told_exactly_and_why(cluster):
    answer, specified = reach(cluster, KUBE_ROUTER), reach(cluster)
    for source in cluster.pods:
        for destination in cluster.pods:
            ends = Chosen("source", (source,)), Chosen("destination", (destination,))
            told = list(departing(answer, account(answer, *ends, ports.EVERY, False)))
            assert [each.opened for each in told] == [
                each.opened for each in account(answer, *ends, ports.EVERY, False)
            ]
            for one, other in zip(told, account(specified, *ends, ports.EVERY, False), strict=True):
                for share in one.shares:
                    same = ports.intersect(share.ports, other.opened) == (
                        share.ports if one.open(share) else ports.NONE
                    )
                    assert same is not bool(share.departs)

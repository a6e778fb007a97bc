"""What opens for pods that could exist is exactly what a plain evaluator sees of any population."""

from bulkhead.core.engine.semantics import API, IpBlockMode, Semantics, enforced
from bulkhead.core.kubernetes.cluster import Cluster, Endpoint, Namespace
from bulkhead.core.language.resources import Enforcer
from bulkhead.core.possible.flow_class import flow_space
from bulkhead.core.possible.search import Opened, PossibleFlows, Steps, opened
from bulkhead.core.sets import addresses, intervals
from hypothesis import given
from hypothesis import strategies as st
from laws import kube_router, population, strategies
from laws.brute import allows_over
from laws.strategies import PORTS, PROTOCOLS, few, modes, policies

FEW_PROBES = [("TCP", 53), ("TCP", 80), ("TCP", 7777), ("UDP", 53), ("UDP", 81), ("SCTP", 443)]
PROBES = [(protocol, port) for protocol in PROTOCOLS for port in (*PORTS, 7777)]


@st.composite
def changes(draw: st.DrawFn) -> tuple[Cluster, Cluster]:
    """Two lists of policies that share most, and what is known of namespaces on each side."""
    before = draw(few(policies, 4))
    after = tuple(each for each in before if draw(st.integers(0, 4))) + draw(few(policies, 1))
    spaces = [
        tuple(Namespace(name, draw(strategies.labels)) for name in strategies.NAMESPACES if draw(st.booleans()))
        for _ in range(2)
    ]
    spaces[1] = draw(st.sampled_from((spaces[0], spaces[0], spaces[1])))
    networks = draw(st.sampled_from(((), (), ("10.0.0.0/29",), ("10.0.0.0/29", "fd00::/125"))))
    return Cluster(spaces[0], (), before, networks), Cluster(spaces[1], (), after, networks)


@given(changes(), modes, st.data())
def test_exactly_what_opens_for_a_possible_pod_is_found(
    both: tuple[Cluster, Cluster], mode: IpBlockMode, data: st.DataObject
) -> None:
    pods, spaces = data.draw(population.populations())
    known = intervals.merge(addresses.network(text) for text in both[0].networks)
    for family in addresses.FAMILIES:
        space = flow_space(family, known)
        groups: dict[object, int] = {}
        before, after = (PossibleFlows(side, space, Semantics(mode), groups) for side in both)
        decided = list(opened(before, after, Steps()))
        found = [each for each in decided if isinstance(each, Opened) and not each.is_part]
        assert found == decided
        living = [population.living(side, pods, spaces) for side in both]
        real = tuple(pod for pod in pods if intervals.holds(space.pods, population.place(pod)))
        for source, destination in population.pairs(real, family):
            if not all(
                intervals.holds(space.outside, population.place(end))
                for end in (source, destination)
                if end not in pods
            ):
                continue
            for protocol, port in PROBES:
                was, now = (allows_over(side, source, destination, protocol, port, mode, family) for side in living)
                listed = any(
                    population.is_in(each.flows, source, destination, protocol, port, spaces) for each in found
                )
                assert listed == (now and not was), (source, destination, protocol, port, was, now)


INSIDE = tuple(each for each in population.ADDRESSES if each != "8.8.8.8")
"""Addresses that no end outside the cluster has: such an end is known by its address alone."""

KUBE_ROUTER = enforced(Enforcer.KUBE_ROUTER)


@given(changes(), st.sampled_from(((API, KUBE_ROUTER), (KUBE_ROUTER, KUBE_ROUTER), (KUBE_ROUTER, API))), st.data())
def test_exactly_what_opens_under_an_enforcer_is_found(
    both: tuple[Cluster, Cluster], semantics: tuple[Semantics, Semantics], data: st.DataObject
) -> None:
    pods, spaces = data.draw(population.populations(INSIDE, most=4))
    lucky = data.draw(st.booleans())
    known = intervals.merge(addresses.network(text) for text in both[0].networks)
    living = [population.living(side, pods, spaces) for side in both]

    def allows(
        side: Cluster, read: Semantics, source: Endpoint, destination: Endpoint, protocol: str, port: int, family: int
    ) -> bool:
        if read is API:
            return allows_over(side, source, destination, protocol, port, API.mode, family)
        return kube_router.passes(side, source, destination, protocol, port, lucky, family)

    for family in addresses.FAMILIES:
        space = flow_space(family, known)
        groups: dict[object, int] = {}
        before, after = (PossibleFlows(side, space, read, groups) for side, read in zip(both, semantics, strict=True))
        decided = list(opened(before, after, Steps()))
        found = [each for each in decided if isinstance(each, Opened) and not each.is_part]
        assert found == decided
        real = tuple(pod for pod in pods if intervals.holds(space.pods, population.place(pod)))
        fact = population.facts(living[0], groups, lucky)

        for source, destination in population.pairs(real, family):
            if not all(
                intervals.holds(space.outside, population.place(end))
                for end in (source, destination)
                if end not in pods
            ):
                continue
            for protocol, port in FEW_PROBES:
                was, now = (
                    allows(side, read, source, destination, protocol, port, family)
                    for side, read in zip(living, semantics, strict=True)
                )
                listed = any(
                    population.is_in(each.flows, source, destination, protocol, port, spaces, fact) for each in found
                )
                assert listed == (now and not was), (source, destination, protocol, port, was, now)

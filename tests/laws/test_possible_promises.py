"""A promise holds for pods that could exist exactly if a plain evaluator sees it hold in any population."""

from collections.abc import Sequence

from bulkhead.core.engine.endpoint_terms import EndpointSelection, EndpointVocabulary
from bulkhead.core.engine.semantics import IpBlockMode, Semantics
from bulkhead.core.engine.solve import reach
from bulkhead.core.kubernetes.cluster import Cluster, Endpoint, External, Namespace, Pod
from bulkhead.core.promises.check import Promise
from bulkhead.core.promises.possible import PossibleChecker, PossibleOutcome
from bulkhead.core.sets import addresses, intervals, ports
from hypothesis import given
from hypothesis import strategies as st
from laws import population, strategies
from laws.brute import allows_over
from laws.strategies import few, modes, policies

NETWORKS = ("10.0.0.0/29", "fd00::/125")
OWN = intervals.merge(addresses.network(text) for text in NETWORKS)
WITHIN = tuple(each for each in population.ADDRESSES if each.startswith(("10.0.0.", "fd00:")))
PROBES = [("TCP", 53), ("TCP", 80), ("TCP", 7777), ("UDP", 53), ("UDP", 81), ("SCTP", 443)]

namespaces = st.sampled_from(("alpha", "beta", "gamma", "*")).map(lambda name: EndpointSelection(name, whole=(name,)))
OUTSIDE = ("8.8.8.0/24", "0.0.0.0/0", "192.168.0.0/24", "2001:db8::/32")
OF_PODS = ("10.0.0.0/30", "10.0.0.0/8", "10.0.0.0/29", "10.0.0.5", "10.0.0.2/31", "fd00::/126", "fd00::5", "::/0")
"""Addresses of the pod networks, and blocks of which some are: each means whichever pod has one."""

blocks = st.sampled_from((*OUTSIDE, *OF_PODS)).map(EndpointVocabulary(Cluster(networks=NETWORKS)).at)
asked = st.sampled_from((ports.EVERY, ports.between("TCP", 80, 80), ports.between("UDP", 53, 80)))


@st.composite
def promises(draw: st.DrawFn, pods: Sequence[Pod]) -> Promise:
    given = st.sampled_from(pods).map(lambda pod: EndpointSelection(pod.name, pods=(pod,)))
    end = few(st.one_of(namespaces, blocks, given), 2, least=1)
    others = draw(st.sampled_from(("", "", "sources", "destinations")))
    named = few(st.one_of(namespaces, blocks), 2, least=1)
    sources, destinations = (draw(named if others == side else end) for side in ("sources", "destinations"))
    return Promise(sources, destinations, draw(asked), not others and draw(st.booleans()), others)


@st.composite
def clusters(draw: st.DrawFn) -> Cluster:
    """Policies, known labels of namespaces, and two pods that are given."""
    spaces = tuple(Namespace(name, draw(strategies.labels)) for name in strategies.NAMESPACES if draw(st.booleans()))
    given = tuple(
        Pod(draw(st.sampled_from(strategies.NAMESPACES)), f"given-{number}", labels=draw(strategies.labels),
            ports=(draw(population.named),), addresses=(address,))
        for number, address in enumerate(("10.0.0.2", "10.0.0.4"))
    )  # fmt: skip
    return Cluster(spaces, given, draw(few(policies, 4, least=1)), NETWORKS)


def names(chosen: Sequence[EndpointSelection], end: Endpoint) -> bool:
    """Whether *chosen* names *end*."""
    if isinstance(end, External):
        return any(intervals.holds(each.addresses, population.place(end)) for each in chosen)
    return any(
        "*" in each.whole
        or end.namespace in each.whole
        or end in each.pods
        or (is_block(each) and intervals.holds((addresses.network(each.text),), population.place(end)))
        for each in chosen
    )


def is_block(chosen: EndpointSelection) -> bool:
    return not chosen.whole and not chosen.pods


def pairs(pods: Sequence[Pod], family: int) -> list[tuple[Endpoint, Endpoint]]:
    """Every pair; no end outside has an address of the pod networks."""
    return [
        both
        for both in population.pairs(pods, family)
        if not any(isinstance(end, External) and intervals.holds(OWN, population.place(end)) for end in both)
    ]


def is_asked(promise: Promise, source: Endpoint, destination: Endpoint) -> bool:
    """Whether *promise* is about the pair."""
    ends = {"sources": source, "destinations": destination}
    return all(
        names(getattr(promise, side), end) is not (promise.others == side) for side, end in ends.items()
    )  # fmt: skip


@given(clusters(), modes, st.data())
def test_a_promise_holds_exactly_if_it_does_for_every_possible_pod(
    cluster: Cluster, mode: IpBlockMode, data: st.DataObject
) -> None:
    promise = data.draw(promises(cluster.pods))
    pods, spaces = data.draw(population.populations(within=WITHIN))
    checker = PossibleChecker(cluster, Semantics(mode), False, (), reach(cluster, Semantics(mode)))
    outcome = checker.check(promise, ())
    assert not outcome.hard
    living = population.living(cluster, (*cluster.pods, *pods), spaces)
    families = {each.space.family for each in outcome.breaches} if promise.allowed else addresses.FAMILIES
    for family in families:
        found = [each.flows for each in outcome.breaches if each.space.family == family]
        for source, destination in pairs((*cluster.pods, *pods), family):
            if not is_asked(promise, source, destination):
                continue
            for protocol, port in PROBES:
                if not intervals.holds(promise.asked.spans, ports.point(protocol, port)):
                    continue
                is_open = allows_over(living, source, destination, protocol, port, mode, family)
                if is_open != promise.allowed and not (family == 6 and is_like_ipv4(outcome)):
                    assert any(population.is_in(each, source, destination, protocol, port, spaces) for each in found), (
                        source,
                        destination,
                        protocol,
                        port,
                    )
    for each in outcome.breaches if not promise.allowed else ():
        for source, destination in pairs((*cluster.pods, *pods), each.space.family):
            if is_given(promise) and not is_asked(promise, source, destination):
                continue
            for protocol, port in PROBES:
                if population.is_in(each.flows, source, destination, protocol, port, spaces):
                    assert allows_over(living, source, destination, protocol, port, mode, each.space.family)
                    assert is_asked(promise, source, destination)


def is_like_ipv4(outcome: PossibleOutcome) -> bool:
    """What is said of ends with IPv4 addresses is not said again of those with IPv6 addresses."""
    return any(each.space.family == 4 for each in outcome.breaches)


def is_given(promise: Promise) -> bool:
    """Whether an end is a given pod: its labels and address are in the class, and its ports are included."""
    return any(each.pods for each in (*promise.sources, *promise.destinations))

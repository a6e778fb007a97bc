"""explain, reach, pairs, test and diff give one answer about two pods of a random cluster, by every semantics."""

import json

from bulkhead.core.diff.compare import Difference, compare_clusters
from bulkhead.core.engine.endpoint_terms import EndpointSelection
from bulkhead.core.engine.reachability import Reachability, open_ports
from bulkhead.core.engine.semantics import API, IpBlockMode, Semantics, enforced
from bulkhead.core.engine.solve import reach
from bulkhead.core.explanation.pair import explain_pairs
from bulkhead.core.kubernetes.cluster import Cluster, Pod
from bulkhead.core.language.resources import Enforcer
from bulkhead.core.promises.check import Promise, check_promise
from bulkhead.core.record import replaced
from bulkhead.core.sets import ports
from bulkhead.core.sets.ports import PortSet
from bulkhead.report.reach.pairs import reach_pairs
from hypothesis import given
from hypothesis import strategies as st
from laws.strategies import clusters, settled

SEMANTICS = (API, Semantics(IpBlockMode.NEVER), *(enforced(each) for each in Enforcer))


def explained(answer: Reachability, source: Pod, destination: Pod) -> PortSet:
    found = ports.NONE
    ends = EndpointSelection("source", (source,)), EndpointSelection("destination", (destination,))
    for each in explain_pairs(answer, *ends, ports.EVERY, False):
        found = ports.union(found, each.open_ports)
    return found


def breached(answer: Reachability, source: Pod, destination: Pod) -> PortSet:
    """The ports for which the promise that nothing is open does not hold."""
    ends = (EndpointSelection("source", (source,)),), (EndpointSelection("destination", (destination,)),)
    outcome = check_promise(answer, Promise(*ends, ports.EVERY, False), (0,) * len(answer.layers), ())
    found = ports.NONE
    for each in outcome.breaches:
        found = ports.union(found, each.ports)
    return found


def not_closed(difference: Difference, source: Pod, destination: Pod) -> PortSet:
    """What is left of all that is open without policies, over any family that both pods have."""
    found = ports.NONE
    for number, layer in enumerate(difference.after.layers):
        here, there = (layer.space.by_pod.get(pod) for pod in (source, destination))
        if here is None or there is None:
            continue
        left = ports.EVERY
        for each in difference.changes:
            assert not each.opens.spans
            if each.layer == number and each.sources >> here & 1 and each.destinations >> there & 1:
                left = ports.subtract(left, each.closes)
        found = ports.union(found, left)
    return found


@given(st.one_of(clusters(4, owned=False), settled()), st.sampled_from(SEMANTICS))
def test_every_command_gives_one_answer_about_two_pods(cluster: Cluster, semantics: Semantics) -> None:
    answer = reach(cluster, semantics)
    difference = compare_clusters(replaced(cluster, policies=()), cluster, semantics)
    listed = {(each["src"], each["dst"]): each["conn"] for each in json.loads("".join(reach_pairs(answer)))}
    names = {pod: f"{pod.namespace}/{pod.name}[Pod]" for pod in cluster.pods}
    for source in cluster.pods:
        for destination in cluster.pods:
            if source == destination:
                continue
            wanted = open_ports(answer, source, destination)
            assert explained(answer, source, destination) == wanted
            assert breached(answer, source, destination) == wanted
            assert not_closed(difference, source, destination) == wanted
            conn = listed.get((names[source], names[destination]))
            assert conn == (str(wanted) if wanted.spans else None)

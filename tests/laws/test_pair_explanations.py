"""Explanations of pairs, promises and rows say what the answer says, pair by pair."""

from bulkhead.core.engine.endpoint_terms import EndpointSelection
from bulkhead.core.engine.queries import members, query
from bulkhead.core.engine.reachability import Reachability, open_ports, port_set
from bulkhead.core.engine.semantics import Semantics
from bulkhead.core.engine.solve import reach
from bulkhead.core.explanation.pair import explain_pairs
from bulkhead.core.kubernetes.cluster import Pod
from bulkhead.core.promises.check import Promise, check_promise
from bulkhead.core.sets import ports
from hypothesis import assume, given
from hypothesis import strategies as st
from laws.strategies import clusters, modes


def ends(data: st.DataObject) -> tuple[Reachability, Pod, Pod]:
    """Draw a cluster's answer and two different pods of it."""
    cluster = data.draw(clusters())
    pods = list(dict.fromkeys(cluster.pods))
    assume(len(pods) > 1)
    one, other = data.draw(st.permutations(pods))[:2]
    return reach(cluster, Semantics(data.draw(modes))), one, other


@given(st.data())
def test_an_explanation_opens_exactly_the_ports_that_the_answer_opens(data: st.DataObject) -> None:
    answer, one, other = ends(data)
    opened = ports.NONE
    for each in explain_pairs(
        answer, EndpointSelection("a", (one,)), EndpointSelection("b", (other,)), ports.EVERY, False
    ):
        every = ports.NONE
        for verdict in each.verdicts:
            assert not ports.intersect(every, verdict.ports).spans
            every = ports.union(every, verdict.ports)
        assert every == ports.EVERY
        opened = ports.union(opened, each.open_ports)
    assert opened == open_ports(answer, one, other)


@given(st.data())
def test_a_promise_that_nothing_is_open_holds_exactly_if_nothing_is(data: st.DataObject) -> None:
    answer, one, other = ends(data)
    promise = Promise((EndpointSelection("a", (one,)),), (EndpointSelection("b", (other,)),), ports.EVERY, False)
    outcome = check_promise(answer, promise, (0,) * len(answer.layers), ())
    rows = ports.NONE
    for layer in answer.layers:
        here, there = (members(layer.space, EndpointSelection("x", (pod,))) for pod in (one, other))
        for each in query(layer, here, there):
            rows = ports.union(rows, each.ports)
    breached = ports.NONE
    for breach in outcome.breaches:
        breached = ports.union(breached, breach.ports)
    assert breached == rows
    assert bool(outcome.breaches) == any(
        port_set(layer, port_cells).spans
        for layer in answer.layers
        for row in layer.rows
        for port_cells, those in row.parts
        if row.sources & members(layer.space, EndpointSelection("a", (one,)))
        and those & members(layer.space, EndpointSelection("b", (other,)))
    )

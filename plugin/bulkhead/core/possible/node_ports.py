"""
What opens where only the enforcer after a change lets isolated pods reach the node ports of their own node.

kube-router lets every pod connect to the node ports of its node (see ``kube_router.own_node_ports``). On which node a
pod runs is not known. So this is said of all nodes, and only a part of it opens.
"""

from collections.abc import Iterator

from bulkhead.core.engine.endpoint_classes import NODE_PORTS
from bulkhead.core.engine.semantics import Deviation, Semantics
from bulkhead.core.kubernetes.networkpolicy import Direction
from bulkhead.core.possible.flow_class import OUTSIDES, PORT, FlowClass, flow_class, merged
from bulkhead.core.possible.search import PossibleFlows, Steps, TooManySteps
from bulkhead.core.sets import intervals
from bulkhead.core.sets.intervals import Spans


def opened_node_ports(
    before: PossibleFlows, after: PossibleFlows, semantics: tuple[Semantics, Semantics], nodes: Spans, steps: Steps
) -> list[FlowClass]:
    """
    Return the flows of isolated pods to the node ports of *nodes*, of which those to a pod's own node open.

    *semantics* are those of *before* and *after*. Where no *nodes* are known, they may have any address outside;
    else they have no address of a family of which there is none. Where it takes too many steps, every isolated pod is
    named.
    """
    if Deviation.NODE_PORTS in semantics[0].deviations or Deviation.NODE_PORTS not in semantics[1].deviations:
        return []
    there = intervals.intersect(nodes, before.space.outside) if nodes else before.space.outside
    if not there:
        return []
    spans = {PORT: NODE_PORTS.spans, "d.ip": there}
    isolated = [
        flow_class({**each.flows.values, "d.kind": OUTSIDES}, spans) for each in before.subjects[Direction.EGRESS]
    ]
    steps.begin()
    try:
        return merged(before.space, [found for each in isolated for found in _refused(before, after, each, steps)])
    except TooManySteps:
        return merged(before.space, isolated)


def _refused(before: PossibleFlows, after: PossibleFlows, flows: FlowClass, steps: Steps) -> Iterator[FlowClass]:
    """Yield the part of *flows* that rules allow neither *before* nor *after*: what they open is reported as such."""
    for refused in before.not_matched(Direction.EGRESS, flows, steps):
        for isolated in after.isolated(Direction.EGRESS, refused, steps):
            yield from after.not_matched(Direction.EGRESS, isolated, steps)

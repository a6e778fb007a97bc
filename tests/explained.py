"""What the explanation engine says of one flow, asked as ``bulkhead explain`` asks it."""

from bulkhead.core.engine.endpoint_terms import EndpointSelection
from bulkhead.core.engine.reachability import Reachability
from bulkhead.core.explanation.pair import PairExplanation, explain_pairs
from bulkhead.core.kubernetes.cluster import Endpoint, Flow, Pod
from bulkhead.core.sets import addresses, ports


def explain_flow(answer: Reachability, flow: Flow) -> list[PairExplanation]:
    """Return an explanation for each address family that both ends of *flow* have."""
    asked = ports.between(flow.protocol, flow.port, flow.port)
    return list(explain_pairs(answer, _selection(flow.source), _selection(flow.destination), asked, False))


def is_allowed(found: list[PairExplanation]) -> bool:
    """Say whether the flow passes over any family."""
    return any(each.open_ports.spans for each in found)


def _selection(end: Endpoint) -> EndpointSelection:
    if isinstance(end, Pod):
        return EndpointSelection(end.name, (end,))
    point = addresses.address(end.address)
    return EndpointSelection(end.address, addresses=((point, point),))

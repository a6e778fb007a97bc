"""
The ports of a destination whose container ports are known: numbers take the place of names.
"""

from bulkhead.core.kubernetes.cluster import NamedPort
from bulkhead.core.possible.flow_class import PORT, FlowClass, flow_class
from bulkhead.core.sets import intervals, ports, value_sets
from bulkhead.core.sets.intervals import Spans
from bulkhead.core.sets.ports import EVERY

NAMED = "?named::"
"""The start of the axes for names that are looked up on the destination, as the specification has it."""


def resolved(flows: FlowClass, known: tuple[NamedPort, ...] | None) -> FlowClass | None:
    """Return what of *flows* remains where the destination has the ports *known*; ``None``: nothing."""
    if known is None:
        return flows
    values, spans = dict(flows.values), flows.spans.get(PORT, EVERY.spans)
    for axis, value in flows.values.items():
        if axis.startswith(NAMED):
            protocol, _, name = axis[len(NAMED) :].partition("/")
            numbers = _numbers(known, protocol, name)
            keep = intervals.intersect if value_sets.holds(value, True) else intervals.subtract
            spans = keep(spans, numbers)
            del values[axis]
    return flow_class(values, {**flows.spans, PORT: spans}) if spans else None


def _numbers(known: tuple[NamedPort, ...], protocol: str, name: str) -> Spans:
    return intervals.merge(
        (at, at)
        for each in known
        if (each.protocol, each.name) == (protocol, name)
        for at in [ports.point(protocol, each.number)]
    )

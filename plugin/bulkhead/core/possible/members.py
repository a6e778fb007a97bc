"""
Which members of an endpoint space belong to an end of a class of flows.
"""

from bulkhead.core.engine.endpoint_space import ANYWHERE, EndpointSpace
from bulkhead.core.kubernetes.cluster import Pod
from bulkhead.core.kubernetes.selectors import Index, Members
from bulkhead.core.possible.flow_class import OUTSIDES, FlowClass, FlowSpace
from bulkhead.core.sets import partition, value_sets
from bulkhead.core.sets.value_sets import ValueSet


def members_at(space: EndpointSpace, flows: FlowClass, possible: FlowSpace, end: str) -> Members:
    """Return the members of *space* of which one can be at *end* of *flows*, a class of flows of *possible*."""
    spans = flows.spans.get(f"{end}.ip")
    if flows.values.get(f"{end}.kind") == OUTSIDES:
        return partition.covered(space.address_cells, possible.spans_of(flows, f"{end}.ip")) << _first_cell(space)
    found = space.present & ~space.outside & ~space.hosts
    for axis, values in flows.values.items():
        if axis == f"{end}.ns":
            found &= _in_namespaces(space, values)
        elif axis.startswith(f"{end}.n:"):
            found &= _labelled(space.namespaces, axis[4:], values)
        elif axis.startswith(f"{end}.l:"):
            found &= _labelled(space.labels, axis[4:], values)
    if spans is not None:
        cells = partition.covered(space.address_cells, spans)
        found &= sum(bits for where, bits in space.by_cell if where == ANYWHERE or where & cells)
    return found


def is_labelled(flows: FlowClass, end: str, pod: Pod) -> bool:
    """
    Say whether the labels of *pod* meet the constraints on *end* of *flows*.

    ``members_at`` knows the label values that policies mention, and *flows* may mention others.
    """
    prefix, labels = f"{end}.l:", dict(pod.labels)
    return all(
        value_sets.holds(values, labels.get(axis[len(prefix) :]))
        for axis, values in flows.values.items()
        if axis.startswith(prefix)
    )


def _first_cell(space: EndpointSpace) -> int:
    return len(space.classes) - len(space.address_cells.regions)


def _in_namespaces(space: EndpointSpace, names: ValueSet) -> Members:
    """Return the members in the namespaces *names*; with excluded names also those in no namespace."""
    excluded, given = names
    found = 0
    for name in given:
        found |= space.by_namespace.get(str(name), 0)
    return ~found if excluded else found


def _labelled(index: Index, key: str, values: ValueSet) -> Members:
    """Return the members of *index* whose label *key* has one of *values*."""
    found = 0
    for value in values[1]:
        if value is None:
            found |= index.everyone & ~index.keys.get(key, 0)
        else:
            found |= index.pairs.get((key, str(value)), 0)
    return index.everyone & ~found if values[0] else found

"""
Classes of flows as a reader of policies would describe them: namespaces, labels, addresses and named ports.
"""

from bulkhead.core.possible.flow_class import SAME, SOURCE, YES, FlowClass
from bulkhead.core.record import record
from bulkhead.core.sets.addresses import AddressSet
from bulkhead.core.sets.value_sets import EVERY, ValueSet


@record
class LabelCondition:
    """
    The value of label *key* is one of *values*, or with *excluded* none of them.

    *absent* says whether a missing label counts as one of *values*.
    """

    key: str
    values: tuple[str, ...]
    absent: bool
    excluded: bool


@record
class PossiblePods:
    """
    Pods that could exist: all in some namespaces with some labels.

    *namespaces* are their names, or with *excluded* the names that they do not have.  *addresses* is empty
    where an address makes no difference.  *same*: they are in the namespace of the other end.  *exist*
    says whether there is such a pod; ``None``: not known.
    """

    namespaces: tuple[str, ...]
    excluded: bool
    namespace_labels: tuple[LabelCondition, ...]
    labels: tuple[LabelCondition, ...]
    addresses: AddressSet = AddressSet(())
    same: bool = False
    exist: bool | None = None

    @property
    def order(self) -> tuple[object, ...]:
        """What classes are sorted by."""
        conditions = [
            [(each.key, each.values, each.absent, each.excluded) for each in those]
            for those in (self.namespace_labels, self.labels)
        ]
        return self.excluded, self.namespaces, conditions, self.addresses.spans, self.same, self.exist is True


@record
class PortFact:
    """
    What has to be true of the port *name* of *protocol*.

    The destination calls its port so, or does not (*holds* false).  *about_group*: a pod of those on
    which kube-router looks the name up has such a port, or none has.
    """

    name: str
    protocol: str
    about_group: bool
    holds: bool


def pods_at(flows: FlowClass, end: str, exist: bool | None) -> PossiblePods:
    """Return the pods at *end* of *flows*."""
    names = flows.values.get(f"{end}.ns", EVERY)
    same = end != SOURCE and flows.values.get(SAME) == YES
    spans = flows.spans.get(f"{end}.ip", ())
    return PossiblePods(
        tuple(sorted(map(str, names[1]))),
        names[0],
        _conditions(flows, f"{end}.n:"),
        _conditions(flows, f"{end}.l:"),
        AddressSet(spans),
        same,
        exist,
    )


def _conditions(flows: FlowClass, prefix: str) -> tuple[LabelCondition, ...]:
    return tuple(
        _condition(axis[len(prefix) :], values)
        for axis, values in sorted(flows.values.items())
        if axis.startswith(prefix)
    )


def _condition(key: str, values: ValueSet) -> LabelCondition:
    given = tuple(sorted(str(value) for value in values[1] if value is not None))
    return LabelCondition(key, given, None in values[1], values[0])


def facts_of(flows: FlowClass) -> tuple[PortFact, ...]:
    """Return what has to be true of named ports in *flows*."""
    found = []
    for axis, values in sorted(flows.values.items()):
        if axis[0] == "?":
            kind, _, port = axis[1:].split(":", 2)
            protocol, _, name = port.partition("/")
            holds = (values == YES) is (kind == "named")
            found.append(PortFact(name, protocol, kind != "named", holds))
    return tuple(dict.fromkeys(found))

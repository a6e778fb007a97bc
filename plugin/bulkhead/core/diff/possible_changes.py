"""
Finds the traffic of pods that could exist which opens and closes between two clusters.
"""

from collections.abc import Iterator

from bulkhead.core.diff.causes import ISOLATES, Cause
from bulkhead.core.engine.semantics import Deviation, Semantics
from bulkhead.core.kubernetes.cluster import Cluster
from bulkhead.core.possible.flow_class import FlowClass, FlowSpace, flow_space
from bulkhead.core.possible.node_ports import opened_node_ports
from bulkhead.core.possible.rule_classes import END, RuleClass
from bulkhead.core.possible.search import KnownPorts, Opened, PossibleFlows, Steps, Undecided, opened
from bulkhead.core.record import record, replaced
from bulkhead.core.sets import addresses, value_sets
from bulkhead.core.sets.addresses import spans_of
from bulkhead.core.sets.intervals import Spans
from bulkhead.core.sets.value_sets import EVERY


@record
class PossibleChange:
    """
    Every flow of *flows*, over *space*, opens or closes because of *causes*. *is_part*: only some of them do.

    With *decided* false it is not known whether any of them does.
    """

    opens: bool
    space: FlowSpace
    flows: FlowClass
    causes: tuple[Cause, ...]
    is_part: bool = False
    decided: bool = True

    def of(self, flows: FlowClass) -> "PossibleChange":
        """Return the same change for the flows *flows*."""
        return replaced(self, flows=flows)


def possible_changes(
    before: Cluster,
    after: Cluster,
    semantics: tuple[Semantics, Semantics],
    known: tuple[KnownPorts | None, KnownPorts | None] = (None, None),
) -> tuple[PossibleChange, ...]:
    """
    Return what opens and closes from *before* to *after*; each is read by one of *semantics*, in this order.

    *known* has, for each side, the numbers of named ports that are known.
    The networks of both are those of *after*. A change without causes is one of the enforcer alone.
    """
    is_same = before.policies == after.policies and before.namespaces == after.namespaces and known == (None, None)
    if is_same and semantics[0] == semantics[1]:
        return ()
    steps = Steps()
    found: dict[tuple[bool, int, FlowClass], PossibleChange] = {}
    for family in addresses.FAMILIES:
        space = flow_space(family, spans_of(after.networks), _service_addresses(after, semantics))
        groups: dict[object, int] = {}
        sides = [
            PossibleFlows(side, space, read, groups, ports)
            for side, read, ports in zip((before, after), semantics, known, strict=True)
        ]
        for opens in (True, False):
            first, second = sides if opens else sides[::-1]
            old, new = (before, after) if opens else (after, before)
            read = semantics if opens else semantics[::-1]
            for flows in opened_node_ports(first, second, read, spans_of(after.nodes), steps):
                found[opens, family, flows] = PossibleChange(opens, space, flows, (), True)
            for each in opened(first, second, steps):
                for change in _changes(opens, space, each, old, new):
                    key = opens, family, change.flows
                    found[key] = _both(found[key], change) if key in found else change
    return tuple(found.values())


def _service_addresses(cluster: Cluster, semantics: tuple[Semantics, Semantics]) -> Spans:
    """Return the addresses of Services, where no enforcer judges one: see ``ip_blocks.service_addresses``."""
    judged = any(Deviation.SERVICE_ADDRESS not in each.deviations for each in semantics)
    return () if judged else spans_of(cluster.services)


def _changes(
    opens: bool, space: FlowSpace, each: Opened | Undecided, old: Cluster, new: Cluster
) -> Iterator[PossibleChange]:
    cause = each.cause
    is_rule = isinstance(cause, RuleClass)
    cluster = new if is_rule else old
    flows = each.flows if isinstance(each, Opened) else cause.flows
    names = flows.values.get(f"{END[each.direction]}.ns", EVERY)
    direction = cause.written if isinstance(cause, RuleClass) else each.direction
    numbers = [number for number in cause.policies if value_sets.holds(names, cluster.policies[number].namespace)]
    rule = cause.rule if isinstance(cause, RuleClass) else ISOLATES
    if not is_rule:
        numbers = _plainest(cluster, numbers)
    causes = tuple(Cause(is_rule is not opens, number, rule, direction) for number in numbers)
    yield PossibleChange(
        opens, space, flows, causes, isinstance(each, Opened) and each.is_part, isinstance(each, Opened)
    )


def _plainest(cluster: Cluster, numbers: list[int]) -> list[int]:
    """Return one of the policies *numbers* for each namespace: one without rules, where there is one."""
    best: dict[str, tuple[bool, int]] = {}
    for number in numbers:
        policy = cluster.policies[number]
        found = bool(policy.ingress or policy.egress), number
        best[policy.namespace] = min(best.get(policy.namespace, found), found)
    return sorted(number for _, number in best.values())


def _both(left: PossibleChange, right: PossibleChange) -> PossibleChange:
    return replaced(
        left,
        causes=tuple(dict.fromkeys((*left.causes, *right.causes))),
        is_part=left.is_part and right.is_part,
        decided=left.decided or right.decided,
    )

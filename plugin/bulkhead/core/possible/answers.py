"""
Which flows that a rule allows the other end of the connection allows too, for every pod that could exist.
"""

from collections.abc import Iterable, Sequence

from bulkhead.core.engine.semantics import IpBlockMode, Semantics
from bulkhead.core.kubernetes.cluster import Cluster
from bulkhead.core.kubernetes.networkpolicy import Direction, IpBlock, PodPeer
from bulkhead.core.possible.candidates import ClassIndex, members_of
from bulkhead.core.possible.coverage import RuleKey, families_of, possible_space
from bulkhead.core.possible.flow_class import (
    PODS,
    FlowClass,
    FlowSpace,
    flow_class,
    intersect,
)
from bulkhead.core.possible.peer_classes import constraints
from bulkhead.core.possible.rule_classes import BOTH, END, RuleReader
from bulkhead.core.sets import addresses, intervals
from bulkhead.core.sets.value_sets import only


class RuleAnswers:
    """
    Decides for *cluster* whether some rule of the other end allows what a rule allows.

    *readings* are the semantics that policies may be read by.  An answer under one of them is one.
    """

    def __init__(self, cluster: Cluster, readings: Sequence[Semantics]) -> None:
        self.readings = [
            _AnswerReading(cluster, possible_space(cluster, family, each), each)
            for each in readings
            for family in families_of(cluster)
        ]

    def answered(self, rule: RuleKey, peer: IpBlock | PodPeer, namespaces: Iterable[str]) -> bool | None:
        """
        Say whether a rule of the other end allows any flow that *rule* allows to or from pods that *peer* matches.

        Only pods in *namespaces* count as the other end.  ``None``: no such flow is possible.
        """
        names = frozenset(namespaces)
        found = [reading.answered(rule, peer, names) for reading in self.readings]
        return any(found) if any(each is not None for each in found) else None


class _AnswerReading:
    """The same for one address family, as one semantics reads the policies."""

    def __init__(self, cluster: Cluster, space: FlowSpace, semantics: Semantics) -> None:
        self.space, self.mode = space, semantics.mode
        reader = RuleReader(cluster, space, semantics, {})
        self.written: dict[RuleKey, list[FlowClass]] = {}
        self.classes: dict[Direction, list[FlowClass]] = {}
        for direction in BOTH:
            found = reader.rules(direction)
            self.classes[direction] = [each.flows for each in found]
            for each in found:
                for number in each.policies if each.written is direction else ():
                    self.written.setdefault(RuleKey(number, direction, each.rule), []).append(each.flows)
        self.index = {direction: ClassIndex(found) for direction, found in self.classes.items()}
        self.own = [only((policy.namespace,)) for policy in cluster.policies]

    def answered(self, rule: RuleKey, peer: IpBlock | PodPeer, names: frozenset[str]) -> bool | None:
        other = self._other_end(END[rule.direction.opposite], peer, names)
        subject = END[rule.direction]
        own = flow_class({f"{subject}.ns": self.own[rule.policy]}, {})  # policies that are alike share a class
        possible = False
        for flows in self.written.get(rule, ()) if other else ():
            mine = intersect(flows, own)
            meant = intersect(mine, other) if mine and other else None
            if meant:
                possible = True
                if self._meets(meant, rule.direction.opposite):
                    return True
        return False if possible else None

    def _other_end(self, end: str, peer: IpBlock | PodPeer, names: frozenset[str]) -> FlowClass | None:
        """Return the flows of which *end* is a pod in *names* that *peer* matches; ``None`` where there are none."""
        values = {f"{end}.kind": PODS, f"{end}.ns": only(names)}
        if isinstance(peer, PodPeer):
            labels = constraints(peer.pods, f"{end}.l:")
            return None if labels is None else flow_class({**values, **labels}, {})
        if self.mode is IpBlockMode.NEVER:
            return None
        spans = intervals.intersect(addresses.block(peer.cidr, peer.excluded), self.space.pods)
        return flow_class(values, {f"{end}.ip": spans}) if spans else None

    def _meets(self, flows: FlowClass, direction: Direction) -> bool:
        candidates = members_of(self.index[direction].meeting(flows))
        return any(intersect(flows, self.classes[direction][number]) for number in candidates)

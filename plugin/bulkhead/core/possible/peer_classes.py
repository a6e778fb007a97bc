"""
What selectors and ``ipBlock``s match, as constraints on one end of a flow.
"""

from collections.abc import Iterator

from bulkhead.core.engine import ip_blocks
from bulkhead.core.engine.semantics import IpBlockMode, Semantics
from bulkhead.core.kubernetes.added_labels import keys_of, may_be_added, split
from bulkhead.core.kubernetes.cluster import Cluster
from bulkhead.core.kubernetes.networkpolicy import NAMESPACE_NAME, IpBlock, PodPeer, PolicyRule, Requirement, Selector
from bulkhead.core.kubernetes.selectors import matching
from bulkhead.core.possible.flow_class import OUTSIDE, OUTSIDES, POD, PODS, FlowSpace
from bulkhead.core.record import record
from bulkhead.core.sets import intervals, value_sets
from bulkhead.core.sets.intervals import Spans
from bulkhead.core.sets.value_sets import ABSENT, EVERY, PRESENT, ValueSet, only

Constraints = dict[str, ValueSet]
"""Constraints on one end by axis, without the name of the end in front."""


@record
class PeerClass:
    """
    The ends that a peer matches: their *constraints*, and the *addresses*, ``None`` where any will do.

    *is_own*: they are in the namespace of the policy.
    """

    constraints: tuple[tuple[str, ValueSet], ...]
    addresses: Spans | None = None
    is_own: bool = False

    @property
    def is_outside(self) -> bool:
        """Whether they are addresses and no pods."""
        return ("kind", OUTSIDES) in self.constraints


EVERYONE = (PeerClass((("kind", PODS),)), PeerClass((("kind", OUTSIDES),)))
"""What a rule without peers matches."""


class PeerReader:
    """Reads the peers of *cluster* over *space* by *semantics*, each selector once."""

    def __init__(self, cluster: Cluster, space: FlowSpace, semantics: Semantics) -> None:
        self.space, self.semantics = space, semantics
        self.unseen = ip_blocks.never_matched(cluster, semantics.deviations)
        self.labels: dict[str, dict[str, str]] = {}
        for namespace in cluster.namespaces:
            given = self.labels.setdefault(namespace.name, {NAMESPACE_NAME: namespace.name})
            given.update((key, text) for key, text in namespace.labels if key != NAMESPACE_NAME)
        self.stored = {namespace.name for namespace in cluster.namespaces if namespace.stored}
        self.selected: dict[Selector, Constraints | None] = {}
        self.spaces: dict[Selector, tuple[Constraints, ...]] = {}

    def pods(self, selector: Selector) -> Constraints | None:
        """Return the constraints on the labels of the pods that *selector* selects; ``None``: it selects none."""
        if selector not in self.selected:
            self.selected[selector] = constraints(selector, "l:")
        return self.selected[selector]

    def selecting(self, rule: PolicyRule) -> Iterator[PeerClass]:
        """Yield what each selector of *rule* matches."""
        for peer in rule.peers or ():
            if isinstance(peer, PodPeer):
                yield from self.pod_peer(peer)

    def pod_peer(self, peer: PodPeer) -> Iterator[PeerClass]:
        """Yield what *peer* matches: namespaces whose labels are known, and others."""
        pods = self.pods(peer.pods)
        if pods is None:
            return
        if peer.namespaces is None:
            yield PeerClass((("kind", PODS), *pods.items()), is_own=True)
            return
        for namespaces in self.namespaces(peer.namespaces):
            yield PeerClass((("kind", PODS), *namespaces.items(), *pods.items()))

    def namespaces(self, selector: Selector) -> tuple[Constraints, ...]:
        """Return the constraints on the namespaces that *selector* selects: the known ones by name, and others."""
        if selector not in self.spaces:
            self.spaces[selector] = tuple(self._namespaces(selector))
        return self.spaces[selector]

    def _namespaces(self, selector: Selector) -> Iterator[Constraints]:
        if selector == Selector():
            yield {}
            return
        yield from self._given(selector)
        found = constraints(selector, "n:")
        if found is None:
            return
        named = found.pop(f"n:{NAMESPACE_NAME}", EVERY)
        named = named[0], named[1] - {None}  # a namespace always has a name
        named = value_sets.subtract(named, only(self.labels))
        if not value_sets.is_empty(named):
            yield {"ns": named, **found} if named != EVERY else found

    def _given(self, selector: Selector) -> Iterator[Constraints]:
        """Yield the constraints on the namespaces that are given: tools may add labels to one that is only written."""
        if not any(may_be_added(key, is_given=False) for key in keys_of(selector)):
            known = matching(selector, self.labels)
            if known:
                yield {"ns": only(known)}
            return
        groups: dict[tuple[Selector, Selector], dict[str, dict[str, str]]] = {}
        for name, labels in self.labels.items():
            parts = (selector, Selector()) if name in self.stored else split(selector, frozenset(labels))
            groups.setdefault(parts, {})[name] = labels
        for (own, added), spaces in groups.items():
            names, found = matching(own, spaces), constraints(added, "n:")
            if names and found is not None:
                yield {"ns": only(names), **found}

    def blocks(self, rule: PolicyRule) -> Iterator[PeerClass]:
        """Yield what the ``ipBlock``s of *rule* match: addresses outside, and pods where the semantics has it so."""
        given = tuple(peer for peer in rule.peers or () if isinstance(peer, IpBlock))
        for spans in ip_blocks.read(given, self.space.family, self.semantics.deviations, self.unseen):
            for kind in (POD, OUTSIDE) if self.semantics.mode is IpBlockMode.PODS else (OUTSIDE,):
                found = intervals.intersect(spans, self.space.addresses(kind))
                if found:
                    whole = found == self.space.addresses(kind)
                    yield PeerClass((("kind", only((kind,))),), None if whole else found)


def constraints(selector: Selector, prefix: str) -> Constraints | None:
    """Return what *selector* demands of labels, on axes that start with *prefix*; ``None``: nothing can meet it."""
    found: Constraints = {}
    wanted = [(key, only((text,))) for key, text in selector.labels]
    wanted += [(each.key, _values(each)) for each in selector.expressions]
    for key, values in wanted:
        axis = prefix + key
        found[axis] = value_sets.intersect(found[axis], values) if axis in found else values
        if value_sets.is_empty(found[axis]):
            return None
    return found


def _values(requirement: Requirement) -> ValueSet:
    match requirement.operator:
        case "In":
            return only(requirement.values)
        case "NotIn":
            return True, frozenset(requirement.values)
        case "Exists":
            return PRESENT
        case _:
            return ABSENT

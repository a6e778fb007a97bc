"""
From which namespaces pods come in through the ``ipBlock``s of a rule, for every pod that could exist.
"""

from collections.abc import Iterable, Iterator

from bulkhead.core.engine.semantics import Semantics
from bulkhead.core.kubernetes.cluster import Cluster
from bulkhead.core.kubernetes.networkpolicy import Direction, Selector
from bulkhead.core.possible.candidates import ClassIndex, members_of
from bulkhead.core.possible.coverage import RuleKey, families_of, possible_space
from bulkhead.core.possible.flow_class import (
    DESTINATION,
    PODS,
    PORT,
    SAME,
    SOURCE,
    YES,
    FlowClass,
    FlowSpace,
    flow_class,
    intersect,
)
from bulkhead.core.possible.peer_classes import constraints
from bulkhead.core.possible.rule_classes import RuleReader
from bulkhead.core.record import record
from bulkhead.core.sets import ports
from bulkhead.core.sets.ports import PortSet
from bulkhead.core.sets.value_sets import Value

_FREE_STEPS = 2_000
"""Comparisons after which a namespace counts as one with a pod that no policy isolates."""


@record
class OpenPorts:
    """The port *numbers* that are open, and the *names* (``TCP/http``) whose numbers the destination decides."""

    numbers: PortSet = ports.NONE
    names: frozenset[str] = frozenset()

    def __or__(self, other: "OpenPorts") -> "OpenPorts":
        return OpenPorts(ports.union(self.numbers, other.numbers), self.names | other.names)


NOTHING = OpenPorts()

Meeting = tuple[frozenset[Value], OpenPorts]
"""The namespaces of sources, and what is open to them."""


class OpenSources:
    """
    What is open to pods that could exist: of the namespaces *named*, each with its ports, and of any *other* namespace.

    No policy isolates the pods of another namespace in egress.  Two of these are equal only if they are one object.
    """

    def __init__(self, named: dict[str, OpenPorts], other: OpenPorts) -> None:
        self.named, self.other = named, other


class PossibleSources:
    """Finds the pods that could come in through rules of *cluster*, as *semantics* reads its policies."""

    def __init__(self, cluster: Cluster, semantics: Semantics) -> None:
        self.free, self.isolated = _free_namespaces(cluster)
        self.owner = [policy.namespace for policy in cluster.policies]
        self.readings = [
            _SourceReading(cluster, possible_space(cluster, family, semantics), semantics)
            for family in families_of(cluster)
        ]
        self.known: dict[tuple[tuple[int, ...], ...], OpenSources] = {}

    def through(self, rules: Iterable[RuleKey]) -> OpenSources:
        """Return the pods that come in through the ``ipBlock``s of the ingress *rules*, which are of one policy."""
        rules = list(rules)
        entering = [(reading, reading.incoming.get(rule, [])) for rule in rules for reading in self.readings]
        own: dict[str, OpenPorts] = {}
        for reading, numbers in entering:
            for number in numbers:
                _add(own, reading.meeting(number, self.owner[rules[0].policy]))
        anywhere = self._anywhere(entering)
        if not own:
            return anywhere
        named = dict(anywhere.named)
        for name, opened in own.items():
            named[name] = named.get(name, NOTHING) | opened
        return OpenSources(named, anywhere.other)

    def _anywhere(self, entering: "list[tuple[_SourceReading, list[int]]]") -> OpenSources:
        """Return those that come in wherever the destination is; policies that are alike share the answer."""
        key = tuple(tuple(numbers) for _, numbers in entering)
        if key not in self.known:
            other, named = NOTHING, dict[str, OpenPorts]()
            for reading, numbers in entering:
                for number in numbers:
                    other |= reading.opened(reading.ingress[number])
                    _add(named, reading.meeting(number, None))
            for name in self.free if other != NOTHING else ():
                named[name] = named.get(name, NOTHING) | other
            self.known[key] = OpenSources(named, other)
        return self.known[key]


def _add(found: dict[str, OpenPorts], sources: "list[Meeting]") -> None:
    for names, opened in sources:
        for name in names:
            found[str(name)] = found.get(str(name), NOTHING) | opened


class _SourceReading:
    """The ingress rules with ``ipBlock``s that hold pods, and all egress rules, for one address family."""

    def __init__(self, cluster: Cluster, space: FlowSpace, semantics: Semantics) -> None:
        self.space = space
        reader = RuleReader(cluster, space, semantics, {})
        self.ingress: list[FlowClass] = []
        self.incoming: dict[RuleKey, list[int]] = {}
        for each in reader.rules(Direction.INGRESS):
            if _is_block_of_pods(each.flows):
                for policy in each.policies:
                    key = RuleKey(policy, Direction.INGRESS, each.rule)
                    self.incoming.setdefault(key, []).append(len(self.ingress))
                self.ingress.append(each.flows)
        self.egress = [each.flows for each in reader.rules(Direction.EGRESS)]
        self.index = ClassIndex(self.egress)
        self.known: dict[int, dict[Value, list[Meeting]]] = {}

    def meeting(self, number: int, namespace: str | None) -> list[Meeting]:
        """
        Return the sources whose egress rules meet the ingress class *number* only at pods in some namespaces.

        *namespace* is one of them; with ``None`` those that meet it at any pod.
        """
        if number not in self.known:
            self.known[number] = {}
            for at, sources, opened in self._meeting(self.ingress[number]):
                self.known[number].setdefault(at, []).append((sources, opened))
        return self.known[number].get(namespace, [])

    def _meeting(self, flows: FlowClass) -> Iterator[tuple[Value, frozenset[Value], OpenPorts]]:
        """Yield sources by the namespace of the destination; ``None`` for each of those that *flows* have."""
        for number in members_of(self.index.meeting(flows)):
            found = intersect(flows, self.egress[number])
            if found is None:
                continue
            sources, there = (
                found.values[f"{SOURCE}.ns"][1],
                found.values[f"{DESTINATION}.ns"],
            )
            opened = self.opened(found)
            if found.values.get(SAME) == YES:
                yield from ((name, frozenset((name,)), opened) for name in sources)
            elif there == flows.values[f"{DESTINATION}.ns"]:
                yield None, sources, opened
            else:
                yield from ((name, sources, opened) for name in there[1])

    def opened(self, flows: FlowClass) -> OpenPorts:
        """Return the ports of *flows*."""
        names = frozenset(axis.rpartition(":")[2] for axis in flows.values if axis.startswith("?named:"))
        return OpenPorts(names=names) if names else OpenPorts(PortSet(self.space.spans_of(flows, PORT)))


def _is_block_of_pods(flows: FlowClass) -> bool:
    """Say whether the sources of *flows* are all pods of some addresses."""
    about_source = {axis for axis in flows.values if axis == SAME or axis.startswith(f"{SOURCE}.")}
    return flows.values.get(f"{SOURCE}.kind") == PODS and about_source == {f"{SOURCE}.kind"}


def _free_namespaces(cluster: Cluster) -> tuple[frozenset[str], frozenset[str]]:
    """Return the namespaces with policies for egress in which they isolate not every possible pod, and all of them."""
    selectors: dict[str, dict[Selector, None]] = {}
    for policy in cluster.policies:
        if policy.egress is not None:
            selectors.setdefault(policy.namespace, {})[policy.pods] = None
    free = {those: _leave_some(those) for those in set(map(tuple, selectors.values()))}
    return frozenset(name for name, those in selectors.items() if free[tuple(those)]), frozenset(selectors)


def _leave_some(selectors: tuple[Selector, ...]) -> bool:
    """Say whether some pod has labels that none of *selectors* selects."""
    space = FlowSpace(4, (), ())
    classes = [flow_class(found, {}) for each in selectors if (found := constraints(each, f"{SOURCE}.l:")) is not None]
    pieces, steps = [(flow_class({}, {}), 0)], 0
    while pieces and steps < _FREE_STEPS:
        piece, at = pieces.pop()
        if at == len(classes):
            return True
        pieces += [(rest, at + 1) for rest in space.subtract(piece, classes[at])]
        steps += 1
    return bool(pieces)

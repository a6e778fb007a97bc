"""
Pods whose own labels or ports change, so that policies that stay the same mean something else for them.

Changes between two given pods are found by comparing them. This module finds changes between such a pod
and pods that could exist: in both clusters a mark represents the pod, with the labels that it has on that side.
"""

from collections.abc import Iterator
from itertools import product

from bulkhead.core.diff.findings import FindingEndpoints, TrafficFinding
from bulkhead.core.diff.grades import Grade, towards
from bulkhead.core.diff.marked import Blocks, MarkedCluster, is_marked, marked_cluster, unmarked
from bulkhead.core.diff.possible_changes import PossibleChange, possible_changes
from bulkhead.core.diff.possible_findings import kinds_of, without_copies
from bulkhead.core.engine.semantics import Semantics
from bulkhead.core.kubernetes.cluster import Cluster, Pod
from bulkhead.core.kubernetes.networkpolicy import NetworkPolicy, PodPeer, Selector
from bulkhead.core.kubernetes.selectors import matches
from bulkhead.core.possible.described import facts_of, pods_at
from bulkhead.core.possible.flow_class import DESTINATION, OUTSIDES, PORT, SOURCE, FlowClass, is_outside
from bulkhead.core.record import record, replaced
from bulkhead.core.sets import addresses, intervals
from bulkhead.core.sets.addresses import WHOLE, AddressSet, Family, spans_of
from bulkhead.core.sets.intervals import Spans, merge
from bulkhead.core.sets.ports import EVERY as EVERY_PORT
from bulkhead.core.sets.ports import PortSet

_MOST = 20
"""The number of kinds of changed pods that are judged. The report says that any others may open traffic."""


@record
class RelabelledPods:
    """
    The pods of *names*, whose labels or ports change: what *opens* and *closes* between them and pods that could exist.

    With *decided* false it is not known what does. *findings* say which traffic it is; none where that is not known.
    """

    names: tuple[str, ...]
    opens: bool
    closes: bool
    decided: bool
    findings: tuple[TrafficFinding, ...] = ()


def relabelled_pods(
    before: Cluster, after: Cluster, semantics: tuple[Semantics, Semantics], compared: frozenset[Family]
) -> tuple[RelabelledPods, ...]:
    """
    Return the pods whose own change opens or closes traffic with pods that could exist.

    Over address families that are not *compared* for given pods, also with addresses outside; where none is, also
    between pods that change.
    """
    alike: dict[tuple[object, object], dict[str, list[tuple[Pod, Pod]]]] = {}
    asked = _asked(before, after)
    meanings: dict[object, object] = {}
    for old, new in _changed(before, after):
        for pod in (old, new):
            if (pod.namespace, _looks(pod)) not in meanings:
                meanings[pod.namespace, _looks(pod)] = _meaning(pod, asked)
        key = meanings[old.namespace, _looks(old)], meanings[new.namespace, _looks(new)]
        if key[0] != key[1]:
            alike.setdefault(key, {}).setdefault(f"{new.namespace}/{new.owner[1]}", []).append((old, new))
    found = []
    for number, names in enumerate(alike.values()):
        if number >= _MOST:
            found.append(RelabelledPods(tuple(sorted(names)), True, True, False))
            continue
        named = {name: _together(pairs) for name, pairs in sorted(names.items())}
        pods = _together(list(named.values()))
        judged = []
        for marks, wanted in _marks(before, after, *pods):
            changes = _judged(pods, marks, semantics, compared)
            if changes := [each for each in changes if wanted in (None, (each.opens, each.space.family))]:
                judged.append((changes, marks))
        if judged:
            every = [each for changes, _ in judged for each in changes]
            opens, closes = (any(each.opens is side for each in every) for side in (True, False))
            shown = tuple(name for name, own in named.items() if any(_is_about(each, own) for each in every))
            made = tuple(each for changes, marks in judged for each in _findings(changes, marks, named))
            found.append(RelabelledPods(shown, opens, closes, all(each.decided for each in every), made))
    return tuple(found)


def _together(pairs: list[tuple[Pod, Pod]]) -> tuple[Pod, Pod]:
    """Return a pod for each side that has the addresses of all of *pairs*; none if one of them has none."""
    return _with_every_address([old for old, _ in pairs]), _with_every_address([new for _, new in pairs])


def _with_every_address(pods: list[Pod]) -> Pod:
    known = all(pod.addresses for pod in pods)
    every = dict.fromkeys(address for pod in pods for address in pod.addresses) if known else ()
    return replaced(pods[0], addresses=tuple(every))


def _marks(
    before: Cluster, after: Cluster, old: Pod, new: Pod
) -> Iterator[tuple[tuple[MarkedCluster, MarkedCluster], tuple[bool, Family] | None]]:
    """
    Yield both clusters with marks for *old* and *new*, and which changes they are for: whether they open, their family.

    Where the pod moves to or from the host network, its address becomes that of a node, which is not known: it opens
    what a block may let in after and does not certainly let in before.
    """
    if old.host_network is new.host_network:
        yield (marked_cluster(before, old), marked_cluster(after, new)), None
        return
    for opens, family in product((True, False), addresses.FAMILIES):
        first, second = (Blocks.EVERY, Blocks.SOME) if opens else (Blocks.SOME, Blocks.EVERY)
        yield (
            (marked_cluster(before, old, first, family), marked_cluster(after, new, second, family)),
            (opens, family),
        )


def _changed(before: Cluster, after: Cluster) -> Iterator[tuple[Pod, Pod]]:
    """
    Yield pods of the same workload on both sides with other labels or ports.

    A pod that is on both sides is compared with itself, also where another pod of its workload looked like it before.
    A pod with a new name is compared with everything that pods of its workload looked like, unless one looked like it:
    with a pod that has the addresses of all that looked alike.
    A workload that is new is the one of that name that is gone, of whatever kind it was.
    """
    known: dict[object, _ByLooks] = {}
    own: dict[object, _ByLooks] = {}
    gone: dict[object, _ByLooks] = {}
    staying = {pod.owner for pod in after.pods}
    for pod in before.pods:
        known.setdefault(pod.owner, {}).setdefault(_looks(pod), []).append(pod)
        own.setdefault((pod.owner, pod.name), {}).setdefault(_looks(pod), []).append(pod)
        if pod.owner not in staying:
            gone.setdefault(pod.owner[:2], {}).setdefault(_looks(pod), []).append(pod)
    for pod in after.pods:
        others = own.get((pod.owner, pod.name)) or known.get(pod.owner) or gone.get(pod.owner[:2], {})
        if _looks(pod) not in others:
            yield from ((_with_every_address(those), pod) for those in others.values())


_ByLooks = dict[object, list[Pod]]
"""Pods by their labels, ports and network."""


def _looks(pod: Pod) -> object:
    return pod.labels, pod.host_network, frozenset(pod.ports)


@record
class _Asked:
    """What *policies* ask of pods: the *selectors* of their peers, and the *names* of their ports."""

    policies: tuple[NetworkPolicy, ...]
    selectors: frozenset[Selector]
    names: frozenset[str]


def _asked(*clusters: Cluster) -> _Asked:
    policies = tuple(policy for cluster in clusters for policy in cluster.policies)
    rules = [rule for policy in policies for rule in policy.rules]
    peers = (peer.pods for rule in rules for peer in rule.peers or () if isinstance(peer, PodPeer))
    names = (port.port for rule in rules for port in rule.ports or () if isinstance(port.port, str))
    return _Asked(policies, frozenset(peers), frozenset(names))


def _meaning(pod: Pod, asked: _Asked) -> tuple[object, ...]:
    """Return a key that is equal for pods that the policies of *asked* treat the same."""
    labels = dict(pod.labels)
    own = (each for each in asked.policies if each.namespace == pod.namespace)
    chosen = frozenset(each for each in own if matches(each.pods, labels))
    ports = frozenset((each.name, each.protocol, each.number) for each in pod.ports if each.name in asked.names)
    return pod.namespace, pod.host_network, chosen, frozenset(s for s in asked.selectors if matches(s, labels)), ports


def _judged(
    pods: tuple[Pod, Pod],
    marks: tuple[MarkedCluster, MarkedCluster],
    semantics: tuple[Semantics, Semantics],
    compared: frozenset[Family],
) -> list[PossibleChange]:
    """Return what changes between *pods*, one on both sides, which *marks* stand for, and other ends."""
    known = marks[0].with_numbers, marks[1].with_numbers
    return [
        each
        for each in possible_changes(marks[0].cluster, marks[1].cluster, semantics, known)
        if _is_about(each, pods) and not _is_compared(each, compared)
    ]


def _is_compared(change: PossibleChange, compared: frozenset[Family]) -> bool:
    """Say whether given pods show *change*: with addresses outside, by family, or between pods that change alike."""
    is_between = all(is_marked(change.flows, end) for end in (SOURCE, DESTINATION))
    return (change.space.family in compared and is_outside(change.flows)) or (bool(compared) and is_between)


def _is_about(change: PossibleChange, pods: tuple[Pod, Pod]) -> bool:
    """Say whether an end of *change* is *pods*, one on both sides: by the mark, the namespace, and the addresses."""
    flows = change.flows
    ends = [end for end in (SOURCE, DESTINATION) if is_marked(flows, end)]
    return bool(ends) and all(
        _may_be_in(flows.values.get(f"{end}.ns"), pods[0].namespace)
        and _may_have(flows.spans.get(f"{end}.ip", (WHOLE[change.space.family],)), pods)
        for end in ends
    )


def _findings(
    changes: list[PossibleChange], marks: tuple[MarkedCluster, MarkedCluster], named: dict[str, tuple[Pod, Pod]]
) -> Iterator[TrafficFinding]:
    """
    Yield what *changes* open and close between the pods of *named*, by name, and pods that could exist.

    Or between these pods themselves, which are all in one namespace.
    """
    own = AddressSet(merge(addresses.network(text) for each in marks for text in each.cluster.nodes))
    for change in without_copies(changes):
        ends = [end for end in (SOURCE, DESTINATION) if is_marked(change.flows, end)]
        if not change.decided:
            continue
        by_address = f"{ends[0]}.ip" in change.flows.spans  # else it also represents its copy over IPv6
        names = [name.split("/", 1) for name, each in named.items() if not by_address or _is_about(change, each)]
        names = names or [name.split("/", 1) for name in named]  # an end has the address of one, the other of another
        pods = FindingEndpoints(pods=tuple((namespace, name) for namespace, name in names))
        if len(ends) == 2:
            yield _between(change, pods, marks)
            continue
        for flows, grade in kinds_of(unmarked(change.flows, ends[0], names[0][0])):
            other = DESTINATION if ends[0] == SOURCE else SOURCE
            away = _away(change, flows, other)
            yield TrafficFinding(
                change.opens,
                (grade,) if grade is not None else towards(away.addresses, own),
                pods if ends[0] == SOURCE else away,
                away if ends[0] == SOURCE else pods,
                PortSet(flows.spans.get(PORT, EVERY_PORT.spans)),
                (),
                tuple(dict.fromkeys(marks[not cause.old].written(cause) for cause in change.causes)),
                facts_of(flows),
                change.is_part,
                change.space.family == 6,
            )


def _between(
    change: PossibleChange, pods: FindingEndpoints, marks: tuple[MarkedCluster, MarkedCluster]
) -> TrafficFinding:
    """Return what *change* opens or closes between *pods*, all of which may be at both ends."""
    return TrafficFinding(
        change.opens,
        (Grade.WITHIN,),
        pods,
        pods,
        PortSet(change.flows.spans.get(PORT, EVERY_PORT.spans)),
        (),
        tuple(dict.fromkeys(marks[not cause.old].written(cause) for cause in change.causes)),
        facts_of(change.flows),
        change.is_part,
        change.space.family == 6,
    )


def _away(change: PossibleChange, flows: FlowClass, end: str) -> FindingEndpoints:
    """Return what is at *end* of *flows*, a part of *change*: addresses outside, or pods that could exist."""
    if flows.values.get(f"{end}.kind") == OUTSIDES:
        return FindingEndpoints(addresses=AddressSet(change.space.spans_of(flows, f"{end}.ip")))
    return FindingEndpoints(possible=(pods_at(flows, end, None),))


def _may_have(spans: Spans, pods: tuple[Pod, Pod]) -> bool:
    """Say whether one of *pods* may have an address in *spans*."""
    return any(not pod.addresses or intervals.intersect(spans_of(pod.addresses), spans) for pod in pods)


def _may_be_in(names: tuple[bool, frozenset[object]] | None, namespace: str) -> bool:
    return names is None or (namespace in names[1]) is not names[0]

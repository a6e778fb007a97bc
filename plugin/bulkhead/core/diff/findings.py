"""
Turns a difference into findings for people: few findings with grades, instead of one for each pair.

A finding says that some ports open or close between some endpoints. It is of one kind: to addresses outside the
cluster, from addresses outside, across namespaces, or within each namespace. The same change in many namespaces is
one finding.
"""

from collections.abc import Callable, Iterable, Iterator

from bulkhead.core.diff.causes import Cause, CauseFinder
from bulkhead.core.diff.compare import Difference, TrafficChange
from bulkhead.core.diff.grades import Grade, in_order, towards
from bulkhead.core.engine.reachability import FamilyReachability
from bulkhead.core.engine.replicas import Owner
from bulkhead.core.engine.semantics import Deviation
from bulkhead.core.kubernetes.selectors import Members
from bulkhead.core.possible.described import PortFact, PossiblePods
from bulkhead.core.record import record, replaced
from bulkhead.core.sets import addresses, partition, ports
from bulkhead.core.sets.addresses import AddressSet
from bulkhead.core.sets.intervals import merge
from bulkhead.core.sets.ports import PortSet

_GRADES = list(Grade)


@record
class FindingEndpoints:
    """
    One end of a finding: *pods* as (namespace, workload), *hosts* the same on the host network, or *addresses*.

    Where only some pods of a workload are at the end, they are (namespace, pod).
    *possible* are pods that could exist.
    """

    pods: tuple[tuple[str, str], ...] = ()
    hosts: tuple[tuple[str, str], ...] = ()
    addresses: AddressSet = AddressSet(())
    possible: tuple[PossiblePods, ...] = ()


@record
class TrafficFinding:
    """
    From every one of *sources* to every one of *destinations*, *ports* open, or close.

    A finding of grade ACROSS is about pairs in different namespaces, one of grade WITHIN about pairs in one namespace.
    *grades* has the most serious grade first. *before* are the ports that were open before; several sets, where they
    were not the same between all endpoints.

    A finding about pods that could exist has no *before*. It holds where all *facts* hold, and with *in_part* for some
    of the pods only. *ipv6*: it holds for pods that have an IPv6 address.
    """

    opens: bool
    grades: tuple[Grade, ...]
    sources: FindingEndpoints
    destinations: FindingEndpoints
    ports: PortSet
    before: tuple[PortSet, ...]
    causes: tuple[Cause, ...]
    facts: tuple[PortFact, ...] = ()
    in_part: bool = False
    ipv6: bool = False

    @property
    def is_possible(self) -> bool:
        """Whether it is about pods or addresses that could exist, not about given ones only."""
        return not self.before

    @property
    def order(self) -> tuple[object, ...]:
        """What findings are sorted by: openings first, then given pods, then the most serious."""
        both_ends = [
            (each.pods, each.hosts, [pods.order for pods in each.possible], each.addresses.spans)
            for each in (self.sources, self.destinations)
        ]
        grades = [_GRADES.index(grade) for grade in self.grades]
        facts = [(fact.name, fact.protocol, fact.about_group, fact.holds) for fact in self.facts]
        return not self.opens, self.is_possible, grades, both_ends, self.ports.spans, self.in_part, self.ipv6, facts

    @property
    def after(self) -> tuple[PortSet, ...]:
        """What is open there now, for each of *before*."""
        change = ports.union if self.opens else ports.subtract
        return tuple(change(was, self.ports) for was in self.before)


def findings(difference: Difference) -> tuple[TrafficFinding, ...]:
    """Return what *difference* opens and closes: openings first, the most serious first."""
    found: dict[
        tuple[bool, tuple[Grade, ...], FindingEndpoints, FindingEndpoints, PortSet], tuple[set[PortSet], set[Cause]]
    ] = {}
    for number in range(len(difference.before.layers)):
        reader = _FindingBuilder(difference, number)
        for finding in reader.merged_findings():
            key = (finding.opens, reader.grades(finding), *reader.both_ends(finding), finding.ports)
            before, causes = found.setdefault(key, (set(), set()))
            before |= finding.before
            causes |= finding.causes
    made = [TrafficFinding(*key, *_sorted(before, causes)) for key, (before, causes) in found.items()]
    return tuple(sorted(made, key=lambda each: each.order))


def _sorted(before: set[PortSet], causes: set[Cause]) -> tuple[tuple[PortSet, ...], tuple[Cause, ...]]:
    return (
        tuple(sorted(before, key=lambda each: each.spans)),
        tuple(sorted(causes, key=lambda each: (each.old, each.direction, each.policy, each.rule))),
    )


@record
class _MemberFinding:
    """A finding about members. *kind* is OUTSIDE, ACROSS, WITHIN, or INTERNET for all traffic out of the cluster."""

    opens: bool
    kind: Grade
    sources: Members
    destinations: Members
    ports: PortSet
    before: frozenset[PortSet]
    causes: frozenset[Cause]


class _FindingBuilder:
    """Reads one layer of a difference."""

    def __init__(self, difference: Difference, number: int) -> None:
        old, new = difference.before.layers[number], difference.after.layers[number]
        self.layers = old, new
        self.changes = [change for change in difference.changes if change.layer == number]
        clusters = difference.before.cluster, difference.after.cluster
        self.policies = clusters[0].policies, clusters[1].policies
        self.opening = CauseFinder(old, new, clusters[0].policies, old=False)
        self.closing = CauseFinder(new, old, clusters[1].policies, old=True)
        self.inner = AddressSet(merge(addresses.network(text) for each in clusters for text in each.networks))
        self.replaced = replaced_addresses(difference)
        self.own = AddressSet(merge(addresses.network(text) for each in clusters for text in each.nodes))
        self.outside = old.space.outside | self.hosts()
        self.reported = self.reported_outside()
        self.members = _by_owner(old), _by_owner(new)
        self.by_namespace = {
            name: _in_namespace(old, name) | _in_namespace(new, name)
            for name in sorted({*old.space.by_namespace, *new.space.by_namespace})
        }

    def hosts(self) -> Members:
        """
        Return the members on the host network: for policies they are addresses of nodes.

        A pod that is on the host network on one side only is left out: on the other side policies select it.
        """
        spaces = [layer.space for layer in self.layers]
        pods = [each.present & ~each.hosts & ~each.outside for each in spaces]
        return (spaces[0].hosts | spaces[1].hosts) & ~(pods[0] | pods[1])

    def merged_findings(self) -> list[_MemberFinding]:
        """Return what changes; a change that many namespaces have is one finding."""
        found = [finding for change in self.changes for finding in self.split_change(change)]
        for same in (self.same_change, _same_destinations, self.same_sources):
            found = _merged(found, same)
        return found

    def split_change(self, change: TrafficChange) -> Iterator[_MemberFinding]:
        """Yield *change* in findings of one effect and one kind each, by namespace where both ends are pods."""
        for opens, affected in ((True, change.opens), (False, change.closes)):
            if not affected.spans:
                continue
            finder = self.opening if opens else self.closing
            port_cells = partition.covered(self.layers[0].space.port_cells, affected.spans)
            for kind, sources, destinations in self.kinds(change.sources, change.destinations):
                causes = finder.of(sources, destinations, port_cells)
                yield _MemberFinding(opens, kind, sources, destinations, affected, frozenset((change.before,)), causes)

    def kinds(self, sources: Members, destinations: Members) -> Iterator[tuple[Grade, Members, Members]]:
        inner = ~self.outside
        if sources & self.reported and destinations & inner:
            yield Grade.OUTSIDE, sources & self.reported, destinations & inner
        if destinations & self.reported and sources & inner:
            yield Grade.INTERNET, sources & inner, destinations & self.reported
        for namespace in self.by_namespace.values():
            own, others = destinations & inner & namespace, destinations & inner & ~namespace
            if sources & namespace and own:
                yield Grade.WITHIN, sources & namespace, own
            if sources & namespace and others:
                yield Grade.ACROSS, sources & namespace, others

    def reported_outside(self) -> Members:
        """
        Return the members outside the cluster that findings name.

        Addresses of the pod network are left out, because findings name the pods that have them. A rule for such
        addresses only is no cause of findings about other addresses.
        """
        hosts = self.hosts()
        addresses_ = (1 << member for member in partition.indices(self.outside & ~hosts))
        return hosts | sum(each for each in addresses_ if self.reached(each).spans)

    def reached(self, outside: Members) -> AddressSet:
        """Return the addresses of *outside* that are not in the pod network and that policies apply to."""
        space = self.layers[0].space
        spans = [span for member in partition.indices(outside) for span in space.classes[member].addresses.spans]
        return addresses.subtract(addresses.subtract(AddressSet(merge(spans)), self.inner), self.replaced)

    def same_change(self, finding: _MemberFinding) -> tuple[object, ...]:
        """
        Return a key that is equal for findings, each with one source namespace, that can be merged into one.

        Across namespaces the key counts the source namespace as a destination, so that one finding says that all
        namespaces reach each other. Within a namespace the key has names of workloads only.
        """
        namespace = next((bits for bits in self.by_namespace.values() if bits & finding.sources), 0)
        if finding.kind is Grade.WITHIN:
            workloads = (
                self.names_within(finding.sources, namespace),
                self.names_within(finding.destinations, namespace),
            )
            return finding.opens, finding.kind, workloads, finding.ports
        counted = namespace if finding.kind is Grade.ACROSS else 0
        return finding.opens, finding.kind, finding.destinations | counted, finding.ports

    def same_sources(self, finding: _MemberFinding) -> tuple[object, ...]:
        """Return a key that is equal for findings that differ in destinations only and have rules of the same name."""
        rules = frozenset(
            (each.old, each.direction, each.rule, self.policies[not each.old][each.policy].name)
            for each in finding.causes
        )
        return finding.opens, finding.kind, finding.sources, finding.ports, rules

    def names_within(self, bits: Members, namespace: Members) -> object:
        return "every" if bits == namespace else frozenset(name for _, name in self.workloads(bits))

    def grades(self, finding: _MemberFinding) -> tuple[Grade, ...]:
        if finding.kind is not Grade.INTERNET:
            return (finding.kind,)
        found = set(towards(self.reached(finding.destinations), self.own))
        if finding.destinations & self.hosts():
            found.add(Grade.PRIVATE)
        return in_order(found)

    def both_ends(self, finding: _MemberFinding) -> tuple[FindingEndpoints, FindingEndpoints]:
        return self.end(finding.sources), self.end(finding.destinations)

    def end(self, bits: Members) -> FindingEndpoints:
        hosts = bits & self.hosts()
        return FindingEndpoints(self.workloads(bits & ~self.outside), self.workloads(hosts), self.reached(bits))

    def workloads(self, bits: Members) -> tuple[tuple[str, str], ...]:
        """Return the workloads of *bits*, of those with pods that are not among them the pods."""
        return tuple(
            sorted(
                {
                    (pod.namespace, pod.name if self.members[number][pod.owner] & ~bits else pod.workload or pod.name)
                    for number, layer in enumerate(self.layers)
                    for member in partition.indices(bits)
                    for pod in layer.space.classes[member].pods
                }
            )
        )


def replaced_addresses(difference: Difference) -> AddressSet:
    """
    Return the addresses of Services on both sides, where the enforcer applies no policy to them.

    The cluster replaces the address of a Service by that of a pod or a node before policies apply. Findings name the
    connections to those pods and nodes.
    """
    answers = difference.before, difference.after
    if any(Deviation.SERVICE_ADDRESS not in each.semantics.deviations for each in answers):
        return AddressSet(())
    old, new = (AddressSet(merge(map(addresses.network, each.cluster.services))) for each in answers)
    return addresses.intersect(old, new)


def _by_owner(layer: FamilyReachability) -> dict[Owner, Members]:
    """Return the members of *layer* with pods of each workload."""
    found: dict[Owner, Members] = {}
    for pod, member in layer.space.by_pod.items():
        found[pod.owner] = found.get(pod.owner, 0) | 1 << member
    return found


def _in_namespace(layer: FamilyReachability, name: str) -> Members:
    return layer.space.by_namespace.get(name, 0)


def _same_destinations(finding: _MemberFinding) -> tuple[object, ...]:
    if finding.kind is Grade.WITHIN:
        return (finding,)
    return finding.opens, finding.kind, finding.destinations, finding.ports


def _merged(
    merged_findings: Iterable[_MemberFinding], same: Callable[[_MemberFinding], object]
) -> list[_MemberFinding]:
    found: dict[object, _MemberFinding] = {}
    for finding in merged_findings:
        key = same(finding)
        known = found.get(key)
        found[key] = finding if known is None else _both(known, finding)
    return list(found.values())


def _both(left: _MemberFinding, right: _MemberFinding) -> _MemberFinding:
    return replaced(
        left,
        sources=left.sources | right.sources,
        destinations=left.destinations | right.destinations,
        before=left.before | right.before,
        causes=left.causes | right.causes,
    )

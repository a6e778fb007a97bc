"""
``review``: a difference as a person reads it, few findings with their grades instead of rectangles.

A finding is one effect on some ports, from some ends to some others, of one kind: to addresses
outside, from addresses outside, across namespaces, within each namespace.  Many namespaces with
the same change are one finding.
"""

from collections.abc import Callable, Iterable, Iterator

from bulkhead.core.diff.causes import Cause, CauseFinder
from bulkhead.core.diff.compare import Difference, TrafficChange
from bulkhead.core.diff.grades import Grade, in_order, towards
from bulkhead.core.engine.reachability import FamilyReachability
from bulkhead.core.engine.semantics import Deviation
from bulkhead.core.possible.described import PortFact, PossiblePods
from bulkhead.core.record import record
from bulkhead.core.sets import addresses, partition, ports
from bulkhead.core.sets.addresses import AddressSet
from bulkhead.core.sets.intervals import merge
from bulkhead.core.sets.ports import PortSet

_GRADES = list(Grade)


@record
class FindingEndpoints:
    """
    One end of a finding: *pods* as (namespace, workload), *hosts* the same on the host network, or *addresses*.

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

    With grade ACROSS it speaks of pairs in different namespaces, with WITHIN of pairs in one.
    *grades* has the most serious first.  *before* is what was open there, where it is not the same everywhere
    each of it.

    A finding about pods that could exist has no *before*.  It holds where all *facts* hold, and with *in_part*
    for some of the pods only.  *ipv6*: for pods that have an IPv6 address.
    """

    opens: bool
    grades: tuple[Grade, ...]
    sources: FindingEndpoints
    destinations: FindingEndpoints
    ports: PortSet
    before: tuple[PortSet, ...]
    reasons: tuple[Cause, ...]
    facts: tuple[PortFact, ...] = ()
    in_part: bool = False
    ipv6: bool = False

    @property
    def is_possible(self) -> bool:
        """Whether it is about pods that could exist, not about given ones."""
        return bool(self.sources.possible or self.destinations.possible)

    @property
    def order(self) -> tuple[object, ...]:
        """What findings are sorted by: openings first, then given pods, then the most serious."""
        ends = [
            (each.pods, each.hosts, [pods.order for pods in each.possible], each.addresses.spans)
            for each in (self.sources, self.destinations)
        ]
        grades = [_GRADES.index(grade) for grade in self.grades]
        facts = [(fact.name, fact.protocol, fact.about_group, fact.holds) for fact in self.facts]
        return not self.opens, self.is_possible, grades, ends, self.ports.spans, self.in_part, self.ipv6, facts

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
        for stretch in reader.stretches():
            key = (stretch.opens, reader.grades(stretch), *reader.ends(stretch), stretch.ports)
            before, reasons = found.setdefault(key, (set(), set()))
            before |= stretch.before
            reasons |= stretch.reasons
    made = [TrafficFinding(*key, *_sorted(before, reasons)) for key, (before, reasons) in found.items()]
    return tuple(sorted(made, key=lambda each: each.order))


def _sorted(before: set[PortSet], reasons: set[Cause]) -> tuple[tuple[PortSet, ...], tuple[Cause, ...]]:
    return (
        tuple(sorted(before, key=lambda each: each.spans)),
        tuple(sorted(reasons, key=lambda each: (each.old, each.direction, each.policy, each.rule))),
    )


@record
class _Stretch:
    """A finding over members: *kind* is OUTSIDE, ACROSS, WITHIN, or INTERNET for all that leaves the cluster."""

    opens: bool
    kind: Grade
    sources: int
    destinations: int
    ports: PortSet
    before: frozenset[PortSet]
    reasons: frozenset[Cause]


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
        self.reported = self.of_reports()
        self.by_namespace = {
            name: _in_namespace(old, name) | _in_namespace(new, name)
            for name in sorted({*old.space.by_namespace, *new.space.by_namespace})
        }

    def hosts(self) -> int:
        """
        Return the members on the host network: to policies they are addresses of nodes.

        One that is there on one side only is a pod: policies govern it on the other.
        """
        spaces = [layer.space for layer in self.layers]
        pods = [each.present & ~each.hosts & ~each.outside for each in spaces]
        return (spaces[0].hosts | spaces[1].hosts) & ~(pods[0] | pods[1])

    def stretches(self) -> list[_Stretch]:
        """Return what changes, the same change in many places once."""
        found = [stretch for change in self.changes for stretch in self.pieces(change)]
        for same in (self.same_change, _same_destinations, self.same_sources):
            found = _merged(found, same)
        return found

    def pieces(self, change: TrafficChange) -> Iterator[_Stretch]:
        """Yield *change*, each effect and each kind apart, and by namespace where only pods are concerned."""
        for opens, affected in ((True, change.opens), (False, change.closes)):
            if not affected.spans:
                continue
            because = self.opening if opens else self.closing
            port_cells = partition.covered(self.layers[0].space.port_cells, affected.spans)
            for kind, sources, destinations in self.kinds(change.sources, change.destinations):
                reasons = because.of(sources, destinations, port_cells)
                yield _Stretch(opens, kind, sources, destinations, affected, frozenset((change.before,)), reasons)

    def kinds(self, sources: int, destinations: int) -> Iterator[tuple[Grade, int, int]]:
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

    def of_reports(self) -> int:
        """
        Return the members outside that findings name.

        Left out are addresses of the pod network, which the pods themselves represent: a rule for them alone is no
        cause of what is reported about others.
        """
        hosts = self.hosts()
        addresses_ = (1 << member for member in partition.indices(self.outside & ~hosts))
        return hosts | sum(each for each in addresses_ if self.reached(each).spans)

    def reached(self, outside: int) -> AddressSet:
        """Return the addresses of the members in *outside* that no pod has and that the enforcer judges."""
        space = self.layers[0].space
        spans = [span for member in partition.indices(outside) for span in space.classes[member].addresses.spans]
        return addresses.subtract(addresses.subtract(AddressSet(merge(spans)), self.inner), self.replaced)

    def same_change(self, stretch: _Stretch) -> tuple[object, ...]:
        """
        Return what stretches of one source namespace each share that are the same seen from there.

        Across namespaces a source's own says nothing, so it may be counted in: a full mesh is
        one.  Within a namespace only the names in it matter.
        """
        namespace = next((bits for bits in self.by_namespace.values() if bits & stretch.sources), 0)
        if stretch.kind is Grade.WITHIN:
            names = self.relative(stretch.sources, namespace), self.relative(stretch.destinations, namespace)
            return stretch.opens, stretch.kind, names, stretch.ports
        counted = namespace if stretch.kind is Grade.ACROSS else 0
        return stretch.opens, stretch.kind, stretch.destinations | counted, stretch.ports

    def same_sources(self, stretch: _Stretch) -> tuple[object, ...]:
        """Return what stretches share that differ in their destinations only, by rules of the same name."""
        rules = frozenset(
            (each.old, each.direction, each.rule, self.policies[not each.old][each.policy].name)
            for each in stretch.reasons
        )
        return stretch.opens, stretch.kind, stretch.sources, stretch.ports, rules

    def relative(self, bits: int, namespace: int) -> object:
        return "every" if bits == namespace else frozenset(name for _, name in self.names(bits))

    def grades(self, stretch: _Stretch) -> tuple[Grade, ...]:
        if stretch.kind is not Grade.INTERNET:
            return (stretch.kind,)
        found = set(towards(self.reached(stretch.destinations), self.own))
        if stretch.destinations & self.hosts():
            found.add(Grade.PRIVATE)
        return in_order(found)

    def ends(self, stretch: _Stretch) -> tuple[FindingEndpoints, FindingEndpoints]:
        return self.end(stretch.sources), self.end(stretch.destinations)

    def end(self, bits: int) -> FindingEndpoints:
        hosts = bits & self.hosts()
        return FindingEndpoints(self.names(bits & ~self.outside), self.names(hosts), self.reached(bits))

    def names(self, bits: int) -> tuple[tuple[str, str], ...]:
        return tuple(
            sorted(
                {
                    (pod.namespace, pod.workload or pod.name)
                    for layer in self.layers
                    for member in partition.indices(bits)
                    for pod in layer.space.classes[member].pods
                }
            )
        )


def replaced_addresses(difference: Difference) -> AddressSet:
    """
    Return the addresses that both sides know as those of Services, where the enforcer never judges one.

    A Service's address is replaced by that of a pod or a node before policies look: what opens or closes are the
    connections to these, which findings name.
    """
    answers = difference.before, difference.after
    if any(Deviation.SERVICE_ADDRESS not in each.semantics.deviations for each in answers):
        return AddressSet(())
    old, new = (AddressSet(merge(map(addresses.network, each.cluster.services))) for each in answers)
    return addresses.intersect(old, new)


def _in_namespace(layer: FamilyReachability, name: str) -> int:
    return layer.space.by_namespace.get(name, 0)


def _same_destinations(stretch: _Stretch) -> tuple[object, ...]:
    if stretch.kind is Grade.WITHIN:
        return (stretch,)
    return stretch.opens, stretch.kind, stretch.destinations, stretch.ports


def _merged(stretches: Iterable[_Stretch], same: Callable[[_Stretch], object]) -> list[_Stretch]:
    found: dict[object, _Stretch] = {}
    for stretch in stretches:
        key = same(stretch)
        known = found.get(key)
        found[key] = stretch if known is None else _both(known, stretch)
    return list(found.values())


def _both(left: _Stretch, right: _Stretch) -> _Stretch:
    return _Stretch(
        left.opens,
        left.kind,
        left.sources | right.sources,
        left.destinations | right.destinations,
        left.ports,
        left.before | right.before,
        left.reasons | right.reasons,
    )

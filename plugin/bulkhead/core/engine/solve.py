"""
``reach``: NetworkPolicy semantics (networking.k8s.io/v1), or an enforcer's, exactly, for all pairs at once.

A connection needs the egress of the source and the ingress of the destination. Sources with the same rules for
both have the same row, so a row is computed once for each combination of rules, never for each pair.
"""

from collections.abc import Iterable, Iterator

from bulkhead.core.engine.endpoint_classes import Side, endpoint_spaces, families
from bulkhead.core.engine.endpoint_space import EndpointSpace, MemberIndex, PortCells
from bulkhead.core.engine.kube_router import kube_router_effects
from bulkhead.core.engine.opened_parts import Opened, opened_parts
from bulkhead.core.engine.reachability import FamilyReachability, Parts, Reachability, SourceRow
from bulkhead.core.engine.rule_effects import OpenedPorts, PolicyEffect, policy_effects
from bulkhead.core.engine.semantics import API, Semantics
from bulkhead.core.kubernetes.cluster import Cluster
from bulkhead.core.kubernetes.selectors import Members
from bulkhead.core.sets.partition import indices


def reach(cluster: Cluster, semantics: Semantics = API) -> Reachability:
    """Return who reaches whom in *cluster* on which ports, with what every policy contributes."""
    (answer,) = compare([Side(cluster, cluster.pods, semantics)])
    return answer


def compare(sides: list[Side]) -> tuple[Reachability, ...]:
    """Return the reachability of each of *sides*, over endpoint spaces in which the same bit means the same member."""
    layers: list[list[FamilyReachability]] = [[] for _ in sides]
    for family in families(sides):
        for number, space in enumerate(endpoint_spaces(sides, family)):
            layers[number].append(solve(space, _granted(space, sides[number])))
    return tuple(
        Reachability(side.cluster, side.semantics, tuple(found)) for side, found in zip(sides, layers, strict=True)
    )


def _granted(space: EndpointSpace, side: Side) -> tuple[PolicyEffect, ...]:
    if not side.semantics.deviations:
        return policy_effects(space, side.cluster.policies)
    return kube_router_effects(space, side, side.semantics.deviations)


def solve(space: EndpointSpace, effects: tuple[PolicyEffect, ...]) -> FamilyReachability:
    """Return the answer for one family: which policies isolate each member, and the rows that follow."""
    ingress = _isolating(space, ((effect.subjects, effect.ingress is not None) for effect in effects))
    egress = _isolating(space, ((effect.subjects, effect.egress is not None) for effect in effects))
    rows = _rows(space, _Egress(space, effects, egress), _Ingress(space, effects))
    return FamilyReachability(space, effects, ingress, egress, rows)


def _isolating(space: EndpointSpace, policies: Iterable[tuple[Members, bool]]) -> tuple[tuple[int, ...], ...]:
    found: list[list[int]] = [[] for _ in space.classes]
    for number, (subjects, isolates) in enumerate(policies):
        if isolates:
            for member in indices(subjects):
                found[member].append(number)
    return tuple(map(tuple, found))


class _Egress:
    """Egress: for a source, the destinations that its policies allow."""

    def __init__(
        self, space: EndpointSpace, effects: tuple[PolicyEffect, ...], egress: tuple[tuple[int, ...], ...]
    ) -> None:
        self.present, self.every = space.present, space.port_cells.every
        self.egress = egress
        known: dict[OpenedPorts, int] = {}  # policies that allow the same are one
        self.kinds = [known.setdefault(_destinations(policy), len(known)) for policy in effects]
        self.opens = list(known)

    def signature(self, member: MemberIndex) -> frozenset[int] | None:
        """Return what distinguishes *member* from sources that may connect to other destinations."""
        policies = self.egress[member]
        return frozenset(self.kinds[number] for number in policies) if policies else None

    def parts(self, signature: frozenset[int] | None) -> Parts:
        if signature is None:
            return ((self.every, self.present),)
        opened = (each for kind in signature for each in self.opens[kind])
        return tuple(opened_parts({0: self.present}, opened).items())


def _destinations(policy: PolicyEffect) -> OpenedPorts:
    return tuple((port_cells, one.peers & having) for one in policy.egress or () for port_cells, having in one.ports)


_WIDE = 32
"""
Members in a set of sources from which on it is a wide one.

Sources that are in the same wide sets differ only in what few rules open to them.
"""


class _Ingress:
    """Ingress: for a source, the destinations whose policies allow it."""

    def __init__(self, space: EndpointSpace, effects: tuple[PolicyEffect, ...]) -> None:
        isolated = 0
        by_sources: dict[Members, dict[PortCells, Members]] = {}  # a set of sources that many rules have is one
        for sources, pods in space.nodes:  # a node always reaches its own pods
            by_sources.setdefault(sources, {})[space.port_cells.every] = pods
        for policy in effects:
            if policy.ingress is not None:
                isolated |= policy.subjects
            for one in policy.ingress or ():
                for sources in one.shared or (one.peers,):
                    known = by_sources.setdefault(sources, {})
                    for port_cells, having in one.ports:
                        known[port_cells] = known.get(port_cells, 0) | policy.subjects & having
        self.start = {space.port_cells.every: space.present & ~isolated}
        self.start[0] = self.start.get(0, 0) | isolated
        self.opens = [tuple(known.items()) for known in by_sources.values()]
        self.is_wide = [sources.bit_count() > _WIDE for sources in by_sources]
        self.begun: dict[tuple[int, ...], dict[PortCells, Members]] = {}
        self.signatures: list[list[int]] = [[] for _ in space.classes]
        for number, sources in enumerate(by_sources):
            for member in indices(sources):
                self.signatures[member].append(number)

    def signature(self, member: MemberIndex) -> tuple[int, ...]:
        """Return what distinguishes *member* from sources that other destinations allow."""
        return tuple(self.signatures[member])

    def parts(self, signature: tuple[int, ...]) -> Parts:
        wide = tuple(number for number in signature if self.is_wide[number])
        if wide not in self.begun:
            self.begun[wide] = opened_parts(self.start, self.opened(wide))
        narrow = [number for number in signature if not self.is_wide[number]]
        return tuple(opened_parts(self.begun[wide], self.opened(narrow)).items())

    def opened(self, signature: Iterable[int]) -> Iterator[Opened]:
        return (each for number in signature for each in self.opens[number])


def _rows(space: EndpointSpace, egress: _Egress, ingress: _Ingress) -> tuple[SourceRow, ...]:
    alike: dict[tuple[frozenset[int] | None, tuple[int, ...], bool], int] = {}
    for member in indices(space.present):
        outside = bool(space.outside >> member & 1)
        known = egress.signature(member), ingress.signature(member), outside
        alike[known] = alike.get(known, 0) | 1 << member
    out = {signature: egress.parts(signature) for signature in dict.fromkeys(known[0] for known in alike)}
    into = {signature: ingress.parts(signature) for signature in dict.fromkeys(known[1] for known in alike)}
    rows: dict[Parts, int] = {}
    for (left, right, outside), sources in alike.items():
        reachable = space.present & ~space.outside if outside else space.present
        parts = _both(out[left], into[right], reachable)
        rows[parts] = rows.get(parts, 0) | sources
    return tuple(SourceRow(sources, parts) for parts, sources in sorted(rows.items(), key=_first) if parts)


def _both(out: Parts, into: Parts, reachable: Members) -> Parts:
    """Return what both the egress and the ingress allow: an address outside the cluster reaches pods only."""
    found: dict[PortCells, Members] = {}
    for egress, anywhere in out:
        there = anywhere & reachable if egress else 0
        if not there:
            continue
        for ingress, those in into:
            port_cells = egress & ingress
            destinations = there & those if port_cells else 0
            if destinations:
                known = found.get(port_cells, 0) | destinations
                found[port_cells] = those if known == those else known  # one object for all rows: it can be large
    return tuple(sorted(found.items()))


def _first(item: tuple[Parts, int]) -> int:
    return item[1] & -item[1]

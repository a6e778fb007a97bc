"""
Which pods really come in through a rule: those that it lets in and whose own egress lets them out.

Those that are given, or stand for the pods that a policy selects, are named; a namespace has other pods if a pod that
could exist comes in on a port on which none of them does.
"""

from collections.abc import Iterator

from bulkhead.core.engine.reachability import FamilyReachability, port_set
from bulkhead.core.lint.context import LintContext, RuleReference, alone, rule_effects
from bulkhead.core.possible.coverage import RuleKey
from bulkhead.core.possible.sources import (
    NOTHING,
    OpenPorts,
    OpenSources,
    PossibleSources,
)
from bulkhead.core.sets import ports
from bulkhead.core.sets.partition import indices
from bulkhead.core.sets.ports import PortSet

ANY_OTHER = "any namespace not listed"

Opened = tuple[tuple[int, int], ...]
"""Disjoint bit sets of pods, each with the bit set of port cells that are open to them; ascending."""


class PodSources:
    """Which pods really come in through a line: those whose own egress lets them."""

    def __init__(self, scene: LintContext) -> None:
        self.layers = [_LayerSources(layer, alone(scene, layer)) for layer in scene.answer.layers]
        self.possible = PossibleSources(scene.possible, scene.answer.semantics)
        self.known: dict[tuple[tuple[Opened, ...], OpenSources], tuple[str, ...]] = {}
        spaces = {name for layer in self.layers for name in layer.layer.space.by_namespace}
        if "*" not in spaces:  # which stands for the namespaces without pods and policies
            spaces |= {each.name for each in scene.cluster.namespaces}
        self.spaces = sorted(spaces | self.possible.isolated)

    def names(self, line: RuleReference) -> tuple[str, ...]:
        """Return the namespaces of these pods, each with the ports where not every port is open."""
        coming = tuple(layer.coming(line) for layer in self.layers)
        possible = self.possible.through(RuleKey(line.policy, line.direction, entry) for entry in line.entries)
        key = coming, possible
        if key not in self.known:
            self.known[key] = self._names(coming, possible)
        return self.known[key]

    def _names(self, coming: tuple[Opened, ...], possible: OpenSources) -> tuple[str, ...]:
        found: dict[str, PortSet] = {}
        for layer, those in zip(self.layers, coming, strict=True):
            for name, opened in layer.named(those).items():
                found[name] = ports.union(found.get(name, ports.NONE), opened)
        listed = [(name, name if opened == ports.EVERY else f"{name} ({opened})") for name, opened in found.items()]
        return tuple(text for _, text in sorted([*listed, *self._others(found, possible)], key=_last))

    def _others(self, found: dict[str, PortSet], possible: OpenSources) -> Iterator[tuple[str, str]]:
        """Yield the namespaces of which a pod that could exist comes in on more ports than those that are given."""
        given: dict[str, PortSet] = {}
        for name, opened in found.items():
            space = name.partition("/")[0]
            given[space] = ports.union(given.get(space, ports.NONE), opened)
        for space in self.spaces:
            name = ANY_OTHER if space == "*" else space
            is_isolated = space in self.possible.isolated
            text = _more(
                possible.named.get(space, NOTHING) if is_isolated else possible.other,
                given.get(name, ports.NONE),
            )
            if text:
                yield name, f"{name} ({text})"


def _more(opened: OpenPorts, given: PortSet) -> str:
    """Return what is *opened* to other pods than the *given* ones, to which *given* is; ``""``: nothing more."""
    more = ports.subtract(opened.numbers, given)
    if more == ports.EVERY:
        return "other pods"
    names = [] if given.spans else [name.replace("/", " ") for name in sorted(opened.names)]
    text = ",".join([*([str(more)] if more.spans else []), *names])
    return f"other pods: {text}" if text else ""


class _LayerSources:
    """The same for one address family; *single* are the members that are one pod alone."""

    def __init__(self, layer: FamilyReachability, single: int) -> None:
        self.layer, self.single = layer, single
        inside = layer.space.present & ~layer.space.outside & ~layer.space.hosts
        self.rows: dict[Opened, int] = {}  # what pods reach among pods: many rows differ only in what is outside
        for row in layer.rows:
            parts = tuple((port_cells, those & inside) for port_cells, those in row.parts if those & inside)
            if row.sources & inside and parts:
                self.rows[parts] = self.rows.get(parts, 0) | row.sources & inside
        self.ports: dict[int, PortSet] = {}

    def coming(self, line: RuleReference) -> Opened:
        """Return the pods that come in through *line*, by the port cells on which they do."""
        subjects = self.layer.effects[line.policy].subjects
        found: dict[int, int] = {}
        for parts, sources in self.rows.items():
            pieces = {0: sources}
            for grant in rule_effects(self.layer, line):
                opened, reached = _reached(parts, grant.ports, subjects)
                if reached & self.single and not reached & (reached - 1):
                    sources &= ~reached  # a single pod that reaches only itself does not come in
                pieces = _added(pieces, opened, sources & grant.peers)
            for opened, those in pieces.items():
                if opened:
                    found[opened] = found.get(opened, 0) | those
        return tuple(sorted((those, opened) for opened, those in found.items()))

    def named(self, coming: Opened) -> dict[str, PortSet]:
        """Return the same by namespace, and by pod where not all pods of a namespace are alike."""
        space = self.layer.space
        every = 0
        for those, _ in coming:
            every |= those
        found: dict[str, PortSet] = {}
        for name, namespace in space.by_namespace.items():
            some = (
                [(namespace & those, opened) for those, opened in coming if namespace & those]
                if namespace & every
                else []
            )
            if len(some) == 1 and some[0][0] == namespace:
                found[ANY_OTHER if name == "*" else name] = self._ports(some[0][1])
                continue
            for those, opened in some:
                for place in indices(those):
                    for pod in space.classes[place].pods:
                        title = f"{name}/{pod.owner[1]}"
                        found[title] = ports.union(found.get(title, ports.NONE), self._ports(opened))
        return found

    def _ports(self, port_cells: int) -> PortSet:
        if port_cells not in self.ports:
            self.ports[port_cells] = port_set(self.layer, port_cells)
        return self.ports[port_cells]


def _reached(parts: Opened, granted: tuple[tuple[int, int], ...], subjects: int) -> tuple[int, int]:
    """Return on which port cells, and which of *subjects*, *parts* reach by what is *effects*."""
    opened, reached = 0, 0
    for port_cells, destinations in parts:
        here = destinations & subjects
        for wanted, having in granted if here else ():
            if here & having and wanted & port_cells:
                opened, reached = opened | wanted & port_cells, reached | here & having
    return opened, reached


def _added(pieces: dict[int, int], opened: int, sources: int) -> dict[int, int]:
    """Return *pieces*, sets of pods by what is open to them, with *opened* added for *sources*."""
    if not opened or not sources:
        return pieces
    found: dict[int, int] = {}
    for already, those in pieces.items():
        for port_cells, some in (
            (already | opened, those & sources),
            (already, those & ~sources),
        ):
            if some:
                found[port_cells] = found.get(port_cells, 0) | some
    return found


def _last(item: tuple[str, str]) -> tuple[bool, str, str]:
    return item[0] == ANY_OTHER, *item


class Elsewhere:
    """Says which of *comers*, the pods that come in through some lines, come in through lines of two namespaces."""

    def __init__(self, comers: dict[RuleReference, tuple[str, ...]]) -> None:
        self.comers = comers
        spaces: dict[tuple[str, ...], set[str]] = {}  # most lines let the same pods in
        for line, names in comers.items():
            spaces.setdefault(names, set()).add(line.namespace)
        self.spaces: dict[str, set[str]] = {}
        self.by_space: dict[tuple[str, ...], dict[str, list[str]]] = {}
        for names, those in spaces.items():
            own = self.by_space[names] = {}
            some = sorted(those)[:2]
            for name in names:
                self.spaces.setdefault(name, set()).update(some)
                own.setdefault(name.partition(" ")[0].partition("/")[0], []).append(name)

    def own(self, line: RuleReference) -> list[str]:
        """Return those that come in through *line* and are of its own namespace."""
        return self.by_space[self.comers[line]].get(line.namespace, [])

    def comes_in(self, line: RuleReference, name: str) -> bool:
        """Say whether *name* comes in through a line of another namespace than that of *line*."""
        return len(self.spaces[name]) > 1 or line.namespace not in self.spaces[name]

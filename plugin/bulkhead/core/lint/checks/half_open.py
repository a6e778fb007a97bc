"""The check for connections that one side allows and the other side denies."""

from collections.abc import Iterator

from bulkhead.core.engine.endpoint_space import located
from bulkhead.core.engine.reachability import FamilyReachability, SourceRow
from bulkhead.core.kubernetes import selectors
from bulkhead.core.kubernetes.networkpolicy import Direction, IpBlock, PodPeer, Selector
from bulkhead.core.lint.checks.exposure import pod_networks
from bulkhead.core.lint.checks.no_effect import JudgedNetworks
from bulkhead.core.lint.context import LintContext, RuleReference, end, rule_effects, rules
from bulkhead.core.lint.finding import Check, CheckResult, Severity
from bulkhead.core.sets import addresses
from bulkhead.core.sets.intervals import Spans
from bulkhead.core.sets.partition import indices


def _half_open(scene: LintContext) -> Iterator[CheckResult]:
    if not scene.namespaces:
        return
    protected = ProtectedPods(scene)
    for line in scene.lines:
        for entry, rule in enumerate(rules(scene, line) if line.namespace in protected.names else ()):
            for number, peer in enumerate(rule.peers or ()):
                for title, others in protected.ends(line, peer):
                    if protected.meet(line, entry, others) is False:
                        yield CheckResult(
                            end(line, entry, number), _says(line, title), _hint(line, title), (line.namespace,)
                        )


def _says(line: RuleReference, other: str) -> str:
    if line.direction is Direction.EGRESS:
        return f"{line.title} is half open: no ingress rule of {other} lets it in"
    return f"{line.title} is half open: no egress rule of {other} lets it out"


def _hint(line: RuleReference, other: str) -> str:
    wanted = (
        f"ingress from `{line.namespace}`" if line.direction is Direction.EGRESS else f"egress to `{line.namespace}`"
    )
    return f"add {wanted} to {other}, or remove the rule"


class ProtectedPods:
    """The pods of the namespaces that the overlays protect, and which of them exchange anything."""

    def __init__(self, scene: LintContext) -> None:
        self.scene, self.names = scene, scene.protected
        self.networks = JudgedNetworks(pod_networks(scene))
        self.layers = [_ProtectedLayer(layer, self.names) for layer in scene.answer.layers]

    def ends(self, line: RuleReference, peer: IpBlock | PodPeer) -> Iterator[tuple[str, list[int]]]:
        """Yield the members at the other end, a bitset a layer: for each protected namespace that *peer* names."""
        if isinstance(peer, IpBlock):
            if self.networks.hold(peer):
                spans = addresses.block(peer.cidr, peer.excluded)
                yield "any protected namespace", [layer.located(spans) for layer in self.layers]
            return
        for name in sorted(self.scene.pods.namespaces(line.namespace, peer) & self.names):
            yield f"namespace `{name}`", [layer.selected(name, peer.pods) for layer in self.layers]

    def meet(self, line: RuleReference, entry: int, others: list[int]) -> bool | None:
        """Say whether anything passes between the pods of *line* and *others*; ``None``: there is no such pair."""
        could = False
        for layer, there in zip(self.layers, others, strict=True):
            subjects = layer.layer.effects[line.policy].subjects
            grant = rule_effects(layer.layer, line)[entry]
            sources, destinations = (subjects, there) if line.direction is Direction.EGRESS else (there, subjects)
            wanted = [
                (port_cells, destinations & having) for port_cells, having in grant.ports if destinations & having
            ]
            if sources and wanted:
                could = True
                if layer.passes(sources, wanted):
                    return True
        return False if could else None


class _ProtectedLayer:
    """The same for one address family."""

    def __init__(self, layer: FamilyReachability, names: frozenset[str]) -> None:
        self.layer = layer
        self.pods = 0
        for name in names:
            self.pods |= layer.space.by_namespace.get(name, 0)
        self.rows: dict[int, SourceRow] = {place: row for row in layer.rows for place in indices(row.sources)}
        self.known: dict[Spans, int] = {}

    def located(self, spans: Spans) -> int:
        """Return the pods that an ``ipBlock`` of *spans* matches."""
        if spans not in self.known:
            self.known[spans] = self.pods & located(self.layer.space, spans)
        return self.known[spans]

    def selected(self, namespace: str, selector: Selector) -> int:
        """Return the pods of *namespace* that *selector* selects."""
        space = self.layer.space
        return space.by_namespace.get(namespace, 0) & selectors.select(selector, space.labels)

    def passes(self, sources: int, wanted: list[tuple[int, int]]) -> bool:
        """Say whether any of *sources* reaches any destination that is *wanted*, on one of the port cells with it."""
        while sources:
            lowest = sources & -sources
            row = self.rows.get(lowest.bit_length() - 1)
            for port_cells, those in row.parts if row else ():
                if any(port_cells & granted and those & having for granted, having in wanted):
                    return True
            sources &= ~(row.sources if row else lowest)
        return False


HALF_OPEN = Check(
    "half-open",
    Severity.WARNING,
    "Half open",
    "A connection needs the egress of its source and the ingress of its destination. Here one side names the other, "
    "which does not answer: nothing passes. Only namespaces that the overlays protect are compared, because only "
    "of those both sides are known.",
    "# overlays/shop                              # overlays/stock has no ingress from shop\n"
    "egress:\n  stock: {to: {namespace: stock}, ports: 8080}",
    "Write the other half, or remove this one.",
    _half_open,
)

CHECKS = (HALF_OPEN,)

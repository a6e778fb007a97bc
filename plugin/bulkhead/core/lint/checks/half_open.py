"""The check for connections of which one side is allowed and the other is not."""

from collections.abc import Iterator

from bulkhead.core.engine.endpoint_space import located
from bulkhead.core.engine.reachability import FamilyReachability
from bulkhead.core.kubernetes import selectors
from bulkhead.core.kubernetes.networkpolicy import Direction, IpBlock, PodPeer
from bulkhead.core.lint.checks.exposure import pod_networks
from bulkhead.core.lint.checks.no_effect import reach_of, within
from bulkhead.core.lint.context import LintContext, RuleReference, end, grants, rules
from bulkhead.core.lint.finding import Check, CheckResult, Severity
from bulkhead.core.sets import addresses


def _half_open(scene: LintContext) -> Iterator[CheckResult]:
    for line in scene.lines:
        for entry, rule in enumerate(rules(scene, line) if line.namespace in scene.protected else ()):
            for number, peer in enumerate(rule.peers or ()):
                for title, others in _ends(scene, line, peer):
                    if _meets(scene, line, entry, others) is False:
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


def _ends(scene: LintContext, line: RuleReference, peer: IpBlock | PodPeer) -> Iterator[tuple[str, list[int]]]:
    """Yield the members at the other end, a bitset a layer: for each protected namespace that *peer* names."""
    if isinstance(peer, IpBlock):
        if within(peer, pod_networks(scene)):
            spans = addresses.block(peer.cidr, peer.excluded)
            yield (
                "any protected namespace",
                [_homes(layer, scene.protected) & located(layer.universe, spans) for layer in scene.answer.layers],
            )
        return
    for name in sorted(reach_of(scene, line.namespace, peer) & scene.protected):
        yield (
            f"namespace `{name}`",
            [
                layer.universe.homes.get(name, 0) & selectors.select(peer.pods, layer.universe.labels)
                for layer in scene.answer.layers
            ],
        )


def _homes(layer: FamilyReachability, names: frozenset[str]) -> int:
    found = 0
    for name in names:
        found |= layer.universe.homes.get(name, 0)
    return found


def _meets(scene: LintContext, line: RuleReference, entry: int, others: list[int]) -> bool | None:
    """Say whether anything passes between the pods of *line* and *others*; ``None``: there is nothing that could."""
    could = False
    for layer, there in zip(scene.answer.layers, others, strict=True):
        subjects = layer.granted[line.policy].subjects
        grant = grants(layer, line)[entry]
        sources, destinations = (subjects, there) if line.direction is Direction.EGRESS else (there, subjects)
        wanted = [(atoms, destinations & having) for atoms, having in grant.ports if destinations & having]
        if not sources or not wanted:
            continue
        could = True
        for row in layer.rows:
            for atoms, those in row.parts if row.sources & sources else ():
                if any(atoms & granted and those & having for granted, having in wanted):
                    return True
    return False if could else None


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

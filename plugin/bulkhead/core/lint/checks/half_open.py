"""The check for connections that one side allows and the other side denies."""

from collections.abc import Iterator

from bulkhead.core.kubernetes.networkpolicy import (
    EVERY_POD,
    Direction,
    IpBlock,
    PodPeer,
)
from bulkhead.core.lint.checks.exposure import pod_networks
from bulkhead.core.lint.checks.no_effect import JudgedNetworks
from bulkhead.core.lint.context import LintContext, RuleReference, end, rules
from bulkhead.core.lint.finding import Check, CheckResult, Severity
from bulkhead.core.possible.answers import RuleAnswers
from bulkhead.core.possible.coverage import RuleKey


def _half_open(scene: LintContext) -> Iterator[CheckResult]:
    if not scene.namespaces:
        return
    protected = ProtectedEnds(scene)
    answers = RuleAnswers(scene.possible, scene.readings)
    for line in scene.lines:
        for place, rule in enumerate(rules(scene, line) if line.namespace in protected.names else ()):
            key = RuleKey(line.policy, line.direction, line.entries[place])
            for number, peer in enumerate(rule.peers or ()):
                for title, names in protected.ends(line, peer):
                    if answers.answered(key, peer, names) is False:
                        yield CheckResult(
                            end(line, place, number),
                            _says(line, title),
                            _hint(line, title),
                            (line.namespace,),
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


class ProtectedEnds:
    """Which protected namespaces a peer means, as far as only rules let their pods in and out."""

    def __init__(self, scene: LintContext) -> None:
        self.scene, self.names = scene, scene.protected
        self.networks = JudgedNetworks(pod_networks(scene))
        self.isolated = {direction: frozenset(_isolated(scene, direction)) for direction in Direction}

    def ends(self, line: RuleReference, peer: IpBlock | PodPeer) -> Iterator[tuple[str, frozenset[str]]]:
        """Yield the namespaces at the other end with their title: each that *peer* names, all of them for a block."""
        isolated = self.isolated[line.direction.opposite]
        if isinstance(peer, IpBlock):
            if self.networks.hold(peer) and isolated == self.names:
                yield "any protected namespace", isolated
            return
        for name in sorted(self.scene.pods.namespaces(line.namespace, peer) & isolated):
            yield f"namespace `{name}`", frozenset((name,))


def _isolated(scene: LintContext, direction: Direction) -> Iterator[str]:
    """Yield the protected namespaces of which a policy isolates every pod in *direction*."""
    protected = scene.protected
    for policy in scene.cluster.policies:
        if policy.namespace in protected and policy.pods == EVERY_POD and policy.of(direction) is not None:
            yield policy.namespace


HALF_OPEN = Check(
    "half-open",
    Severity.WARNING,
    "Half open",
    "A connection needs the egress of its source and the ingress of its destination. Here one side names the other, "
    "which does not answer: nothing passes. Only namespaces that the overlays protect are compared, because only "
    "of those both sides are known. It is reported only where no pod that could exist, whatever its labels, gets a "
    "connection by the rule.",
    "# overlays/shop                              # overlays/stock has no ingress from shop\n"
    "egress:\n  stock: {to: {namespace: stock}, ports: 8080}",
    "Write the other half, or remove this one.",
    _half_open,
)

CHECKS = (HALF_OPEN,)

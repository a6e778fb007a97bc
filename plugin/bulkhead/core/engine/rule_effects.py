"""
What the policies of a cluster allow, as sets of members of an endpoint space.
"""

from collections.abc import Iterable

from bulkhead.core.engine.endpoint_classes import port_set_of
from bulkhead.core.engine.endpoint_space import EndpointSpace, located
from bulkhead.core.kubernetes import selectors
from bulkhead.core.kubernetes.networkpolicy import IpBlock, NetworkPolicy, PodPeer, PolicyPort, PolicyRule, Selector
from bulkhead.core.record import record
from bulkhead.core.sets import addresses, partition

ANY = -1
"""All members: as an integer, every bit is set."""


@record
class RuleEffect:
    """
    One rule of a policy: its *peers*, and on which *ports*.

    Each of *ports* is a set of port cells and the destinations for which it holds: ``ANY``
    for numbers, for a named port those members on which the name means that number.
    """

    rule: int
    peers: int
    ports: tuple[tuple[int, int], ...]


@record
class PolicyEffect:
    """
    What a policy, by its place in the cluster, grants its *subjects*, which it isolates.

    ``None``: it leaves that direction alone.  *crossed*: its rules are those of the other
    direction.  The policy ``NOBODY`` grants what no policy can refuse.
    """

    policy: int
    subjects: int
    ingress: tuple[RuleEffect, ...] | None
    egress: tuple[RuleEffect, ...] | None
    crossed: bool = False


NOBODY = -1
"""In place of a policy: what an enforcer lets through whatever policies say."""


class EffectReader:
    """Reads policies over one endpoint space, each selector, block and rule that occurs in many of them once."""

    def __init__(self, space: EndpointSpace) -> None:
        self.space = space
        self.pods: dict[Selector, int] = {}
        self.namespaces: dict[Selector, int] = {}
        self.blocks: dict[IpBlock, int] = {}
        self.rules: dict[tuple[str, int, PolicyRule], RuleEffect] = {}

    def policy(self, number: int, policy: NetworkPolicy) -> PolicyEffect:
        """Return what *policy*, at the place *number*, grants."""
        ingress, egress = (self.direction(policy.namespace, rules) for rules in (policy.ingress, policy.egress))
        return PolicyEffect(number, self.subjects(policy), ingress, egress)

    def subjects(self, policy: NetworkPolicy) -> int:
        """Return the members that *policy* selects."""
        return self.space.by_namespace.get(policy.namespace, 0) & self.selected(policy.pods)

    def direction(self, namespace: str, rules: tuple[PolicyRule, ...] | None) -> tuple[RuleEffect, ...] | None:
        """Return what *rules* of a policy in *namespace* grant."""
        if rules is None:
            return None
        return tuple(self.rule(namespace, number, rule) for number, rule in enumerate(rules))

    def rule(self, namespace: str, number: int, rule: PolicyRule) -> RuleEffect:
        """Return what *rule*, at the place *number*, grants."""
        own = any(isinstance(peer, PodPeer) and peer.namespaces is None for peer in rule.peers or ())
        known = namespace if own else "", number, rule
        found = self.rules.get(known)
        if found is None:
            found = self.rules[known] = RuleEffect(number, self.peers(namespace, rule), self.ports(rule.ports))
        return found

    def peers(self, namespace: str, rule: PolicyRule) -> int:
        """Return the members that the peers of *rule* name."""
        if rule.peers is None:
            return self.space.present
        found = 0
        for peer in rule.peers:
            found |= self.block(peer) if isinstance(peer, IpBlock) else self.peer(namespace, peer)
        return found

    def peer(self, namespace: str, peer: PodPeer) -> int:
        """Return the members that *peer* selects."""
        if peer.namespaces is None:
            return self.space.by_namespace.get(namespace, 0) & self.selected(peer.pods)
        if peer.namespaces not in self.namespaces:
            self.namespaces[peer.namespaces] = selectors.select(peer.namespaces, self.space.namespaces)
        return self.namespaces[peer.namespaces] & self.selected(peer.pods)

    def selected(self, selector: Selector) -> int:
        """Return the members that *selector* selects in any namespace."""
        if selector not in self.pods:
            self.pods[selector] = selectors.select(selector, self.space.labels)
        return self.pods[selector]

    def block(self, block: IpBlock) -> int:
        """Return the members that *block* matches."""
        if block not in self.blocks:
            self.blocks[block] = located(self.space, addresses.block(block.cidr, block.excluded))
        return self.blocks[block]

    def ports(self, wanted: tuple[PolicyPort, ...] | None) -> tuple[tuple[int, int], ...]:
        """Return the ports of a rule, names as their destinations resolve them."""
        if wanted is None:
            return ((self.space.port_cells.every, ANY),)
        numbers, named = 0, []
        for port in wanted:
            if isinstance(port.port, str):
                named += list(self.resolved(port.port, port.protocol))
            else:
                numbers |= partition.covered(self.space.port_cells, port_set_of(port).spans)
        return ((numbers, ANY), *named) if numbers else tuple(named)

    def resolved(self, name: str, protocol: str) -> Iterable[tuple[int, int]]:
        """Yield what the name means, and on which members: a name is resolved on the destination, with the protocol."""
        for number, having in self.space.named.get((name, protocol), ()):
            yield partition.covered(self.space.port_cells, port_set_of(PolicyPort(protocol, number)).spans), having


def policy_effects(space: EndpointSpace, policies: tuple[NetworkPolicy, ...]) -> tuple[PolicyEffect, ...]:
    """Return what each of *policies* grants in *space*, in their order."""
    reader = EffectReader(space)
    return tuple(reader.policy(number, policy) for number, policy in enumerate(policies))

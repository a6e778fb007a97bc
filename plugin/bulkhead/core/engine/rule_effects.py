"""
What the policies of a cluster allow, as sets of members of an endpoint space.
"""

from collections.abc import Iterable

from bulkhead.core.engine.endpoint_classes import port_set_of
from bulkhead.core.engine.endpoint_space import EndpointSpace, PortCells, located
from bulkhead.core.kubernetes import selectors
from bulkhead.core.kubernetes.cluster import PolicyIndex, RuleIndex
from bulkhead.core.kubernetes.networkpolicy import IpBlock, NetworkPolicy, PodPeer, PolicyPort, PolicyRule, Selector
from bulkhead.core.kubernetes.selectors import Members
from bulkhead.core.record import record
from bulkhead.core.sets import addresses, partition

ANY: Members = -1
"""All members: as an integer, every bit is set."""

OpenedPorts = tuple[tuple[PortCells, Members], ...]
"""Sets of port cells, each with the destinations for which they are open."""


@record
class RuleEffect:
    """
    What one *rule* of a policy allows: its *peers*, and on which *ports*.

    The destinations of port numbers are ``ANY``; those of a named port are the members whose port of that name has
    the number. *shared* is *peers* as a union of sets, of which many rules have the same ones; empty where it is not
    known as one.
    """

    rule: RuleIndex
    peers: Members
    ports: OpenedPorts
    shared: tuple[Members, ...] = ()


@record
class PolicyEffect:
    """
    What a *policy* allows its *subjects*, the members that it selects and isolates.

    ``None``: the policy does not have that direction. *crossed*: its rules are those of the other direction. The
    policy ``NOBODY`` is no policy: it allows what no policy can deny.
    """

    policy: PolicyIndex
    subjects: Members
    ingress: tuple[RuleEffect, ...] | None
    egress: tuple[RuleEffect, ...] | None
    crossed: bool = False


NOBODY: PolicyIndex = -1
"""Instead of the index of a policy: the enforcer itself allows it, whatever the policies say."""


class EffectReader:
    """Reads policies over one endpoint space, each selector, block and rule that occurs in many of them once."""

    def __init__(self, space: EndpointSpace) -> None:
        self.space = space
        self.pods: dict[Selector, Members] = {}
        self.namespaces: dict[Selector, Members] = {}
        self.blocks: dict[IpBlock, Members] = {}
        self.rules: dict[tuple[str, int, PolicyRule], RuleEffect] = {}

    def policy(self, number: PolicyIndex, policy: NetworkPolicy) -> PolicyEffect:
        """Return what *policy*, which has the index *number*, allows."""
        ingress, egress = (self.direction(policy.namespace, rules) for rules in (policy.ingress, policy.egress))
        return PolicyEffect(number, self.subjects(policy), ingress, egress)

    def subjects(self, policy: NetworkPolicy) -> Members:
        """Return the members that *policy* selects."""
        return self.space.by_namespace.get(policy.namespace, 0) & self.selected(policy.pods)

    def direction(self, namespace: str, rules: tuple[PolicyRule, ...] | None) -> tuple[RuleEffect, ...] | None:
        """Return what *rules* of a policy in *namespace* allow."""
        if rules is None:
            return None
        return tuple(self.rule(namespace, number, rule) for number, rule in enumerate(rules))

    def rule(self, namespace: str, number: RuleIndex, rule: PolicyRule) -> RuleEffect:
        """Return what *rule*, which has the index *number*, allows."""
        own = any(isinstance(peer, PodPeer) and peer.namespaces is None for peer in rule.peers or ())
        known = namespace if own else "", number, rule
        found = self.rules.get(known)
        if found is None:
            shared = self.shared(namespace, rule)
            found = RuleEffect(number, union_of(shared), self.ports(rule.ports), shared)
            self.rules[known] = found
        return found

    def shared(self, namespace: str, rule: PolicyRule) -> tuple[Members, ...]:
        """Return the members that the peers of *rule* name: a set for each peer that selects namespaces, and one."""
        if rule.peers is None:
            return (self.space.present,)
        others = 0
        found: dict[Members, None] = {}
        for peer in rule.peers:
            if isinstance(peer, IpBlock):
                others |= self.block(peer)
            elif peer.namespaces is None:
                others |= self.peer(namespace, peer)
            else:
                found[self.peer(namespace, peer)] = None
        return (*found, others) if others or not found else tuple(found)

    def peer(self, namespace: str, peer: PodPeer) -> Members:
        """Return the members that *peer* selects."""
        if peer.namespaces is None:
            return self.space.by_namespace.get(namespace, 0) & self.selected(peer.pods)
        if peer.namespaces not in self.namespaces:
            self.namespaces[peer.namespaces] = selectors.select(peer.namespaces, self.space.namespaces)
        return self.namespaces[peer.namespaces] & self.selected(peer.pods)

    def selected(self, selector: Selector) -> Members:
        """Return the members that *selector* selects in any namespace."""
        if selector not in self.pods:
            self.pods[selector] = selectors.select(selector, self.space.labels)
        return self.pods[selector]

    def block(self, block: IpBlock) -> Members:
        """Return the members that *block* matches."""
        if block not in self.blocks:
            self.blocks[block] = located(self.space, addresses.block(block.cidr, block.excluded))
        return self.blocks[block]

    def ports(self, wanted: tuple[PolicyPort, ...] | None) -> OpenedPorts:
        """Return the ports of a rule; a name is resolved on each destination."""
        if wanted is None:
            return ((self.space.port_cells.every, ANY),)
        numbers, named = 0, []
        for port in wanted:
            if isinstance(port.port, str):
                named += list(self.resolved(port.port, port.protocol))
            else:
                numbers |= partition.covered(self.space.port_cells, port_set_of(port).spans)
        return ((numbers, ANY), *named) if numbers else tuple(named)

    def resolved(self, name: str, protocol: str) -> Iterable[tuple[PortCells, Members]]:
        """Yield the port cells of the port that pods call *name*, each with the pods where it is that port."""
        for number, having in self.space.named.get((name, protocol), ()):
            yield partition.covered(self.space.port_cells, port_set_of(PolicyPort(protocol, number)).spans), having


def union_of(sets: Iterable[Members]) -> Members:
    """Return the members in any of *sets*."""
    found = 0
    for each in sets:
        found |= each
    return found


def policy_effects(space: EndpointSpace, policies: tuple[NetworkPolicy, ...]) -> tuple[PolicyEffect, ...]:
    """Return what each of *policies* allows in *space*, in their order."""
    reader = EffectReader(space)
    return tuple(reader.policy(number, policy) for number, policy in enumerate(policies))

"""
What an enforcer makes of policies: what they grant, with everything in which it deviates from the specification.

Each departure is one small function here or in ``ip_blocks.py``, which names the probe that
shows it.  The source of kube-router's is its controller for NetworkPolicies, as k3s embeds it.
"""

from collections.abc import Callable, Iterable, Iterator

from bulkhead.core.engine import ip_blocks
from bulkhead.core.engine.endpoint_classes import NODE_PORTS, Side, port_set_of, programmed_ports
from bulkhead.core.engine.endpoint_space import EndpointSpace, located
from bulkhead.core.engine.rule_effects import ANY, NOBODY, EffectReader, PolicyEffect, RuleEffect
from bulkhead.core.engine.semantics import Deviation
from bulkhead.core.kubernetes.cluster import Pod, namespaces_of
from bulkhead.core.kubernetes.networkpolicy import IpBlock, NetworkPolicy, PodPeer, PolicyPort, PolicyRule
from bulkhead.core.kubernetes.selectors import matches
from bulkhead.core.record import record
from bulkhead.core.sets import partition

Opened = tuple[tuple[int, int], ...]
"""Sets of port cells, each with the destinations for which it holds."""


def kube_router_effects(space: EndpointSpace, side: Side, deviations: frozenset[Deviation]) -> tuple[PolicyEffect, ...]:
    """
    Return what the policies of *side* grant where an enforcer has *deviations*.

    The policies come first, in their order; what no policy says of itself comes after them.
    """
    reader = _Programmer(space, side, deviations)
    found = [reader.policy(number, policy) for number, policy in enumerate(side.cluster.policies)]
    if Deviation.BOTH_DIRECTIONS in deviations:
        found += [each for granted in found for each in both_directions(granted)]
    if Deviation.NODE_PORTS in deviations:
        found += own_node_ports(space, found)
    return tuple(found)


def both_directions(granted: PolicyEffect) -> Iterator[PolicyEffect]:
    """
    Yield what the rules of each direction grant in the other one, where *granted* is of both.

    kube-router makes one chain of a policy and walks it for both directions.  An ingress rule
    lets those of its peers that the policy selects itself out to the selected pods; an egress
    rule lets the selected pods in to those of its peers that it selects.

    Probe: ``tests/truth/kube-router/directions.yaml``.
    """
    if granted.ingress is None or granted.egress is None:
        return
    for ingress, grants in ((False, granted.ingress), (True, granted.egress)):
        for one in grants:
            subjects = granted.subjects & one.peers
            crossed = (RuleEffect(one.rule, granted.subjects, one.ports),)
            if subjects:
                yield PolicyEffect(
                    granted.policy, subjects, crossed if ingress else None, None if ingress else crossed, True
                )


def own_node_ports(space: EndpointSpace, granted: Iterable[PolicyEffect]) -> Iterator[PolicyEffect]:
    """
    Yield what lets pods out to the TCP and UDP ports 30000-32767 of the node that they run on, whatever policies say.

    Of their own node only: to another one their egress decides.

    Probe: ``tests/truth/kube-router/nodes.yaml``, "the node ports of a pod's own node are open".
    """
    isolated = 0
    for each in granted:
        isolated |= each.subjects if each.egress is not None else 0
    port_cells = partition.covered(space.port_cells, NODE_PORTS.spans)
    for hosts, pods in space.nodes:
        if pods & isolated:
            yield PolicyEffect(NOBODY, pods & isolated, None, (RuleEffect(0, hosts, ((port_cells, ANY),)),))


@record
class _Group:
    """
    The pods on which the names of a rule's ports are looked up.

    *members* are those of the endpoint space, *strangers* those without an address of its family:
    a name that only they have is known in every family.
    """

    members: int
    strangers: tuple[Pod, ...] = ()


_ALL = _Group(ANY)
"""Whichever pod is the destination: where the specification looks a name up."""


class _Programmer(EffectReader):
    """Reads policies as an enforcer with *deviations* does."""

    def __init__(self, space: EndpointSpace, side: Side, deviations: frozenset[Deviation]) -> None:
        super().__init__(space)
        self.deviations = deviations
        self.unseen = ip_blocks.unseen(side.cluster, deviations)
        self.labels = namespaces_of(side.cluster)
        self.strangers = tuple(pod for pod in side.pods if pod and not pod.host_network and pod not in space.by_pod)
        self.found: dict[tuple[IpBlock, ...], int] = {}
        self.nameless: dict[tuple[str, int, PolicyRule], tuple[RuleEffect, ...]] = {}
        self.everywhere = partition.covered(
            space.address_cells, ip_blocks.everywhere(space.family, deviations, self.unseen)
        )

    def policy(self, number: int, policy: NetworkPolicy) -> PolicyEffect:
        """Return what *policy*, at the place *number*, grants."""
        subjects = self.subjects(policy)
        ingress = egress = None
        if policy.ingress is not None:
            ingress = self.every(policy, policy.ingress, lambda n, rule: self.entering(policy, subjects, n, rule))
        if policy.egress is not None:
            egress = self.every(policy, policy.egress, lambda n, rule: self.leaving(policy, n, rule))
        return PolicyEffect(number, subjects, ingress, egress)

    def every(
        self,
        policy: NetworkPolicy,
        rules: tuple[PolicyRule, ...],
        read: Callable[[int, PolicyRule], tuple[RuleEffect, ...]],
    ) -> tuple[RuleEffect, ...]:
        """Return what *rules* of *policy* grant; those without names grant the same at any place."""
        found: list[RuleEffect] = []
        for number, rule in enumerate(rules):
            if _has_names(rule):
                found += read(number, rule)
                continue
            own = any(isinstance(peer, PodPeer) and peer.namespaces is None for peer in rule.peers or ())
            known = policy.namespace if own else "", number, rule
            if known not in self.nameless:
                self.nameless[known] = read(number, rule)
            found += self.nameless[known]
        return tuple(found)

    def entering(self, policy: NetworkPolicy, subjects: int, number: int, rule: PolicyRule) -> tuple[RuleEffect, ...]:
        """Return what an ingress rule grants: names are looked up on the pods that the policy selects."""
        group = _Group(subjects, self.without(rule, lambda pod: self.is_subject(policy, pod)))
        opened = self.opened(rule.ports, group)
        if rule.peers is None:
            return (RuleEffect(number, self.space.present, opened),)
        to_pods = self.unmatched_name(rule, opened, group)
        return _granted(number, (self.selecting(policy, rule), to_pods), (self.addresses(rule), opened))

    def leaving(self, policy: NetworkPolicy, number: int, rule: PolicyRule) -> tuple[RuleEffect, ...]:
        """Return what an egress rule grants: names are looked up on the pods that the rule names."""
        if rule.peers is None:
            return (RuleEffect(number, self.space.present, self.name_to_everyone(policy, rule)),)
        pods = self.selecting(policy, rule)
        group = _Group(pods, self.without(rule, lambda pod: self.is_peer(policy, rule, pod)))
        to_pods = self.unmatched_name(rule, self.opened(rule.ports, group), group)
        return _granted(number, (pods, to_pods), (self.addresses(rule), self.name_to_addresses(rule)))

    def selecting(self, policy: NetworkPolicy, rule: PolicyRule) -> int:
        """Return the members that the selectors of *rule* select."""
        found = 0
        for peer in rule.peers or ():
            found |= self.peer(policy.namespace, peer) if isinstance(peer, PodPeer) else 0
        return found

    def addresses(self, rule: PolicyRule) -> int:
        """Return the members that the ``ipBlock``s of *rule* match."""
        known = tuple(peer for peer in rule.peers or () if isinstance(peer, IpBlock))
        if known not in self.found:
            self.found[known] = 0
            for spans in ip_blocks.read(known, self.space.family, self.deviations, self.unseen):
                self.found[known] |= located(self.space, spans, self.everywhere)
        return self.found[known]

    def opened(self, wanted: tuple[PolicyPort, ...] | None, group: _Group) -> Opened:
        """Return the ports of a rule, its names looked up on *group*."""
        if wanted is None:
            return ((self.space.port_cells.every, ANY),)
        numbers = self.numbers(wanted)
        named = [each for port in wanted if isinstance(port.port, str) for each in self.meant(port, group)]
        return ((numbers, ANY), *named) if numbers else tuple(named)

    def numbers(self, wanted: tuple[PolicyPort, ...] | None) -> int:
        """Return the port cells of the ports that are no names."""
        found = 0
        for port in wanted or ():
            found |= (
                0 if isinstance(port.port, str) else partition.covered(self.space.port_cells, port_set_of(port).spans)
            )
        return found

    def meant(self, port: PolicyPort, group: _Group) -> Iterator[tuple[int, int]]:
        """Yield what a name means, and on which pods of *group*."""
        for number in self.values(port, group):
            holders = self.holders((str(port.port), port.protocol, number)) & group.members
            if Deviation.SHARED_PORTS in self.deviations and group is not _ALL:
                holders = self.shared_ports((str(port.port), port.protocol, number), group)
            if holders:
                yield self.port_cells(port.protocol, number), holders

    def values(self, port: PolicyPort, group: _Group) -> list[int]:
        """Return the numbers that pods of *group* give the name *port*."""
        known = self.space.named.get((str(port.port), port.protocol), ())
        found = {number for number, having in known if having & group.members}
        name = str(port.port), port.protocol
        found.update(each[2] for pod in group.strangers for each in self.ports_of(pod) if each[:2] == name)
        return sorted(found)

    def holders(self, port: tuple[str, str, int]) -> int:
        """Return the members that have *port*: a name, a protocol and a number."""
        return dict(self.space.named.get(port[:2], ())).get(port[2], 0)

    def ports_of(self, pod: Pod) -> set[tuple[str, str, int]]:
        """Return every port of *pod* that the enforcer looks at."""
        every = frozenset((port.name, port.protocol) for port in pod.ports)
        return programmed_ports(pod, every, self.deviations)

    def port_cells(self, protocol: str, number: int) -> int:
        """Return the port cell of one port."""
        return partition.covered(self.space.port_cells, port_set_of(PolicyPort(protocol, number)).spans)

    def unmatched_name(self, rule: PolicyRule, opened: Opened, group: _Group) -> Opened:
        """
        Return the ports that *rule* opens to pods: every port, where none of its names means anything on *group*.

        kube-router drops a name that no pod has from the rule, and a rule without ports is for
        every port: in egress where no peer has it, in ingress where no pod has it that the policy
        selects.  A number in addition to the name saves it.

        Probe: ``tests/truth/kube-router/names.yaml``, "a name that nobody has opens every port".
        """
        if Deviation.UNMATCHED_NAME not in self.deviations or rule.ports is None or self.numbers(rule.ports):
            return opened
        known = any(self.values(port, group) for port in rule.ports)
        return opened if known else ((self.space.port_cells.every, ANY),)

    def name_to_addresses(self, rule: PolicyRule) -> Opened:
        """
        Return the ports that an egress *rule* opens to addresses: names mean nothing there, not even for a pod.

        Probe: ``tests/truth/kube-router/names.yaml``, "a name means nothing to addresses".
        """
        if Deviation.NAME_TO_ADDRESSES not in self.deviations or rule.ports is None:
            return self.opened(rule.ports, _ALL)
        numbers = self.numbers(rule.ports)
        return ((numbers, ANY),) if numbers else ()

    def name_to_everyone(self, policy: NetworkPolicy, rule: PolicyRule) -> Opened:
        """
        Return the ports that an egress *rule* without peers opens.

        kube-router looks the names up on the pods of the policy's own namespace, and opens
        the numbers that it finds to every destination.

        Probe: ``tests/truth/kube-router/names.yaml``, "a name without peers is looked up at home".
        """
        if Deviation.NAME_TO_EVERYONE not in self.deviations or rule.ports is None:
            return self.opened(rule.ports, _ALL)
        own_namespace = _Group(
            self.space.by_namespace.get(policy.namespace, 0),
            self.without(rule, lambda pod: pod.namespace == policy.namespace),
        )
        found = self.numbers(rule.ports)
        for port in rule.ports:
            for number in self.values(port, own_namespace) if isinstance(port.port, str) else ():
                found |= self.port_cells(port.protocol, number)
        return ((found, ANY),) if found else ()

    def shared_ports(self, port: tuple[str, str, int], group: _Group) -> int:
        """
        Return the members of *group* for which *port* may be opened: every pod that shares a port with one that has it.

        kube-router keeps one list of addresses for all ports of the pod that it sees first, and adds to it
        every other pod that has one of them.  Which pod it sees first is chance, so this says what can happen.

        Probe: ``tests/truth/kube-router/names.yaml``, "whoever shares one port of a pod may get its others".
        """
        having = self.holders(port) & group.members
        keys = {key for pod in group.strangers for key in self.ports_of(pod) if port in self.ports_of(pod)}
        found = having
        for (name, protocol), numbers in self.space.named.items():
            for number, others in numbers:
                if others & having or (name, protocol, number) in keys:
                    found |= others & group.members
        return found

    def without(self, rule: PolicyRule, test: Callable[[Pod], bool]) -> tuple[Pod, ...]:
        """Return the pods without an address of this family that pass *test*, where *rule* has names to look up."""
        return tuple(filter(test, self.strangers)) if self.strangers and _has_names(rule) else ()

    def is_subject(self, policy: NetworkPolicy, pod: Pod) -> bool:
        """Say whether *policy* selects *pod*."""
        return pod.namespace == policy.namespace and matches(policy.pods, dict(pod.labels))

    def is_peer(self, policy: NetworkPolicy, rule: PolicyRule, pod: Pod) -> bool:
        """Say whether a selector of *rule* selects *pod*."""
        return any(
            isinstance(peer, PodPeer)
            and matches(peer.pods, dict(pod.labels))
            and (
                pod.namespace == policy.namespace
                if peer.namespaces is None
                else matches(peer.namespaces, self.labels[pod.namespace])
            )
            for peer in rule.peers or ()
        )


def _has_names(rule: PolicyRule) -> bool:
    return any(isinstance(port.port, str) for port in rule.ports or ())


def _granted(number: int, *parts: tuple[int, Opened]) -> tuple[RuleEffect, ...]:
    """Return the grants of one rule: one for all its peers, where the same ports are open to them."""
    (some, opened), (others, also) = parts
    if opened == also:
        return (RuleEffect(number, some | others, opened),)
    return tuple(RuleEffect(number, peers, those) for peers, those in parts)

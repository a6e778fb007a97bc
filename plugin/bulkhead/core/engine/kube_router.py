"""
What an enforcer makes of policies: what they allow, with the deviations of the enforcer from the specification.

Each deviation is one small function here or in ``ip_blocks.py``, whose docstring names the probe that shows it. The
deviations of kube-router are those of its NetworkPolicy controller, as k3s embeds it.
"""

from collections.abc import Callable, Iterable, Iterator

from bulkhead.core.engine import ip_blocks
from bulkhead.core.engine.endpoint_classes import NODE_PORTS, Side, port_set_of, programmed_ports
from bulkhead.core.engine.endpoint_space import EndpointSpace, PortCells, located
from bulkhead.core.engine.rule_effects import ANY, NOBODY, EffectReader, OpenedPorts, PolicyEffect, RuleEffect
from bulkhead.core.engine.semantics import Deviation
from bulkhead.core.kubernetes.cluster import Pod, PolicyIndex, RuleIndex, namespaces_of
from bulkhead.core.kubernetes.networkpolicy import IpBlock, NetworkPolicy, PodPeer, PolicyPort, PolicyRule
from bulkhead.core.kubernetes.selectors import Members, matches
from bulkhead.core.record import record
from bulkhead.core.sets import partition


def kube_router_effects(space: EndpointSpace, side: Side, deviations: frozenset[Deviation]) -> tuple[PolicyEffect, ...]:
    """
    Return what the policies of *side* allow where an enforcer has *deviations*.

    The policies come first, in their order; then what the enforcer allows without a rule that says so.
    """
    reader = _KubeRouterReader(space, side, deviations)
    found = [reader.policy(number, policy) for number, policy in enumerate(side.cluster.policies)]
    if Deviation.BOTH_DIRECTIONS in deviations:
        found += [each for effect in found for each in both_directions(effect)]
    if Deviation.NODE_PORTS in deviations:
        found += own_node_ports(space, found)
    return tuple(found)


def shared_chains(policies: Iterable[NetworkPolicy]) -> Iterator[tuple[PolicyIndex, NetworkPolicy]]:
    """
    Yield the index of each of *policies* that kube-router takes for an earlier one, with that policy.

    The chain and the sets of a policy are named by its namespace and name, written together without a separator.

    Probe: ``tests/enforcement/test_truth.py``.
    """
    known: dict[str, NetworkPolicy] = {}
    for number, policy in enumerate(policies):
        first = known.setdefault(policy.namespace + policy.name, policy)
        if (first.namespace, first.name) != (policy.namespace, policy.name):
            yield number, first


def both_directions(effect: PolicyEffect) -> Iterator[PolicyEffect]:
    """
    Yield what the rules of each direction allow in the other direction, where the policy of *effect* has both.

    kube-router makes one chain for a policy and uses it for both directions. So an ingress rule also allows egress to
    the selected pods, from those of its peers that the policy selects. An egress rule also allows ingress from the
    selected pods, to those of its peers that the policy selects.

    Probe: ``tests/truth/kube-router/directions.yaml``.
    """
    if effect.ingress is None or effect.egress is None:
        return
    for ingress, rules in ((False, effect.ingress), (True, effect.egress)):
        for one in rules:
            subjects = effect.subjects & one.peers
            crossed = (RuleEffect(one.rule, effect.subjects, one.ports),)
            if subjects:
                yield PolicyEffect(
                    effect.policy, subjects, crossed if ingress else None, None if ingress else crossed, True
                )


def own_node_ports(space: EndpointSpace, effect: Iterable[PolicyEffect]) -> Iterator[PolicyEffect]:
    """
    Yield the egress of pods to TCP and UDP ports 30000-32767 of their own node, which no policy can deny.

    For the node ports of another node their egress rules decide.

    Probe: ``tests/truth/kube-router/nodes.yaml``, "the node ports of a pod's own node are open".
    """
    isolated: Members = 0
    for each in effect:
        isolated |= each.subjects if each.egress is not None else 0
    port_cells = partition.covered(space.port_cells, NODE_PORTS.spans)
    for hosts, pods in space.nodes:
        if pods & isolated:
            yield PolicyEffect(NOBODY, pods & isolated, None, (RuleEffect(0, hosts, ((port_cells, ANY),)),))


@record
class _Group:
    """
    The pods on which the names of a rule's ports are looked up.

    *members* are those of the endpoint space. *unaddressed* are pods without an address of its family: a name that
    only they have is known in every family.
    """

    members: Members
    unaddressed: tuple[Pod, ...] = ()


_ALL = _Group(ANY)
"""Every pod: the specification looks a name up on the pod that is the destination."""


class _KubeRouterReader(EffectReader):
    """Reads policies as an enforcer with *deviations* does."""

    def __init__(self, space: EndpointSpace, side: Side, deviations: frozenset[Deviation]) -> None:
        super().__init__(space)
        self.deviations = deviations
        self.never_matched = ip_blocks.never_matched(side.cluster, deviations)
        self.labels = namespaces_of(side.cluster)
        self.unaddressed = tuple(pod for pod in side.pods if pod and not pod.host_network and pod not in space.by_pod)
        self.found: dict[tuple[IpBlock, ...], Members] = {}
        self.nameless: dict[tuple[str, int, PolicyRule], tuple[RuleEffect, ...]] = {}
        self.everywhere = partition.covered(
            space.address_cells, ip_blocks.everywhere(space.family, deviations, self.never_matched)
        )

    def policy(self, number: PolicyIndex, policy: NetworkPolicy) -> PolicyEffect:
        """Return what *policy*, which has the index *number*, allows."""
        subjects = self.subjects(policy)
        ingress = egress = None
        if policy.ingress is not None:
            ingress = self.every(policy, policy.ingress, lambda n, rule: self.ingress_effect(policy, subjects, n, rule))
        if policy.egress is not None:
            egress = self.every(policy, policy.egress, lambda n, rule: self.egress_effect(policy, n, rule))
        return PolicyEffect(number, subjects, ingress, egress)

    def every(
        self,
        policy: NetworkPolicy,
        rules: tuple[PolicyRule, ...],
        read: Callable[[int, PolicyRule], tuple[RuleEffect, ...]],
    ) -> tuple[RuleEffect, ...]:
        """Return what *rules* of *policy* allow. Rules without named ports are read once for all policies."""
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

    def ingress_effect(
        self, policy: NetworkPolicy, subjects: Members, number: RuleIndex, rule: PolicyRule
    ) -> tuple[RuleEffect, ...]:
        """Return what an ingress rule allows: names are looked up on the pods that the policy selects."""
        group = _Group(subjects, self.without(rule, lambda pod: self.is_subject(policy, pod)))
        opened = self.opened(rule.ports, group)
        if rule.peers is None:
            return (RuleEffect(number, self.space.present, opened),)
        to_pods = self.unmatched_name(rule, opened, group)
        return _rule_effects(number, (self.selecting(policy, rule), to_pods), (self.addresses(rule), opened))

    def egress_effect(self, policy: NetworkPolicy, number: RuleIndex, rule: PolicyRule) -> tuple[RuleEffect, ...]:
        """Return what an egress rule allows: names are looked up on the pods that its peers select."""
        if rule.peers is None:
            return (RuleEffect(number, self.space.present, self.name_to_everyone(policy, rule)),)
        pods = self.selecting(policy, rule)
        group = _Group(pods, self.without(rule, lambda pod: self.is_peer(policy, rule, pod)))
        to_pods = self.unmatched_name(rule, self.opened(rule.ports, group), group)
        return _rule_effects(number, (pods, to_pods), (self.addresses(rule), self.name_to_addresses(rule)))

    def selecting(self, policy: NetworkPolicy, rule: PolicyRule) -> Members:
        """Return the members that the selectors of *rule* select."""
        found = 0
        for peer in rule.peers or ():
            found |= self.peer(policy.namespace, peer) if isinstance(peer, PodPeer) else 0
        return found

    def addresses(self, rule: PolicyRule) -> Members:
        """Return the members that the ``ipBlock``s of *rule* match."""
        known = tuple(peer for peer in rule.peers or () if isinstance(peer, IpBlock))
        if known not in self.found:
            self.found[known] = 0
            for spans in ip_blocks.read(known, self.space.family, self.deviations, self.never_matched):
                self.found[known] |= located(self.space, spans, self.everywhere)
        return self.found[known]

    def opened(self, wanted: tuple[PolicyPort, ...] | None, group: _Group) -> OpenedPorts:
        """Return the ports of a rule, its names looked up on *group*."""
        if wanted is None:
            return ((self.space.port_cells.every, ANY),)
        numbers = self.numbers(wanted)
        named = [each for port in wanted if isinstance(port.port, str) for each in self.meant(port, group)]
        return ((numbers, ANY), *named) if numbers else tuple(named)

    def numbers(self, wanted: tuple[PolicyPort, ...] | None) -> PortCells:
        """Return the port cells of the ports that are no names."""
        found = 0
        for port in wanted or ():
            found |= (
                0 if isinstance(port.port, str) else partition.covered(self.space.port_cells, port_set_of(port).spans)
            )
        return found

    def meant(self, port: PolicyPort, group: _Group) -> Iterator[tuple[PortCells, Members]]:
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
        found.update(each[2] for pod in group.unaddressed for each in self.ports_of(pod) if each[:2] == name)
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

    def unmatched_name(self, rule: PolicyRule, opened: OpenedPorts, group: _Group) -> OpenedPorts:
        """
        Return the ports that *rule* opens to pods: every port, where none of its names means anything on *group*.

        kube-router drops a name that no pod has from the rule, and a rule without ports is for
        every port: in egress where no peer has the name, in ingress where no pod that the policy selects has it.
        A rule with a port number in addition to the name keeps that number.

        Probe: ``tests/truth/kube-router/names.yaml``, "a name that nobody has opens every port".
        """
        if Deviation.UNMATCHED_NAME not in self.deviations or rule.ports is None or self.numbers(rule.ports):
            return opened
        known = any(self.values(port, group) for port in rule.ports)
        return opened if known else ((self.space.port_cells.every, ANY),)

    def name_to_addresses(self, rule: PolicyRule) -> OpenedPorts:
        """
        Return the ports that an egress *rule* opens to addresses: names mean nothing there, not even for a pod.

        Probe: ``tests/truth/kube-router/names.yaml``, "a name means nothing to addresses".
        """
        if Deviation.NAME_TO_ADDRESSES not in self.deviations or rule.ports is None:
            return self.opened(rule.ports, _ALL)
        numbers = self.numbers(rule.ports)
        return ((numbers, ANY),) if numbers else ()

    def name_to_everyone(self, policy: NetworkPolicy, rule: PolicyRule) -> OpenedPorts:
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
        keys = {key for pod in group.unaddressed for key in self.ports_of(pod) if port in self.ports_of(pod)}
        found = having
        for (name, protocol), numbers in self.space.named.items():
            for number, others in numbers:
                if others & having or (name, protocol, number) in keys:
                    found |= others & group.members
        return found

    def without(self, rule: PolicyRule, test: Callable[[Pod], bool]) -> tuple[Pod, ...]:
        """Return the pods without an address of this family that pass *test*, where *rule* has names to look up."""
        return tuple(filter(test, self.unaddressed)) if self.unaddressed and _has_names(rule) else ()

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


def _rule_effects(number: int, *parts: tuple[int, OpenedPorts]) -> tuple[RuleEffect, ...]:
    """Return the effects of one rule: one effect for all its peers, where the same ports are open to them."""
    (some, opened), (others, also) = parts
    if opened == also:
        return (RuleEffect(number, some | others, opened),)
    return tuple(RuleEffect(number, peers, those) for peers, those in parts)

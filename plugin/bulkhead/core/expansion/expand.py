"""
Expand what people wrote into NetworkPolicies.

Each protected namespace gets ``default-deny-all``, which selects every pod, isolates both directions and
allows nothing (``default-deny-ingress`` or ``default-deny-egress`` where it isolates one direction only),
and one allow policy for each rule (or for each direction). An allow policy has one direction only, and an
``ipBlock`` with ``except`` is the only peer of its rule.  kube-router applies the rules of a policy with both
directions to each other's direction, and cuts an ``except`` out of the other peers of the same rule
(measured, see ``docs/decisions``).
"""

from collections.abc import Iterable, Iterator, Mapping

from bulkhead.core.diagnostics import Diagnostic, Path, in_resource, spell
from bulkhead.core.expansion.peers import Peers, pod_peer, selector
from bulkhead.core.kubernetes.networkpolicy import (
    EVERY_POD,
    Direction,
    IpBlock,
    NetworkPolicy,
    PodPeer,
    PolicyPort,
    PolicyRule,
    Selector,
)
from bulkhead.core.language.resources import (
    API_GROUP,
    ClusterProfile,
    EgressRule,
    Enforcer,
    IngressRule,
    Isolation,
    Layout,
    Peer,
    Rule,
    SegmentedNamespace,
)
from bulkhead.core.language.scalars import Name, Port
from bulkhead.core.record import record

MANAGED_BY = ("app.kubernetes.io/managed-by", "bulkhead")
DENY = "default-deny-all"
_DENIED = {
    Isolation.BOTH: (DENY, (), ()),
    Isolation.INGRESS: ("default-deny-ingress", (), None),
    Isolation.EGRESS: ("default-deny-egress", None, ()),
}
"""The name of a default deny, and its rules of ingress and egress: ``None`` for a direction that it leaves open."""
MANY_PEERS = 2000
"""With fewer peers, a policy is never larger than an object can be."""

_BY_NAME = (Enforcer.CALICO, Enforcer.CILIUM)
"""Enforcers that resolve a named port in egress on the destination; kube-router opens every port instead."""


@record
class Expansion:
    """
    The *policies*, sorted by namespace and name; empty where there are *problems*.

    *origins* has for each policy the paths that it comes from: for each of its entries the path of the written rule
    (one rule can become several entries), and ``spec`` for the default deny.
    """

    policies: tuple[NetworkPolicy, ...]
    problems: tuple[Diagnostic, ...]
    origins: tuple[tuple[Path, ...], ...] = ()


class Expanded:
    """
    What is known of profiles and rules that many namespaces have, by their identity.

    *peers* are those of profiles. *lines* are rules without a problem, by the profile, the rule, the direction, and the
    workload and name under which they are written. Both are kept, so that no other one has the identity.
    """

    def __init__(self) -> None:
        self.peers: dict[int, tuple[Peers, tuple[Diagnostic, ...]]] = {}
        self.lines: dict[tuple[int, int, Direction, str, Name], _Line] = {}

    def peers_of(self, profile: ClusterProfile) -> tuple[Peers, tuple[Diagnostic, ...]]:
        """Return the peers of *profile*, and what is wrong with them."""
        if id(profile) not in self.peers:
            peers = Peers(profile)
            self.peers[id(profile)] = peers, tuple(peers.problems())
        return self.peers[id(profile)]


def expand(
    profile: ClusterProfile, namespaces: Iterable[SegmentedNamespace], expanded: Expanded | None = None
) -> Expansion:
    """
    Return the policies of all *namespaces* in the cluster of *profile*, or everything that is wrong.

    The result does not depend on the order of the namespaces or of keys. *expanded* is what is known of rules that
    other namespaces have too; it grows.
    """
    expanded = expanded or Expanded()
    peers, problems = expanded.peers_of(profile)
    policies: list[tuple[NetworkPolicy, tuple[Path, ...]]] = []
    found: list[Diagnostic] = list(problems)
    taken: dict[tuple[str, str], Path] = {}
    seen: set[str] = set()
    for namespace in sorted(namespaces, key=lambda each: each.namespace):
        made = _Namespace(profile, peers, namespace, expanded)
        if namespace.spec.unprotected is None:
            if namespace.spec.isolation is not Isolation.BOTH and namespace.namespace in seen:
                found.append(_twice(namespace))
            seen.add(namespace.namespace)
        for policy, origins in made.policies():
            key = policy.namespace, policy.name
            if key in taken:
                found.append(_clash(namespace, policy, origins[0], spell(taken[key])))
            taken[key] = origins[0]
            policies.append((policy, origins))
        found += made.found
    if found:
        return Expansion((), tuple(found))
    policies.sort(key=lambda each: (each[0].namespace, each[0].name))
    return Expansion(tuple(policy for policy, _ in policies), (), tuple(origins for _, origins in policies))


def _clash(namespace: SegmentedNamespace, policy: NetworkPolicy, origin: Path, other: str) -> Diagnostic:
    if policy.name == DENY:
        return _twice(namespace)
    return Diagnostic(
        in_resource(namespace.title, origin),
        f"two policies would be named `{policy.name}`: the other comes from `{other}`",
        "rename the rule or the workload",
    )


def _twice(namespace: SegmentedNamespace) -> Diagnostic:
    return Diagnostic(
        in_resource(namespace.title, ("metadata", "namespace")),
        f"two SegmentedNamespaces are both for namespace `{namespace.namespace}`",
        "keep one of them",
    )


class _Namespace:
    """Expands one namespace; problems are collected in *found*."""

    def __init__(self, profile: ClusterProfile, peers: Peers, resource: SegmentedNamespace, expanded: Expanded) -> None:
        self.profile = profile
        self.expanded = expanded
        self.peers = peers
        self.resource = resource
        self.found: list[Diagnostic] = []

    def policies(self) -> Iterator[tuple[NetworkPolicy, tuple[Path, ...]]]:
        """Yield each policy with the paths of what it was written as."""
        spec = self.resource.spec
        if spec.unprotected is not None:
            return
        yield from self.deny("", EVERY_POD, spec.isolation, ("spec",))
        yield from self.group("", EVERY_POD, spec.ingress, spec.egress, ("spec",))
        for name, workload in spec.workloads.items():
            path = ("spec", "workloads", name)
            pods = selector(workload.pods)
            yield from self.deny(name, pods, workload.isolation or Isolation.NONE, path)
            yield from self.group(name, pods, workload.ingress, workload.egress, path)

    def deny(
        self, workload: str, pods: Selector, isolation: Isolation, path: Path
    ) -> Iterator[tuple[NetworkPolicy, tuple[Path, ...]]]:
        """Yield the policy that isolates *pods* and allows nothing; none where *isolation* is ``none``."""
        if isolation is Isolation.NONE:
            return
        name, ingress, egress = _DENIED[isolation]
        notes = ((f"{API_GROUP}/workload", workload),) if workload else ()
        name = f"{workload}-{name}" if workload else name
        yield NetworkPolicy(self.resource.namespace, name, pods, ingress, egress, (MANAGED_BY,), notes), (path,)

    def group(
        self,
        workload: str,
        pods: Selector,
        ingress: Mapping[Name, IngressRule],
        egress: Mapping[Name, EgressRule],
        path: Path,
    ) -> Iterator[tuple[NetworkPolicy, tuple[Path, ...]]]:
        """Yield the policies of the rules for one selection of pods."""
        for direction, rules in ((Direction.INGRESS, ingress), (Direction.EGRESS, egress)):
            lines = [self.line(workload, name, rule, direction, path) for name, rule in rules.items()]
            if self.profile.spec.policies is Layout.PER_RULE:
                for line in lines:
                    yield from self.divided(
                        line.policy, pods, direction, line.entries, line.labels, line.notes, line.written
                    )
            elif lines:
                entries = tuple(entry for line in lines for entry in line.entries)
                written = tuple(each for line in lines for each in line.written)
                name = _policy_name(workload, direction)
                labels, notes = self.metadata(workload, rules, (*path, direction))
                yield from self.divided(name, pods, direction, entries, labels, notes, written)

    def divided(
        self,
        name: str,
        pods: Selector,
        direction: Direction,
        rules: tuple[PolicyRule, ...],
        labels: tuple[tuple[str, str], ...],
        annotations: tuple[tuple[str, str], ...],
        written: tuple[Path, ...],
    ) -> Iterator[tuple[NetworkPolicy, tuple[Path, ...]]]:
        """Yield one policy, or several where there are more peers than an object can have."""
        if sum(len(rule.peers or ()) for rule in rules) < MANY_PEERS:
            yield self.policy(name, pods, direction, rules, labels, annotations), written
            return
        from bulkhead.core.expansion.policy_parts import policy_parts  # here: few builds have so many

        for number, (part, origins) in enumerate(policy_parts(rules, written), 1):
            title = name if number == 1 else f"{name}-{number}"
            yield self.policy(title, pods, direction, part, labels, annotations), origins

    def policy(
        self,
        name: str,
        pods: Selector,
        direction: Direction,
        rules: tuple[PolicyRule, ...],
        labels: tuple[tuple[str, str], ...],
        annotations: tuple[tuple[str, str], ...],
    ) -> NetworkPolicy:
        return NetworkPolicy(
            self.resource.namespace,
            name,
            pods,
            rules if direction is Direction.INGRESS else None,
            rules if direction is Direction.EGRESS else None,
            labels,
            annotations,
        )

    def line(self, workload: str, name: Name, rule: Rule, direction: Direction, path: Path) -> "_Line":
        """Return one rule with what it becomes, which may be known."""
        key = id(self.profile), id(rule), direction, workload, name
        known = self.expanded.lines.get(key)
        if known is not None:
            return known
        problems = len(self.found)
        at = (*path, direction, name)
        entries = self.rule(rule, direction, at)
        policy = _policy_name(workload, f"{name}-{direction}")
        labels, notes = self.metadata(workload, {name: rule}, (*path, direction))
        made = _Line(name, rule, entries, policy, labels, notes, tuple(at for _ in entries or (None,)))
        if len(self.found) == problems and entries:
            self.expanded.lines[key] = made
        return made

    def metadata(
        self, workload: str, rules: Mapping[Name, Rule], path: Path
    ) -> tuple[tuple[tuple[str, str], ...], tuple[tuple[str, str], ...]]:
        """Return the labels and the annotations of a policy for *rules*."""
        labels: tuple[tuple[str, str], ...] = (MANAGED_BY,)
        notes = _notes(workload, list(rules.items()))
        if any(rule.labels for rule in rules.values()):
            labels = tuple(sorted((*labels, *self.agreed("labels", rules, path))))
        if any(rule.annotations for rule in rules.values()):
            notes = tuple(sorted((*notes, *self.agreed("annotations", rules, path))))
        return labels, notes

    def agreed(self, field: str, rules: Mapping[Name, Rule], path: Path) -> Iterator[tuple[str, str]]:
        """Yield each label or annotation that the rules of one policy set. Note where two rules differ in one."""
        found: dict[str, tuple[str, str]] = {}
        for name, rule in rules.items():
            for key, value in getattr(rule, field).items():
                first, known = found.setdefault(str(key), (name, str(value)))
                if known != value:
                    at = in_resource(self.resource.title, (*path, name, field, str(key)))
                    message = f"rule `{first}`, which is part of the same policy, sets `{key}` to another value"
                    self.found.append(Diagnostic(at, message, "write the same value, or `policies: per-rule`"))
        yield from ((key, value) for key, (_, value) in found.items())

    def rule(self, rule: Rule, direction: Direction, path: Path) -> tuple[PolicyRule, ...]:
        """Return the entries of one rule: one for peers without ``except``, and one for each block with ``except``."""
        end = (*path, "from" if direction is Direction.INGRESS else "to")
        if not self.known(rule.peers, end) or (direction is Direction.EGRESS and not self.ports_by_number(rule, path)):
            return ()
        if not self.is_enforceable(rule, end):
            return ()
        ports = None if rule.ports is None else tuple(map(_port, rule.ports))
        written = tuple(self.peers.written_out(rule.peers))
        if any(peer.is_everyone for peer in written):
            return (PolicyRule(None, ports),)
        together: list[IpBlock | PodPeer] = []
        alone: list[IpBlock] = []
        for peer in written:
            if not peer.by_address:
                together.append(pod_peer(peer))
                continue
            for block in self.peers.blocks(peer):
                (alone if block.excluded else together).append(block)
        groups = ([tuple(dict.fromkeys(together))] if together else []) + [(block,) for block in dict.fromkeys(alone)]
        return tuple(PolicyRule(group, ports) for group in groups)

    def known(self, peers: tuple[Name | Peer, ...], path: Path) -> bool:
        """Note every unknown peer. Return whether all peers are known and none of them refers to itself."""
        fine = True
        for i, peer in enumerate(peers):
            message, hint = self.peers.trouble(peer)
            if message:
                at = (*path, i) if len(peers) > 1 else path
                rule = f" in rule `{path[-2]}` of namespace `{self.resource.namespace}`"
                self.found.append(Diagnostic(in_resource(self.resource.title, at), message + rule, hint))
            fine = fine and not message and not any(self.peers.in_trouble(name) for name in self.peers.reached(peer))
        return fine

    def ports_by_number(self, rule: Rule, path: Path) -> bool:
        """Refuse a named port in egress unless the enforcer resolves it and the peer has pods to resolve it on."""
        enforcer = self.profile.spec.enforcer
        fine = True
        for i, port in enumerate(rule.ports or ()):
            if not port.name or (enforcer in _BY_NAME and not self.by_address(rule)):
                continue
            fine = False
            at = (*path, "ports", i) if len(rule.ports or ()) > 1 else (*path, "ports")
            message = f"named port `{port.name}` in egress " + (
                f"is not enforced correctly by `{enforcer.value}`"
                if enforcer not in _BY_NAME
                else "has no meaning for addresses"
            )
            self.found.append(
                Diagnostic(in_resource(self.resource.title, at), message, "write the container port's number")
            )
        return fine

    def is_enforceable(self, rule: Rule, path: Path) -> bool:
        """Refuse ranges of providers, at *path*, that are more than the enforcer takes in one rule."""
        found = [peer for peer in self.peers.written_out(rule.peers) if peer.ranges is not None]
        if not found:
            return True
        from bulkhead.core.expansion.provider_peers import beyond_enforcer  # here: few builds have ranges

        blocks = {block for peer in found for block in self.peers.blocks(peer)}
        message, hint = beyond_enforcer(self.profile.spec.enforcer, len(blocks), len(rule.ports or ()))
        if message:
            self.found.append(Diagnostic(in_resource(self.resource.title, path), message, hint))
        return not message

    def by_address(self, rule: Rule) -> bool:
        """Say whether one of the rule's peers is addresses."""
        return any(peer.by_address for peer in self.peers.written_out(rule.peers))


@record
class _Line:
    """
    A *rule* as written under its *name*, and the policy *entries* that it becomes.

    *policy* is the name of a policy for this rule alone, *labels* and *notes* are its labels and annotations.
    *written* has for each of the entries where it was written.
    """

    name: Name
    rule: Rule
    entries: tuple[PolicyRule, ...]
    policy: str
    labels: tuple[tuple[str, str], ...]
    notes: tuple[tuple[str, str], ...]
    written: tuple[Path, ...]


def _policy_name(workload: str, suffix: str) -> str:
    return f"{workload}-allow-{suffix}" if workload else f"allow-{suffix}"


def _notes(workload: str, batch: list[tuple[Name, Rule]]) -> tuple[tuple[str, str], ...]:
    """Return the annotations: rules, and the notes of people. Of several rules, a note begins with the rule's name."""
    notes = {f"{API_GROUP}/rule": ", ".join(name for name, _ in batch)}
    if workload:
        notes[f"{API_GROUP}/workload"] = workload
    for key in ("why", "owner", "until"):
        said = [(name, text) for name, rule in batch if (text := getattr(rule, key)) is not None]
        if said:
            notes[f"{API_GROUP}/{key}"] = "\n".join(
                text if len(batch) == 1 else f"{name}: {text}" for name, text in said
            )
    return tuple(sorted(notes.items()))


def _port(port: Port) -> PolicyPort:
    if port.name:
        return PolicyPort(port.protocol, port.name)
    if port.is_whole_protocol:
        return PolicyPort(port.protocol)
    return PolicyPort(port.protocol, port.first, port.last if port.last != port.first else None)

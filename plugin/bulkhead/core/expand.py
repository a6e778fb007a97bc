"""
Expand what people wrote into NetworkPolicies.

For each protected namespace: ``default-deny-all``, which names every pod and both directions
and allows nothing, and on top of it one allow policy a rule (or a direction), each of one
direction only.  kube-router lets the rules of a policy with both directions leak into each
other, and cuts an ``except`` out of the other peers of the same rule; hence the two
separations here (measured, see ``docs/decisions``).
"""

from collections.abc import Iterable, Iterator, Mapping

from bulkhead.core.notation import Name, Port, shown
from bulkhead.core.policy import (
    NAMESPACE_NAME,
    IpBlock,
    NetworkPolicy,
    PodPeer,
    PolicyPort,
    PolicyRule,
    Requirement,
    Selector,
)
from bulkhead.core.problem import Path, Problem, nearest
from bulkhead.core.resources import (
    API_GROUP,
    ClusterProfile,
    EgressRule,
    Enforcer,
    IngressRule,
    LabelSelector,
    Layout,
    Peer,
    Rule,
    SegmentedNamespace,
)
from bulkhead.core.value import value

MANAGED_BY = ("app.kubernetes.io/managed-by", "bulkhead")
DENY = "default-deny-all"
EVERY_POD = Selector()

_BY_NAME = (Enforcer.CALICO, Enforcer.CILIUM)
"""Enforcers that resolve a named port in egress on the destination; kube-router opens every port instead."""


@value
class Expansion:
    """The *policies*, sorted by namespace and name; empty where there are *problems*."""

    policies: tuple[NetworkPolicy, ...]
    problems: tuple[Problem, ...]


def expand(profile: ClusterProfile, namespaces: Iterable[SegmentedNamespace]) -> Expansion:
    """
    Return the policies of all *namespaces* in the cluster of *profile*, or everything that is wrong.

    The result depends on nothing but the values: not on their order, not on the order of keys.
    """
    peers = _Peers(profile)
    policies: list[NetworkPolicy] = []
    found: list[Problem] = list(peers.problems())
    taken: dict[tuple[str, str], str] = {}
    for namespace in sorted(namespaces, key=lambda each: each.namespace):
        made = _Namespace(profile, peers, namespace)
        for policy, origin in made.policies():
            key = policy.namespace, policy.name
            if key in taken:
                found.append(_clash(namespace, policy, origin, taken[key]))
            taken[key] = ".".join(map(str, origin))
            policies.append(policy)
        found += made.found
    if found:
        return Expansion((), tuple(found))
    return Expansion(tuple(sorted(policies, key=lambda each: (each.namespace, each.name))), ())


def _clash(namespace: SegmentedNamespace, policy: NetworkPolicy, origin: Path, other: str) -> Problem:
    if policy.name == DENY:
        return Problem(
            namespace.title,
            ("metadata", "namespace"),
            f"two SegmentedNamespaces are both for namespace `{policy.namespace}`",
            "keep one of them",
        )
    return Problem(
        namespace.title,
        origin,
        f"two policies would be named `{policy.name}`: the other comes from `{other}`",
        "rename the rule or the workload",
    )


class _Peers:
    """The named peers of a profile, resolved; a name may stand for a list with other names in it."""

    def __init__(self, profile: ClusterProfile) -> None:
        self.profile = profile
        self.named: Mapping[Name, tuple[Name | Peer, ...]] = profile.spec.peers

    def problems(self) -> Iterator[Problem]:
        """Yield what is wrong with the profile itself: unknown names, circles, networks that it does not give."""
        for name, members in self.named.items():
            for i, member in enumerate(members):
                path: Path = ("spec", "peers", name, i) if len(members) > 1 else ("spec", "peers", name)
                says, hint = self.trouble(member)
                if not says and name in self.reached(member):
                    says, hint = f"peer `{name}` refers to itself", "write out the peers that are meant"
                if says:
                    yield Problem(f"cluster {self.profile.name}", path, says, hint)

    def trouble(self, peer: Name | Peer) -> tuple[str, str]:
        """Return what is wrong with one reference and a hint, ``("", "")`` where nothing is."""
        if isinstance(peer, Name):
            if peer in self.named:
                return "", ""
            near = nearest(peer, list(self.named))
            known = ", ".join(f"`{name}`" for name in self.named) or "none"
            return f"unknown peer {shown(peer)}", f"did you mean `{near}`?" if near else f"the profile's peers: {known}"
        for network in peer.network or ():
            if self.profile.spec.networks.of(network) is None:
                return (
                    f"the profile does not say which addresses `{network.value}` has",
                    f"add `networks: {{{network.value}: CIDR}}` to the ClusterProfile",
                )
        return "", ""

    def reached(self, peer: Name | Peer) -> set[Name]:
        """Return every name that *peer* leads to, itself included."""
        seen: set[Name] = set()
        waiting = [peer]
        while waiting:
            each = waiting.pop()
            if isinstance(each, Name) and each not in seen:
                seen.add(each)
                waiting += self.named.get(each, ())
        return seen

    def written_out(self, peers: Iterable[Name | Peer]) -> Iterator[Peer]:
        """Yield the peers behind *peers*, in order; every name must be known and free of circles."""
        for peer in peers:
            if isinstance(peer, Name):
                yield from self.written_out(self.named[peer])
            else:
                yield peer

    def blocks(self, peer: Peer) -> Iterator[IpBlock]:
        """Yield the address blocks of a peer by address, each with the exclusions that lie in it."""
        for network in peer.network or ():
            yield from (IpBlock(str(cidr)) for cidr in self.profile.spec.networks.of(network) or ())
        for cidr in peer.cidr or ():
            yield IpBlock(str(cidr), tuple(str(cut) for cut in peer.excluded or () if cidr.holds(cut)))


class _Namespace:
    """Expands one namespace; problems are collected in *found*."""

    def __init__(self, profile: ClusterProfile, peers: _Peers, resource: SegmentedNamespace) -> None:
        self.profile = profile
        self.peers = peers
        self.resource = resource
        self.found: list[Problem] = []

    def policies(self) -> Iterator[tuple[NetworkPolicy, Path]]:
        """Yield each policy with the path of what it was written as."""
        spec = self.resource.spec
        if spec.unprotected is not None:
            return
        deny = NetworkPolicy(self.resource.namespace, DENY, EVERY_POD, (), (), labels=(MANAGED_BY,))
        yield deny, ("spec",)
        yield from self.group("", EVERY_POD, spec.ingress, spec.egress, ("spec",))
        for name, workload in spec.workloads.items():
            path = ("spec", "workloads", name)
            yield from self.group(name, selector(workload.pods), workload.ingress, workload.egress, path)

    def group(
        self,
        workload: str,
        pods: Selector,
        ingress: Mapping[Name, IngressRule],
        egress: Mapping[Name, EgressRule],
        path: Path,
    ) -> Iterator[tuple[NetworkPolicy, Path]]:
        """Yield the policies of the rules for one selection of pods."""
        for direction, rules in (("ingress", ingress), ("egress", egress)):
            lines = [
                _Line(name, rule, self.rule(rule, direction, (*path, direction, name))) for name, rule in rules.items()
            ]
            if self.profile.spec.policies is Layout.PER_RULE:
                batches = [(f"{line.name}-{direction}", [line]) for line in lines]
            else:
                batches = [(direction, lines)] if lines else []
            for suffix, batch in batches:
                name = f"{workload}-allow-{suffix}" if workload else f"allow-{suffix}"
                origin: Path = (*path, direction, batch[0].name) if len(batch) == 1 else (*path, direction)
                entries = tuple(entry for line in batch for entry in line.entries)
                yield self.policy(name, pods, direction, entries, _notes(workload, batch)), origin

    def policy(
        self,
        name: str,
        pods: Selector,
        direction: str,
        rules: tuple[PolicyRule, ...],
        annotations: tuple[tuple[str, str], ...],
    ) -> NetworkPolicy:
        return NetworkPolicy(
            self.resource.namespace,
            name,
            pods,
            rules if direction == "ingress" else None,
            rules if direction == "egress" else None,
            (MANAGED_BY,),
            annotations,
        )

    def rule(self, rule: Rule, direction: str, path: Path) -> tuple[PolicyRule, ...]:
        """Return the entries of one rule: peers without ``except`` together, each block with one alone."""
        end = (*path, "from" if direction == "ingress" else "to")
        if not self.known(rule.peers, end) or (direction == "egress" and not self.ports_by_number(rule, path)):
            return ()
        together: list[IpBlock | PodPeer] = []
        alone: list[IpBlock] = []
        for peer in self.peers.written_out(rule.peers):
            if not peer.by_address:
                together.append(_pod_peer(peer))
                continue
            for block in self.peers.blocks(peer):
                (alone if block.excluded else together).append(block)
        ports = None if rule.ports is None else tuple(map(_port, rule.ports))
        groups = ([tuple(dict.fromkeys(together))] if together else []) + [(block,) for block in dict.fromkeys(alone)]
        return tuple(PolicyRule(group, ports) for group in groups)

    def known(self, peers: tuple[Name | Peer, ...], path: Path) -> bool:
        """Note every unknown peer; say whether there was none, nor one that the profile has in a circle."""
        fine = True
        for i, peer in enumerate(peers):
            says, hint = self.peers.trouble(peer)
            if says:
                at = (*path, i) if len(peers) > 1 else path
                rule = f" in rule `{path[-2]}` of namespace `{self.resource.namespace}`"
                self.found.append(Problem(self.resource.title, at, says + rule, hint))
            fine = fine and not says and not any(self.peers_in_trouble(name) for name in self.peers.reached(peer))
        return fine

    def peers_in_trouble(self, name: Name) -> bool:
        """Say whether the profile's own peer *name* is wrong, which is reported there once."""
        members = self.peers.named.get(name, ())
        return any(self.peers.trouble(each)[0] or name in self.peers.reached(each) for each in members)

    def ports_by_number(self, rule: Rule, path: Path) -> bool:
        """Refuse a named port in egress unless the enforcer resolves it and the peer has pods to resolve it on."""
        enforcer = self.profile.spec.enforcer
        fine = True
        for i, port in enumerate(rule.ports or ()):
            if not port.name or (enforcer in _BY_NAME and not self.by_address(rule)):
                continue
            fine = False
            at = (*path, "ports", i) if len(rule.ports or ()) > 1 else (*path, "ports")
            says = f"named port `{port.name}` in egress has no meaning " + (
                f"that `{enforcer.value}` keeps" if enforcer not in _BY_NAME else "for addresses"
            )
            self.found.append(Problem(self.resource.title, at, says, "write the container port's number"))
        return fine

    def by_address(self, rule: Rule) -> bool:
        """Say whether one of the rule's peers is addresses."""
        return any(peer.by_address for peer in self.peers.written_out(rule.peers))


@value
class _Line:
    """A rule as written, and the policy entries that it becomes."""

    name: Name
    rule: Rule
    entries: tuple[PolicyRule, ...]


def _notes(workload: str, batch: list[_Line]) -> tuple[tuple[str, str], ...]:
    """Return the annotations: which rules, and what people noted on them (behind the rule's name where several)."""
    notes = {f"{API_GROUP}/rule": ", ".join(line.name for line in batch)}
    if workload:
        notes[f"{API_GROUP}/workload"] = workload
    for key in ("why", "owner", "until"):
        said = [(line.name, text) for line in batch if (text := getattr(line.rule, key)) is not None]
        if said:
            notes[f"{API_GROUP}/{key}"] = "\n".join(
                text if len(batch) == 1 else f"{name}: {text}" for name, text in said
            )
    return tuple(sorted(notes.items()))


def _pod_peer(peer: Peer) -> PodPeer:
    pods = EVERY_POD if peer.pods is None else selector(peer.pods)
    if peer.namespaces is not None:
        return PodPeer(pods, selector(peer.namespaces))
    if peer.namespace is None:
        return PodPeer(pods)
    if len(peer.namespace) == 1:
        return PodPeer(pods, Selector(((NAMESPACE_NAME, str(peer.namespace[0])),)))
    return PodPeer(pods, Selector((), (Requirement(NAMESPACE_NAME, "In", tuple(map(str, peer.namespace))),)))


def selector(labels: LabelSelector) -> Selector:
    """Return the NetworkPolicy's selector, its labels sorted."""
    requirements = tuple(
        Requirement(str(each.key), each.operator.value, tuple(map(str, each.values or ())))
        for each in labels.match_expressions or ()
    )
    return Selector(tuple(sorted((str(key), str(word)) for key, word in labels.match_labels.items())), requirements)


def _port(port: Port) -> PolicyPort:
    if port.name:
        return PolicyPort(port.protocol, port.name)
    return PolicyPort(port.protocol, port.first, port.last if port.last != port.first else None)

"""What the checks look at: a cluster, its reachability, and where people wrote its rules."""

from collections.abc import Iterable, Iterator
from enum import Enum

from bulkhead.core.diagnostics import Path
from bulkhead.core.engine.reachability import FamilyReachability
from bulkhead.core.engine.rule_effects import RuleEffect
from bulkhead.core.engine.semantics import IpBlockMode, Semantics, enforced
from bulkhead.core.engine.solve import reach
from bulkhead.core.explanation.pair import single_pods
from bulkhead.core.kubernetes.cluster import Cluster, Namespace, namespaces_of
from bulkhead.core.kubernetes.networkpolicy import Direction, IpBlock, NetworkPolicy, PolicyRule
from bulkhead.core.language.resources import (
    ClusterProfile,
    Enforcer,
    NetworkName,
    Rule,
    SegmentedNamespace,
)
from bulkhead.core.language.scalars import Cidr
from bulkhead.core.lint.pod_index import PodIndex
from bulkhead.core.record import record


class Kind(Enum):
    """The kind of thing that a finding is about."""

    NAMESPACE = "SegmentedNamespace"
    PROFILE = "ClusterProfile"
    RANGES = "ProviderRanges"
    POLICY = "NetworkPolicy"
    KUSTOMIZATION = "Kustomization"
    CLUSTER = "Namespace"


@record
class FieldReference:
    """
    The field at *path* of the *kind* of resource called *name*.

    The name is a namespace's, a profile's, a provider's, ``namespace/policy``, or a kustomization's folder.
    """

    kind: Kind
    name: str
    path: Path = ()


@record
class RuleReference:
    """
    One rule as it was written: the *entries* of a *direction* of the *policy*, all by their index.

    *title* is how messages call it.  *rule* is ``None`` in a policy that did not come from an
    overlay.  *shared* is how many namespaces have it from the same line of a file.
    """

    namespace: str
    policy: int
    direction: Direction
    entries: tuple[int, ...]
    title: str
    at: FieldReference
    rule: Rule | None = None
    shared: int = 1


@record
class OuterTransform:
    """A *field* of the kustomization in *folder* that changes the policies of the *overlays* below it."""

    folder: str
    field: str
    path: Path
    overlays: tuple[str, ...]


class LintedCluster:
    """A *cluster* and its reachability by *semantics*, which is computed when a check first asks for it."""

    def __init__(self, cluster: Cluster, semantics: Semantics) -> None:
        self.cluster, self.semantics = cluster, semantics
        self._layers: tuple[FamilyReachability, ...] | None = None
        self._pods: PodIndex | None = None

    @property
    def layers(self) -> tuple[FamilyReachability, ...]:
        """Who reaches whom, a layer for each address family."""
        if self._layers is None:
            self._layers = reach(self.cluster, self.semantics).layers
        return self._layers

    @property
    def pods(self) -> PodIndex:
        """The pods of the cluster."""
        if self._pods is None:
            self._pods = PodIndex(self.cluster, namespaces_of(self.cluster))
        return self._pods


@record
class LintContext:
    """
    All that the checks may know.

    *namespaces* are the overlays', *listed* those of which it is known that they exist.
    *workloads* says whether the cluster's pods are real ones, *whole* whether the overlays are
    all that the profile is for.  *unspoken* are ports for which no protocol is written.
    *known_namespaces* are the namespaces of which the labels are known,
    ``None``: all of the cluster.  *left_out* are rules of a direction that is not in ``policyTypes``.  *creating*
    are the namespaces with an object that may create pods which are not in the cluster, ``""``: in any namespace.
    """

    answer: LintedCluster
    lines: tuple[RuleReference, ...]
    enforcer: Enforcer = Enforcer.ANY
    profile: ClusterProfile | None = None
    namespaces: tuple[SegmentedNamespace, ...] = ()
    listed: tuple[str, ...] = ()
    workloads: bool = False
    whole: bool = False
    today: str = ""
    unspoken: tuple[FieldReference, ...] = ()
    outer: tuple[OuterTransform, ...] = ()
    known_namespaces: tuple[Namespace, ...] | None = None
    left_out: tuple[FieldReference, ...] = ()
    creating: frozenset[str] = frozenset()

    @property
    def cluster(self) -> Cluster:
        """The cluster itself."""
        return self.answer.cluster

    @property
    def pods(self) -> PodIndex:
        """The pods of the cluster by selector and by port."""
        return self.answer.pods

    @property
    def every_namespace(self) -> bool:
        """Whether every namespace of the cluster is listed, as in a dump: no folder of manifests has these three."""
        return {"kube-system", "kube-public", "kube-node-lease"} <= set(self.listed)

    def knows_pods(self, names: Iterable[str]) -> bool:
        """Say whether all pods of the namespaces *names* are in the cluster."""
        whole = self.every_namespace
        return "" not in self.creating and all(
            (whole or name in self.pods.by_namespace) and name not in self.creating for name in names
        )

    @property
    def mode(self) -> IpBlockMode:
        """What an ``ipBlock`` matches."""
        return self.answer.semantics.mode

    @property
    def possible(self) -> Cluster:
        """The cluster with only the namespaces whose labels are known; another namespace may have any labels."""
        given = self.cluster
        if self.known_namespaces is None:
            return given
        return Cluster(self.known_namespaces, given.pods, given.policies, given.networks, given.nodes, given.services)

    @property
    def readings(self) -> tuple[Semantics, ...]:
        """
        The semantics that policies may be read by: what the enforcer makes of them.

        Where it is not known, an ``ipBlock`` may match pods or not.
        """
        if self.enforcer is Enforcer.ANY:
            return tuple(Semantics(mode) for mode in IpBlockMode)
        return (enforced(self.enforcer),)

    @property
    def protected(self) -> frozenset[str]:
        """The namespaces that the overlays protect."""
        return frozenset(each.namespace for each in self.namespaces if each.spec.unprotected is None)


def rules(scene: LintContext, line: RuleReference) -> tuple[PolicyRule, ...]:
    """Return the policy's entries that *line* became."""
    policy = scene.cluster.policies[line.policy]
    found = policy.ingress if line.direction is Direction.INGRESS else policy.egress
    return tuple((found or ())[entry] for entry in line.entries)


def rule_effects(layer: FamilyReachability, line: RuleReference) -> tuple[RuleEffect, ...]:
    """Return what *line* allows, as members of the endpoint space of *layer*."""
    effect = layer.effects[line.policy]
    found = effect.ingress if line.direction is Direction.INGRESS else effect.egress
    return tuple((found or ())[entry] for entry in line.entries)


def alone(scene: LintContext, layer: FamilyReachability) -> int:
    """Return the members of *layer* that are a single pod, which reaches itself whatever the policies say."""
    return single_pods(layer, templates=not scene.workloads)


def blocks(scene: LintContext, line: RuleReference) -> Iterator[tuple[FieldReference, IpBlock]]:
    """Yield each ``ipBlock`` of *line*, with the place of the peer that contains it."""
    for entry, rule in enumerate(rules(scene, line)):
        for number, peer in enumerate(rule.peers or ()):
            if isinstance(peer, IpBlock):
                yield end(line, entry, number), peer


def end(line: RuleReference, entry: int, peer: int) -> FieldReference:
    """Return where the peers of *line* are written, or the one *peer* of a policy's entry."""
    word = "from" if line.direction is Direction.INGRESS else "to"
    return FieldReference(line.at.kind, line.at.name, (*line.at.path, word, *(() if line.rule else (peer,))))


def foreign(scene: LintContext) -> Iterator[tuple[FieldReference, NetworkPolicy]]:
    """Yield the policies that did not come from an overlay, each with its place."""
    ours = {line.policy for line in scene.lines if line.rule}
    protected = scene.protected
    for number, policy in enumerate(scene.cluster.policies):
        if number not in ours and not (policy.namespace in protected and not policy.ingress and not policy.egress):
            yield of_policy(policy), policy


def of_policy(policy: NetworkPolicy, *path: str | int) -> FieldReference:
    """Return the place of *policy*."""
    return FieldReference(Kind.POLICY, f"{policy.namespace}/{policy.name}", path)


def network(scene: LintContext, name: NetworkName) -> tuple[Cidr, ...]:
    """Return the CIDRs of the profile's network *name*; none where it is not known."""
    return (scene.profile.spec.networks.of(name) if scene.profile else None) or ()


def heeds(scene: LintContext, *enforcers: Enforcer) -> bool:
    """Say whether the cluster's enforcer is known to be one of *enforcers*."""
    return scene.enforcer in enforcers

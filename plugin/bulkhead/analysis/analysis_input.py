"""
What the analysing commands look at: one cluster, from overlays, from manifests or from a dump.

From overlays there are no workloads, so the endpoints are what the rules can distinguish: each
workload that an overlay names, each named peer, any other pod of a namespace, and any pod of a
namespace that is not listed.  A pod named ``*`` represents any other pod, a namespace named
``*`` for any other namespace; neither is a name that Kubernetes allows.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from bulkhead.analysis.rule_sources import RuleSources, WrittenRule
from bulkhead.core.diagnostics import Diagnostic, Location
from bulkhead.core.engine.matching_rules import MatchingRule
from bulkhead.core.engine.rule_effects import NOBODY
from bulkhead.core.engine.semantics import API, Semantics
from bulkhead.core.kubernetes.cluster import Cluster, Namespace, Pod
from bulkhead.core.kubernetes.controller_labels import pods_with_controller_labels, with_controller_labels
from bulkhead.core.kubernetes.evidence import NO_EVIDENCE, Evidence, UnjudgedPolicy
from bulkhead.core.kubernetes.networkpolicy import (
    EVERY_POD,
    NAMESPACE_NAME,
    Direction,
    NetworkPolicy,
    PodPeer,
    Selector,
)
from bulkhead.core.language.resources import ClusterProfile, Enforcer
from bulkhead.core.record import replaced
from bulkhead.io.manifests import manifest_files
from bulkhead.io.manifests.live_fields import LiveFields
from bulkhead.io.manifests.manifest_files import EVERY_FILE, Known, Selection
from bulkhead.io.manifests.object_reader import Thing

if TYPE_CHECKING:  # manifests have no overlays, and do without all that this imports
    from bulkhead.analysis.overlays.overlay_tree import OverlayTree

ANY = "*"


@dataclass
class AnalysisInput:
    """
    A *cluster* and what its policies are read by; with *faults* it is not to be judged by.

    *rules* finds the rule that a person wrote behind a rule of a policy.  *loaded* is ``None``
    where it does not come from overlays.  *things* are the namespaces and workloads that
    stand among the overlays' own resources; their NetworkPolicies are in the cluster.  *known_namespaces*
    are those whose labels are known, ``None``: all of the cluster. *unjudged* are policies of kinds that are not
    judged, *evidence* is what the input is based on. *own* is the input of what the folders of overlays render by
    themselves, where that may be something else than the build of the root. *separate_pods* are the pods of manifests
    as other tools count them: each object by itself, without regard to which objects are one workload, or have ended.
    *live* is what the policies of a cluster say of who wrote their fields.
    """

    cluster: Cluster
    semantics: Semantics = API
    profile: ClusterProfile | None = None
    rules: RuleSources = field(default_factory=RuleSources)
    unprotected: Mapping[str, str] = field(default_factory=dict)
    faults: list[Diagnostic] = field(default_factory=list)
    loaded: "OverlayTree | None" = None
    things: tuple[Thing, ...] = ()
    known_namespaces: tuple[Namespace, ...] | None = None
    unjudged: tuple[UnjudgedPolicy, ...] = ()
    evidence: Evidence = NO_EVIDENCE
    separate_pods: tuple[Pod, ...] = ()
    live: tuple[LiveFields, ...] = ()
    own: "AnalysisInput | None" = None

    def written(self, matching: MatchingRule, direction: Direction) -> WrittenRule:
        """Return the written rule of *matching*, a rendered rule that allows *direction* of a connection."""
        if matching.policy == NOBODY:
            return WrittenRule("", "node ports of its own node")
        own = direction.opposite if matching.crossed else direction
        return self.rules.rule(self.cluster.policies[matching.policy], own, matching.rule)

    def policy_name(self, number: int) -> str:
        """Return the name of policy *number* of the cluster, without its namespace."""
        return self.cluster.policies[number].name

    def policy_location(self, number: int) -> Location:
        """Return where policy *number* of the cluster is written."""
        return self.rules.policy(self.cluster.policies[number]).location


def as_known(found: AnalysisInput) -> Cluster:
    """Return the cluster of *found* with known facts only: without labels of namespaces that only rules mention."""
    cluster = found.cluster
    namespaces = cluster.namespaces if found.known_namespaces is None else found.known_namespaces
    return replaced(cluster, namespaces=namespaces)


def from_manifests(
    paths: str | Sequence[str],
    semantics: Semantics = API,
    known: Known | None = None,
    selection: Selection = EVERY_FILE,
) -> AnalysisInput:
    """Return the input of the manifests, or of the dumps, at *paths*."""
    read = manifest_files.load(paths, known, selection)
    return AnalysisInput(
        with_controller_labels(read.cluster),
        semantics,
        rules=RuleSources(files=read.files),
        faults=list(read.faults),
        unjudged=read.unjudged,
        evidence=read.evidence,
        separate_pods=pods_with_controller_labels(read.separate, read.cluster.policies),
        live=read.live,
    )


def each_object_by_itself(found: AnalysisInput) -> AnalysisInput:
    """Return *found* with the pods of its manifests as other tools count them; overlays as they are."""
    if not found.separate_pods:
        return found
    return replace(found, cluster=replaced(found.cluster, pods=found.separate_pods))


def enforcer_of(profile: ClusterProfile | None) -> Enforcer:
    """Return the enforcer that *profile* names; ``any`` where there is none."""
    return profile.spec.enforcer if profile else Enforcer.ANY


def facts_of(tree: Cluster, other: Cluster) -> Cluster:
    """Return *other* with the addresses of Services that *tree* knows."""
    return replaced(other, services=tree.services)


_Made = tuple[str, tuple[tuple[str, str], ...], Pod]


def representatives(namespaces: Iterable[str], policies: Iterable[NetworkPolicy]) -> list[_Made]:
    """Return (namespace, its labels, pod) for everything that *policies* can distinguish."""
    made: list[_Made] = [(ANY, (), Pod(ANY, ANY))]
    made += [(name, (), Pod(name, ANY)) for name in namespaces]
    for policy in policies:
        made.append((policy.namespace, (), Pod(policy.namespace, ANY)))
        if policy.pods != EVERY_POD:
            made.append((policy.namespace, (), _pod(policy.namespace, policy.pods)))
        for rule in policy.rules:
            for peer in rule.peers or ():
                if isinstance(peer, PodPeer):
                    made += _of_peer(policy.namespace, peer)
    return made


def _of_peer(own: str, peer: PodPeer) -> Iterator[_Made]:
    for name, labels in _namespaces(own, peer.namespaces):
        yield name, labels, Pod(name, ANY)
        if peer.pods != EVERY_POD:
            yield name, labels, _pod(name, peer.pods)


def _namespaces(own: str, selector: Selector | None) -> Iterator[tuple[str, tuple[tuple[str, str], ...]]]:
    """Yield a namespace, with its labels, for each that *selector* names; one that represents all that it selects."""
    if selector is None:
        yield own, ()
        return
    labels = _labels(selector)
    names = [dict(labels).get(NAMESPACE_NAME, "")]
    for each in selector.expressions:
        if each.key == NAMESPACE_NAME and each.operator == "In":
            names = list(each.values)
    others = tuple((key, word) for key, word in labels if key != NAMESPACE_NAME)
    for name in names:
        if name:
            yield name, others
        elif others:
            yield f"{ANY}({_spelt(others)})", others


def _pod(namespace: str, selector: Selector) -> Pod:
    """Return a pod that *selector* selects, named for the labels that make it so."""
    labels = _labels(selector)
    name = labels[0][1] if len(labels) == 1 and labels[0][1] else _spelt(labels)
    return Pod(namespace, name or ANY, labels=labels)


def _labels(selector: Selector) -> tuple[tuple[str, str], ...]:
    """Return labels that *selector* selects: the first of several values, ``any`` where any will do."""
    labels = dict(selector.labels)
    for each in selector.expressions:
        if each.operator == "In":
            labels.setdefault(each.key, each.values[0])
        elif each.operator == "Exists":
            labels.setdefault(each.key, "any")
    return tuple(sorted(labels.items()))


def _spelt(labels: Iterable[tuple[str, str]]) -> str:
    return ",".join(f"{key}={word}" for key, word in labels)

"""
Two situations side by side: made to speak of the same endpoints, compared, and read as findings.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import Enum

from bulkhead.analysis.analysis_input import AnalysisInput, as_known, enforcer_of
from bulkhead.analysis.changes.build_files import OtherPlugin
from bulkhead.analysis.changes.live_policies import LivePolicy, live_policies, widened_selectors
from bulkhead.analysis.changes.unjudged_changes import UnjudgedChange, after_delivery, unjudged_changes
from bulkhead.core.diagnostics import Diagnostic, Location
from bulkhead.core.diff.compare import Difference, compare_clusters
from bulkhead.core.diff.findings import TrafficFinding, findings
from bulkhead.core.diff.possible_changes import PossibleChange, possible_changes
from bulkhead.core.diff.possible_findings import possible_findings
from bulkhead.core.diff.relabelled import RelabelledPods, relabelled_pods
from bulkhead.core.engine.reachability import class_count
from bulkhead.core.engine.semantics import API, Semantics
from bulkhead.core.kubernetes.cluster import Cluster, Namespace, Pod
from bulkhead.core.kubernetes.evidence import Evidence
from bulkhead.core.kubernetes.networkpolicy import NetworkPolicy
from bulkhead.core.language.resources import Enforcer, NetworkName, Networks
from bulkhead.io.git.checkout import Copy


class Endpoints(Enum):
    """Which endpoints a comparison is about: pods that exist, pods that could exist, or all of them."""

    EXISTING = "existing"
    POSSIBLE = "possible"
    ALL = "all"


SemanticsPair = tuple[Semantics, Semantics]
"""What the policies before are read by, and those after."""


@dataclass
class Comparison:
    """
    What *findings* there are between two analysis inputs, each with its name, and the *difference* they come from.

    *semantics* is that of the policies after.  *possible* is what changes for pods that could exist; what is not
    decided is among it.  *notes* are what a reader must know in addition.  *same* says that there was nothing to
    compare: the two are one and the same text.  *other* is the difference by the networks before, where they change.
    *endpoints* are those that were judged.
    *live* are the policies of a running cluster that the overlays do
    not render.  *programs* are the files that a build can execute and that change. *other_plugins* are the plugins
    after that are not the bulkhead that runs here.
    *relabelled* are pods whose own labels or ports change traffic with pods that could exist.
    """

    names: tuple[str, str]
    before: AnalysisInput
    after: AnalysisInput
    semantics: Semantics
    difference: Difference
    findings: tuple[TrafficFinding, ...] = ()
    possible: tuple[PossibleChange, ...] = ()
    notes: list[str] = field(default_factory=list)
    same: bool = False
    other: Difference | None = None
    endpoints: Endpoints = Endpoints.ALL
    live: tuple[LivePolicy, ...] = ()
    programs: tuple[str, ...] = ()
    other_plugins: tuple[OtherPlugin, ...] = ()
    relabelled: tuple[RelabelledPods, ...] = ()

    @property
    def differences(self) -> tuple[Difference, ...]:
        """Every difference that the findings come from; none where only pods that could exist were judged."""
        if self.endpoints is Endpoints.POSSIBLE:
            return ()
        return (self.difference, *([self.other] if self.other else []))

    @property
    def enforcers(self) -> tuple[Enforcer, Enforcer] | None:
        """The enforcer of the profile before and after, where that changes: then all policies may do something else."""
        found = enforcer_of(self.before.profile), enforcer_of(self.after.profile)
        return None if found[0] is found[1] else found

    @property
    def networks(self) -> tuple[str, ...]:
        """The networks of the profile that change, by name."""
        was, now = (side.profile.spec.networks if side.profile else Networks() for side in (self.before, self.after))
        return tuple(each.value for each in NetworkName if _as_set(was, each) != _as_set(now, each))

    @property
    def unjudged(self) -> tuple[UnjudgedChange, ...]:
        """The policies of kinds that are not judged which are not the same on both sides."""
        return unjudged_changes(self.before.unjudged, self.after.unjudged)

    @property
    def evidence(self) -> tuple[Evidence, Evidence]:
        """What the two sides are based on."""
        classes = class_count(self.difference.before)
        return self.before.evidence.with_classes(classes), self.after.evidence.with_classes(classes)

    @property
    def undecided(self) -> tuple[PossibleChange, ...]:
        """The changes for pods that could exist of which it was not decided whether anything opens or closes."""
        return tuple(change for change in self.possible if not change.decided)


def _as_set(networks: Networks, name: NetworkName) -> frozenset[str]:
    return frozenset(map(str, networks.of(name) or ()))


def of_overlays(
    names: tuple[str, str],
    before: AnalysisInput,
    after: AnalysisInput,
    semantics: SemanticsPair,
    endpoints: Endpoints = Endpoints.ALL,
) -> Comparison:
    """Compare two trees of overlays; what only one of them can distinguish exists in both."""
    pods = _twins({*before.cluster.pods, *after.cluster.pods})
    workloads = _workloads(before), _workloads(after)
    own = workloads if workloads[0] != workloads[1] else ((), ())
    namespaces = _namespaces(before.cluster.namespaces + after.cluster.namespaces)
    one, other = (
        replace(each, cluster=_with(each.cluster, namespaces, (*pods, *mine), each.cluster.policies))
        for each, mine in zip((before, after), own, strict=True)
    )
    return _compared(names, one, other, semantics, endpoints)


def of_manifests(
    names: tuple[str, str],
    before: AnalysisInput,
    after: AnalysisInput,
    semantics: SemanticsPair,
    endpoints: Endpoints = Endpoints.ALL,
) -> Comparison:
    """Compare two clusters as their manifests describe them, pods and all."""
    found = _compared(names, before, after, semantics, endpoints)
    if endpoints is not Endpoints.EXISTING:
        found.relabelled = relabelled_pods(before.cluster, after.cluster, semantics)
    return found


def of_drift(
    names: tuple[str, str],
    dump: AnalysisInput,
    overlays: AnalysisInput,
    semantics: Semantics,
    endpoints: Endpoints = Endpoints.ALL,
    prune: bool = False,
) -> Comparison:
    """
    Compare a running cluster with itself as the overlays want it.

    The pods are those of the dump on both sides. After the delivery the cluster has what the overlays render, in the
    place of policies of the same name, and every other policy of the dump. With *prune* the policies that a delivery
    of overlays applied before, and that the overlays no longer render, are gone (``live_policies``).
    """
    loaded = overlays.loaded
    listed = (
        {each.namespace for overlay in loaded.overlays.values() for each in overlay.namespaces} if loaded else set()
    )
    wanted = overlays.cluster
    live = live_policies(dump.cluster.policies, wanted.policies, listed, prune)
    kept = tuple(each.policy for each in live if each.stays)
    networks = Cluster(networks=wanted.networks, nodes=wanted.nodes, services=wanted.services)
    pods, namespaces = dump.cluster.pods, dump.cluster.namespaces
    before = replace(dump, cluster=_with(networks, namespaces, pods, dump.cluster.policies), profile=overlays.profile)
    after = replace(
        overlays,
        cluster=_with(networks, namespaces, pods, kept + wanted.policies),
        known_namespaces=namespaces,
        rules=overlays.rules.also(dump.rules),
        unjudged=after_delivery(dump.unjudged, overlays.unjudged),
    )
    found = _compared(names, before, after, (semantics, semantics), endpoints)
    found.live = live
    merged = widened_selectors(dump.cluster.policies, wanted.policies)
    if merged:
        found.notes.append(
            f"the pod selector of {', '.join(merged)} has labels in the cluster that the overlays do not render: "
            "server-side apply removes them, `kubectl apply` without `--server-side` keeps them"
        )
    absent = sorted(listed - {each.name for each in namespaces} - {pod.namespace for pod in pods})
    if absent:
        found.notes.append("listed by the overlays and not in the dump: " + ", ".join(absent))
    return found


def unchanged(names: tuple[str, str]) -> Comparison:
    """Return the comparison of a tree with itself, of which nothing needs to be read."""
    empty = AnalysisInput(Cluster())
    return Comparison(names, empty, empty, API, compare_clusters(Cluster(), Cluster()), same=True)


def renamed(situation: AnalysisInput, copy: Copy) -> AnalysisInput:
    """Return *situation* with every file as ``REV:path``."""

    def moved(at: Location) -> Location:
        return Location(copy.named(at.file), at.line, at.column)

    def named(fault: Diagnostic) -> Diagnostic:
        return Diagnostic(moved(fault.location), copy.named(fault.message), copy.named(fault.hint))

    rules = situation.rules.renamed(copy.named, situation.cluster.policies)
    return replace(situation, rules=rules, faults=list(map(named, situation.faults)))


def _compared(
    names: tuple[str, str],
    before: AnalysisInput,
    after: AnalysisInput,
    semantics: SemanticsPair,
    endpoints: Endpoints,
) -> Comparison:
    """
    Return the comparison; where the networks of the two sides differ, by the facts of either side.

    What one side calls an address of a pod or a Service is an address of the internet to the other one: a rule to it
    is judged as both.
    """
    found = _judged(names, before, after, semantics, endpoints)
    if _facts(before.cluster) != _facts(after.cluster):
        was = _judged(names, before, replace(after, cluster=_as_in(before, after.cluster)), semantics, endpoints)
        found.findings = tuple(sorted(set(found.findings) | set(was.findings), key=lambda each: each.order))
        found.possible += was.possible
        found.other = was.difference
    if semantics[0] != semantics[1]:
        found.notes.append(
            f"the policies before are read {semantics[0].description}, those after {semantics[1].description}"
        )
    elif not semantics[1].measured:
        found.notes.append(f"both sides are read {semantics[1].description}")
    if endpoints is Endpoints.EXISTING:
        found.notes.append("only the pods that exist were judged (`--endpoints existing`), not every pod that could")
    return found


def _judged(
    names: tuple[str, str],
    before: AnalysisInput,
    after: AnalysisInput,
    semantics: SemanticsPair,
    endpoints: Endpoints,
) -> Comparison:
    """Return the comparison by the networks of *after*."""
    before = replace(before, cluster=_as_in(after, before.cluster))
    difference = compare_clusters(before.cluster, after.cluster, *semantics)
    found = Comparison(names, before, after, semantics[1], difference, endpoints=endpoints)
    if endpoints is not Endpoints.POSSIBLE:
        found.findings = findings(difference)
    if endpoints is not Endpoints.EXISTING:
        found.possible = possible_changes(as_known(before), as_known(after), semantics)
        are_given = before.loaded is None and bool(before.cluster.pods or after.cluster.pods)
        found.findings += possible_findings(difference, found.possible, are_given, endpoints is Endpoints.ALL)
    return found


def _facts(cluster: Cluster) -> tuple[frozenset[str], ...]:
    return frozenset(cluster.networks), frozenset(cluster.nodes), frozenset(cluster.services)


def _as_in(facts: AnalysisInput, cluster: Cluster) -> Cluster:
    """Return *cluster* with the networks of *facts*."""
    return _with(facts.cluster, cluster.namespaces, cluster.pods, cluster.policies)


def _with(
    facts: Cluster, namespaces: tuple[Namespace, ...], pods: tuple[Pod, ...], policies: tuple[NetworkPolicy, ...]
) -> Cluster:
    return Cluster(namespaces, pods, policies, facts.networks, facts.nodes, facts.services)


def _workloads(side: AnalysisInput) -> tuple[Pod, ...]:
    """Return the pods of the workloads that are among the overlays' own resources."""
    return tuple(thing for thing in side.beside if isinstance(thing, Pod))


def _twins(pods: Iterable[Pod]) -> tuple[Pod, ...]:
    """
    Return each of *pods* and one more like it.

    An endpoint of overlays represents any number of pods, and traffic between two of the same
    kind is traffic too; a single pod only ever reaches itself.
    """
    found = []
    for pod in sorted(pods, key=lambda each: (each.namespace, each.name, each.labels)):
        found += [pod, Pod(pod.namespace, f"{pod.name}'", workload=pod.name, labels=pod.labels)]
    return tuple(found)


def _namespaces(found: Iterable[Namespace]) -> tuple[Namespace, ...]:
    labels: dict[str, dict[str, str]] = {}
    for each in found:
        labels.setdefault(each.name, {}).update(each.labels)
    return tuple(Namespace(name, tuple(sorted(words.items()))) for name, words in sorted(labels.items()))

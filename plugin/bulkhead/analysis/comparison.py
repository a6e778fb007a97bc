"""
Two situations side by side: made to speak of the same endpoints, compared, and read as findings.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from bulkhead.analysis.analysis_input import AnalysisInput, enforcer_of
from bulkhead.core.diagnostics import Diagnostic, Location
from bulkhead.core.diff.compare import Difference, compare_clusters
from bulkhead.core.diff.findings import TrafficFinding, findings
from bulkhead.core.engine.semantics import API, Semantics
from bulkhead.core.kubernetes.cluster import Cluster, Namespace, Pod
from bulkhead.core.kubernetes.networkpolicy import NetworkPolicy
from bulkhead.core.language.resources import Enforcer
from bulkhead.io.git.checkout import Copy


@dataclass
class Comparison:
    """
    What *findings* there are between two situations, each with its name, and the *difference* they come from.

    *notes* are what a reader must know beside them.  *same* says that there was nothing to compare:
    the two are one and the same text.
    """

    names: tuple[str, str]
    before: AnalysisInput
    after: AnalysisInput
    semantics: Semantics
    difference: Difference
    findings: tuple[TrafficFinding, ...] = ()
    notes: list[str] = field(default_factory=list)
    same: bool = False

    @property
    def enforcers(self) -> tuple[Enforcer, Enforcer] | None:
        """The enforcer of the profile before and after, where that changes: then all policies may do something else."""
        found = enforcer_of(self.before.profile), enforcer_of(self.after.profile)
        return None if found[0] is found[1] else found


def of_overlays(
    names: tuple[str, str], before: AnalysisInput, after: AnalysisInput, semantics: Semantics
) -> Comparison:
    """Compare two trees of overlays, read by *semantics*; what only one of them can tell apart exists in both."""
    pods = _twins({*before.cluster.pods, *after.cluster.pods})
    namespaces = _namespaces(before.cluster.namespaces + after.cluster.namespaces)
    one, other = (
        replace(each, cluster=_with(each.cluster, namespaces, pods, each.cluster.policies)) for each in (before, after)
    )
    found = _compared(names, one, other, semantics)
    if found.enforcers:
        old, new = found.enforcers
        found.notes.append(
            f"the profile's enforcer changes from {old.value} to {new.value}, and with it what policies do: "
            f"both sides are read {semantics.description}, and compare `bulkhead reach` of each"
        )
    return found


def of_manifests(
    names: tuple[str, str], before: AnalysisInput, after: AnalysisInput, semantics: Semantics
) -> Comparison:
    """Compare two clusters as their manifests describe them, pods and all."""
    return _compared(names, before, after, semantics)


def of_drift(names: tuple[str, str], dump: AnalysisInput, overlays: AnalysisInput, semantics: Semantics) -> Comparison:
    """
    Compare a running cluster with itself as the overlays want it.

    The pods are those of the dump on both sides, and so are the policies of every namespace that
    the overlays do not list.
    """
    loaded = overlays.loaded
    listed = (
        {each.namespace for overlay in loaded.overlays.values() for each in overlay.namespaces} if loaded else set()
    )
    kept = tuple(policy for policy in dump.cluster.policies if policy.namespace not in listed)
    wanted = overlays.cluster
    networks = Cluster(networks=wanted.networks, nodes=wanted.nodes, services=wanted.services)
    pods, namespaces = dump.cluster.pods, dump.cluster.namespaces
    before = replace(dump, cluster=_with(networks, namespaces, pods, dump.cluster.policies), profile=overlays.profile)
    wanted_policies = _with(networks, namespaces, pods, kept + wanted.policies)
    after = replace(overlays, cluster=wanted_policies, rules=overlays.rules.also(dump.rules))
    found = _compared(names, before, after, semantics)
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


def _compared(names: tuple[str, str], before: AnalysisInput, after: AnalysisInput, semantics: Semantics) -> Comparison:
    difference = compare_clusters(before.cluster, after.cluster, semantics)
    found = Comparison(names, before, after, semantics, difference, findings(difference))
    if not semantics.measured:
        found.notes.append(f"both sides are read {semantics.description}")
    return found


def _with(
    facts: Cluster, namespaces: tuple[Namespace, ...], pods: tuple[Pod, ...], policies: tuple[NetworkPolicy, ...]
) -> Cluster:
    return Cluster(namespaces, pods, policies, facts.networks, facts.nodes, facts.services)


def _twins(pods: Iterable[Pod]) -> tuple[Pod, ...]:
    """
    Return each of *pods* and one more like it.

    An endpoint of overlays stands for any number of pods, and traffic between two of the same
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

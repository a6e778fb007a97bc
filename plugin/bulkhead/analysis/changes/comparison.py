"""
Compares two analysis inputs over the same endpoints, and turns the difference into findings.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Protocol

from bulkhead.analysis.analysis_input import AnalysisInput, as_known, enforcer_of
from bulkhead.analysis.changes.build_files import OtherPlugin
from bulkhead.analysis.changes.delivery_changes import DeliveryChange
from bulkhead.analysis.changes.kept_fields import KeptField
from bulkhead.analysis.changes.live_policies import LivePolicy
from bulkhead.analysis.changes.ranges_notes import ranges_notes
from bulkhead.analysis.changes.rename_notes import rename_notes
from bulkhead.analysis.changes.unjudged_changes import UnjudgedChange, unjudged_changes
from bulkhead.analysis.changes.unwritten_types import TypesReading, UnwrittenTypes
from bulkhead.analysis.judged_endpoints import Endpoints
from bulkhead.analysis.shared_chains import chain_refusals
from bulkhead.core.diagnostics import Diagnostic, Location
from bulkhead.core.diff.compare import Difference, compare_clusters
from bulkhead.core.diff.findings import TrafficFinding, findings
from bulkhead.core.diff.possible_changes import PossibleChange, possible_changes
from bulkhead.core.diff.possible_findings import are_shown, possible_findings
from bulkhead.core.diff.relabelled import RelabelledPods, relabelled_pods
from bulkhead.core.engine.reachability import class_count
from bulkhead.core.engine.semantics import API, Semantics
from bulkhead.core.kubernetes.cluster import Cluster, Namespace, Pod
from bulkhead.core.kubernetes.controller_labels import pods_with_controller_labels, with_controller_labels
from bulkhead.core.kubernetes.evidence import Evidence
from bulkhead.core.kubernetes.networkpolicy import NetworkPolicy
from bulkhead.core.language.resources import Enforcer, NetworkName, Networks
from bulkhead.core.record import replaced
from bulkhead.io.git.repository import Revision


class NotComparable(Exception):
    """The side *name* cannot be compared because of its *faults*."""

    def __init__(self, name: str, faults: Iterable[Diagnostic]) -> None:
        super().__init__(name)
        self.name, self.faults = name, list(faults)


SemanticsPair = tuple[Semantics, Semantics]
"""The semantics by which the policies before are read, and those after."""


@dataclass(frozen=True)
class ComparedSides:
    """What is compared: the side *before* and the side *after*, their *names*, their *semantics*, which *endpoints*."""

    names: tuple[str, str]
    before: AnalysisInput
    after: AnalysisInput
    semantics: SemanticsPair
    endpoints: Endpoints = Endpoints.ALL


SHOWN = (
    "a row about a pod that exists is about every pod that could exist with the labels that the rule asks for, too: "
    "`--endpoints possible` lists them"
)
"""The note where findings about given pods represent changes for pods that could exist."""


@dataclass
class Comparison:
    """
    The *findings* between two analysis inputs, each with its name, and the *difference* from which they come.

    *semantics* are those of the side after. *possible* are the changes for pods that could exist, with those that are
    not decided. *notes* are sentences that a reader must know. *same*: the two sides have the same text. *others* are
    the differences by the networks before, where the networks change, without what may be *kept*, and of what the
    folders render by themselves.
    *endpoints* are those that were judged. *live* are the policies of a running cluster that the overlays do not
    render, *kept* the parts of those that they render and that a delivery leaves as they are. *programs* are the files
    that a build can execute and that change. *other_plugins* are the plugins after that are not the bulkhead that runs
    here. *deliveries* are the files that change and decide what is delivered, and that no verdict is about.
    *relabelled* are pods whose own labels or ports change traffic with pods that could exist. *unwritten* are policies
    whose effect depends on the ``policyTypes`` of the object in the cluster, *by_reading* the findings that hold by one
    reading of these only. *revisions* are those of git, ``None`` for a side that is none.
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
    others: tuple[Difference, ...] = ()
    endpoints: Endpoints = Endpoints.ALL
    live: tuple[LivePolicy, ...] = ()
    kept: tuple[KeptField, ...] = ()
    programs: tuple[str, ...] = ()
    other_plugins: tuple[OtherPlugin, ...] = ()
    relabelled: tuple[RelabelledPods, ...] = ()
    deliveries: tuple[DeliveryChange, ...] = ()
    unwritten: tuple[UnwrittenTypes, ...] = ()
    by_reading: dict[TrafficFinding, TypesReading] = field(default_factory=dict)
    revisions: tuple[Revision | None, Revision | None] = (None, None)

    def add(self, other: "Comparison") -> None:
        """Add what *other* finds, a comparison of the same sides with other facts."""
        self.findings = tuple(sorted(set(self.findings) | set(other.findings), key=lambda each: each.order))
        self.possible += other.possible
        self.others += (other.difference, *other.others)
        self.notes = list(dict.fromkeys((*self.notes, *other.notes)))

    @property
    def differences(self) -> tuple[Difference, ...]:
        """Every difference that the findings come from; none where only pods that could exist were judged."""
        if self.endpoints is Endpoints.POSSIBLE:
            return ()
        return (self.difference, *self.others)

    @property
    def enforcers(self) -> tuple[Enforcer, Enforcer] | None:
        """The enforcer of the profile before and after; ``None`` where it is the same."""
        found = enforcer_of(self.before.profile), enforcer_of(self.after.profile)
        return None if found[0] is found[1] else found

    @property
    def networks(self) -> tuple[str, ...]:
        """The networks of the profile that change, by name."""
        was, now = (side.profile.spec.networks if side.profile else Networks() for side in (self.before, self.after))
        return tuple(each.value for each in NetworkName if _as_set(was, each) != _as_set(now, each))

    @property
    def unjudged(self) -> tuple[UnjudgedChange, ...]:
        """The changes of policies whose kinds are not judged."""
        return unjudged_changes(self.before.unjudged, self.after.unjudged)

    @property
    def evidence(self) -> tuple[Evidence, Evidence]:
        """What the two sides are based on."""
        classes = class_count(self.difference.before)
        return self.before.evidence.with_classes(classes), self.after.evidence.with_classes(classes)

    @property
    def undecided(self) -> tuple[PossibleChange, ...]:
        """The changes for pods that could exist where it was not decided whether any port opens or closes."""
        return tuple(change for change in self.possible if not change.decided)


def _as_set(networks: Networks, name: NetworkName) -> frozenset[str]:
    return frozenset(map(str, networks.of(name) or ()))


def compare_overlays(sides: ComparedSides) -> Comparison:
    """Compare two trees of overlays. Endpoints that only one side distinguishes are in both."""
    before, after = sides.before, sides.after
    pods = _twins({*before.cluster.pods, *after.cluster.pods})
    policies = before.cluster.policies + after.cluster.policies
    workloads = _workloads(before, policies), _workloads(after, policies)
    own = workloads if workloads[0] != workloads[1] else ((), ())
    namespaces = _namespaces(before.cluster.namespaces + after.cluster.namespaces)
    one, other = (
        replace(each, cluster=replaced(each.cluster, namespaces=_known_on(each, namespaces), pods=(*pods, *mine)))
        for each, mine in zip((before, after), own, strict=True)
    )
    found = compare_sides(replace(sides, before=one, after=other))
    found.notes += ranges_notes(before.profile, after.profile)
    found.notes += rename_notes(before, after)
    if own[0] or own[1]:
        known = [replaced(as_known(each), pods=mine) for each, mine in zip((before, after), workloads, strict=True)]
        _add_relabelled(found, known[0], known[1], sides)
    return found


def _known_on(side: AnalysisInput, namespaces: tuple[Namespace, ...]) -> tuple[Namespace, ...]:
    """Return *namespaces*, those whose labels *side* knows with these labels."""
    known = {each.name: each for each in side.known_namespaces or ()}
    return tuple(known.get(each.name, each) for each in namespaces)


def compare_manifests(sides: ComparedSides) -> Comparison:
    """Compare two clusters as their manifests describe them, with their pods."""
    policies = sides.before.cluster.policies + sides.after.cluster.policies
    before, after = (
        replace(side, cluster=with_controller_labels(side.cluster, policies)) for side in (sides.before, sides.after)
    )
    sides = replace(sides, before=before, after=after)
    found = compare_sides(sides)
    found.notes += rename_notes(before, after)
    _add_relabelled(found, sides.before.cluster, sides.after.cluster, sides)
    return found


def _add_relabelled(found: Comparison, before: Cluster, after: Cluster, sides: ComparedSides) -> None:
    """Add to *found* the pods whose new labels or ports open or close traffic with pods that could exist."""
    if sides.endpoints is Endpoints.EXISTING:
        return
    are_given = sides.endpoints is not Endpoints.POSSIBLE
    families = frozenset(each.space.family for each in found.difference.before.layers if are_given)
    found.relabelled = relabelled_pods(before, after, sides.semantics, families)
    more = {each for pods in found.relabelled for each in pods.findings}
    found.findings = tuple(sorted({*found.findings, *more}, key=lambda each: each.order))


def unchanged(names: tuple[str, str]) -> Comparison:
    """Return the comparison of a tree with itself, without reading it."""
    empty = AnalysisInput(Cluster())
    return Comparison(names, empty, empty, API, compare_clusters(Cluster(), Cluster()), same=True)


class Named(Protocol):
    """A copy of files, which says what they are called where they come from."""

    def named(self, text: str) -> str:
        """Return *text* with the names that people know instead of the paths of the copy."""


def renamed(found: AnalysisInput, copy: Named) -> AnalysisInput:
    """Return *found*, which was read from *copy*, with every file as people know it, as ``REV:path``."""

    def moved(at: Location) -> Location:
        return Location(copy.named(at.file), at.line, at.column)

    def named(fault: Diagnostic) -> Diagnostic:
        return Diagnostic(moved(fault.location), copy.named(fault.message), copy.named(fault.hint))

    policies = found.cluster.policies + (found.own.cluster.policies if found.own else ())
    rules = found.rules.renamed(copy.named, policies)
    own = replace(found.own, rules=rules) if found.own else None
    return replace(found, rules=rules, faults=list(map(named, found.faults)), own=own)


def compare_sides(sides: ComparedSides) -> Comparison:
    """
    Return the comparison; where the networks of the two sides differ, by the networks of either side.

    An address of a pod or a Service on one side can be an address of the internet on the other side. A rule for such
    an address is judged as both.

    :raises NotComparable: where it cannot be said what the policies of a side do to traffic.
    """
    semantics = sides.semantics
    for name, side, read in zip(sides.names, (sides.before, sides.after), semantics, strict=True):
        refused = list(chain_refusals(side, read))
        if refused:
            raise NotComparable(name, refused)
    found = _judged(sides)
    if _networks(sides.before.cluster) != _networks(sides.after.cluster):
        after = replace(sides.after, cluster=with_networks(sides.after.cluster, sides.before.cluster))
        found.add(_judged(replace(sides, after=after)))
    if semantics[0] != semantics[1]:
        found.notes.append(
            f"the policies before are read {semantics[0].description}, those after {semantics[1].description}"
        )
    elif not semantics[1].measured:
        found.notes.append(f"both sides are read {semantics[1].description}")
    if sides.endpoints is Endpoints.EXISTING:
        found.notes.append("only the pods that exist were judged (`--endpoints existing`), not every pod that could")
    return found


def _judged(sides: ComparedSides) -> Comparison:
    """Return the comparison by the networks of the side after."""
    after, endpoints = sides.after, sides.endpoints
    before = replace(sides.before, cluster=with_networks(sides.before.cluster, after.cluster))
    difference = compare_clusters(before.cluster, after.cluster, *sides.semantics)
    found = Comparison(sides.names, before, after, sides.semantics[1], difference, endpoints=endpoints)
    if endpoints is not Endpoints.POSSIBLE:
        found.findings = findings(difference)
    if endpoints is not Endpoints.EXISTING:
        found.possible = possible_changes(as_known(before), as_known(after), sides.semantics)
        are_given = before.loaded is None and bool(before.cluster.pods or after.cluster.pods)
        found.findings += possible_findings(difference, found.possible, are_given, endpoints is Endpoints.ALL)
        if are_given and endpoints is Endpoints.ALL and are_shown(difference, found.possible):
            found.notes.append(SHOWN)
    return found


def _networks(cluster: Cluster) -> tuple[frozenset[str], ...]:
    return frozenset(cluster.networks), frozenset(cluster.nodes), frozenset(cluster.services)


def with_networks(cluster: Cluster, other: Cluster) -> Cluster:
    """Return *cluster* with the networks of pods, nodes and Services of *other*."""
    return replaced(cluster, networks=other.networks, nodes=other.nodes, services=other.services)


def _workloads(side: AnalysisInput, policies: tuple[NetworkPolicy, ...]) -> tuple[Pod, ...]:
    """Return the pods of the workloads among the resources of the overlays, as *policies* distinguish them."""
    return pods_with_controller_labels((thing for thing in side.things if isinstance(thing, Pod)), policies)


def _twins(pods: Iterable[Pod]) -> tuple[Pod, ...]:
    """
    Return each of *pods* twice, with different names.

    An endpoint of overlays represents any number of pods, and traffic between two of them counts. A single pod reaches
    only itself.
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

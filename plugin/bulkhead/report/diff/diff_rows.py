"""
A comparison in words: the verdict, and a row for each finding. Every format shows this summary.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import Enum

from bulkhead.analysis.changes.comparison import Comparison
from bulkhead.analysis.changes.delivery_changes import DeliveryChange
from bulkhead.analysis.changes.kept_fields import KeptField
from bulkhead.analysis.changes.live_policies import LivePolicy
from bulkhead.analysis.changes.unjudged_changes import UnjudgedChange
from bulkhead.analysis.changes.unwritten_types import TypesReading
from bulkhead.analysis.changes.written_causes import Change, WrittenCause, WrittenCauses
from bulkhead.core.diagnostics import Location
from bulkhead.core.diff.causes import Cause
from bulkhead.core.diff.findings import FindingEndpoints, TrafficFinding, replaced_addresses
from bulkhead.core.diff.grades import Grade, in_order
from bulkhead.core.diff.relabelled import RelabelledPods
from bulkhead.core.kubernetes.cluster import Cluster
from bulkhead.core.kubernetes.networkpolicy import IpBlock, NetworkPolicy
from bulkhead.core.record import replaced
from bulkhead.core.sets.addresses import AddressSet, network, union
from bulkhead.core.sets.intervals import merge
from bulkhead.core.sets.port_spelling import phrase
from bulkhead.io.git.repository import Revision
from bulkhead.report.diff.live_policies import live_headlines
from bulkhead.report.layout.cut import EVERYTHING, SHORT, Cut
from bulkhead.report.layout.text import count, shortened
from bulkhead.report.names.endpoint_names import EndpointNames
from bulkhead.report.names.evidence import sides_lines
from bulkhead.report.names.possible_names import ports_of, possible_pods, shortened_list


@dataclass(frozen=True)
class DiffCause:
    """
    Why a flow opens or closes: what *happened*, the *rule* or policy by name, its *why*, and the *location*.

    *through* is what the rule refers to, where that changed and not the rule itself. *is_before*: the location is on
    the side before. *path* is the file from the top of the repository and *commit* the commit that has it, where the
    side is a revision of git.
    """

    happened: str
    rule: str
    why: str
    location: Location
    through: str = ""
    is_before: bool = False
    path: str = ""
    commit: str = ""

    @property
    def title(self) -> str:
        """The rule, with what changed in its place."""
        return f"{self.rule}, through {self.through}" if self.through else self.rule

    @property
    def place(self) -> str:
        """``file:line``, or the resource where no file is known."""
        at = self.location
        return f"{at.file}:{at.line}" if at.line else str(at)


@dataclass(frozen=True)
class DiffRow:
    """
    One finding in words; *before* and *after* are what is open on all its ports, each of several.

    *is_possible*: it is about pods that could exist, and there is no *before* and *after*. *condition* says
    when it holds.
    """

    opens: bool
    grades: tuple[Grade, ...]
    sources: str
    destinations: str
    ports: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    causes: tuple[DiffCause, ...]
    is_possible: bool = False
    condition: str = ""


@dataclass(frozen=True)
class DiffSummary:
    """
    The *verdict* in one line, the two *names*, *notes*, *rows*, openings first, *live* policies and what is *kept*.

    *evidence* are lines about what both sides are based on.
    *programs* are the files of the plugin that change, *deliveries* those that decide what is delivered.
    """

    verdict: str
    names: tuple[str, str]
    notes: tuple[str, ...]
    rows: tuple[DiffRow, ...]
    live: tuple[LivePolicy, ...] = ()
    evidence: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()
    deliveries: tuple[DeliveryChange, ...] = ()
    kept: tuple[KeptField, ...] = ()


def diff_summary(comparison: Comparison, folder: str, cut: Cut = SHORT) -> DiffSummary:
    """Return the summary of *comparison*. File names are relative to *folder*; *cut* says where long lists end."""
    writer = _Writer(comparison, folder, cut)
    rows = tuple(map(writer.row, comparison.findings))
    evidence = () if comparison.same else sides_lines(*comparison.evidence)
    said = verdict(comparison, cut), comparison.names, tuple(comparison.notes)
    files = comparison.programs, comparison.deliveries
    return DiffSummary(*said, rows, comparison.live, evidence, *files, comparison.kept)


PROGRAMS = (
    "THE PLUGIN CHANGES: read these files, a build executes them; the rest speaks for the bulkhead that runs here"
)
"""The heading of the files of the plugin that change."""

DELIVERIES = "THE DELIVERY CHANGES: read these files, they decide what is delivered or checked; no row speaks of them"
"""The heading of the files that decide what is delivered and that change."""


class Headline(Enum):
    """What a reader has to know before the rows: the id that code scanning shows, and what it means."""

    PLUGIN = "plugin-changes", "A change of what a build executes"
    DELIVERY = "delivery-changes", "A change of what is delivered or checked, which no row speaks of"
    ENFORCER = "enforcer-changes", "Another enforcer"
    NETWORKS = "networks-change", "Other networks of the cluster"
    TYPES = "depends-on-the-cluster", "Policies whose effect depends on the object in the cluster"
    UNDECIDED = "not-decided", "A change that takes too many steps to be judged"
    UNJUDGED = "not-judged", "A change of policies that are not judged"
    LABELS = "labels-change", "Other labels or ports of pods"

    def __init__(self, name: str, title: str) -> None:
        self.id, self.title = name, title


def headlines(comparison: Comparison, cut: Cut = SHORT) -> Iterator[tuple[Headline, str]]:
    """Yield what comes before the traffic in the verdict, each with its sentence."""
    if comparison.programs:
        yield Headline.PLUGIN, f"THE PLUGIN CHANGES ({count(len(comparison.programs), 'file')})"
    if comparison.deliveries:
        yield Headline.DELIVERY, f"THE DELIVERY CHANGES ({count(len(comparison.deliveries), 'file')})"
    if comparison.enforcers:
        old, new = comparison.enforcers
        yield Headline.ENFORCER, f"THE ENFORCER CHANGES from {old.value} to {new.value}"
    if comparison.networks:
        yield Headline.NETWORKS, f"THE NETWORKS CHANGE ({', '.join(comparison.networks)})"
    if comparison.unwritten:
        names = cut.row([each.title for each in comparison.unwritten], _HARD)
        yield Headline.TYPES, f"IT DEPENDS ON THE OBJECT IN THE CLUSTER what {names} isolates: no `policyTypes`"
    if comparison.undecided:
        yield Headline.UNDECIDED, f"NOT DECIDED: {_undecided(comparison, cut)}"
    for said in _unjudged(comparison.unjudged, cut):
        yield Headline.UNJUDGED, said
    for each in comparison.relabelled:
        yield Headline.LABELS if each.decided else Headline.UNDECIDED, _relabelled(each, cut)


def verdict(comparison: Comparison, cut: Cut = SHORT) -> str:
    """Return what a comparison comes to, in one line."""
    before = [said for _, said in headlines(comparison, cut)]
    return "; ".join([*before, _traffic(comparison, cut), *live_headlines(comparison.live, comparison.kept)])


_HARD = 5


def _undecided(comparison: Comparison, cut: Cut) -> str:
    """Return which policies take too many steps to be compared."""
    clusters = comparison.before.cluster, comparison.after.cluster
    causes = {cause for change in comparison.undecided for cause in change.causes}
    hard = sorted(
        {
            f"{policy.namespace}/{policy.name}"
            for cause in causes
            for policy in [clusters[not cause.old].policies[cause.policy]]
        }
    )
    return f"it takes too many steps to say what changes for pods that could exist because of {cut.row(hard, _HARD)}"


def _unjudged(changes: tuple[UnjudgedChange, ...], cut: Cut) -> Iterator[str]:
    """Yield a headline for what delivers, and one for the policies that are not judged, with what happens to each."""
    titles = {True: "WHAT ELSE IS DELIVERED CHANGES", False: "WHAT IS NOT JUDGED CHANGES"}
    for delivers, title in titles.items():
        said = [f"{each.policy.title} {each.event.value}" for each in changes if each.policy.delivers is delivers]
        if said:
            yield f"{title}: {cut.row(said, _HARD)}"


def _relabelled(each: RelabelledPods, cut: Cut) -> str:
    """Return what the new labels or ports of pods change for pods that could exist."""
    names = cut.row(list(each.names), _HARD)
    if not each.decided:
        return f"NOT DECIDED: the labels or ports of {names} change, and with them traffic with pods that could exist"
    effects = " and ".join(word for word, is_so in (("OPENS", each.opens), ("CLOSES", each.closes)) if is_so)
    return f"A CHANGE OF LABELS OR PORTS of {names} {effects} traffic with pods that could exist"


def _traffic(comparison: Comparison, cut: Cut) -> str:
    if comparison.same:
        return "NO DIFFERENCE: both are the same tree"
    opened, closed = grades(comparison.findings, True), grades(comparison.findings, False)
    if opened:
        also = f" (and CLOSES traffic {_listed(closed)})" if closed else ""
        return f"OPENS traffic {_listed(opened)}{also}"
    if closed:
        return f"CLOSES traffic {_listed(closed)}, and opens none"
    if comparison.undecided or comparison.unjudged or comparison.relabelled or comparison.unwritten:
        return "nothing else was found that opens or closes"
    return f"NO EFFECT on traffic: {_policies(comparison, cut)}"


def _policies(comparison: Comparison, cut: Cut) -> str:
    """Return in what the policies of the two sides differ, where that has no effect."""
    before, after = map(_by_name, (comparison.difference.before.cluster, comparison.difference.after.cluster))
    if before == after:
        return "the policies are the same"
    differ = sorted(name for name in before.keys() | after.keys() if _meanings(before, name) != _meanings(after, name))
    if differ:
        return f"the policies differ, and everything that flows is as before: {cut.row(differ, _HARD)}"
    pairs = [pair for name in before for pair in zip(before[name], after[name], strict=True)]
    parts = {
        "labels": any(dict(one.labels) != dict(other.labels) for one, other in pairs),
        "annotations": any(dict(one.annotations) != dict(other.annotations) for one, other in pairs),
    }
    words = [word for word, is_other in parts.items() if is_other] or ["the order of their lists"]
    return f"the policies are the same but for {' and '.join(words)}"


def _by_name(cluster: Cluster) -> dict[str, list[NetworkPolicy]]:
    """Return the policies of each name; several have one where the API server completes it."""
    found: dict[str, list[NetworkPolicy]] = {}
    for each in cluster.policies:
        whole = replaced(each, has_types=True)  # that they are not written is said where it may have an effect
        found.setdefault(f"{each.namespace}/{each.name}", []).append(whole)
    return found


def _meanings(policies: dict[str, list[NetworkPolicy]], name: str) -> list[tuple[object, ...]]:
    return [each.meaning for each in policies.get(name, ())]


def grades(findings: Iterable[TrafficFinding], opens: bool) -> tuple[Grade, ...]:
    """Return every grade of what opens, or of what closes."""
    return in_order({grade for each in findings if each.opens is opens for grade in each.grades})


def _listed(found: tuple[Grade, ...]) -> str:
    return EVERYTHING.sentence([grade.message for grade in found], 0)


_CONDITIONS = {
    TypesReading.SET_NOW: "if `policyTypes` are those that the API server sets for this text",
    TypesReading.SET_EARLIER: "if `policyTypes` are those that the object was created with",
}


class _Writer:
    def __init__(self, comparison: Comparison, folder: str, cut: Cut) -> None:
        self.sides = comparison.before, comparison.after
        self.revisions = comparison.revisions
        self.cut = cut
        self.folder = folder
        self.by_reading = comparison.by_reading
        self.causes = WrittenCauses(comparison.before, comparison.after)
        clusters = [side.cluster for side in self.sides]
        self.listed = frozenset(
            {policy.namespace for each in clusters for policy in each.policies}
            | {pod.namespace for each in clusters for pod in each.pods if "*" not in pod.namespace}
        )
        self.names = EndpointNames(
            {
                (pod.namespace, pod.workload or pod.name)
                for each in clusters
                for pod in each.pods
                if not pod.host_network
            },
            comparison.after.profile,
            union(
                AddressSet(merge(network(text) for each in clusters for text in each.networks)),
                replaced_addresses(comparison.difference),
            ),
            {
                peer
                for each in clusters
                for policy in each.policies
                for rule in policy.rules
                for peer in rule.peers or ()
                if isinstance(peer, IpBlock)
            },
            cut,
        )

    def row(self, finding: TrafficFinding) -> DiffRow:
        row = self.possible(finding) if finding.is_possible else self.given(finding)
        reading = self.by_reading.get(finding)
        return replace(row, condition=_CONDITIONS[reading]) if reading else row

    def possible(self, finding: TrafficFinding) -> DiffRow:
        return DiffRow(
            finding.opens,
            finding.grades,
            self.possible_end(finding.sources),
            self.possible_end(finding.destinations),
            ports_of(finding, phrase(finding.ports)),
            (),
            (),
            tuple(dict.fromkeys(self.cause(reason, finding.opens) for reason in finding.causes)),
            True,
        )

    def possible_end(self, end: FindingEndpoints) -> str:
        if not end.possible:
            return self.names.end(end)
        return shortened_list([possible_pods(pods, self.listed, self.cut) for pods in end.possible], self.cut)

    def given(self, finding: TrafficFinding) -> DiffRow:
        own = _namespaces(finding) if finding.grades == (Grade.ACROSS,) else set()
        destinations = self.names.end(finding.destinations, frozenset(own) if len(own) == 1 else frozenset())
        if finding.grades == (Grade.WITHIN,):
            same = finding.sources == finding.destinations
            destinations = "itself" if same and len(_namespaces(finding)) == 1 else destinations
            destinations = "itself, each" if same and len(_namespaces(finding)) > 1 else destinations
        elif finding.sources == finding.destinations:
            destinations = "each other"
        return DiffRow(
            finding.opens,
            finding.grades,
            self.names.end(finding.sources),
            destinations,
            phrase(finding.ports),
            tuple(map(phrase, finding.before)),
            tuple(map(phrase, finding.after)),
            tuple(dict.fromkeys(self.cause(each, finding.opens) for each in finding.causes)),
        )

    def cause(self, cause: Cause, opens: bool) -> DiffCause:
        found = self.causes.of(cause, opens)
        at = found.location
        shown = Location(shortened(at.file, self.folder), at.line, at.column) if at.file else at
        committed = _committed(at.file, self.revisions[not found.is_before])
        return DiffCause(_happened(found), found.rule, found.why, shown, found.through, found.is_before, *committed)


def _committed(file: str, revision: Revision | None) -> tuple[str, str]:
    """Return the path from the top of the repository and the commit of *file*, both empty where no commit has it."""
    if revision is None or not file.startswith(f"{revision.name}:"):
        return "", ""
    return file.removeprefix(f"{revision.name}:"), revision.commit


def _namespaces(finding: TrafficFinding) -> set[str]:
    return {namespace for namespace, _ in finding.sources.pods}


def _happened(found: WrittenCause) -> str:
    if found.change in (Change.ISOLATED, Change.FREED):
        return f"{found.change.value} {found.direction} by"
    return f"{found.direction} {found.change.value}"

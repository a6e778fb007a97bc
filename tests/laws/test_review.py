"""Findings say what the changes say, nothing more and nothing less, however they are put together."""

from collections.abc import Iterable

from bulkhead.core.diff.compare import Difference, compare_clusters
from bulkhead.core.diff.findings import FindingEndpoints, TrafficFinding, findings
from bulkhead.core.diff.grades import Grade
from bulkhead.core.engine.semantics import IpBlockMode, Semantics
from bulkhead.core.kubernetes.cluster import Cluster, External
from bulkhead.core.sets import addresses, ports
from bulkhead.core.sets.intervals import Spans, holds, merge
from bulkhead.core.sets.partition import indices
from hypothesis import given
from laws.revisions import Revisions, revisions
from laws.strategies import OUTSIDE, PROBES, modes

End = tuple[str, str, str]
"""What it is (pod, host, address), and its namespace and name, or its address."""
Told = tuple[bool, End, End, tuple[str, int]]
Workloads = dict[tuple[str, str], tuple[str, str]]
"""The workload of each pod, both as namespace and name."""


@given(revisions(), modes)
def test_findings_are_exactly_the_changes(both: Revisions, mode: IpBlockMode) -> None:
    difference = compare_clusters(both[0], both[1], Semantics(mode))
    workloads = {(pod.namespace, pod.name): pod.owner[:2] for cluster in both for pod in cluster.pods}
    assert told(findings(difference), workloads) == changed(difference, both)


@given(revisions(), modes)
def test_what_opens_one_way_closes_the_other_way_round(both: Revisions, mode: IpBlockMode) -> None:
    before, after = both
    forth, back = (
        findings(compare_clusters(before, after, Semantics(mode))),
        findings(compare_clusters(after, before, Semantics(mode))),
    )
    assert {key(one, one.opens) for one in forth} == {key(one, not one.opens) for one in back}


@given(revisions(), modes)
def test_every_finding_has_a_reason(both: Revisions, mode: IpBlockMode) -> None:
    before, after = both[0], with_pods_of(*both)
    assert all(finding.causes for finding in findings(compare_clusters(before, after, Semantics(mode))))


def with_pods_of(before: Cluster, after: Cluster) -> Cluster:
    """Return *after* with the pods of *before*: without pods that change, only policies can be the reason."""
    return Cluster(after.namespaces, before.pods, after.policies, after.networks, after.nodes, after.services)


def key(finding: TrafficFinding, opens: bool) -> tuple[object, ...]:
    return opens, finding.grades, finding.sources, finding.destinations, finding.ports


def told(findings: Iterable[TrafficFinding], workloads: Workloads) -> set[Told]:
    return {
        (finding.opens, source, destination, probe)
        for finding in findings
        for source in ends(finding.sources, workloads)
        for destination in ends(finding.destinations, workloads)
        if is_meant(finding.grades, source, destination)
        for probe in PROBES
        if holds(finding.ports.spans, ports.point(*probe))
    }


def ends(end: FindingEndpoints, workloads: Workloads) -> list[End]:
    """Return what is at *end*, for single pods of a workload the workload."""
    pods = [("pod", *workloads.get(name, name)) for name in end.pods]
    pods += [("host", *workloads.get(name, name)) for name in end.hosts]
    return pods + [("address", one.address, "") for one in OUTSIDE if is_in(end.addresses.spans, one)]


def is_meant(grades: tuple[Grade, ...], source: End, destination: End) -> bool:
    if grades == (Grade.ACROSS,):
        return source[1] != destination[1]
    return grades != (Grade.WITHIN,) or source[1] == destination[1]


def is_in(spans: Spans, external: External) -> bool:
    return holds(spans, addresses.address(external.address))


def changed(difference: Difference, both: Revisions) -> set[Told]:
    inner = merge(addresses.network(text) for cluster in both for text in cluster.networks)
    return {
        (opens, source, destination, probe)
        for change in difference.changes
        for source in named(difference, change.layer, change.sources, inner)
        for destination in named(difference, change.layer, change.destinations, inner)
        if "pod" in (source[0], destination[0])
        for opens, affected in ((True, change.opens), (False, change.closes))
        for probe in PROBES
        if holds(affected.spans, ports.point(*probe))
    }


def named(difference: Difference, layer: int, bits: int, inner: Spans) -> list[End]:
    found = []
    spaces = [answer.layers[layer].space for answer in (difference.before, difference.after)]
    for space in spaces:
        for place in indices(bits):
            is_pod = any((each.present & ~each.hosts) >> place & 1 for each in spaces)
            kind = "pod" if is_pod else "host"
            found += [(kind, *pod.owner[:2]) for pod in space.classes[place].pods]
            spans = space.classes[place].addresses.spans
            found += [("address", one.address, "") for one in OUTSIDE if is_in(spans, one) and not is_in(inner, one)]
    return found

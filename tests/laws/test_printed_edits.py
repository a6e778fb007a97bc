"""What brute force finds changed for pods that could exist is in the printed text, Markdown and JSON of `diff`."""

import json
import os
from collections.abc import Iterator
from random import Random

import pytest
from bulkhead.analysis.analysis_input import AnalysisInput
from bulkhead.analysis.changes.comparison import ComparedSides, Comparison, compare_manifests
from bulkhead.core.diff.findings import FindingEndpoints, TrafficFinding
from bulkhead.core.engine.semantics import API, Semantics, enforced
from bulkhead.core.kubernetes.cluster import Cluster, Endpoint, External, Namespace, Pod
from bulkhead.core.kubernetes.networkpolicy import NAMESPACE_NAME, NetworkPolicy
from bulkhead.core.language.resources import Enforcer
from bulkhead.core.possible.described import LabelCondition, PossiblePods
from bulkhead.core.sets import addresses, intervals, ports
from bulkhead.report.diff.diff_formats import DIFF_FORMATS
from bulkhead.report.diff.diff_rows import diff_summary
from bulkhead.report.layout.cut import EVERYTHING
from bulkhead.report.layout.markdown import escaped
from bulkhead.report.layout.style import Style
from laws import brute, edits, kube_router, population
from laws.population import Spaces
from laws.strategies import NAMESPACES, VALUES

PAIRS = int(os.environ.get("EDITS", "24000")) // 150
INSIDE = ("10.0.0.1", "10.0.0.3", "10.0.0.5", "10.0.0.6")
PROBES = (("TCP", 80), ("UDP", 53), ("TCP", 7777), ("SCTP", 80))
OUTSIDES = tuple(end for end in population.OUTSIDES if ":" not in end.address and not end.address.startswith("10."))
SEMANTICS = {"specification": API, "kube-router": enforced(Enforcer.KUBE_ROUTER)}

Flow = tuple[Endpoint, Endpoint, str, int]


def has_names(policy: NetworkPolicy) -> bool:
    rules = (*(policy.ingress or ()), *(policy.egress or ()))
    return any(isinstance(port.port, str) for rule in rules for port in rule.ports or ())


def allows(side: Cluster, flow: Flow, read: Semantics) -> bool:
    if read.enforcer is Enforcer.KUBE_ROUTER:
        return kube_router.passes(side, *flow, False, 4)
    return brute.allows_over(side, *flow, read.mode, 4)


def changed(sides: list[Cluster], read: Semantics) -> Iterator[tuple[Flow, bool]]:
    """Every flow of the pods that only one of *sides* allows, and whether it is the second one."""
    ends: tuple[Endpoint, ...] = (*sides[0].pods, *OUTSIDES)
    for source in ends:
        for destination in ends:
            if source == destination or (isinstance(source, External) and isinstance(destination, External)):
                continue
            for protocol, port in PROBES:
                flow = source, destination, protocol, port
                was, now = (allows(side, flow, read) for side in sides)
                if was is not now:
                    yield flow, now


def is_reported(finding: TrafficFinding, flow: Flow, spaces: Spaces) -> bool:
    source, destination, protocol, port = flow
    if not intervals.holds(finding.ports.spans, ports.point(protocol, port)):
        return False
    for fact in finding.facts:
        own = [(each.name, each.protocol, each.number) for each in getattr(destination, "ports", ())]
        assert not fact.about_group
        if ((fact.name, fact.protocol, port) in own and fact.protocol == protocol) is not fact.holds:
            return False
    other = source.namespace if isinstance(source, Pod) else ""
    return is_at(finding.sources, source, "", spaces) and is_at(finding.destinations, destination, other, spaces)


def is_at(named: FindingEndpoints, end: Endpoint, other: str, spaces: Spaces) -> bool:
    if isinstance(end, External):
        return intervals.holds(named.addresses.spans, addresses.address(end.address))
    return any(is_one_of(each, end, other, spaces) for each in named.possible)


def is_one_of(pods: PossiblePods, pod: Pod, other: str, spaces: Spaces) -> bool:
    around = {**spaces[pod.namespace], NAMESPACE_NAME: pod.namespace}
    return (
        (pod.namespace in pods.namespaces) is not pods.excluded
        and all(meets(each, around.get(each.key)) for each in pods.namespace_labels)
        and all(meets(each, dict(pod.labels).get(each.key)) for each in pods.labels)
        and (not pods.addresses.spans or intervals.holds(pods.addresses.spans, addresses.address(pod.addresses[0])))
        and (not pods.same or pod.namespace == other)
    )


def meets(condition: LabelCondition, value: str | None) -> bool:
    is_listed = condition.absent if value is None else value in condition.values
    return is_listed is not condition.excluded


def printed(comparison: Comparison) -> list[TrafficFinding]:
    """The findings whose row is in the text, the Markdown and the JSON, with its sign."""
    summary = diff_summary(comparison, ".", EVERYTHING)
    style = Style(cut=EVERYTHING)
    text = DIFF_FORMATS["text"](comparison, style).splitlines()
    table = DIFF_FORMATS["markdown"](comparison, style)
    found = json.loads(DIFF_FORMATS["json"](comparison, style))["findings"]
    listed = {(each["effect"], each["from"]["says"], each["to"]["says"]) for each in found}
    return [
        finding
        for finding, row in zip(comparison.findings, summary.rows, strict=True)
        if any(line.startswith(f"  {'+' if row.opens else '-'} {row.sources} -> {row.destinations}: ") for line in text)
        and f"| {escaped(row.sources)} | {escaped(row.destinations)} | " in table
        and ("opens" if row.opens else "closes", row.sources, row.destinations) in listed
    ]


@pytest.mark.parametrize("name", SEMANTICS)
def test_every_change_of_an_edit_is_printed_in_each_format(name: str) -> None:
    random, read = Random(7), SEMANTICS[name]
    effects = 0
    for _ in range(PAIRS):
        policies = tuple(edits.policy(random) for _ in range(random.randint(1, 3)))
        _, others = edits.edited(policies, random)
        if read is not API and any(map(has_names, (*policies, *others))):
            continue  # what a name means there depends on all pods
        known = tuple(Namespace(each, edits.labels(random)) for each in NAMESPACES if random.random() < 0.5)
        before, after = (Cluster(known, (), each, ("10.0.0.0/29",)) for each in (policies, others))
        inputs = AnalysisInput(before), AnalysisInput(after)
        comparison = compare_manifests(ComparedSides(("a", "b"), *inputs, (read, read)))
        spaces = {each: {"app": random.choice(VALUES)} if random.random() < 0.5 else {} for each in population.SPACES}
        spaces |= {each.name: dict(each.labels) for each in known}
        pods = population.random_pods(random, INSIDE, PROBES[:2])
        sides = [population.living(side, pods, spaces) for side in (before, after)]
        shown = printed(comparison)
        for flow, opens in changed(sides, read):
            effects += 1
            assert any(each.opens is opens and is_reported(each, flow, spaces) for each in shown), (flow, opens)
    assert effects

"""
The probes see every policy: where one is removed, or one rule opened to everyone, a connection changes.

One policy of each namespace is changed at a time, and a change counts for a namespace only by a probe that no other
changed namespace has a part in.  The engine picks the probes; the kernel decides.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

import pytest
from bulkhead.core.engine.semantics import enforced
from bulkhead.core.language.resources import Enforcer
from conftest import ROOT, bulkhead
from enforcement import cluster
from enforcement.lab import Lab, Object, Probe, Verdict
from enforcement.prediction import Prediction
from enforcement.rendering import RENDERINGS
from reference import PROTECTED

Name = tuple[str, str]
KUBE_ROUTER = enforced(Enforcer.KUBE_ROUTER)
WITNESSES = 3


def name_of(policy: Object) -> Name:
    return policy["metadata"]["namespace"], policy["metadata"]["name"]


@dataclass(frozen=True)
class Rendered:
    """The policies of a tree of overlays."""

    tree: Path
    policies: list[Object]


@pytest.fixture(scope="module", params=["standard", "hardened"])
def rendered(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Rendered:
    folder = ROOT if request.param == "standard" else tmp_path_factory.mktemp(request.param)
    return Rendered(folder, RENDERINGS[request.param](folder))


@pytest.fixture(scope="module")
def built(able: None) -> Iterator[Lab]:
    with Lab(cluster.NODES, backend="legacy") as lab:  # a sync takes half the time
        lab.build(cluster.objects(), hosts=cluster.HOSTS, probes=cluster.probes())
        yield lab


def test_every_policy_that_is_taken_away_is_missed_except_the_redundant(built: Lab, rendered: Rendered) -> None:
    policies = rendered.policies
    without = {name_of(policy): [each for each in policies if each is not policy] for policy in policies}
    redundant = already_allowed(rendered) | without_effect(rendered) | isolating_together(policies)
    assert unnoticed(built, policies, without) == redundant


def test_every_rule_that_is_opened_to_everyone_is_noticed(built: Lab, rendered: Rendered) -> None:
    policies = rendered.policies
    opened = {
        name_of(policy): [opened_to_everyone(each) if each is policy else each for each in policies]
        for policy in policies
        if rule_of(policy)
    }
    assert len(opened) == len(policies) - len(PROTECTED)  # all but the default denies have a rule
    assert unnoticed(built, policies, opened) == set()


def rule_of(policy: Object) -> str:
    """Return the direction of the one rule of a policy; empty if it has none."""
    found = [direction for direction in ("ingress", "egress") if policy["spec"].get(direction)]
    assert len(found) < 2
    return "".join(found)


def opened_to_everyone(policy: Object) -> Object:
    changed: Object = deepcopy(policy)
    changed["spec"][rule_of(policy)] = [{}]
    return changed


def already_allowed(rendered: Rendered) -> set[Name]:
    """Return the policies of rules that ``lint`` finds to open nothing, and their twins: either may go, not both."""
    found = found_by_lint(rendered.tree, "already-allowed")
    specs = [(name_of(each)[0], each["spec"]) for each in rendered.policies if name_of(each) in found]
    return found | {name_of(each) for each in rendered.policies if (name_of(each)[0], each["spec"]) in specs}


def without_effect(rendered: Rendered) -> set[Name]:
    """Return the policies where ``lint`` finds that their only peer is an address that no packet has here."""
    peers = {name_of(each): each["spec"].get(rule_of(each), [{}])[0].get("to", ()) for each in rendered.policies}
    found = found_by_lint(rendered.tree, "service-address") | found_by_lint(rendered.tree, "load-balancer-address")
    return {name for name in found if len(peers[name]) == 1}


def found_by_lint(tree: Path, check: str) -> set[Name]:
    """Return the policies of the rules that ``lint`` has findings of, also those that were accepted with a reason."""
    done = bulkhead("lint", "--all", "--format", "json", tree)
    found = [each for each in json.loads(done.stdout)["findings"] if each["check"] == check]
    return {(space, policy_of(each["says"])) for each in found for space in each["namespaces"]}


def policy_of(says: str) -> str:
    """Return the policy of the rule that a finding speaks of: "... egress rule `a` of workload `b` ..."."""
    told = re.search(r"(ingress|egress) rule `([^`]+)`(?: of workload `([^`]+)`)?", says)
    assert told, says
    direction, rule, workload = told.groups()
    return f"{workload + '-' if workload else ''}allow-{rule}-{direction}"


def isolating_together(policies: list[Object]) -> set[Name]:
    """
    Return the default denies that deny nothing by themselves: allow policies on all pods isolate both directions too.

    They are there for the day that the last allow policy of a direction is removed.
    """
    found = set()
    for space in PROTECTED:
        whole = [each for each in policies if name_of(each)[0] == space and not each["spec"]["podSelector"]]
        if {"ingress", "egress"} <= {rule_of(each) for each in whole}:
            found.add((space, "default-deny-all"))
    return found


def unnoticed(lab: Lab, policies: list[Object], changed: Mapping[Name, list[Object]]) -> set[Name]:
    """Return those of *changed*, each a set of policies with one that is different, that no probe notices."""
    before = verdicts(policies, cluster.probes())
    found = set()
    for batch in batches(list(changed)):
        witnesses = {name: telling(name[0], before, changed[name]) for name in batch}
        probes = list(dict.fromkeys(probe for each in witnesses.values() for probe in each))
        kernel = dict(zip(probes, lab.judge(merged(policies, changed, batch), probes), strict=True))
        found |= {name for name in batch if all(kernel[probe] is before[probe] for probe in witnesses[name])}
    return found


def batches(names: list[Name]) -> Iterator[list[Name]]:
    """Yield the names in groups with at most one of each namespace."""
    by_space = [[name for name in names if name[0] == space] for space in PROTECTED]
    for group in zip_longest(*by_space):
        yield [name for name in group if name]


def merged(policies: list[Object], changed: Mapping[Name, list[Object]], batch: list[Name]) -> list[Object]:
    """Return the policies with all changes of a batch."""
    now = {name: {name_of(each): each for each in changed[name]}.get(name) for name in batch}
    found = [now.get(name_of(each), each) for each in policies]
    return [each for each in found if each is not None]


def telling(space: str, before: Mapping[Probe, Verdict], changed: list[Object]) -> list[Probe]:
    """Return a few probes of a namespace's own that change; if none does, all of them."""
    own = [probe for probe in before if concerns(probe, space)]
    after = verdicts(changed, own)
    return [probe for probe in own if before[probe] is not after[probe]][:WITNESSES] or own


def concerns(probe: Probe, space: str) -> bool:
    """Say whether an end of *probe* is in the namespace, and none in another that has policies."""
    target = cluster.FRONTS[probe.target][0] if probe.target in cluster.FRONTS else probe.target
    spaces = {end.split("/")[0] for end in (probe.source, target) if "/" in end}
    return space in spaces and not (spaces - {space}) & set(PROTECTED)


def verdicts(policies: list[Object], probes: Iterable[Probe]) -> dict[Probe, Verdict]:
    prediction = Prediction([*cluster.objects(), *policies], KUBE_ROUTER)
    return {probe: prediction.verdict(probe) for probe in probes}

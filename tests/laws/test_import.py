"""Importing what random overlays render gives overlays that allow the same, and the shortcut of the proof is right."""

from typing import Any

import pytest
import yaml
from bulkhead.analysis.analysis_input import AnalysisInput
from bulkhead.analysis.changes.comparison import ComparedSides, compare_manifests
from bulkhead.analysis.importing.imported_facts import ImportedFacts
from bulkhead.analysis.importing.imported_tree import imported_tree
from bulkhead.core.diff.compare import compare_clusters
from bulkhead.core.engine.semantics import enforced
from bulkhead.core.expansion.expand import expand
from bulkhead.core.importing.imported_namespaces import Kept
from bulkhead.core.importing.same_policies import say_the_same
from bulkhead.core.kubernetes.cluster import Cluster
from bulkhead.core.kubernetes.networkpolicy import NetworkPolicy
from bulkhead.core.language.resources import ClusterProfile, Enforcer, SegmentedNamespace
from bulkhead.io.manifests.read_networkpolicy import read
from bulkhead.io.resources.decode import decode
from conftest import IN_CI
from hypothesis import assume, settings
from hypothesis import given as for_all
from hypothesis import strategies as st
from laws.written import any_specs, layouts, namespace, profile

Policies = tuple[NetworkPolicy, ...]


def merged(base: Any, over: Any) -> Any:
    """Return *base* with *over* merged in, as a strategic merge patch of kustomize does with maps."""
    if not isinstance(base, dict) or not isinstance(over, dict):
        return over
    found = {key: merged(base.get(key), item) for key, item in over.items() if item is not None}
    return {**{key: item for key, item in base.items() if key not in over}, **found}


def expanded(cluster: dict[str, Any], resources: list[dict[str, Any]]) -> Policies | None:
    made, problems = decode(cluster)
    assert isinstance(made, ClusterProfile), problems
    namespaces = []
    for each in resources:
        resource, problems = decode(each)
        assert isinstance(resource, SegmentedNamespace), problems
        namespaces.append(resource)
    found = expand(made, namespaces)
    assert all("would be named" in each.message for each in found.problems), found.problems
    return None if found.problems else found.policies


def imported(policies: Policies, enforcer: Enforcer, kept: Kept) -> Policies:
    """Return what the imported tree renders, its files merged and expanded without kustomize."""
    tree = imported_tree(policies, lambda policy: (policy.name, ""), ImportedFacts(enforcer), kept, None)
    base = yaml.safe_load(tree.files["base/namespace.yaml"])
    cluster = yaml.safe_load(tree.files["base/cluster.yaml"])
    resources = []
    for name in tree.namespaces:
        over = yaml.safe_load(tree.files.get(f"overlays/{name}/rules.yaml", "{}"))
        resources.append(namespace(merged(base["spec"], over.get("spec", {})), name))
    made = expanded(cluster, resources)
    assert made is not None
    return (*made, *(each.policy for each in tree.raw))


trees = st.dictionaries(st.sampled_from(["shop", "blog", "kube-system"]), any_specs, min_size=1)


@settings(max_examples=60 if IN_CI else 30)
@for_all(
    trees, layouts, st.sampled_from(["kube-router", "calico"]), st.sampled_from([Kept.UNSAYABLE, Kept.WHAT_DIFFERS])
)
def test_import_of_what_overlays_render_says_the_same(
    specs: dict[str, Any], layout: str, enforcer: str, kept: Kept
) -> None:
    assume(kept is Kept.WHAT_DIFFERS or all(spec.get("isolation", "both") == "both" for spec in specs.values()))
    given = expanded(profile(layout, enforcer), [namespace(spec, name) for name, spec in specs.items()])
    assume(given)
    assert given is not None
    assert say_the_same(given, imported(given, Enforcer(enforcer), kept), additive=True)


@settings(max_examples=15 if IN_CI else 5)
@for_all(any_specs, layouts)
@pytest.mark.slow
def test_what_says_the_same_has_no_difference_for_any_possible_pod(spec: dict[str, Any], layout: str) -> None:
    rendered = expanded(profile(layout, "calico"), [namespace(spec)])
    assume(rendered)
    assert rendered is not None
    again = imported(rendered, Enforcer.CALICO, Kept.WHAT_DIFFERS)
    assert say_the_same(rendered, again, additive=True)
    sides = [AnalysisInput(Cluster(policies=each)) for each in (rendered, again)]
    semantics = enforced(Enforcer.CALICO)
    found = compare_manifests(ComparedSides(("before", "after"), sides[0], sides[1], (semantics, semantics)))
    assert not found.findings
    assert not found.undecided
    assert not compare_clusters(sides[0].cluster, sides[1].cluster, semantics).changes


def policies(*specs: str) -> Policies:
    """Return policies of the namespace `shop`, each with another name."""
    found = []
    for number, spec in enumerate(specs):
        metadata = {"name": f"p{number}", "namespace": "shop"}
        document = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": metadata}
        made = read({**document, "spec": yaml.safe_load(spec)}, [])
        assert made is not None
        found.append(made[0])
    return tuple(found)


A = "{podSelector: {}, policyTypes: [Ingress], ingress: [{from: [{podSelector: {matchLabels: {app: a}}}]}]}"
B = "{podSelector: {}, policyTypes: [Ingress], ingress: [{from: [{podSelector: {matchLabels: {app: b}}}]}]}"
BOTH = (
    "{podSelector: {}, policyTypes: [Ingress], ingress: [{from: [{podSelector: {matchLabels: {app: a}}}, "
    "{podSelector: {matchLabels: {app: b}}}]}]}"
)
PORT = "{podSelector: {}, policyTypes: [Ingress], ingress: [{ports: [{port: 80}]}]}"
EVERYTHING = "{podSelector: {}, policyTypes: [Ingress], ingress: [{}]}"
NOTHING = "{podSelector: {}, policyTypes: [Ingress]}"
NO_EGRESS = "{podSelector: {}, policyTypes: [Egress]}"
SOME = "{podSelector: {matchLabels: {app: a}}, policyTypes: [Ingress]}"
TWO_WAYS = "{podSelector: {}, policyTypes: [Ingress, Egress], ingress: [{}]}"


@pytest.mark.parametrize(
    ("one", "other", "additive", "kube_router"),
    [
        ([A], [A], True, True),
        ([A, NOTHING], [A], True, True),
        ([A, B], [BOTH], True, False),
        ([EVERYTHING, NO_EGRESS], [TWO_WAYS], True, False),
        ([A], [B], False, False),
        ([A], [A, B], False, False),
        ([A], [NOTHING], False, False),
        ([NOTHING], [], False, False),
        ([NOTHING], [NO_EGRESS], False, False),
        ([NOTHING], [SOME], False, False),
        ([NOTHING], [EVERYTHING], False, False),
        ([PORT], [EVERYTHING], False, False),
    ],
)
def test_policies_say_the_same_only_where_they_do(
    one: list[str], other: list[str], additive: bool, kube_router: bool
) -> None:
    for left, right in ((one, other), (other, one)):
        assert say_the_same(policies(*left), policies(*right), additive=True) == additive
        assert say_the_same(policies(*left), policies(*right), additive=False) == kube_router

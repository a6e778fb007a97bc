"""
What applying the overlays makes of Namespaces in a cluster, and which workloads look different there.

``kubectl apply`` adds and changes labels, and removes those that it wrote
(https://kubernetes.io/docs/tasks/manage-kubernetes-objects/declarative-config/).
"""

import json
from typing import Any

import pytest
from bulkhead.analysis.changes.delivered_objects import delivered_namespaces, rendered_workloads
from bulkhead.core.kubernetes.cluster import Cluster, NamedPort, Namespace, Pod
from bulkhead.core.kubernetes.networkpolicy import NetworkPolicy, PolicyPort, PolicyRule, Selector
from bulkhead.core.record import replaced
from bulkhead.io.manifests.object_reader import Thing, read

Json = dict[str, Any]
LAST = "kubectl.kubernetes.io/last-applied-configuration"
RED, BLUE = {"team": "red"}, {"team": "blue"}


def namespace(labels: Json, **metadata: Any) -> Namespace:
    document = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop", "labels": labels, **metadata}}
    (found,) = read(document, [])
    assert found
    (thing,) = found.things
    assert isinstance(thing, Namespace)
    return thing


def applied(**labels: str) -> Json:
    return {"annotations": {LAST: json.dumps({"metadata": {"labels": labels}})}}


def managed(operation: str, *keys: str) -> Json:
    fields: Json = {"f:metadata": {"f:labels": {f"f:{key}": {} for key in keys}}}
    return {"managedFields": [{"manager": "x", "operation": operation, "fieldsV1": fields}]}


CASES: list[tuple[Json, Json, Json, list[Json]]] = [
    ({}, {}, RED, [RED]), ({}, BLUE, RED, [RED]), ({}, RED, RED, [RED]), ({}, RED, {"tier": "a"}, [{"tier": "a"},
     {**RED, "tier": "a"}]),
    ({}, RED, {}, [{}, RED]), (applied(team="red"), RED, {}, [{}, RED]), (applied(tier="a"), RED, {}, [RED]),
    (managed("Apply", "team"), RED, {}, [{}, RED]), (managed("Apply", "tier"), RED, {}, [RED]),
    (managed("Update", "team"), RED, {}, [RED]), ({"annotations": {LAST: "{"}}, RED, {}, [{}, RED]),
    ({}, {"kubernetes.io/metadata.name": "shop"}, {}, [{"kubernetes.io/metadata.name": "shop"}]),
    ({}, {"pod-security.kubernetes.io/enforce": "baseline"}, {}, [{"pod-security.kubernetes.io/enforce": "baseline"}]),
]  # fmt: skip
"""What the cluster says of who wrote, its labels, those that are rendered, and all labels that there may be after."""


@pytest.mark.parametrize(("metadata", "live", "rendered", "expected"), CASES)
def test_labels_after_a_delivery(metadata: Json, live: Json, rendered: Json, expected: list[Json]) -> None:
    known = [namespace(live, **metadata), Namespace("other", (("a", "b"),))]
    wanted: list[Thing] = [namespace(rendered), Namespace("new", (("c", "d"),)), Pod("shop", "x")]
    ends = [delivered_namespaces(known, wanted, are_kept) for are_kept in (False, True)]
    assert all(found[1:] == (known[1], wanted[1]) for found in ends)
    assert [dict(found[0].labels) for found in ends] == (expected * 2)[:2]


WEB = Pod("shop", "web", "Deployment", labels=(("app", "web"),), ports=(NamedPort("http", "TCP", 80),))
POLICY = NetworkPolicy(
    "shop", "p", Selector((("app", "web"),)), (PolicyRule(None, (PolicyPort("TCP", "http"),)),), None
)


@pytest.mark.parametrize(
    ("change", "differs"),
    [
        ({}, False),
        ({"labels": (("app", "web"), ("unasked", "x"))}, False),
        ({"labels": ()}, True),
        ({"labels": (("app", "db"),)}, True),
        ({"ports": (NamedPort("http", "TCP", 80), NamedPort("metrics", "TCP", 90))}, False),
        ({"ports": (NamedPort("http", "TCP", 81),)}, True),
        ({"ports": ()}, True),
        ({"host_network": True}, True),
    ],
)
def test_a_workload_differs_in_what_policies_know_of_it(change: Json, differs: bool) -> None:
    running = replaced(WEB, name="web-5d-x", workload="web", labels=(*WEB.labels, ("pod-template-hash", "5d")))
    for live in (WEB, running):
        found = rendered_workloads(Cluster(pods=(live,)), [replaced(WEB, **change)], (POLICY,))
        assert (bool(found.changed), found.absent) == (differs, ())
    assert rendered_workloads(Cluster(), [WEB], (POLICY,)).absent == (WEB,)

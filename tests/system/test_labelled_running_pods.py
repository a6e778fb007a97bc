"""A running pod that a person or an injector labelled: the next pod of its workload is as its template is."""

import json
from typing import Any

import pytest
from conftest import Tree

Json = dict[str, Any]

MESH = "security.istio.io/tlsMode"
DEBUG: Json = {"debug": "1"}
HTTP: Json = {"name": "http", "containerPort": 80}
ABSENT = {"matchExpressions": [{"key": "debug", "operator": "DoesNotExist"}], "matchLabels": {"app": "a"}}
WITHOUT_MESH = {"matchExpressions": [{"key": MESH, "operator": "DoesNotExist"}], "matchLabels": {"app": "a"}}


def meta(name: str, **more: Any) -> Json:
    return {"name": name, "namespace": "shop", **more}


def spec(*ports: Json) -> Json:
    return {"containers": [{"name": "c", "image": "x", "ports": list(ports)}]}


def policy(name: str, selector: Json, *rules: Json) -> Json:
    found = {"podSelector": selector, "policyTypes": ["Ingress"], "ingress": list(rules)}
    version = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy"}
    return {**version, "metadata": meta(name), "spec": found}


def write(tree: Tree, file: str, labels: Json, ports: tuple[Json, ...], *policies: Json) -> None:
    """Write a dump of a Deployment, its pod, which has *labels* and *ports* too, and of another pod."""
    owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "w-1a", "uid": "u", "controller": True}
    own = {"app": "a", "pod-template-hash": "1a", **labels}
    template = {"metadata": {"labels": {"app": "a"}}, "spec": spec()}
    deployment = {"selector": {"matchLabels": {"app": "a"}}, "template": template}
    items = [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}},
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta("w"), "spec": deployment},
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": meta("w-1a-x", labels=own, ownerReferences=[owner]),
            "spec": spec(*ports),
        },
        {"apiVersion": "v1", "kind": "Pod", "metadata": meta("web"), "spec": spec()},
        *policies,
    ]
    tree.write(file, json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))


CASES: dict[str, tuple[Json, tuple[Json, ...], tuple[Json, ...], tuple[Json, ...]]] = {
    "denied by hand": (DEBUG, (), (), (policy("deny", {"matchLabels": {"app": "a", **DEBUG}}),)),
    "allowed by hand": (
        DEBUG,
        (),
        (policy("deny", {}),),
        (policy("deny", {}), policy("allow", ABSENT, {})),
    ),
    "denied by an injector": ({MESH: "istio"}, (), (), (policy("deny", {"matchLabels": {"app": "a", MESH: "istio"}}),)),
    "allowed by an injector": (
        {MESH: "istio"},
        (),
        (policy("deny", {}),),
        (policy("deny", {}), policy("allow", WITHOUT_MESH, {})),
    ),
    "a port of an added container": (
        {},
        (HTTP,),
        (policy("deny", {"matchLabels": {"app": "a"}}),),
        (policy("deny", {"matchLabels": {"app": "a"}}, {"ports": [{"port": "http"}]}),),
    ),
}


def row(tree: Tree, allowed: bool) -> int:
    tests = [{"from": "shop/web", "to": "shop/w", "port": 80, "allowed": allowed}]
    made = {"apiVersion": "bulkhead.dev/v1alpha1", "kind": "ReachabilityTest", "metadata": {"name": "t"}}
    tree.write("rows.yaml", json.dumps({**made, "spec": {"tests": tests}}))
    return tree.bulkhead("test", "--manifests", "after.json", "--file", "rows.yaml").status


@pytest.mark.parametrize("case", CASES)
def test_the_running_pod_and_the_next_one_count(case: str, tree: Tree) -> None:
    labels, ports, before, after = CASES[case]
    write(tree, "before.json", labels, ports, *before)
    write(tree, "after.json", labels, ports, *after)
    assert (row(tree, True), row(tree, False)) == (1, 1), "one of the two is reached, the other is not"
    explained = tree.bulkhead("explain", "--manifests", "after.json", "shop/web", "shop/w:80")
    assert explained.status == 1 and "allowed" in explained.stdout and "refused" in explained.stdout, explained.stdout
    asked = ("--from", "shop/web", "--to", "shop/w", "--port", "80")
    assert "shop/web" in tree.bulkhead("reach", "--manifests", "after.json", *asked).stdout.partition("evidence")[0]
    compared = tree.bulkhead("diff", "--manifests", "before.json", "after.json", "--endpoints", "existing")
    assert compared.status == 1 and "NO EFFECT" not in compared.stdout, compared.stdout


@pytest.mark.parametrize("labels", [{}, {"controller-revision-hash": "x"}])
def test_a_pod_with_the_labels_of_controllers_alone_is_what_the_template_says(labels: Json, tree: Tree) -> None:
    selected = policy("deny", {"matchLabels": {"app": "a", "pod-template-hash": "1a"}})
    write(tree, "after.json", labels, (), selected)
    assert (row(tree, True), row(tree, False)) == (1, 0)

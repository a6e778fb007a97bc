"""`bulkhead reach --endpoints`: pods that exist, pods that could exist, or both; and the pods that were asked for."""

import json
from itertools import product

import pytest
from conftest import Tree

PODS = """\
apiVersion: v1
kind: Pod
metadata: {name: one, namespace: shop, labels: {app: one}}
spec: {}
---
apiVersion: v1
kind: Pod
metadata: {name: two, namespace: shop, labels: {app: two}}
spec: {}
---
"""
POLICY = """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: db, namespace: shop}
spec:
  podSelector: {matchLabels: {app: db}}
  ingress: [{from: [{podSelector: {matchLabels: {app: web}}}], ports: [{port: 5432}]}]
"""


def rows(text: str) -> dict[tuple[str, str], str]:
    lines = [line.split(None, 2) for line in text.splitlines()[1:] if not line.startswith(("evidence", "note"))]
    return {(source, to): ports for source, to, ports in lines}


def test_the_default_is_the_pods_that_exist(tree: Tree) -> None:
    tree.write("all.yaml", PODS + POLICY)
    default = tree.bulkhead("reach", "--manifests", "all.yaml", "--to", "shop").stdout
    assert (
        default == tree.bulkhead("reach", "--manifests", "all.yaml", "--to", "shop", "--endpoints", "existing").stdout
    )
    assert "*" not in default
    assert "shop/one" in default


@pytest.mark.parametrize("options", [("--endpoints", "possible"), ()])
def test_without_pods_the_policies_say_which_pods_there_could_be(tree: Tree, options: tuple[str, ...]) -> None:
    tree.write("all.yaml", POLICY if not options else PODS + POLICY)
    done = tree.bulkhead("reach", "--manifests", "all.yaml", "--from", "shop", "--to", "shop", *options)
    assert done.status == 0, done.stderr
    found = rows(done.stdout)
    pods = ("shop/*", "shop/*(app=db)", "shop/*(app=web)")
    # Only the policy isolates: `app: db` gets 5432 from `app: web`, everything else is open.
    wanted = {pair: "all" for pair in product(pods, repeat=2) if pair[1] != "shop/*(app=db)"}
    assert found == {**wanted, ("shop/*(app=web)", "shop/*(app=db)"): "5432"}


def test_all_has_the_pods_that_exist_first(tree: Tree) -> None:
    tree.write("all.yaml", PODS + POLICY)
    done = tree.bulkhead("reach", "--manifests", "all.yaml", "--to", "shop", "--from", "shop", "--endpoints", "all")
    found = list(rows(done.stdout))
    assert found[:2] == [("shop/one", "shop/two"), ("shop/two", "shop/one")]
    assert all("*" in source + to for source, to in found[2:])
    assert ("shop/*(app=web)", "shop/*(app=db)") in found


def test_overlays_have_no_existing_pods(tree: Tree) -> None:
    tree.overlay("shop")
    tree.write("kustomization.yaml", "resources: [overlays/shop]\n")
    done = tree.bulkhead("reach", "--endpoints", "existing")
    assert done.status == 2
    assert "--manifests" in done.stderr


def test_json_lists_the_pods_that_were_asked_for(tree: Tree) -> None:
    """No policy distinguishes `one` and `two`, so they are one endpoint of the engine."""
    tree.write("all.yaml", PODS + POLICY)
    done = tree.bulkhead(
        "reach", "--manifests", "all.yaml", "--from", "shop/one", "--to", "shop/two", "--format", "json"
    )
    (layer,) = json.loads(done.stdout)["layers"]
    names = {each["id"]: [pod["name"] for pod in each["workloads"]] for each in layer["endpoints"]}
    (connection,) = layer["connections"]
    assert [names[number] for number in connection["from"]] == [["one"]]
    assert [names[number] for number in connection["to"]] == [["two"]]


def test_a_single_pod_has_no_row_with_itself(tree: Tree) -> None:
    tree.write("all.yaml", PODS + POLICY)
    found = rows(tree.bulkhead("reach", "--manifests", "all.yaml", "--from", "shop", "--to", "shop").stdout)
    assert set(found) == {("shop/one", "shop/two"), ("shop/two", "shop/one")}

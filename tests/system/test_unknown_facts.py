"""`explain`, `reach` and `test` give one answer about what the given endpoints leave open: it depends on that."""

import json
from typing import Any

from conftest import Tree

SPEC = "apiVersion: bulkhead.dev/v1alpha1\nkind: SegmentedNamespace\nmetadata: {name: standard}\nspec:\n"
SHOP = """  ingress: null
  egress: null
  workloads:
    web:
      pods: {matchExpressions: [{key: app, operator: In, values: [a, b]}]}
      ingress: {stock: {from: {namespace: stock}, ports: 80}}
"""
STOCK = """  ingress: null
  egress:
    intra-namespace: null
    external-https: null
    dns: null
    shop: {to: {namespace: shop, pods: {matchExpressions: [{key: app, operator: NotIn, values: [a]}]}}, ports: 80}
"""
ROW = "apiVersion: bulkhead.dev/v1alpha1\nkind: ReachabilityTest\nmetadata: {name: t}\nspec: {tests: [%s]}\n"


def test_another_value_of_a_selector_than_the_first_is_not_refused(tree: Tree) -> None:
    tree.overlay("shop", SHOP)
    tree.overlay("stock", STOCK)
    tree.write("kustomization.yaml", "resources: [overlays/shop, overlays/stock]\n")
    done = tree.bulkhead("explain", "stock/*", "shop/*:80")
    assert done.status == 2
    assert "stock/* -> shop/*, port 80: depends on the pod's labels, which are not known" in done.stdout
    assert "pods labelled `app: b` in namespace `shop`: port 80 open" in " ".join(done.stdout.split())
    assert tree.bulkhead("explain", "stock/*", "shop/a:80").status == 1
    listed = tree.bulkhead("reach", "--from", "stock", "--to", "shop").stdout
    assert "it depends on the pod's labels, which are not known:\n  stock/* -> shop/*: port 80\n" in listed
    tree.write("t.yaml", ROW % "{from: stock/*, to: shop/*, port: 80, allowed: false}")
    assert tree.bulkhead("test", "--file", "t.yaml").status == 1


def test_a_port_by_its_name_depends_on_the_number_that_the_pod_gives_it(tree: Tree) -> None:
    profile = tree.path / "base/cluster.yaml"
    profile.write_text(profile.read_text().replace("enforcer: kube-router", "enforcer: calico"))
    tree.overlay("shop", "  ingress: {intra-namespace: null, prometheus: {ports: metrics}}\n")
    tree.write("kustomization.yaml", "resources: [overlays/shop]\n")
    ends = "monitoring/prometheus", "shop/*"
    done = tree.bulkhead("explain", ends[0], f"{ends[1]}:8080")
    said = "depends on the numbers of the pod's named ports, which are not known"
    assert done.status == 2
    assert f"monitoring/prometheus -> shop/*, port 8080: {said}\n" in done.stdout
    assert "the TCP port that the pod calls `metrics`, if it is one of port 8080 open" in " ".join(done.stdout.split())
    (answer,) = json.loads(tree.bulkhead("explain", ends[0], "shop/*:8080", "--format", "json").stdout)["answers"]
    assert answer["dependsOn"] == ["port-numbers"]
    assert tree.bulkhead("explain", ends[0], "shop/*:8080/UDP").status == 1
    listed = tree.bulkhead("reach", "--from", ends[0], "--to", "shop").stdout
    assert "named ports, which are not known:\n  monitoring/prometheus -> shop/*: all TCP ports\n" in listed
    tree.write("t.yaml", ROW % "{from: monitoring/prometheus, to: shop/*, port: 8080, allowed: false}")
    assert tree.bulkhead("test", "--file", "t.yaml").status == 1


def test_a_possible_pod_of_manifests_may_call_any_port_by_a_name(tree: Tree) -> None:
    spec = {"podSelector": {"matchLabels": {"app": "db"}}, "ingress": [{"ports": [{"port": "pg"}]}]}
    kind = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy"}
    tree.write("m.json", json.dumps({**kind, "metadata": {"name": "p", "namespace": "shop"}, "spec": spec}))
    listed = tree.bulkhead("reach", "--manifests", "m.json", "--to", "shop", "--port", "5432").stdout
    assert "named ports, which are not known:" in listed
    assert "-> shop/*(app=db): port 5432" in listed


def test_a_namespace_without_an_object_may_have_any_label(tree: Tree) -> None:
    objects: list[dict[str, Any]] = []
    for space, name in (("shop", "db"), ("media", "web"), ("lab", "web")):
        labels = {"app": name}
        template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "c", "image": "x"}]}}
        body = {"selector": {"matchLabels": labels}, "template": template}
        metadata = {"name": name, "namespace": space}
        objects.append({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": body})
    peers = [{"namespaceSelector": {"matchLabels": {"team": "blue"}}}]
    spec = {"podSelector": {}, "policyTypes": ["Ingress"], "ingress": [{"from": peers}]}
    kind = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy"}
    objects.append({**kind, "metadata": {"name": "p", "namespace": "shop"}, "spec": spec})
    objects.append({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "lab"}})
    tree.write("m.json", json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}))
    done = tree.bulkhead("explain", "--manifests", "m.json", "media/web", "shop/db:80", "--format", "json")
    (answer,) = json.loads(done.stdout)["answers"]
    assert (done.status, answer["dependsOn"], answer["dependsOnAddress"]) == (2, ["namespace-labels"], False)
    text = tree.bulkhead("explain", "--manifests", "m.json", "media/web", "shop/db:80").stdout
    assert "if the namespace of the source is labelled `team: blue`: " in text
    assert tree.bulkhead("explain", "--manifests", "m.json", "lab/web", "shop/db:80").status == 1
    found = json.loads(tree.bulkhead("reach", "--manifests", "m.json", "--format", "json").stdout)["dependsOnAddress"]
    pairs = {(each["from"][0], each["to"][0], *each["dependsOn"]) for each in found["pairs"]}
    assert ("media/web", "shop/db", "namespace-labels") in pairs
    assert not any(source == "lab/web" for source, *_ in pairs)

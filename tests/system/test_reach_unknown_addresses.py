"""`reach` lists what depends on the address of a pod, where that is not known: exactly what `explain` says so of."""

import itertools
import json
from typing import Any

import pytest
from conftest import Tree

Json = dict[str, Any]
WORKLOADS = ("web", "db")
PRIVATE, PUBLIC = {"ipBlock": {"cidr": "10.0.0.0/8"}}, {"ipBlock": {"cidr": "203.0.113.0/24"}}


def workload(name: str) -> Json:
    template = {"metadata": {"labels": {"app": name}}, "spec": {"containers": [{"name": "c", "image": "i"}]}}
    spec = {"selector": {"matchLabels": {"app": name}}, "template": template}
    metadata = {"name": name, "namespace": "shop"}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec}


def pod(name: str, address: str) -> Json:
    metadata = {"name": name, "namespace": "shop", "labels": {"app": name}}
    metadata |= {"uid": "1", "resourceVersion": "7", "creationTimestamp": "2026-01-31T12:00:00Z"}
    status = {"phase": "Running", "podIP": address, "podIPs": [{"ip": address}]}
    spec = {"containers": [{"name": "c", "image": "i"}]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec, "status": status}


def policy(**directions: Any) -> Json:
    types = [key.capitalize() for key in directions]
    spec = {"podSelector": {"matchLabels": {"app": "db"}}, "policyTypes": types, **directions}
    metadata = {"name": "db", "namespace": "shop"}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": metadata, "spec": spec}


BOTH = [workload(name) for name in WORKLOADS]
CASES: dict[str, tuple[list[Json], set[tuple[str, str]]]] = {
    "ingress from private addresses": (
        [*BOTH, policy(ingress=[{"from": [PRIVATE]}])],
        {("web", "db"), ("db", "db")},
    ),
    "ingress from public addresses": ([*BOTH, policy(ingress=[{"from": [PUBLIC]}])], {("web", "db"), ("db", "db")}),
    "egress to private addresses": ([*BOTH, policy(egress=[{"to": [PRIVATE]}])], {("db", "web"), ("db", "db")}),
    "both directions": (
        [*BOTH, policy(ingress=[{"from": [PRIVATE]}], egress=[{"to": [PRIVATE]}])],
        {("web", "db"), ("db", "web"), ("db", "db")},
    ),
    "a rule for the pods as well": (
        [*BOTH, policy(ingress=[{"from": [PRIVATE, {"podSelector": {}}]}])],
        set(),
    ),
    "no block": ([*BOTH, policy(ingress=[])], set()),
    "refused by the other direction": ([*BOTH, policy(ingress=[{"from": [PRIVATE]}], egress=[])], {("web", "db")}),
    "the addresses are known": (
        [pod("web", "10.1.0.1"), pod("db", "192.168.0.1"), policy(ingress=[{"from": [PRIVATE]}])],
        set(),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_what_depends_on_an_address_is_listed_as_explain_says(tree: Tree, name: str) -> None:
    objects, wanted = CASES[name]
    tree.write("all.yaml", "---\n".join(json.dumps(each) + "\n" for each in objects))
    for ends in ((), ("--to", "shop/db:80")):
        found = json.loads(tree.bulkhead("reach", "--manifests", "all.yaml", "--format", "json", *ends).stdout)
        depending = found["dependsOnAddress"]
        assert depending["complete"]
        pairs = {(source, to) for each in depending["pairs"] for source in each["from"] for to in each["to"]}
        expected = {(f"shop/{a}", f"shop/{b}") for a, b in wanted if not ends or b == "db"}
        assert pairs == expected
        for form in ("text", "markdown"):
            text = tree.bulkhead("reach", "--manifests", "all.yaml", "--format", form, *ends).stdout
            lines = text.replace("-&#62;", "->").splitlines()
            said = {(a, b) for a, b in itertools.product(("shop/web", "shop/db"), repeat=2)
                    if any(line.startswith((f"  {a} -> {b}: ", f"  - {a} -> {b}: ")) for line in lines)}  # fmt: skip
            assert said == expected
            assert ("depends on the pod's address, which is not known" in text) is bool(expected)


@pytest.mark.parametrize("name", CASES)
def test_explain_and_reach_agree(tree: Tree, name: str) -> None:
    objects, wanted = CASES[name]
    tree.write("all.yaml", "---\n".join(json.dumps(each) + "\n" for each in objects))
    for source, destination in itertools.product(WORKLOADS, repeat=2):
        ends = f"shop/{source}", f"shop/{destination}:80"
        done = tree.bulkhead("explain", "--manifests", "all.yaml", *ends, "--format", "json")
        depends = any(each["dependsOnAddress"] for each in json.loads(done.stdout)["answers"])
        assert depends is ((source, destination) in wanted)


def test_where_the_pairs_are_too_many_it_says_that_there_may_be_others(tree: Tree) -> None:
    names = [f"w{number}" for number in range(12)]
    objects = [workload(name) for name in names]
    for name in names:
        each = policy(ingress=[{"from": [PRIVATE]}])
        each["metadata"]["name"] = name
        each["spec"]["podSelector"]["matchLabels"]["app"] = name
        objects.append(each)
    tree.write("all.yaml", "---\n".join(json.dumps(each) + "\n" for each in objects))
    text = tree.bulkhead("reach", "--manifests", "all.yaml").stdout
    found = json.loads(tree.bulkhead("reach", "--manifests", "all.yaml", "--format", "json").stdout)
    assert "and perhaps others: they are too many to be judged" in text
    assert not found["dependsOnAddress"]["complete"]

"""
A pod on the host network has its node's address. Where that is not known, every command says what depends on it.

The expected values are the verdicts over three addresses that the node may have: the specification says that such a
pod is an address of its node, whatever the mode in which an ``ipBlock`` matches addresses of pods.
"""

import ipaddress
import json
from typing import Any

import pytest
from conftest import Tree

Json = dict[str, Any]
ADDRESSES = ("192.168.20.1", "192.168.21.1", "203.0.113.1")
BLOCKS: dict[str, list[Json]] = {
    "every address": [{"cidr": "0.0.0.0/0"}],
    "the nodes": [{"cidr": "192.168.20.0/24"}],
    "all but the nodes": [{"cidr": "0.0.0.0/0", "except": ["192.168.20.0/24"]}],
    "both halves": [{"cidr": "192.168.0.0/16"}, {"cidr": "203.0.0.0/8"}],
}


def objects(blocks: list[Json], is_egress: bool, is_host: bool) -> list[Json]:
    """Return the workloads `lab/web`, on the host network or not, and `media/db`, and the policy of `media/db`."""
    made = []
    for space, name in (("lab", "web"), ("media", "db")):
        spec: Json = {"containers": [{"name": "c", "image": "x"}]}
        if is_host and name == "web":
            spec["hostNetwork"] = True
        template = {"metadata": {"labels": {"app": name}}, "spec": spec}
        metadata = {"name": name, "namespace": space}
        body = {"selector": {"matchLabels": {"app": name}}, "template": template}
        made.append({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": body})
    peers = [{"ipBlock": block} for block in blocks]
    rules: Json = {"egress": [{"to": peers}]} if is_egress else {"ingress": [{"from": peers}]}
    spec = {"podSelector": {}, "policyTypes": ["Egress" if is_egress else "Ingress"], **rules}
    head = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy"}
    return [*made, {**head, "metadata": {"name": "p", "namespace": "media"}, "spec": spec}]


def written(tree: Tree, name: str, items: list[Json]) -> str:
    tree.write(name, json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))
    return name


def is_in(address: str, block: Json) -> bool:
    """Say whether *block* has *address*."""
    within = [
        ipaddress.ip_address(address) in ipaddress.ip_network(each)
        for each in (block["cidr"], *block.get("except", ()))
    ]
    return within[0] and not any(within[1:])


@pytest.mark.parametrize("mode", ["pods", "never"])
@pytest.mark.parametrize("is_egress", [False, True], ids=["ingress", "egress"])
@pytest.mark.parametrize("case", BLOCKS)
def test_what_depends_on_the_address_of_a_node_is_neither_allowed_nor_refused(
    tree: Tree, case: str, is_egress: bool, mode: str
) -> None:
    known = {any(is_in(address, block) for block in BLOCKS[case]) for address in ADDRESSES}
    after = written(tree, "after.json", objects(BLOCKS[case], is_egress, is_host=True))
    ends = ("media/db", "lab/web") if is_egress else ("lab/web", "media/db")
    done = tree.bulkhead("explain", "--ipblock", mode, "--manifests", after, ends[0], f"{ends[1]}:80")
    depends = len(known) == 2 or case == "both halves"
    assert done.status == (2 if depends else 0), done.stdout
    assert ("node's address" in done.stdout) is depends
    rows = [{"from": ends[0], "to": ends[1], "allowed": allowed} for allowed in (True, False)]
    test = {"apiVersion": "bulkhead.dev/v1alpha1", "kind": "ReachabilityTest", "metadata": {"name": "t"}}
    tree.write("t.yaml", json.dumps({**test, "spec": {"tests": rows}}))
    text = tree.bulkhead("test", "--ipblock", mode, "--manifests", after, "--file", "t.yaml").stdout
    assert [line.split()[0] for line in text.splitlines() if line.startswith(("ok ", "FAIL"))] == [
        "FAIL" if depends else "ok", "FAIL"
    ], text  # fmt: skip
    before = written(tree, "before.json", objects(BLOCKS[case], is_egress, is_host=False))
    changes = int((case, mode) != ("every address", "pods"))
    for sides, word in (((before, after), "OPENS"), ((after, before), "CLOSES")):
        done = tree.bulkhead("diff", "--ipblock", mode, "--manifests", *sides)
        assert (done.status, word in done.stdout) == (changes, bool(changes)), done.stdout


def test_a_named_node_does_not_excuse_the_addresses_of_others(tree: Tree) -> None:
    after = written(tree, "after.json", objects(BLOCKS["the nodes"], is_egress=False, is_host=True))
    test = {"apiVersion": "bulkhead.dev/v1alpha1", "kind": "ReachabilityTest", "metadata": {"name": "t"}}
    tree.write("t.yaml", json.dumps({**test, "spec": {"tests": [{"to": "media/db", "from-only": ["lab/web"]}]}}))
    assert tree.bulkhead("test", "--manifests", after, "--file", "t.yaml").status == 1


def test_pairs_past_the_bound_are_not_judged(tree: Tree) -> None:
    items = objects([{"cidr": "10.0.0.0/8"}], is_egress=False, is_host=False)
    for number in range(55):
        labels = {"app": f"w{number}"}
        policy = {
            "podSelector": {"matchLabels": labels},
            "policyTypes": ["Egress"],
            "egress": [{"ports": [{"port": 80}]}],
        }
        metadata = {"name": f"w{number}", "namespace": "lab"}
        template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "c", "image": "x"}]}}
        body = {"selector": {"matchLabels": labels}, "template": template}
        items.append({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": body})
        items.append({**items[2], "metadata": metadata, "spec": policy})
    done = tree.bulkhead(
        "explain", "--manifests", written(tree, "m.json", items), "lab", "media/db:80", "--format", "json"
    )
    answers = json.loads(done.stdout)["answers"]
    assert done.status == 2
    assert all(each["dependsOnAddress"] for each in answers)
    assert len([each for each in answers if each["judged"]]) == 50

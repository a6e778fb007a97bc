"""
Addresses of pods, Services and nodes: `test`, `explain` and `reach` give one answer, and none without having looked.

The overlay lets `web` reach `db` on port 5432 and lets the network 10.42.8.0/24 reach `db` on port 9000; nothing else
is allowed to or from its pods. What an address of the pod network reaches follows from the pods that could have it.
"""

import json
from pathlib import Path

import pytest
from conftest import Tree
from system.reachability_rows import HEAD, bulkhead

PROFILE = """\
apiVersion: bulkhead.dev/v1alpha1
kind: ClusterProfile
metadata: {name: test}
spec:
  enforcer: kube-router
  networks: {pods: 10.42.0.0/16, services: 10.43.0.0/16, nodes: 192.168.20.0/24}
  peers:
    pod-network: {network: pods}
    service-network: {network: services}
    dns: [{namespace: kube-system}, {network: services}]
"""
STANDARD = """\
apiVersion: bulkhead.dev/v1alpha1
kind: SegmentedNamespace
metadata: {name: standard}
spec: {}
"""
RULES = """\
  workloads:
    web:
      pods: {app: web}
      egress:
        db: {to: {pods: {app: db}}, ports: 5432, why: It stores}
    db:
      pods: {app: db}
      ingress:
        web: {from: {pods: {app: web}}, ports: 5432, why: It stores}
        backup: {from: {cidr: 10.42.8.0/24}, ports: 9000, why: It is saved}
"""

ALLOWED, REFUSED, DEPENDS = 0, 1, 2

OF_PODS = [
    ("shop/web", "10.42.3.4", 5432, DEPENDS),
    ("shop/web", "10.42.0.0/16", 5432, DEPENDS),
    ("shop/web", "10.42.128.0/17", 5432, DEPENDS),
    ("shop/web", "pod-network", 5432, DEPENDS),
    ("shop/web", "10.40.0.0/15", 22, REFUSED),
    ("shop/web", "10.42.3.4", 22, REFUSED),
    ("shop/web", "8.8.8.8", 5432, REFUSED),
    ("10.42.3.4", "shop/db", 5432, DEPENDS),
    ("10.42.3.4", "shop/db", 9000, REFUSED),
    ("10.42.8.4", "shop/db", 9000, DEPENDS),
    ("10.42.8.0/23", "shop/db", 9000, DEPENDS),
    ("10.42.3.4", "shop/web", 5432, REFUSED),
    ("pod-network", "shop/db", 22, REFUSED),
    ("0.0.0.0/0", "shop/db", 22, REFUSED),
]
"""Source, destination, port, and the answer of `explain`."""

SERVICES = ["10.43.0.10", "10.43.0.0/16", "service-network"]
IN_PART = ["dns", "10.0.0.0/8", "0.0.0.0/0"]


@pytest.fixture
def shop(tree: Tree) -> Path:
    tree.write("base/kustomization.yaml", "resources: [cluster.yaml, namespace.yaml]\n")
    tree.write("base/cluster.yaml", PROFILE)
    tree.write("base/namespace.yaml", STANDARD)
    tree.write("kustomization.yaml", "resources: [overlays/shop]\n")
    tree.overlay("shop", RULES)
    return tree.path


def row(folder: Path, said: str) -> int:
    """Return the exit status of a test with the row *said*."""
    (folder / "rows.yaml").write_text(f"{HEAD}  - {{{said}}}\n")
    return bulkhead("test", "--file", folder / "rows.yaml", folder)[0]


def test_an_address_of_the_pod_network_means_every_pod_that_could_have_it(shop: Path) -> None:
    rows = [
        f"  - {{from: {source}, to: {destination}, port: {port}, allowed: {allowed}}}\n"
        for source, destination, port, _ in OF_PODS
        for allowed in ("true", "false")
    ]
    (shop / "rows.yaml").write_text(HEAD + "".join(rows))
    found = json.loads(bulkhead("test", "--file", shop / "rows.yaml", "--format", "json", shop)[1])["rows"]
    verdicts = [each["verdict"] == "ok" for each in found]
    for number, (*asked, expected) in enumerate(OF_PODS):
        is_open, is_refused = verdicts[2 * number : 2 * number + 2]
        assert (is_open, is_refused) == (expected == ALLOWED, expected == REFUSED), asked


def test_explain_and_reach_give_the_answer_of_test(shop: Path) -> None:
    for source, destination, port, expected in OF_PODS[::2]:
        explained, text = bulkhead("explain", "-C", shop, source, f"{destination}:{port}")
        assert explained == expected, text
        _, shown = bulkhead("reach", shop, "--from", source, "--to", destination, "--port", str(port))
        assert shown.startswith("no connection\n") is (expected == REFUSED), (source, destination, port, shown)


def test_the_answer_about_the_pod_network_is_in_json_too(shop: Path) -> None:
    status, text = bulkhead("explain", "-C", shop, "shop/web", "10.42.3.4:5432", "--format", "json")
    found = json.loads(text)
    assert (status, found["allowed"], found["answers"], found["remedies"]) == (2, False, [], [])
    assert found["podAddresses"]["verdict"] == "depends"
    assert any("`app: db`" in each for each in found["podAddresses"]["open"])
    assert all("refused" in each for each in found["podAddresses"]["refused"])
    assert "outside the cluster" not in text


@pytest.mark.parametrize("text", [*SERVICES, *IN_PART])
def test_no_answer_is_given_about_the_address_of_a_service(shop: Path, text: str) -> None:
    assert row(shop, f"from: shop/web, to: {text}, allowed: false") == 2
    assert row(shop, f"to: {text}, from-only: shop/web") == 2
    status, said = bulkhead("explain", "-C", shop, "shop/web", f"{text}:5432")
    assert (status, "name the pods behind the Service, not its address" in said) == (2, True)
    whole = text in SERVICES
    assert (row(shop, f"from: {text}, to: shop/db, port: 22, allowed: false") == 2) is whole
    assert (row(shop, f"to: shop/db, from-only: [shop/web, {text}]") == 2) is whole
    assert (bulkhead("reach", shop, "--from", "shop/web", "--to", text)[0] == 2) is whole


def test_a_list_of_only_names_the_pods_that_certainly_have_an_address(shop: Path) -> None:
    assert row(shop, "to: shop/db, port: 9000, from-only: 10.42.8.0/24") == 0
    assert row(shop, "to: shop/db, port: 9000, from-only: 10.42.8.0/25") == 1
    assert row(shop, "to: shop/db, port: 9000, from-only: 10.42.9.0/24") == 1


def test_a_block_in_a_dump_contains_the_pods_that_have_an_address_in_it(tmp_path: Path) -> None:
    pods = [
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": name, "namespace": "shop", "labels": {"app": name}},
            "spec": {"containers": []},
            "status": {"podIP": address, "phase": "Running"},
        }
        for name, address in (("web", "10.42.0.5"), ("db", "10.42.0.11"))
    ]
    (tmp_path / "dump.json").write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": pods}))
    (tmp_path / "rows.yaml").write_text(f"{HEAD}  - {{from: shop/web, to: 10.42.0.8/29, allowed: false}}\n")
    where = "--manifests", tmp_path / "dump.json"
    assert bulkhead("test", *where, "--file", tmp_path / "rows.yaml", tmp_path)[0] == 1
    assert "shop/db" in bulkhead("reach", *where, "--from", "shop/web", "--to", "10.42.0.8/29")[1]
    assert "shop/db" in bulkhead("explain", *where, "shop/web", "10.42.0.8/29:80")[1]


def test_a_row_about_nodes_says_what_is_open_on_the_own_node_of_a_pod(shop: Path) -> None:
    rows = {
        "from: shop/web, to: 192.168.20.5, port: 30080": "its ports 30000-32767 are open to the pod",
        "from: shop/web, to: 192.168.20.0/24": "its ports 30000-32767 are open to the pod",
        "from: 192.168.20.5, to: shop/db": "it always reaches the pod",
        "from: shop/web, to: 192.168.20.5, port: 22": "",
        "from: 192.168.1.5, to: shop/db": "",
    }
    text = "".join(f"  - {{{row}, allowed: false}}\n" for row in rows)
    (shop / "rows.yaml").write_text(HEAD + text)
    for form in ("json", "text", "junit"):
        _, said = bulkhead("test", "--file", shop / "rows.yaml", "--format", form, shop)
        assert said.count("the node that the pod runs on") == 3, said
    found = json.loads(bulkhead("test", "--file", shop / "rows.yaml", "--format", "json", shop)[1])["rows"]
    for each, note in zip(found, rows.values(), strict=True):
        assert each["verdict"] == "ok", each
        assert (note in "".join(each["notes"])) if note else not each["notes"], each

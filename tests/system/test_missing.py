"""``bulkhead missing``: it allows what was observed and nothing else, and never what nobody should allow."""

import csv
import io
import itertools
import json
import random
from collections.abc import Iterable
from pathlib import Path

import pytest
from conftest import ROOT, Done, Tree, bulkhead

SAMPLES = ROOT / "tests/flows"
HEAD = ["source", "destination", "port", "protocol", "time", "count"]

Row = tuple[str, str, int, str]


def inventory(addresses: dict[str, str]) -> str:
    """The dump of pods, each ``namespace/name`` with its address and the label ``app``."""
    items: list[object] = [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
        for name in sorted({each.partition("/")[0] for each in addresses})
    ]
    for each, address in addresses.items():
        namespace, _, name = each.partition("/")
        items.append({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": f"{name}-0", "namespace": namespace, "labels": {"app": name}, "ownerReferences": [
                {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": name, "uid": each, "controller": True}]},
            "spec": {"nodeName": "node1", "containers": [{"name": "main"}]},
            "status": {"phase": "Running", "hostIP": "192.168.20.11", "podIPs": [{"ip": address}], "podIP": address},
        })  # fmt: skip
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": items})


def records(rows: Iterable[Row]) -> str:
    text = io.StringIO()
    written = csv.writer(text)
    written.writerows([HEAD, *((*row, "2026-11-20T08:00:00Z", 3) for row in rows)])
    return text.getvalue()


def root(tree: Tree) -> None:
    names = sorted(path.name for path in (tree.path / "overlays").iterdir())
    tree.write("kustomization.yaml", json.dumps({"resources": [f"overlays/{name}" for name in names]}))


def missing(tree: Tree, rows: Iterable[Row], *options: str) -> Done:
    return tree.bulkhead("missing", "-", "--inventory", "pods.json", *options, stdin=records(rows))


def verdicts(tree: Tree, rows: Iterable[Row], names: dict[str, str]) -> dict[Row, str]:
    done = tree.bulkhead("flows", "-", "--inventory", "pods.json", "--format", "json", stdin=records(rows))
    found = {}
    for row in json.loads(done.stdout)["rows"]:
        ends = [
            names[f"{end['namespace']}/{end['workload']}"] if end["kind"] == "workload" else end["address"]
            for end in (row["from"], row["to"])
        ]
        found[ends[0], ends[1], row["port"], row["protocol"]] = row["verdict"]
    return found


PODS = {"shop/web": "10.42.0.5", "shop/db": "10.42.0.6", "blog/web": "10.42.0.7"}
CLOSED = "  # the shop\n  egress: {intra-namespace: null}   # narrow\n  ingress: {intra-namespace: null}\n"


@pytest.fixture
def shop(tree: Tree) -> Tree:
    tree.overlay("shop", CLOSED)
    tree.overlay("blog", CLOSED)
    tree.write("pods.json", inventory(PODS))
    root(tree)
    return tree


def test_without_write_it_shows_the_rules_and_the_change_and_edits_nothing(shop: Tree) -> None:
    before = (shop.path / "overlays/shop/rules.yaml").read_bytes()
    done = missing(shop, [("10.42.0.5", "10.42.0.6", 5432, "TCP")])
    assert (done.status, done.stderr) == (1, "")
    assert "would be changed: overlays/shop/rules.yaml" in done.stdout
    assert "shop/web -> shop/db: port 5432" in done.stdout
    assert "shop/web egress: db: {to: {pods: {app: db}}, ports: 5432}  # Observed 3 times, last on" in done.stdout
    assert (shop.path / "overlays/shop/rules.yaml").read_bytes() == before


def test_written_rules_allow_the_traffic_and_keep_comments(shop: Tree) -> None:
    rows = [("10.42.0.5", "10.42.0.6", 5432, "TCP"), ("10.42.0.7", "10.42.0.6", 5432, "TCP")]
    assert missing(shop, rows, "--write").status == 0
    text = (shop.path / "overlays/shop/rules.yaml").read_text()
    assert "# the shop" in text
    assert "# narrow" in text
    assert "why: Observed 3 times, last on 2026-11-20" in text
    assert shop.build("overlays/shop").status == 0
    assert set(verdicts(shop, rows, PODS).values()) == {"allowed"}
    again = missing(shop, rows)
    assert (again.status, again.stdout.splitlines()[0]) == (
        0,
        "no rule is missing that can be written from these records",
    )


def test_ports_become_a_range_only_where_each_was_seen(shop: Tree) -> None:
    rows = [("10.42.0.5", "10.42.0.6", port, "TCP") for port in (8000, 8001, 8002, 8004)]
    said = missing(shop, [*rows, ("10.42.0.5", "10.42.0.6", 8000, "UDP")]).stdout
    assert "ports: [8000-8002, 8004, 8000/UDP]}" in said


def test_an_address_is_named_alone_and_by_its_peer_only_when_asked(shop: Tree) -> None:
    rows = [("10.42.0.5", "192.168.30.7", 2049, "TCP"), ("10.42.0.5", "203.0.113.9", 25, "TCP")]
    narrow, wide = missing(shop, rows).stdout, missing(shop, rows, "--generalise").stdout
    assert "to: {cidr: 192.168.30.7/32}, ports: 2049" in narrow
    assert "to: nas, ports: 2049" in wide
    assert "to: {cidr: 203.0.113.9/32}, ports: 25" in wide  # the only peer that contains it is the internet


@pytest.mark.parametrize(("rows", "reason"), [
    ([("8.8.4.4", "10.42.0.6", 22, "TCP")], "it comes from the internet"),
    ([("10.42.0.5", "169.254.169.254", 80, "TCP")], "serves credentials"),
    ([("10.42.0.5", "224.0.0.251", 5353, "UDP")], "multicast"),
    ([("10.42.0.5", "10.42.0.6", port, "TCP") for port in range(1, 60, 2)], "it looks like a scan"),
    ([("10.42.0.5", f"192.168.30.{last}", 22, "TCP") for last in range(1, 30)], "it looks like a scan"),
    ([("10.42.0.5", f"192.168.30.{each}", 1000 + each, "TCP") for each in range(1, 120)], "it looks like a scan"),
])  # fmt: skip
def test_what_nobody_should_allow_is_listed_and_never_written(shop: Tree, rows: list[Row], reason: str) -> None:
    before = (shop.path / "overlays/shop/rules.yaml").read_bytes()
    done = missing(shop, rows, "--write")
    assert (done.status, done.stderr) == (0, "")
    assert "decide about it yourself" in done.stdout
    assert reason in done.stdout
    assert (shop.path / "overlays/shop/rules.yaml").read_bytes() == before
    assert "denied" in verdicts(shop, rows, PODS).values()


def test_what_is_not_decided_is_named_and_the_status_is_2(shop: Tree) -> None:
    done = missing(shop, [("10.42.9.9", "10.42.0.6", 5432, "TCP")], "--write")
    assert done.status == 2
    assert "not decided: an address of the pod network that no pod of the inventory has" in done.stdout
    assert tree_is_as_it_was(shop)
    assert missing(shop, []).status == 2


def tree_is_as_it_was(tree: Tree) -> bool:
    return (tree.path / "overlays/shop/rules.yaml").read_text().endswith(CLOSED)


def test_a_connection_between_two_overlays_is_written_on_both_sides_or_on_none(shop: Tree) -> None:
    row = ("10.42.0.7", "10.42.0.6", 5432, "TCP")
    text = (shop.path / "overlays/shop/rules.yaml").read_text().replace("ingress: {", "ingress: {web: {from: lan}, ")
    shop.write("overlays/shop/rules.yaml", text)
    assert missing(shop, [row], "--write").status == 0
    assert "web-2" not in (shop.path / "overlays/blog/rules.yaml").read_text()
    assert verdicts(shop, [row], PODS) == {row: "allowed"}


def test_what_the_records_refuse_and_the_overlays_allow_is_named(shop: Tree) -> None:
    text = "source,destination,port,protocol,verdict\n10.42.0.5,1.1.1.1,443,TCP,denied\n"
    done = shop.bulkhead("missing", "-", "--inventory", "pods.json", stdin=text)
    assert done.status == 0
    assert "refused in the records: the overlays allow it: they were not in force" in done.stdout


def test_names_of_records_do_not_act(shop: Tree) -> None:
    hostile = 'source,destination,port,protocol\n"shop/\x1b[2J\u202e##[group]<b>",10.42.0.6,80,TCP\n\x1b[2J\u202e\n'
    said = shop.bulkhead("missing", "-", "--inventory", "pods.json", stdin=hostile)
    assert said.status == 2
    assert not {"\x1b", "\u202e"} & set(said.stdout + said.stderr)


@pytest.mark.parametrize("path", ["/dev/zero", "nowhere.csv"])
def test_what_is_no_file_is_refused(path: str) -> None:
    done = bulkhead("missing", path, cwd=ROOT)
    assert (done.status, done.stdout) == (2, "")
    assert path in done.stderr


@pytest.mark.parametrize("seed", range(12))
def test_every_other_refused_probe_is_still_refused(seed: int, tree: Tree) -> None:
    """In a random cluster: what was recorded is allowed after, and no other of all probes has another verdict."""
    chance = random.Random(seed)
    names = [f"{space}/{name}" for space in ("shop", "blog", "wiki") for name in ("web", "db", "queue")]
    pods = {name: f"10.42.0.{number}" for number, name in enumerate(names, 5)}
    for space in ("shop", "blog", "wiki"):
        tree.overlay(space, CLOSED if chance.random() < 0.7 else "  ingress: null\n  egress: null\n")
    tree.write("pods.json", inventory(pods))
    root(tree)
    ends = [*pods.values(), "192.168.30.7", "203.0.113.9"]
    probes = [
        (one, other, port, protocol)
        for one, other in itertools.permutations(ends, 2)
        if {one, other} & set(pods.values()) and one != "203.0.113.9"
        for port, protocol in ((80, "TCP"), (81, "TCP"), (53, "UDP"))
    ]
    before = verdicts(tree, probes, pods)
    refused = [probe for probe in probes if before[probe] == "denied"]
    seen = chance.sample(refused, min(len(refused), chance.randint(1, 9)))
    assert missing(tree, seen, "--write").status == 0
    after = verdicts(tree, probes, pods)
    assert {probe for probe in probes if after[probe] != before[probe]} == set(seen)
    assert {after[probe] for probe in seen} == {"allowed"}


def test_a_sample_of_each_log_of_refused_packets(tmp_path: Path) -> None:
    for sample in ("ulogd.log", "aws.log", "gke.json"):
        done = bulkhead("missing", str(SAMPLES / sample), "--inventory", str(SAMPLES / "cluster.json"), cwd=ROOT)
        assert done.status == 1, done.stderr
        assert "media/postgresql egress:" in done.stdout

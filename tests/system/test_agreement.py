"""`explain`, `reach`, `test` and `diff` give one answer about a connection, also where replicas differ."""

import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from bulkhead.cli.command_line import run
from bulkhead.cli.console import Console

Json = dict[str, Any]


def bulkhead(*arguments: object) -> tuple[int, str]:
    written, said = io.StringIO(), io.StringIO()
    status = run(list(map(str, arguments)), Console(io.StringIO(), written, said))
    return status, written.getvalue() + said.getvalue()


def pod(name: str, address: str, node: str = "192.168.0.1", owner: str = "", **labels: str) -> Json:
    metadata: Json = {"name": name, "namespace": "shop", "labels": labels}
    if owner:
        reference = {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": owner, "uid": "1", "controller": True}
        metadata["ownerReferences"] = [reference]
    metadata |= {"uid": "1", "resourceVersion": "7", "creationTimestamp": "2026-01-31T12:00:00Z"}
    status = {"podIP": address, "hostIP": node, "phase": "Running"}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": []}, "status": status}


def policy(**spec: Any) -> Json:
    metadata = {"name": "only", "namespace": "shop"}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": metadata, "spec": spec}


DB = [
    pod(f"db-{number}", f"10.42.0.{number + 10}", f"192.168.0.{number + 1}", "db", app="db", number=str(number))
    for number in range(3)
]
WEB = pod("web", "10.42.0.5", app="web")


def cluster(folder: Path, *policies: Json, name: str = "cluster.yaml") -> Path:
    file = folder / name
    file.write_text("---\n".join(json.dumps(each) + "\n" for each in [*DB, WEB, *policies]))
    return file


def row(folder: Path, dump: Path, source: str, destination: str, port: int, allowed: bool) -> int:
    """Return the exit status of a test with one row."""
    said = f"{{from: {source}, to: {destination}, port: {port}, allowed: {str(allowed).lower()}}}"
    head = "apiVersion: bulkhead.dev/v1alpha1\nkind: ReachabilityTest\nmetadata: {name: mine}\nspec:\n  tests:\n"
    (folder / "rows.yaml").write_text(f"{head}  - {said}\n")
    return bulkhead("test", "--manifests", dump, "--file", folder / "rows.yaml", folder)[0]


FROM_WEB = [{"from": [{"podSelector": {"matchLabels": {"app": "web"}}}], "ports": [{"port": 80}]}]

NODE = "192.168.0.2"

ASKED = [
    ("shop/web", "shop/db", 80),
    ("shop/web", "shop/db-0", 80),
    ("shop/web", "shop/db-1", 80),
    ("shop/db", "shop/web", 80),
    ("shop/db-1", "shop/db-0", 80),
    ("shop/db-0", "shop/db-1", 80),
    (NODE, "shop/db-0", 80),
    (NODE, "shop/db-1", 80),
    (NODE, "shop/db", 80),
    ("192.168.0.0/24", "shop/db-1", 80),
    ("8.8.8.8", "shop/db-2", 80),
]

POLICIES = {
    "only one replica lets web in": policy(podSelector={"matchLabels": {"number": "0"}}, ingress=FROM_WEB),
    "one replica is let in by nobody": policy(
        podSelector={"matchLabels": {"number": "0"}}, policyTypes=["Ingress"], ingress=[]
    ),
    "all let web in": policy(podSelector={"matchLabels": {"app": "db"}}, ingress=FROM_WEB),
    "nobody is let in": policy(podSelector={}, policyTypes=["Ingress"]),
    "one replica is named by its address": policy(
        podSelector={}, ingress=[{"from": [{"ipBlock": {"cidr": "10.42.0.11/32"}}]}]
    ),
}


def is_reached(text: str, source: str, port: int) -> bool:
    """Whether `reach` lists the connection, and from the end that was asked for."""
    (layer,) = json.loads(text)["layers"]
    names = {each["id"]: each for each in layer["endpoints"]}
    for each in layer["connections"]:
        for end in each["from"]:
            listed = {f"{one['namespace']}/{one['name']}" for one in names[end].get("workloads", ())}
            assert not listed or listed == {source.rsplit("-", 1)[0]}
    return bool(layer["connections"])


@pytest.mark.parametrize("given", POLICIES.values(), ids=POLICIES)
@pytest.mark.parametrize(("source", "destination", "port"), ASKED)
def test_every_command_gives_the_same_answer(
    tmp_path: Path, given: Json, source: str, destination: str, port: int
) -> None:
    dump = cluster(tmp_path, given)
    explained, _ = bulkhead("explain", "--manifests", dump, source, f"{destination}:{port}")
    assert row(tmp_path, dump, source, destination, port, True) == explained
    ends = "--from", source, "--to", f"{destination}:{port}"
    status, text = bulkhead("reach", "--manifests", dump, *ends, "--format", "json")
    assert status == 0
    some = is_reached(text, source, port)
    assert some is (row(tmp_path, dump, source, destination, port, False) == 1)
    assert some or explained == 1
    status, rows = bulkhead("reach", "--manifests", dump, *ends)
    assert rows.startswith("no connection\n") is not some


def test_a_replica_that_is_refused_is_not_hidden_by_one_that_is_allowed(tmp_path: Path) -> None:
    dump = cluster(tmp_path, POLICIES["one replica is let in by nobody"])
    status, text = bulkhead("explain", "--manifests", dump, "shop/web", "shop/db:80")
    assert status == 1
    assert "shop/web -> shop/db-0, port 80: refused" in text
    assert "shop/web -> shop/db-1, shop/db-2, port 80: allowed" in text
    _, pairs = bulkhead("reach", "--manifests", dump, "--format", "pairs")
    listed = {each["dst"] for each in json.loads(pairs) if each["src"] == "shop/web[Pod]"}
    assert {"shop/db-1[Pod]", "shop/db-2[Pod]"} <= listed
    assert not {"shop/db-0[Pod]", "shop/db[StatefulSet]"} & listed


def test_a_comparison_names_the_replica_that_changes(tmp_path: Path) -> None:
    sides = cluster(tmp_path, name="before.yaml"), cluster(
        tmp_path, POLICIES["one replica is let in by nobody"], name="after.yaml"
    )  # fmt: skip
    status, pairs = bulkhead("diff", "--manifests", *sides, "--format", "pairs", "--endpoints", "existing")
    assert status == 1
    assert {each["dst"] for each in json.JSONDecoder().raw_decode(pairs)[0]} == {"shop/db-0[Pod]"}


@pytest.mark.parametrize("form", ["text", "markdown", "json"])
def test_a_change_of_some_replicas_names_the_pods(tmp_path: Path, form: str) -> None:
    only = (
        policy(
            podSelector={"matchLabels": {"number": one}},
            ingress=[{"from": [{"podSelector": {"matchLabels": {"number": other}}}]}],
        )
        for one, other in (("1", "0"), ("0", "1"))
    )
    sides = [cluster(tmp_path, each, name=f"{number}.yaml") for number, each in enumerate(only)]
    status, said = bulkhead("diff", "--manifests", *sides, "--endpoints", "existing", "--format", form)
    assert status == 1
    ends = [f'"name": "{name}"' if form == "json" else f"shop/{name}" for name in ("db-0", "db-1", "db-2")]
    assert all(each in said for each in ends), said
    assert not re.search(r'shop/db\b(?!-)|"name": "db"', said), said


def test_a_change_of_every_replica_names_the_workload(tmp_path: Path) -> None:
    one = policy(podSelector={"matchLabels": {"number": "0"}}, policyTypes=["Ingress"])
    every = policy(podSelector={}, policyTypes=["Ingress"])
    sides = cluster(tmp_path, name="before.yaml"), cluster(tmp_path, one, every, name="after.yaml")
    _, said = bulkhead("diff", "--manifests", *sides, "--endpoints", "existing")
    assert "db-0" not in said


def test_an_address_that_is_not_known_decides_and_nothing_is_said_to_be_refused(tmp_path: Path) -> None:
    template = {"metadata": {"labels": {"app": "api"}}, "spec": {"containers": []}}
    api = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "api", "namespace": "shop"}}
    private = policy(podSelector={}, ingress=[{"from": [{"ipBlock": {"cidr": "10.0.0.0/8"}}], "ports": [{"port": 80}]}])
    dump = cluster(tmp_path, api | {"spec": {"template": template}}, private)
    status, text = bulkhead("explain", "--manifests", dump, "shop/api", "shop/web:80")
    assert status == 2
    assert "shop/api -> shop/web, port 80: depends on the pod's address, which is not known" in text
    assert "if the source has an address in 10.0.0.0/8" in text
    status, text = bulkhead("explain", "--manifests", dump, "shop/api", "shop/web:80", "--format", "json")
    assert json.loads(text)["answers"][0]["dependsOnAddress"] is True
    assert row(tmp_path, dump, "shop/api", "shop/web", 80, True) == 1
    assert row(tmp_path, dump, "shop/api", "shop/web", 80, False) == 1
    assert bulkhead("explain", "--manifests", dump, "shop/api", "shop/web:81")[0] == 1
    assert bulkhead("explain", "--manifests", dump, "shop/db", "shop/web:80")[0] == 0

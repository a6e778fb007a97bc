"""
A promise is about every pod that could exist: those that its ends name, and with `from-only` and `to-only` all others.

Each row follows from the specification of NetworkPolicy.
"""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from bulkhead.core.possible import search
from conftest import Tree
from system.reachability_rows import HEAD, bulkhead

Json = dict[str, Any]


def policy(pods: Json, name: str = "db", **directions: list[Json]) -> Json:
    types = [key.capitalize() for key in directions]
    spec = {"podSelector": pods, "policyTypes": types, **directions}
    metadata = {"name": name, "namespace": "shop"}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": metadata, "spec": spec}


def workload(name: str, **ports: int) -> Json:
    container = {"name": "c", "image": "i", "ports": [{"name": key, "containerPort": at} for key, at in ports.items()]}
    template = {"metadata": {"labels": {"app": name, "version": "v1"}}, "spec": {"containers": [container]}}
    spec = {"selector": {"matchLabels": {"app": name}}, "template": template}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": "shop"},
        "spec": spec,
    }


def labelled(**given: str) -> Json:
    return {"matchLabels": given}


def need(key: str, operator: str, *values: str) -> Json:
    wanted = {"key": key, "operator": operator} | ({"values": list(values)} if values else {})
    return {"matchExpressions": [wanted]}


def pods(selector: Json, namespaces: Json | None = None) -> Json:
    return {"podSelector": selector} | ({} if namespaces is None else {"namespaceSelector": namespaces})


def from_(*peers: Json, **more: Any) -> list[Json]:
    return [{"from": list(peers), **more}]


def held(folder: Path, manifests: list[Json], row: str, *arguments: str | Path) -> tuple[int, str]:
    (folder / "cluster.yaml").write_text("---\n".join(json.dumps(each) + "\n" for each in manifests))
    (folder / "rows.yaml").write_text(f"{HEAD}  - {row}\n")
    where = "--manifests", folder / "cluster.yaml", "--file", folder / "rows.yaml", folder
    return bulkhead("test", *where, *arguments)


THERE = [workload("web"), workload("db", pg=5432)]
DB = labelled(app="db")

BROKEN = {
    "a label value that no workload has": (
        policy(DB, ingress=from_(pods(need("app", "In", "web", "api")))),
        "{to: shop/db, from-only: shop/web}",
        "pods labelled `app: api` in namespace `shop` (none exists) -> shop/db: all ports open",
    ),
    "any value of a label": (
        policy(DB, ingress=from_(pods(need("app", "Exists")))),
        "{to: shop/db, from-only: [shop/web, shop/db]}",
        "pods with a label `app` other than `db` or `web` in namespace `shop` (none exists) -> shop/db",
    ),
    "every value but one": (
        policy(DB, ingress=from_(pods(need("app", "NotIn", "api")))),
        "{to: shop/db, from-only: [shop/web, shop/db]}",
        "in namespace `shop`",
    ),
    "pods without a label": (
        policy(DB, ingress=from_(pods(need("role", "DoesNotExist")))),
        "{to: shop/db, from-only: [shop/web, shop/db]}",
        "and without a label `role` in namespace `shop` (none exists) -> shop/db",
    ),
    "any pod of the namespace": (
        policy(DB, ingress=from_(pods({}))),
        "{to: shop/db, from-only: [shop/web, shop/db]}",
        "in namespace `shop` (none exists) -> shop/db",
    ),
    "a namespace that does not exist": (
        policy(DB, ingress=from_(pods(labelled(app="web")), pods({}, labelled(team="red")))),
        "{to: shop/db, from-only: shop/web}",
        "in any namespace labelled `team: red`",
    ),
    "an address that a pod may have": (
        policy(DB, ingress=from_({"ipBlock": {"cidr": "10.0.0.0/8"}})),
        "{to: shop/db, from-only: shop/web}",
        "with an address in 10.0.0.0/8",
    ),
    "another namespace that is let out to": (
        policy(labelled(app="web"), egress=[{"to": [pods(DB), pods({}, labelled(team="red"))]}]),
        "{from: shop/web, to-only: shop/db}",
        "shop/web -> any pod in any namespace labelled `team: red`",
    ),
    "a denial for a namespace whose pods do not exist yet": (
        policy(DB, ingress=from_(pods(labelled(app="api")))),
        "{from: shop, to: shop/db, allowed: false}",
        "pods labelled `app: api` in namespace `shop` (none exists) -> shop/db: all ports open",
    ),
    "a denial for every pod": (
        policy(DB, ingress=from_(pods({}, labelled(team="red")))),
        "{from: '*', to: shop/db, allowed: false}",
        "in any namespace labelled `team: red` except `shop` (none exists) -> shop/db: all ports open",
    ),
    "a permission that a pod of the namespace does not have": (
        policy(DB, ingress=from_(pods(need("app", "In", "web", "db")))),
        "{from: shop, to: shop/db, allowed: true}",
        "refused: no rule for the ingress of the destination allows it",
    ),
    "a named port that the workload has": (
        policy(DB, ingress=from_(pods(labelled(app="api")), ports=[{"port": "pg"}])),
        "{to: shop/db, from-only: shop/web, port: 5432}",
        "pods labelled `app: api` in namespace `shop` (none exists) -> shop/db: port 5432 open",
    ),
}

KEPT = {
    "the label by which the workload is named": (
        policy(DB, ingress=from_(pods(labelled(app="web")))),
        "{to: shop/db, from-only: shop/web}",
    ),
    "the same, where another rule asks for another label": (
        policy(labelled(version="v1"), egress=[{}], ingress=from_(pods(labelled(app="web")))),
        "{to: shop/db, from-only: shop/web}",
    ),
    "the whole namespace": (
        policy(DB, ingress=from_(pods(need("app", "In", "web", "api")))),
        "{to: shop/db, from-only: shop}",
    ),
    "every pod": (policy(DB, ingress=from_(pods({}, {}))), "{to: shop/db, from-only: '*'}"),
    "addresses": (
        policy(DB, ingress=from_({"ipBlock": {"cidr": "192.168.1.0/24"}})),
        "{to: shop/db, from-only: 192.168.0.0/16}",
    ),
    "another port than that of the name": (
        policy(DB, ingress=from_(pods(labelled(app="api")), ports=[{"port": "pg"}])),
        "{to: shop/db, from-only: shop/web, port: 80}",
    ),
    "a denial for a namespace that lets nobody in": (
        policy(DB, ingress=from_(pods({}, labelled(team="red")))),
        "{from: shop, to: shop/db, allowed: false}",
    ),
    "a permission for every pod": (
        policy(DB, ingress=from_(pods({}, {}))),
        "{from: '*', to: shop/db, allowed: true}",
    ),
}

SHOP = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}


@pytest.mark.parametrize(("given", "row", "who"), BROKEN.values(), ids=BROKEN)
def test_a_promise_that_a_possible_pod_breaks_fails(tmp_path: Path, given: Json, row: str, who: str) -> None:
    status, text = held(tmp_path, [SHOP, *THERE, given], row)
    assert status == 1, text
    assert who in text


@pytest.mark.parametrize(("given", "row"), KEPT.values(), ids=KEPT)
def test_a_promise_that_no_possible_pod_breaks_holds(tmp_path: Path, given: Json, row: str) -> None:
    status, text = held(tmp_path, [SHOP, *THERE, given], row)
    assert status == 0, text


def test_a_dump_is_judged_alike(tmp_path: Path) -> None:
    pod = {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": []}, "status": {"podIP": "10.42.0.7"}}
    there = [pod | {"metadata": {"name": name, "namespace": "shop", "labels": {"app": name}}} for name in ("web", "db")]
    there[1] = there[1] | {"status": {"podIP": "10.42.0.8"}}
    given = policy(DB, ingress=from_(pods(need("app", "In", "web", "api"))))
    status, text = held(tmp_path, [SHOP, *there, given], "{to: shop/db, from-only: shop/web}")
    assert status == 1
    assert "pods labelled `app: api` in namespace `shop` (none exists) -> shop/db: all ports open" in text


def test_of_overlays_an_end_is_every_pod_with_its_labels(tree: Tree) -> None:
    peer = "{namespace: web, pods: {matchExpressions: [{key: app, operator: In, values: [api, db]}]}}"
    rules = "  ingress:\n    intra-namespace: null\n"
    rules += f"    shop: {{from: {peer}, ports: 9000, why: a test}}\n"
    tree.overlay("cardboard", rules)
    tree.write("kustomization.yaml", "resources: [overlays/cardboard]\n")
    tree.write("tests/reachability/mine.yaml", HEAD + "  - {to: cardboard, from-only: [web/api], port: 9000}\n")
    done = tree.bulkhead("test")
    assert done.status == 1, done.stdout + done.stderr
    assert (
        "pods labelled `app: db` in namespace `web` -> any pod in namespace `cardboard`: port 9000 open" in done.stdout
    )


def hard(count: int = 20) -> list[Json]:
    """Rules that let every pod in only all together."""
    both = [pods(labelled(**{f"a{number}": "x", f"b{number}": "x"})) for number in range(count)]
    some = [pods(need(key, "DoesNotExist")) for key in "xyz"]
    rest = {"matchExpressions": [{"key": key, "operator": "Exists"} for key in "xyz"]}
    return [*both, *some, pods(rest)]


def test_what_takes_too_many_steps_is_not_decided_and_names_the_policies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "STEPS", 5_000)
    given = [SHOP, *THERE, policy(DB, "hard", ingress=from_(*hard()))]
    row = "{from: shop, to: shop/db, allowed: true}"
    status, text = held(tmp_path, given, row)
    assert status == 2
    assert text.startswith("NOT DECIDED ")
    assert "because of shop/hard" in text
    assert text.endswith("0 rows hold, 0 failed, 1 not decided\n")
    status, text = held(tmp_path, given, row, "--format", "json")
    found = json.loads(text)
    assert (status, found["holds"], found["rows"][0]["verdict"]) == (2, False, "not decided")
    status, text = held(tmp_path, given, row, "--format", "junit")
    assert status == 2
    assert 'failures="0" errors="1"' in text


def test_a_comparison_that_takes_too_many_steps_is_not_decided_and_names_the_policies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "STEPS", 5_000)
    sides = []
    for name, peers in (("before", hard()), ("after", [pods({})])):
        sides.append(tmp_path / f"{name}.yaml")
        given = [SHOP, policy(DB, "hard", ingress=from_(*peers))]
        sides[-1].write_text("---\n".join(json.dumps(each) + "\n" for each in given))
    status, text = bulkhead("diff", "--manifests", *sides)
    assert status == 2
    assert text.startswith("NOT DECIDED: ")
    assert "because of shop/hard" in text.splitlines()[0]


IN_DENY, IN_WEB = policy({}, "in-deny", ingress=[]), policy(DB, "in-web", ingress=from_(pods(labelled(app="web"))))
OUT_DENY = policy(labelled(app="web"), "out-deny", egress=[])
OTHER_POD = policy(labelled(app="other"), "other-pod", ingress=[])
ISOLATING = {
    "the ingress of a pod": ([IN_DENY, OTHER_POD], "shop/web", "shop/db", ["in-deny"]),
    "several policies": ([IN_DENY, IN_WEB], "internet", "shop/db", ["in-deny", "in-web"]),
    "the egress of a pod": ([OUT_DENY, OTHER_POD], "shop/web", "shop/db", ["out-deny"]),
    "both": ([IN_DENY, OUT_DENY], "shop/web", "shop/db", ["out-deny", "in-deny"]),
    "the egress, where the ingress is allowed": ([OUT_DENY, IN_WEB], "shop/web", "shop/db", ["out-deny"]),
    "the ingress, where the egress is allowed": (
        [policy(labelled(app="web"), "out-all", egress=[{}]), IN_DENY],
        "shop/web",
        "shop/db",
        ["in-deny"],
    ),
    "of pods that could exist, the ingress": ([OTHER_POD], "internet", "shop", ["other-pod"]),
    "of pods that could exist, the egress": (
        [policy(labelled(app="api"), "api-deny", egress=[])],
        "shop",
        "internet",
        ["api-deny"],
    ),
}


@pytest.mark.parametrize("name", ISOLATING)
def test_a_refused_row_names_the_policies_that_isolate(tmp_path: Path, name: str) -> None:
    policies, source, destination, isolating = ISOLATING[name]
    row = f"{{from: {source}, to: {destination}, port: 80, allowed: true}}"
    status, text = held(tmp_path, [*THERE, *policies], row)
    _, written = held(tmp_path, [*THERE, *policies], row, "--format", "json")
    reasons = json.loads(written)["rows"][0]["reasons"]
    assert status == 1
    for said in ([line for line in text.splitlines() if " refused: " in line], reasons):
        named = [each for line in said for each in re.findall(r"shop/([a-z-]+) \(", line.partition("isolated by")[2])]
        assert sorted(set(named)) == sorted(isolating)
        assert all("; isolated by shop/" in line for line in said)


def test_the_policies_of_a_refused_row_have_their_places(tmp_path: Path) -> None:
    _, text = held(tmp_path, [*THERE, IN_DENY], "{from: shop/web, to: shop/db, port: 80, allowed: true}")
    assert "no rule for the ingress of shop/db allows it; isolated by shop/in-deny (" in text
    assert "cluster.yaml:5)" in text  # the third document; each one is a line


def test_what_could_exist_is_not_hidden_by_a_pod_that_does(tmp_path: Path) -> None:
    """The rule lets in every pod of the namespace: the one that exists, and any other."""
    given = [workload("db"), workload("web"), workload("evil"), policy(labelled(app="db"), ingress=from_(pods({})))]
    status, said = held(tmp_path, given, "{to: shop/db, from-only: shop/web}")
    assert status == 1
    real, possible = said.index("shop/evil -> shop/db"), said.index("in namespace `shop` -> shop/db")
    assert real < possible, said


def test_what_exists_and_is_all_that_is_named_is_said_once(tmp_path: Path) -> None:
    given = [workload("db"), workload("web"), policy(labelled(app="db"), ingress=from_(pods(labelled(app="web"))))]
    status, said = held(tmp_path, given, "{from: shop/web, to: shop/db, allowed: false}")
    assert (status, said.count(" -> shop/db: all ports open")) == (1, 1), said

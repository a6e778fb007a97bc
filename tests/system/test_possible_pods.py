"""
A review speaks of every pod that could exist, whether or not one is there to show the change.

Each row is a change that lets more flows pass than before, by the specification of NetworkPolicy.
"""

import io
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from bulkhead.cli.command_line import run
from bulkhead.cli.console import Console
from conftest import Tree

Json = dict[str, Any]


def policy(
    ingress: list[Json] | None = None,
    egress: list[Json] | None = None,
    pods: Json | None = None,
    name: str = "web",
    namespace: str = "shop",
) -> Json:
    directions = {"ingress": ingress, "egress": egress}
    given = {key: rules for key, rules in directions.items() if rules is not None}
    spec = {"podSelector": pods or {}, "policyTypes": [key.capitalize() for key in given], **given}
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": metadata, "spec": spec}


def labels(**given: str) -> Json:
    return {"matchLabels": given}


def need(key: str, operator: str, *values: str) -> Json:
    wanted = {"key": key, "operator": operator} | ({"values": list(values)} if values else {})
    return {"matchExpressions": [wanted]}


def pods(selector: Json, namespaces: Json | None = None) -> Json:
    return {"podSelector": selector} | ({} if namespaces is None else {"namespaceSelector": namespaces})


def coming(*peers: Json, **more: Any) -> list[Json]:
    return [{"from": list(peers), **more}]


def going(*peers: Json, **more: Any) -> list[Json]:
    return [{"to": list(peers), **more}]


def block(cidr: str) -> Json:
    return {"ipBlock": {"cidr": cidr}}


NAMED = [{"port": "http", "protocol": "TCP"}]
NAME = "kubernetes.io/metadata.name"
NOBODY = policy(ingress=[], name="nobody")

WIDER = {
    "a value more in a peer's In": (
        policy(coming(pods(need("app", "In", "web")))),
        policy(coming(pods(need("app", "In", "web", "db")))),
        "pods labelled `app: db` in namespace `shop`",
    ),
    "a value more in In of the pods that a rule is for": (
        policy(coming(pods({})), pods=need("app", "In", "web")),
        policy(coming(pods({})), pods=need("app", "In", "web", "db")),
        "pods labelled `app: db` in the same namespace",
    ),
    "a label becomes In": (
        policy(coming(pods(labels(app="a")))),
        policy(coming(pods(need("app", "In", "a", "b")))),
        "pods labelled `app: b` in namespace `shop`",
    ),
    "a value less in NotIn": (
        policy(coming(pods(need("app", "NotIn", "a", "b")))),
        policy(coming(pods(need("app", "NotIn", "a")))),
        "pods labelled `app: b` in namespace `shop`",
    ),
    "DoesNotExist becomes NotIn": (
        policy(coming(pods(need("app", "DoesNotExist")))),
        policy(coming(pods(need("app", "NotIn", "web")))),
        "pods with a label `app` other than `web` in namespace `shop`",
    ),
    "two labels become one": (
        policy(coming(pods(labels(app="a", tier="x")))),
        policy(coming(pods(labels(app="a")))),
        "pods labelled `app: a` and not labelled `tier: x` in namespace `shop`",
    ),
    "a team more": (
        policy(coming(pods({}, need("team", "In", "red")))),
        policy(coming(pods({}, need("team", "In", "red", "blue")))),
        "any pod in any namespace labelled `team: blue`",
    ),
    "every namespace except one": (
        policy(coming(pods({}, need(NAME, "NotIn", "media", "shop")))),
        policy(coming(pods({}, need(NAME, "NotIn", "media")))),
        "any pod in namespace `shop`",
    ),
    "a named port that no pod has": (
        policy(ingress=[]),
        policy(coming(pods({}, {}), ports=NAMED)),
        "the TCP port that the pod calls `http`",
    ),
    "a named port in egress": (
        policy(egress=[]),
        policy(egress=going(pods({}, {}), ports=NAMED)),
        "the TCP port that the pod calls `http`",
    ),
    "all of IPv6": (
        policy(egress=going(block("0.0.0.0/0"))),
        policy(egress=going(block("0.0.0.0/0"), block("::/0"))),
        "::/0: all ports (if pods have IPv6 addresses)",
    ),
    "the address of a pod becomes the pod network": (
        policy(coming(block("10.42.0.5/32"))),
        policy(coming(block("10.42.0.0/16"))),
        "with an address in 10.42.0.0/16 except 10.42.0.5/32",
    ),
    "a pod that a custom resource creates": (
        policy(ingress=[]),
        policy(coming(pods(labels(prometheus="main"), labels(**{NAME: "monitoring"})))),
        "pods labelled `prometheus: main` in namespace `monitoring`",
    ),
    "a namespace that does not exist yet": (
        policy(egress=[]),
        policy(egress=going(pods({}, labels(**{NAME: "future"})))),
        "any pod in namespace `future`",
    ),
    "fewer pods are isolated": (
        policy(ingress=[], pods=need("app", "In", "web", "db")),
        policy(ingress=[], pods=need("app", "In", "web")),
        "pods labelled `app: db` in namespace `shop`",
    ),
    "egress is no longer isolated": (
        policy(ingress=[], egress=[]),
        policy(ingress=[]),
        "any pod in namespace `shop` -> any pod in any namespace except `shop`: all ports",
    ),
}


def bulkhead(*arguments: str | Path) -> tuple[int, str]:
    written, said = io.StringIO(), io.StringIO()
    status = run([str(each) for each in arguments], Console(io.StringIO(), written, said))
    return status, written.getvalue() + said.getvalue()


def sides(folder: Path, before: list[Json], after: list[Json]) -> tuple[Path, Path]:
    for name, objects in (("before", before), ("after", after)):
        (folder / name).mkdir()
        (folder / name / "all.yaml").write_text("\n---\n".join(map(json.dumps, objects)))
    return folder / "before", folder / "after"


def section(text: str, word: str) -> str:
    """Return the rows that open, or close."""
    sign = {"OPENS": "  + ", "CLOSES": "  - "}[word]
    return "".join(line + "\n" for line in text.splitlines() if line.startswith(sign))


@pytest.mark.parametrize(("before", "after", "who"), WIDER.values(), ids=WIDER)
def test_manifests_that_let_more_pass_open_traffic_and_back_again_close_it(
    tmp_path: Path, before: Json, after: Json, who: str
) -> None:
    isolating = [] if before["spec"].get("ingress") == [] else [NOBODY]
    wider = sides(tmp_path, [before, *isolating], [after, *isolating])
    status, text = bulkhead("diff", "--manifests", *wider)
    assert status == 1
    assert text.startswith("OPENS traffic")
    assert who in section(text, "OPENS")
    assert not section(text, "CLOSES")
    status, text = bulkhead("diff", "--manifests", wider[1], wider[0])
    assert status == 1
    assert text.startswith("CLOSES traffic")
    assert who in section(text, "CLOSES")
    assert not section(text, "OPENS")


@pytest.mark.parametrize("mode", ["pods", "never"])
def test_the_same_meaning_in_other_words_has_no_effect(tmp_path: Path, mode: str) -> None:
    before = policy(coming(pods(labels(app="web")), pods(labels(app="db"))))
    after = policy(coming(pods(need("app", "In", "db", "web"))))
    status, text = bulkhead("diff", "--ipblock", mode, "--manifests", *sides(tmp_path, [before], [after]))
    assert (status, text.splitlines()[0]) == (
        0,
        "NO EFFECT on traffic: the policies differ, and everything that flows is as before: shop/web",
    )


ONE = {**policy(coming(pods(labels(app="a")), pods(labels(app="b")))), "status": {}}
MARKED = {**ONE, "metadata": {**ONE["metadata"], "labels": {"a": "b"}, "uid": "1", "annotations": {"c": "d"}}}
TURNED = policy(coming(pods(labels(app="b")), pods(labels(app="a"))))
DEFAULTED = policy([{"ports": [{"port": 80, "protocol": "TCP"}]}])
SHORT = {**DEFAULTED, "spec": {"podSelector": {}, "ingress": [{"ports": [{"port": 80}]}]}}
UID = "2c3b2a10-0000-4000-8000-000000000000"
OF_SERVER = {"uid": UID, "resourceVersion": "7", "creationTimestamp": "2026-01-31T12:00:00Z"}
MADE = {**ONE, "metadata": {"generateName": "web-", "namespace": "shop", **OF_SERVER}}


def printed(*items: Json) -> Json:
    """Return the list that kubectl prints of *items*."""
    return {"apiVersion": "v1", "kind": "List", "items": list(items)}


WORDS: list[tuple[list[Json], list[Json], str]] = [
    ([ONE], [ONE], "the policies are the same"),
    ([DEFAULTED], [SHORT], "the policies are the same"),
    ([ONE], [MARKED], "the policies are the same but for labels and annotations"),
    ([ONE], [TURNED], "the policies are the same but for the order of their lists"),
    ([printed(MADE)], [printed(MADE, MADE)], "the policies differ, and everything that flows is as before: shop/web-"),
]


@pytest.mark.parametrize(("before", "after", "says"), WORDS)
def test_policies_without_effect_are_the_same_or_differ_in_what_is_said(
    tmp_path: Path, before: list[Json], after: list[Json], says: str
) -> None:
    files = [side / "all.yaml" for side in sides(tmp_path, before, after)]
    status, text = bulkhead("diff", "--manifests", *files)
    assert (status, text.splitlines()[0]) == (0, f"NO EFFECT on traffic: {says}")


def workload(name: str, **given: str) -> Json:
    template = {"metadata": {"labels": given}, "spec": {"containers": [{"name": name, "image": name}]}}
    metadata = {"name": name, "namespace": "shop"}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": {"template": template}}


def test_pods_that_exist_come_first_and_show_for_the_class_that_they_belong_to(tmp_path: Path) -> None:
    there = [workload("web", app="web"), workload("api", app="api"), NOBODY]
    before = [policy(coming(pods(labels(app="web")))), *there]
    after = [policy(coming(pods(need("app", "In", "web", "api", "db")))), *there]
    both = sides(tmp_path, before, after)
    _, text = bulkhead("diff", "--manifests", *both)
    assert section(text, "OPENS").splitlines() == [
        "  + shop/api -> shop: all ports",
        "  + pods labelled `app: db` in namespace `shop` (none exists) -> any pod in the same namespace: all ports",
    ]
    _, text = bulkhead("diff", "--manifests", *both, "--endpoints", "existing")
    assert section(text, "OPENS").splitlines() == ["  + shop/api -> shop: all ports"]
    assert "only the pods that exist were judged" in text
    _, text = bulkhead("diff", "--manifests", *both, "--endpoints", "possible")
    assert section(text, "OPENS").splitlines() == [
        "  + pods labelled `app: api` or `app: db` in namespace `shop` -> any pod in the same namespace: all ports"
    ]


@pytest.mark.parametrize("place", ["shop", "media"])
@pytest.mark.parametrize("direction", ["ingress", "egress"])
@pytest.mark.parametrize("peer", [pods({}, {}), pods({}, need("team", "DoesNotExist"))], ids=["every", "no team"])
def test_pods_that_exist_in_one_namespace_do_not_show_for_traffic_across_namespaces_nor_the_other_way_round(
    tmp_path: Path, place: str, direction: str, peer: Json
) -> None:
    other = workload("api", app="api")
    other["metadata"]["namespace"] = place
    there = [workload("web", app="web"), other]
    web = labels(app="web")
    before, after = (
        policy(rules, pods=web) if direction == "ingress" else policy(None, rules, web)
        for rules in ([], coming(peer) if direction == "ingress" else going(peer))
    )
    both = sides(tmp_path, [before, *there], [after, *there])
    for folders, word in ((both, "opens"), (both[::-1], "closes")):
        status, text = bulkhead("diff", "--format", "json", "--manifests", *folders)
        assert (status, set(json.loads(text)[word])) == (1, {"across", "within"})


def test_replicas_of_one_workload_are_two_ends(tmp_path: Path) -> None:
    there = {**workload("db", app="db"), "kind": "StatefulSet"}
    before = policy(coming(pods(labels(app="db"))), pods=labels(app="db"))
    after = policy(coming(pods(labels(app="web"))), pods=labels(app="db"))
    status, text = bulkhead("diff", "--manifests", *sides(tmp_path, [before, there], [after, there]))
    assert status == 1
    assert section(text, "CLOSES").splitlines() == ["  - shop -> itself: all ports"]


OVERLAYS = {
    "a value more": (
        "{namespace: web, pods: {matchExpressions: [{key: app, operator: In, values: [web]}]}}",
        "{namespace: web, pods: {matchExpressions: [{key: app, operator: In, values: [web, db]}]}}",
        "pods labelled `app: db` in namespace `web`",
    ),
    "a value less that is excluded": (
        "{namespace: web, pods: {matchExpressions: [{key: app, operator: NotIn, values: [web, db]}]}}",
        "{namespace: web, pods: {matchExpressions: [{key: app, operator: NotIn, values: [web]}]}}",
        "pods labelled `app: db` in namespace `web`",
    ),
    "two labels become one": (
        "{namespace: web, pods: {app: a, tier: x}}",
        "{namespace: web, pods: {app: a}}",
        "web/a",
    ),
}


@pytest.mark.parametrize(("before", "after", "who"), OVERLAYS.values(), ids=OVERLAYS)
def test_overlays_that_let_more_pass_open_traffic(tree: Tree, before: str, after: str, who: str) -> None:
    copies = [tree.path.with_name(f"{tree.path.name}-{name}") for name in ("before", "after")]
    for copy, peer in zip(copies, (before, after), strict=True):
        # The standard rule that lets in every pod by its address would leave nothing to open.
        rules = f"  ingress:\n    intra-namespace: null\n    shop: {{from: {peer}, ports: 9000, why: a test}}\n"
        tree.overlay("cardboard", rules)
        shutil.copytree(tree.path, copy, symlinks=True)
    status, text = bulkhead("diff", "--dirs", *(copy / "overlays" / "cardboard" for copy in copies))
    assert status == 1, text
    assert who in section(text, "OPENS")


SPEAKS_FOR_ALL = "is about every pod that could exist with the labels that the rule asks for, too"
CLIENT, SERVER = workload("web", app="web", tier="front"), workload("db", app="db")
DB = labels(app="db")
SHOWN = {
    "a label of a peer": (policy([], pods=DB), policy(coming(pods(labels(tier="front"))), pods=DB), "`tier: front`"),
    "a label of a peer, out": (
        policy(egress=[], pods=labels(app="web")),
        policy(egress=going(pods(DB)), pods=labels(app="web")),
        "`app: db`",
    ),
    "any pod of the namespace": (policy([], pods=DB), policy(coming(pods({})), pods=DB), "any pod in namespace `shop`"),
    "any namespace": (policy([], pods=DB), policy(coming(pods({}, {})), pods=DB), "in any namespace"),
    "another pod selector": (
        policy([], pods=need("app", "Exists")),
        policy([], pods=labels(app="web")),
        "with a label `app`",
    ),
    "addresses outside": (policy([], pods=DB), policy(coming(block("203.0.113.0/24")), pods=DB), "`app: db`"),
}


@pytest.mark.parametrize("name", SHOWN)
def test_a_row_about_a_pod_that_exists_says_that_it_is_about_possible_pods_too(tmp_path: Path, name: str) -> None:
    before, after, who = SHOWN[name]
    there = [CLIENT, SERVER]
    both = sides(tmp_path, [before, *there], [after, *there])
    for folders in (both, both[::-1]):
        for form in ("text", "markdown", "json"):
            status, text = bulkhead("diff", "--format", form, "--manifests", *folders)
            assert status in (0, 1)
            assert SPEAKS_FOR_ALL in text
        _, text = bulkhead("diff", "--manifests", *folders, "--endpoints", "possible")
        assert who in text  # as the note says
        assert SPEAKS_FOR_ALL not in text
        assert SPEAKS_FOR_ALL not in bulkhead("diff", "--manifests", *folders, "--endpoints", "existing")[1]


@pytest.mark.parametrize(
    "after", [policy([], pods=DB), policy(coming(pods(labels(app="nobody"))), pods=labels(app="neither"), name="new")]
)
def test_where_no_pod_that_exists_shows_a_change_there_is_no_such_note(tmp_path: Path, after: Json) -> None:
    there = [policy([], pods=DB), CLIENT, SERVER]
    both = sides(tmp_path, there, [*there, after] if after != there[0] else there)
    assert SPEAKS_FOR_ALL not in bulkhead("diff", "--manifests", *both)[1]


SHOP = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}
OF_CLUSTER = {**SHOP, "metadata": {"name": "shop", **OF_SERVER}}


@pytest.mark.parametrize(
    ("written", "status"), [(SHOP, 1), (OF_CLUSTER, 0), (printed(SHOP), 1), (printed(OF_CLUSTER), 0)]
)
def test_tools_label_a_namespace_that_is_only_written(tree: Tree, written: Json, status: int) -> None:
    space = json.dumps(written) + "\n"
    head = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: %s, namespace: shop}\n"
    closed = head % "closed" + "spec: {podSelector: {}}\n"
    label = "{kubernetes.io/metadata.name: shop, kustomize.toolkit.fluxcd.io/name: apps}"
    peer = f"{{namespaceSelector: {{matchLabels: {label}}}}}"
    tree.write("old/x.yaml", f"{space}---\n{closed}")
    tree.write(
        "new/x.yaml",
        f"{space}---\n{closed}---\n{head % 'open'}spec: {{podSelector: {{}}, ingress: [{{from: [{peer}]}}]}}\n",
    )
    assert tree.bulkhead("diff", "--manifests", "old", "new").status == 1, "files of folders are applied"
    done = tree.bulkhead("diff", "--manifests", "old/x.yaml", "new/x.yaml")
    assert (done.status, "labelled `kustomize.toolkit.fluxcd.io/name: apps`" in done.stdout) == (
        status,
        bool(status),
    ), done

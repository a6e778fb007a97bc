"""`bulkhead diff --dump`: a running cluster against the overlays, with policies that the overlays do not render."""

import itertools
import json
import re
import shlex
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from conftest import ROOT, Done, Tree

Json = dict[str, Any]

SPACES = ("shop", "mail", "other", "old")
"""The first two have overlays."""

FLUX = "kustomize.toolkit.fluxcd.io/prune"
OPTIONS = "argocd.argoproj.io/sync-options"
ARGO = "argocd.argoproj.io/tracking-id"
MARK = {"app.kubernetes.io/managed-by": "bulkhead"}


def pod(place: int, namespace: str) -> Json:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "web", "namespace": namespace, "labels": {"app": "web"}},
        "spec": {"nodeName": "one", "containers": [{"name": "c"}]},
        "status": {"podIP": f"10.42.0.{place + 5}", "podIPs": [{"ip": f"10.42.0.{place + 5}"}]},
    }


def to_internet(namespace: str, name: str, port: int, **metadata: Json) -> Json:
    """Return a policy that allows egress on *port* to a public network."""
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name, "namespace": namespace, **metadata},
        "spec": {
            "podSelector": {},
            "policyTypes": ["Egress"],
            "egress": [{"to": [{"ipBlock": {"cidr": "8.8.8.0/24"}}], "ports": [{"port": port, "protocol": "TCP"}]}],
        },
    }


class Drift:
    """Overlays for `shop` and `mail`, and dumps of a cluster in which they were applied."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        tree.overlay("shop", "  egress:\n    dns-over-tls: {to: {cidr: 9.9.9.9/32}, ports: 853, why: dns}\n")
        tree.overlay("mail")
        tree.write("kustomization.yaml", "resources: [overlays/shop, overlays/mail]\n")
        done = tree.bulkhead("render")
        assert done.status == 0, done.stderr
        self.rendered: list[Json] = list(yaml.safe_load_all(done.stdout))

    def diff(self, policies: list[Json], *options: str | Path) -> Done:
        items = [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}} for name in SPACES]
        items += [pod(place, name) for place, name in enumerate(SPACES)]
        self.tree.write("cluster.json", json.dumps({"apiVersion": "v1", "kind": "List", "items": [*items, *policies]}))
        return self.tree.bulkhead("diff", "--dump", "cluster.json", *options)

    def json(self, policies: list[Json], *options: str | Path) -> tuple[int, Json]:
        done = self.diff(policies, *options, "--format", "json")
        found = json.loads(done.stdout)
        jsonschema.validate(found, json.loads((ROOT / "docs/reference/diff.schema.json").read_text()))
        return done.status, found


@pytest.fixture
def drift(tree: Tree) -> Drift:
    return Drift(tree)


def not_rendered(found: Json) -> dict[str, Json]:
    return {f"{each['namespace']}/{each['name']}": each for each in found["notRendered"]}


def numbers(rows: list[Json], effect: str) -> set[int]:
    """Return the ports of the rows of *effect* whose list of ports is a list of numbers."""
    return {
        int(number)
        for each in rows
        if each["effect"] == effect
        for number in re.findall(r"(?<![-\d])\d+(?![-\d])", each["ports"].partition("UDP")[0])
    }


def test_a_cluster_that_is_as_the_overlays_say_has_no_difference(drift: Drift) -> None:
    for options in ((), ("--prune",)):
        status, found = drift.json(drift.rendered, *options)
        assert (status, found["findings"], found["notRendered"], found["notes"]) == (0, [], [], [])
        assert found["verdict"] == "NO EFFECT on traffic: the policies are the same"


FOREIGN = to_internet("shop", "by-hand", 22)
OLD = to_internet("shop", "allow-old-egress", 25, labels=MARK)
ELSEWHERE = to_internet("other", "theirs", 26)
REMOVED = to_internet("old", "allow-removed-egress", 27, labels=MARK)
CHANGED_PORT = 28

CASES = ("foreign", "old", "changed", "elsewhere", "removed")


@pytest.mark.parametrize("prune", [False, True])
@pytest.mark.parametrize(
    "present", [each for size in (0, 1, 2, len(CASES)) for each in itertools.combinations(CASES, size)]
)
def test_every_combination(drift: Drift, present: tuple[str, ...], prune: bool) -> None:
    """
    A foreign policy that opens more, an old one of ours, one changed by hand, and policies of two namespaces without
    overlays: one foreign, one of ours.  What is expected follows from which policies the delivery leaves.
    """
    policies = [dict(each) for each in drift.rendered]
    added = {"foreign": FOREIGN, "old": OLD, "elsewhere": ELSEWHERE, "removed": REMOVED}
    policies += [policy for key, policy in added.items() if key in present]
    if "changed" in present:
        mine = next(each for each in policies if each["metadata"]["name"] == "allow-dns-over-tls-egress")
        mine["spec"] = to_internet("shop", "", CHANGED_PORT)["spec"]
    status, found = drift.json(policies, *(["--prune"] if prune else []))

    gone = {key for key in ("old", "removed") if prune and key in present}
    live = not_rendered(found)
    names = {key: f"{policy['metadata']['namespace']}/{policy['metadata']['name']}" for key, policy in added.items()}
    assert set(live) == {names[key] for key in added if key in present}
    assert {name for name, each in live.items() if not each["stays"]} == {names[key] for key in gone}
    for key in added.keys() & set(present):
        entry = live[names[key]]
        assert (entry["ours"], entry["listed"]) == (key in ("old", "removed"), key in ("foreign", "old"))
        deletable = key != "elsewhere" and key not in gone
        namespace, name = names[key].split("/")
        assert entry["delete"] == (f"kubectl delete networkpolicy -n {namespace} {name}" if deletable else None)

    closed = {25} if "old" in gone else set()
    closed |= {CHANGED_PORT} if "changed" in present else set()
    rows = [each for each in found["findings"] if not each["possible"]]
    assert numbers(rows, "closes") == closed
    assert (853 in numbers(rows, "opens")) == ("changed" in present)
    # The removed policy alone isolates `old`: without it everything else opens there.
    assert any("old" in {pod["namespace"] for pod in each["from"]["pods"]} for each in rows) == ("removed" in gone)
    assert status == int(bool(rows))


def test_text_and_markdown_say_what_stays_with_the_command(drift: Drift) -> None:
    policies = [*drift.rendered, FOREIGN, OLD, ELSEWHERE, REMOVED]
    command = "kubectl delete networkpolicy -n shop by-hand"
    for form in ("text", "markdown"):
        said = drift.diff(policies, "--format", form).stdout
        assert "3 POLICIES STAY that the overlays do not render" in said.splitlines()[0]
        for word in (command, "-n shop allow-old-egress", "-n old allow-removed-egress", "other/theirs"):
            assert word in said, (form, word)
        assert "-n other theirs" not in said
        said = drift.diff(policies, "--format", form, "--prune").stdout
        assert "1 POLICY STAYS that the overlays do not render" in said.splitlines()[0]
        assert command in said
        assert "PRUNED by the delivery" in said
        assert "-n shop allow-old-egress" not in said


@pytest.mark.parametrize(
    ("metadata", "kept_by"),
    [
        ({"annotations": {FLUX: "disabled"}}, f"{FLUX}: disabled"),
        ({"labels": {**MARK, FLUX: "disabled"}}, f"{FLUX}: disabled"),
        ({"annotations": {OPTIONS: "Replace=true, Prune=confirm"}}, f"{OPTIONS}: Prune=confirm"),
        ({"annotations": {OPTIONS: "Prune=false"}}, f"{OPTIONS}: Prune=false"),
        ({"annotations": {OPTIONS: "PruneLast=true"}}, None),
        ({"annotations": {FLUX: "enabled"}}, None),
    ],
)
def test_a_delivery_keeps_what_an_annotation_keeps(drift: Drift, metadata: Json, kept_by: str | None) -> None:
    old = to_internet("shop", "allow-old-egress", 25, **{"labels": MARK, **metadata})
    _, found = drift.json([*drift.rendered, old], "--prune")
    entry = not_rendered(found)["shop/allow-old-egress"]
    assert (entry["stays"], entry["keptBy"]) == (kept_by is not None, kept_by)
    assert bool(found["findings"]) == (kept_by is None)


@pytest.mark.parametrize(
    ("mark", "same", "another"),
    [
        ("annotations", {ARGO: "net:networking.k8s.io/NetworkPolicy:shop/a"}, {ARGO: "blog:networking.k8s.io/x"}),
        (
            "labels",
            {"kustomize.toolkit.fluxcd.io/name": "net", "kustomize.toolkit.fluxcd.io/namespace": "flux-system"},
            {"kustomize.toolkit.fluxcd.io/name": "blog", "kustomize.toolkit.fluxcd.io/namespace": "flux-system"},
        ),
        ("labels", {"applyset.kubernetes.io/part-of": "set-1"}, {"applyset.kubernetes.io/part-of": "set-2"}),
    ],
)
def test_what_the_same_delivery_applied_is_its_own_without_the_label(
    drift: Drift, mark: str, same: Json, another: Json
) -> None:
    for each in drift.rendered:
        each["metadata"].setdefault(mark, {}).update(same)
    policies = [
        *drift.rendered,
        to_internet("shop", "plain", 25, **{mark: same}),
        to_internet("shop", "blog", 26, **{mark: another}),
    ]
    _, found = drift.json(policies, "--prune")
    live = not_rendered(found)
    assert (live["shop/plain"]["stays"], live["shop/blog"]["stays"]) == (False, True)


def test_a_selector_that_somebody_narrowed_by_hand_is_noted(drift: Drift) -> None:
    wanted = {"name": "default-deny-all", "namespace": "shop"}
    deny = next(each for each in drift.rendered if wanted.items() <= each["metadata"].items())
    deny["spec"]["podSelector"] = {"matchLabels": {"app": "nobody"}}
    status, found = drift.json(drift.rendered)
    (kept,) = found["notReplaced"]
    assert (status, kept["name"], kept["part"], kept["sure"]) == (1, "default-deny-all", "selector", False)
    assert '{"op": "replace", "path": "/spec/podSelector", "value": {}}' in kept["repair"]
    assert "KEPT by `kubectl apply` without `--server-side`" in drift.diff(drift.rendered).stdout


def deny_all(drift: Drift, **spec: Any) -> Json:
    """Return the policy of `shop` that denies everything, as it is in the cluster: with *spec* besides."""
    wanted = {"name": "default-deny-all", "namespace": "shop"}
    found: Json = next(each for each in drift.rendered if wanted.items() <= each["metadata"].items())
    found["spec"] |= spec
    return found


def test_rules_that_the_overlays_leave_out_are_judged_as_kept_and_as_removed(drift: Drift) -> None:
    deny_all(drift, egress=[{}])
    status, found = drift.json(drift.rendered)
    (kept,) = found["notReplaced"]
    assert (status, kept["name"], kept["part"], kept["sure"]) == (1, "default-deny-all", "egress", False)
    assert (bool(found["closes"]), found["opens"]) == (True, [])
    command = shlex.split(kept["repair"])
    assert command[:5] == ["kubectl", "patch", "networkpolicy", "-n", "shop"]
    assert json.loads(command[-1]) == [{"op": "remove", "path": "/spec/egress"}]
    said = drift.diff(drift.rendered).stdout
    assert "1 POLICY MAY KEEP what the overlays do not render" in said.splitlines()[0]
    assert "KEPT if somebody else wrote it" in said


@pytest.mark.parametrize("stays", [False, True])
def test_rules_stay_where_the_cluster_says_that_another_wrote_them(drift: Drift, stays: bool) -> None:
    fields: Json = {"f:spec": {"f:egress": {}}}
    deny = deny_all(drift, egress=[{}])
    writer = {"manager": "x", "operation": "Update" if stays else "Apply", "fieldsV1": fields}
    deny["metadata"]["managedFields"] = [writer]
    status, found = drift.json(drift.rendered)
    assert (status, bool(found["closes"]), len(found["notReplaced"])) == (1, not stays, int(stays))


def test_rules_of_a_direction_that_the_cluster_does_not_isolate_begin_to_count(drift: Drift) -> None:
    """The delivery writes `policyTypes`: from then on the egress rules that it does not write allow something."""
    deny_all(drift, egress=[{"to": [{"ipBlock": {"cidr": "8.8.8.0/24"}}]}], policyTypes=["Ingress"])
    _, found = drift.json(drift.rendered)
    assert [(each["part"], each["sure"]) for each in found["notReplaced"]] == [("egress", False)]
    opened = [each for each in found["findings"] if each["effect"] == "opens" and not each["possible"]]
    assert any(each["to"]["cidrs"] == ["8.8.8.0/24"] for each in opened)
    assert {place["rule"] for each in opened for place in each["because"]} == {"default-deny-all"}


@pytest.mark.parametrize(
    ("field", "mark", "says"),
    [
        ("labels", {"kustomize.toolkit.fluxcd.io/reconcile": "disabled"}, None),
        ("annotations", {"kustomize.toolkit.fluxcd.io/ssa": "Ignore"}, None),
        ("annotations", {"kapp.k14s.io/noop": ""}, "a delivery may leave the NetworkPolicy `shop/default-deny-all`"),
    ],
)
def test_a_policy_that_a_delivery_leaves_alone_stays_as_it_is(
    drift: Drift, field: str, mark: Json, says: str | None
) -> None:
    deny = deny_all(drift, egress=[{}])
    deny["metadata"].setdefault(field, {}).update(mark)
    if says:
        done = drift.diff(drift.rendered)
        assert (done.status, done.stdout, says in done.stderr) == (2, "", True)
        return
    status, found = drift.json(drift.rendered)
    assert (status, found["findings"]) == (1, [])
    (kept,) = found["notReplaced"]
    assert (kept["part"], kept["sure"], kept["keptBy"]) == ("policy", True, *mark)
    assert kept["repair"].startswith(f"kubectl {'label' if field == 'labels' else 'annotate'} networkpolicy -n shop")


def test_an_unprotected_namespace_keeps_its_old_policies_until_they_are_pruned(drift: Drift) -> None:
    drift.tree.overlay("mail", "  unprotected: it is being moved\n  ingress: null\n  egress: null\n")
    status, found = drift.json(drift.rendered)
    assert (status, found["findings"]) == (0, [])
    assert not_rendered(found)["mail/default-deny-all"]["delete"].endswith("-n mail default-deny-all")
    status, found = drift.json(drift.rendered, "--prune")
    assert status == 1
    assert "internet" in found["opens"]


def test_prune_needs_a_dump(drift: Drift) -> None:
    done = drift.tree.bulkhead("diff", "--prune")
    assert done.status == 2
    assert "--dump" in done.stderr


def test_many_policies_are_cut_in_text_and_complete_in_json(drift: Drift) -> None:
    many = [to_internet("other", f"theirs-{number}", 80) for number in range(400)]
    done = drift.diff([*drift.rendered, *many])
    assert "and 394 more" in done.stdout
    assert len(done.stdout.splitlines()) < 12
    done = drift.diff([*drift.rendered, *many], "--all")
    assert all(f"other/theirs-{number}" in done.stdout for number in range(400))
    _, found = drift.json([*drift.rendered, *many])
    assert len(found["notRendered"]) == 400


def test_a_command_is_safe_to_paste(drift: Drift) -> None:
    evil = to_internet("shop", "x;reboot", 80)
    done = drift.diff([*drift.rendered, evil], "--format", "json")
    if done.status == 2:
        return  # such a name is refused
    (entry,) = json.loads(done.stdout)["notRendered"]
    assert shlex.split(entry["delete"])[-1] == "x;reboot"


def test_pairs_have_the_verdict_and_the_notes_on_stderr(drift: Drift) -> None:
    done = drift.diff([*drift.rendered, FOREIGN], "--format", "pairs")
    assert json.loads(done.stdout) == []
    assert "1 POLICY STAYS that the overlays do not render" in done.stderr


FROM_RED = """apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: from-red, namespace: mail}
spec: {podSelector: {}, policyTypes: [Ingress], ingress: [{from: [{namespaceSelector: {matchLabels: {team: red}}}]}]}
"""
SHOP = """apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {%s}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: to-everywhere, namespace: shop}
spec: {podSelector: {}, policyTypes: [Egress], egress: [{}]}
"""
OWN = "resources: [../../base, more.yaml]\nnamespace: %s\ntransformers: [../../plugin]\n"


def in_overlay(drift: Drift, namespace: str, text: str) -> None:
    """Make *text* a resource of the overlay of *namespace*."""
    drift.tree.overlay(namespace, kustomization=OWN % namespace)
    drift.tree.write(f"overlays/{namespace}/more.yaml", text)


def rendered_policies(drift: Drift) -> list[Json]:
    found: list[Json] = list(yaml.safe_load_all(drift.tree.bulkhead("render").stdout))
    return [each for each in found if each["kind"] == "NetworkPolicy"]


@pytest.mark.parametrize(
    ("live", "rendered", "effects"),
    [({}, "team: red", {"opens"}), ({"team": "red"}, "team: blue", {"closes"}), ({"team": "red"}, "", {"closes"})],
)
def test_labels_of_rendered_namespaces_count(drift: Drift, live: Json, rendered: str, effects: set[str]) -> None:
    in_overlay(drift, "mail", FROM_RED)
    in_overlay(drift, "shop", SHOP % rendered)
    space = {"name": "shop", "uid": "1", "labels": live}
    items = [{"apiVersion": "v1", "kind": "Namespace", "metadata": space}, *rendered_policies(drift)]
    items += [pod(1, "shop"), pod(2, "mail")]
    drift.tree.write("cluster.json", json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))
    found = json.loads(drift.tree.bulkhead("diff", "--dump", "cluster.json", "--format", "json").stdout)
    assert {each["effect"] for each in found["findings"]} == effects


WORKLOAD = """apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {%s}}
    spec: {containers: [{name: c}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: tier, namespace: shop}
spec: {podSelector: {matchLabels: {tier: open}}, policyTypes: [Ingress], ingress: [{}]}
"""


@pytest.mark.parametrize(
    ("labels", "differs"),
    [
        ("app: web, unasked: by-anybody", False),
        ("app: web, tier: open", True),
    ],
)
def test_a_workload_that_is_rendered_otherwise_is_not_judged(drift: Drift, labels: str, differs: bool) -> None:
    in_overlay(drift, "shop", WORKLOAD % labels)
    live = pod(1, "shop")
    live["metadata"]["ownerReferences"] = [
        {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web-5d", "uid": "1", "controller": True}
    ]
    live["metadata"]["labels"]["pod-template-hash"] = "5d"
    items = [live, *rendered_policies(drift)]
    drift.tree.write("cluster.json", json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))
    done = drift.tree.bulkhead("diff", "--dump", "cluster.json", "--format", "json")
    found = json.loads(done.stdout)
    assert (done.status, [each["name"] for each in found["notJudged"]]) == ((2, ["web"]) if differs else (0, []))
    assert any("judged as in the cluster: Deployment shop/web" in note for note in found["notes"]) == differs

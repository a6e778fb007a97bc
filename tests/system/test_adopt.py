"""`bulkhead adopt`: how a cluster with policies of its own takes over the overlays. Expected by hand."""

import json
from typing import Any

import pytest
import yaml
from conftest import Done, Tree

Json = dict[str, Any]

SPACES = ("shop", "mail", "other")
"""The first two have overlays."""


def _pod(place: int, namespace: str) -> Json:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "web", "namespace": namespace, "labels": {"app": "web"}},
        "spec": {"nodeName": "one", "containers": [{"name": "c"}]},
        "status": {"podIP": f"10.42.0.{place + 5}", "podIPs": [{"ip": f"10.42.0.{place + 5}"}]},
    }


def _policy(namespace: str, name: str, **spec: object) -> Json:
    metadata = {"name": name, "namespace": namespace}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": metadata,
        "spec": {"podSelector": {}, **spec},
    }


def _egress(namespace: str, name: str, cidr: str, port: int) -> Json:
    rule = {"to": [{"ipBlock": {"cidr": cidr}}], "ports": [{"port": port, "protocol": "TCP"}]}
    return _policy(namespace, name, policyTypes=["Egress"], egress=[rule])


class Adopted:
    """Overlays for `shop` and `mail`, and a cluster with policies of its own."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        for name in ("shop", "mail"):
            tree.overlay(name)
        tree.write("kustomization.yaml", "resources: [overlays/shop, overlays/mail]\n")

    def adopt(self, policies: list[Json], *options: str) -> Done:
        items = [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}} for name in SPACES]
        items += [_pod(place, name) for place, name in enumerate(SPACES)]
        self.tree.write("cluster.json", json.dumps({"apiVersion": "v1", "kind": "List", "items": [*items, *policies]}))
        return self.tree.bulkhead("adopt", "--dump", "cluster.json", *options)

    def plan(self, policies: list[Json], *options: str) -> tuple[int, Json]:
        done = self.adopt(policies, "--format", "json", *options)
        assert done.stderr == ""
        found: Json = json.loads(done.stdout)
        return done.status, found

    def deletions(self, policies: list[Json]) -> tuple[int, dict[str, bool]]:
        """The policies that are not rendered, and whether they can go without effect."""
        status, found = self.plan(policies)
        return status, {each["name"]: each["withoutEffect"] for step in found["steps"] for each in step["deletions"]}


@pytest.fixture
def adopted(tree: Tree) -> Adopted:
    return Adopted(tree)


HTTPS = _egress("shop", "old-https", "0.0.0.0/0", 443)
"""The standard pattern allows this too."""

SMTP = _egress("shop", "old-smtp", "0.0.0.0/0", 587)
SMTP_AGAIN = _egress("shop", "old-smtp-2", "0.0.0.0/0", 587)


def test_what_the_overlay_allows_too_can_go(adopted: Adopted) -> None:
    assert adopted.deletions([HTTPS]) == (0, {"old-https": True})
    done = adopted.adopt([HTTPS])
    assert "       kubectl delete networkpolicy -n shop old-https\n" in done.stdout
    assert done.status == 0


def test_what_adds_up_stays_with_what_its_deletion_closes(adopted: Adopted) -> None:
    assert adopted.deletions([SMTP]) == (1, {"old-smtp": False})
    said = adopted.adopt([SMTP]).stdout
    assert "shop/old-smtp stays: it keeps open what the overlay closes; deleting it closes:\n" in said
    assert "shop -> " in said.split("old-smtp stays")[1]
    assert "port 587" in said.split("old-smtp stays")[1]


def test_of_two_that_allow_the_same_only_one_can_go(adopted: Adopted) -> None:
    """Each alone has no effect; both together have."""
    assert adopted.deletions([SMTP, SMTP_AGAIN]) == (1, {"old-smtp": True, "old-smtp-2": False})


def test_a_policy_that_only_isolates_can_go_where_the_overlay_isolates(adopted: Adopted) -> None:
    deny = _policy("mail", "old-deny", policyTypes=["Ingress", "Egress"])
    assert adopted.deletions([deny]) == (0, {"old-deny": True})


def test_a_policy_that_isolates_what_no_overlay_isolates_stays(tree: Tree, adopted: Adopted) -> None:
    """The overlay isolates ingress only, so that without the old policy all egress is open."""
    tree.overlay("mail", "  isolation: ingress\n  egress: null\n")
    deny = _policy("mail", "old-deny", policyTypes=["Egress"])
    assert adopted.deletions([deny]) == (1, {"old-deny": False})
    assert "mail/old-deny stays: deleting it opens:\n" in adopted.adopt([deny]).stdout


def test_the_namespace_in_which_least_closes_comes_first(adopted: Adopted) -> None:
    """In `shop` the overlay is applied already."""
    rendered = list(yaml.safe_load_all(adopted.tree.bulkhead("render", "overlays/shop").stdout))
    _, found = adopted.plan([*rendered, HTTPS])
    assert [each["namespace"] for each in found["steps"]] == ["shop", "mail"]
    assert found["steps"][0]["effect"]["rows"] == []
    assert len(found["ours"]) == len(rendered)


def test_ingress_first_closes_no_egress_in_its_first_part(adopted: Adopted) -> None:
    _, found = adopted.plan([], "--ingress-first")
    for step in found["steps"]:
        first, second = step["ingressFirst"]["rows"], step["effect"]["rows"]
        assert any(row["to"] == step["namespace"] for row in first)
        assert not any(row["from"] == step["namespace"] and "anywhere" in row["to"] for row in first)
        assert any(row["from"] == step["namespace"] and row["effect"] == "closes" for row in second)


def test_what_the_plan_is_not_about_is_named(adopted: Adopted) -> None:
    foreign = _policy("other", "theirs", policyTypes=["Ingress"])
    cilium = {
        "apiVersion": "cilium.io/v2",
        "kind": "CiliumNetworkPolicy",
        "metadata": {"name": "c", "namespace": "shop"},
    }
    said = adopted.adopt([foreign, cilium]).stdout
    assert "note: policies stay in namespaces that no overlay is for: other/theirs\n" in said
    assert "note: not judged, they may allow or deny as well: CiliumNetworkPolicy" in said
    assert "note: no policy will be in these namespaces of the dump: other\n" in adopted.adopt([]).stdout


def test_the_plan_leaves_the_traffic_as_it_is_after_the_overlays_are_applied(adopted: Adopted) -> None:
    policies = [HTTPS, SMTP, SMTP_AGAIN, _egress("mail", "lan", "192.168.1.0/24", 22), _policy("mail", "deny")]
    _, going = adopted.deletions(policies)
    rendered = list(yaml.safe_load_all(adopted.tree.bulkhead("render").stdout))
    left = [each for each in policies if not going[each["metadata"]["name"]]]
    pods = [_pod(place, name) for place, name in enumerate(SPACES)]
    for name, kept in (("all.json", policies), ("left.json", left)):
        items = {"apiVersion": "v1", "kind": "List", "items": [*pods, *rendered, *kept]}
        adopted.tree.write(name, json.dumps(items))
    same = adopted.tree.bulkhead("diff", "--manifests", "all.json", "left.json", "--enforcer", "kube-router")
    assert same.status == 0, same.stdout
    for each in left:
        fewer = [other for other in left if other != each]
        items = {"apiVersion": "v1", "kind": "List", "items": [*pods, *rendered, *fewer]}
        adopted.tree.write("fewer.json", json.dumps(items))
        assert adopted.tree.bulkhead("diff", "--manifests", "left.json", "fewer.json").status == 1


def test_policies_of_a_namespace_on_record_as_unprotected_are_in_the_plan(tree: Tree, adopted: Adopted) -> None:
    tree.overlay("mail", "  ingress: null\n  egress: null\n  unprotected: later\n")
    deny = _policy("mail", "old-deny", policyTypes=["Ingress", "Egress"])
    assert adopted.deletions([deny]) == (1, {"old-deny": False})
    said = adopted.adopt([deny]).stdout.split("mail\n")[1]
    assert "its overlay renders no policy" in said and "kustomize build" not in said


def test_labels_that_an_overlay_gives_its_namespace_count_from_its_step_on(tree: Tree, adopted: Adopted) -> None:
    label = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop", "labels": {"team": "red"}}}
    tree.write("overlays/shop/label.yaml", json.dumps(label))
    tree.overlay("shop", kustomization=OWN_RESOURCES)
    peer = {"namespaceSelector": {"matchLabels": {"team": "red"}}}
    other = _policy("other", "theirs", policyTypes=["Ingress"], ingress=[{"from": [peer]}])
    _, found = adopted.plan([other])
    (shop,) = (each for each in found["steps"] if each["namespace"] == "shop")
    assert any(row["effect"] == "opens" and row["to"] == "other" for row in shop["effect"]["rows"])


OWN_RESOURCES = """\
resources: [../../base, label.yaml]
namespace: shop
transformers: [../../plugin]
"""

WORKLOAD = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "web", "namespace": "shop"},
    "spec": {
        "selector": {"matchLabels": {"app": "web"}},
        "template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}},
    },
}
CILIUM = {"apiVersion": "cilium.io/v2", "kind": "CiliumNetworkPolicy", "metadata": {"name": "c"}, "spec": {}}


@pytest.mark.parametrize(
    ("resource", "says"), [(WORKLOAD, "the overlays render workloads"), (CILIUM, "CiliumNetworkPolicy")]
)
def test_what_the_overlays_bring_and_the_plan_does_not_judge_is_not_decided(
    tree: Tree, adopted: Adopted, resource: Json, says: str
) -> None:
    tree.write("overlays/shop/label.yaml", json.dumps(resource))
    tree.overlay("shop", kustomization=OWN_RESOURCES)
    done = adopted.adopt([])
    assert done.status == 2
    assert any(line.startswith("note: NOT DECIDED") and says in line for line in done.stdout.splitlines())


def test_a_policy_of_which_a_delivery_may_keep_a_part_makes_nothing_certain(adopted: Adopted) -> None:
    rendered = list(yaml.safe_load_all(adopted.tree.bulkhead("render", "overlays/shop").stdout))
    (deny,) = (each for each in rendered if each["metadata"]["name"] == "default-deny-all")
    deny["metadata"].setdefault("annotations", {})["kustomize.toolkit.fluxcd.io/reconcile"] = "disabled"
    status, going = adopted.deletions([deny, HTTPS])
    assert (status, going["old-https"]) == (2, False)


ROOT_PATCH = """\
resources: [overlays/shop, overlays/mail]
patches:
- target: {kind: NetworkPolicy, namespace: shop, name: allow-external-https-egress}
  patch: |-
    - {op: replace, path: /spec/egress, value: []}
"""


@pytest.mark.parametrize(
    ("root", "says"),
    [
        (ROOT_PATCH, "the root changes what its folders render"),
        ("resources: [overlays/shop, overlays/mail, more.yaml]\n", "no overlay is for that namespace"),
    ],
)
def test_there_is_no_plan_by_folders_where_the_root_renders_something_else(
    tree: Tree, adopted: Adopted, root: str, says: str
) -> None:
    tree.write("more.yaml", json.dumps(_policy("other", "more", policyTypes=["Ingress"])))
    tree.write("kustomization.yaml", root)
    done = adopted.adopt([HTTPS])
    assert (done.status, done.stdout) == (2, "")
    assert says in done.stderr


def test_ingress_first_is_what_the_overlay_renders_with_the_two_lines(tree: Tree, adopted: Adopted) -> None:
    """The egress rule of a workload isolates its egress in the first part already."""
    egress = "egress: {db: {to: lan, ports: 5432}}"
    tree.overlay("shop", f"  workloads:\n    api:\n      pods: {{app: web}}\n      {egress}\n")
    _, found = adopted.plan([], "--ingress-first")
    (shop,) = (each for each in found["steps"] if each["namespace"] == "shop")
    assert any(row["from"] == "shop" and row["effect"] == "closes" for row in shop["ingressFirst"]["rows"])


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--dump", "nowhere.json"), "nowhere.json"),
        (("--dump", "empty.json"), "nothing to judge"),
        (("--dump", "broken.json"), "broken.json"),
        ((), "--dump"),
        (("--dump", "cluster.json", "-C", "nowhere"), "nowhere"),
    ],
)
def test_what_cannot_be_planned_is_said(adopted: Adopted, options: tuple[str, ...], says: str) -> None:
    adopted.adopt([])
    adopted.tree.write("empty.json", '{"apiVersion": "v1", "kind": "List", "items": []}')
    adopted.tree.write("broken.json", '{"apiVersion": "v1"')
    done = adopted.tree.bulkhead("adopt", *options)
    assert (done.status, done.stdout) == (2, "")
    assert says in done.stderr

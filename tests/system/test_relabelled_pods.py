"""``diff`` of manifests where a workload itself changes, and the other ends of its traffic are in no manifest."""

import json

import pytest
from conftest import Tree

WORKLOAD = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  template:
    metadata: {labels: {%s}}
    spec: {containers: [{name: c, ports: [{name: http, containerPort: %d}]}]}
"""
POLICY = """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: %s, namespace: %s}
spec: %s
"""
PROMETHEUS = "{podSelector: {matchLabels: {app: prometheus}}, namespaceSelector: {}}"
DB = "podSelector: {matchLabels: {app: db}}"
CLOSED = POLICY % ("closed", "shop", "{podSelector: {}, policyTypes: [Ingress, Egress]}")
INTO_DB = POLICY % ("db", "shop", f"{{{DB}, ingress: [{{from: [{PROMETHEUS}]}}]}}")
OUT_OF_DB = POLICY % ("db", "shop", f"{{{DB}, policyTypes: [Egress], egress: [{{to: [{PROMETHEUS}]}}]}}")
NAMED = POLICY % (
    "named",
    "shop",
    f"{{podSelector: {{}}, ingress: [{{from: [{PROMETHEUS}], ports: [{{port: http}}]}}]}}",
)
FROM_DB = POLICY % (
    "from-db",
    "mon",
    f"{{podSelector: {{}}, ingress: [{{from: [{{{DB}, namespaceSelector: {{}}}}]}}]}}",
)
BY_BLOCK = POLICY % (
    "by-block",
    "mon",
    "{podSelector: {}, policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 10.0.0.0/8}}], ports: [{port: http}]}]}",
)
TO_ALL = POLICY % ("to-all", "mon", "{podSelector: {}, policyTypes: [Egress], egress: [{ports: [{port: http}]}]}")
FREE = POLICY % ("free", "shop", "{podSelector: {matchLabels: {app: none}}}")

OPENINGS = {
    "a policy selects it": (CLOSED + "---\n" + INTO_DB, ("app: web", 80), ("app: db", 80), "OPENS"),
    "a policy selects it for egress": (CLOSED + "---\n" + OUT_OF_DB, ("app: web", 80), ("app: db", 80), "OPENS"),
    "a policy selects it no more": (CLOSED + "---\n" + INTO_DB, ("app: db", 80), ("app: web", 80), "CLOSES"),
    "it becomes a peer": (FROM_DB, ("app: web", 80), ("app: db", 80), "OPENS"),
    "it has another number behind a name": (NAMED, ("app: web", 80), ("app: web", 8080), "OPENS and CLOSES"),
    "it is in a block": (BY_BLOCK, ("app: web", 80), ("app: web", 8080), "OPENS and CLOSES"),
    "every destination": (TO_ALL, ("app: web", 80), ("app: web", 8080), "OPENS and CLOSES"),
}


@pytest.mark.parametrize("case", OPENINGS)
def test_what_a_changed_workload_opens_for_pods_in_no_manifest_is_reported(case: str, tree: Tree) -> None:
    policies, old, new, effect = OPENINGS[case]
    for side, is_like in (("old", old), ("new", new)):
        tree.write(f"{side}/all.yaml", WORKLOAD % is_like + "---\n" + policies)
    done = tree.bulkhead("diff", "--manifests", "old", "new")
    assert done.status == 1
    assert f"A CHANGE OF LABELS OR PORTS of shop/web {effect} traffic with pods that could exist" in done.stdout
    assert "NO EFFECT" not in done.stdout
    found = json.loads(tree.bulkhead("diff", "--manifests", "old", "new", "--format", "json").stdout)
    assert effect in found["verdict"]
    rows = [each for each in found["findings"] if each["possible"]]
    assert {each["effect"].upper() for each in rows} == set(effect.split(" and "))
    web = {"namespace": "shop", "name": "web"}
    assert all(web in each["from"]["pods"] + each["to"]["pods"] for each in rows)
    assert all(cause["file"] == "new/all.yaml" and cause["line"] for each in rows for cause in each["because"])


@pytest.mark.parametrize(
    ("policies", "old", "new"),
    [
        (CLOSED, ("app: web", 80), ("app: db", 80)),
        (CLOSED + "---\n" + INTO_DB, ("app: web", 80), ("app: web, version: two", 80)),
        (FREE, ("app: web", 80), ("app: db", 8080)),
        (CLOSED, ("app: web", 80), ("app: web", 8080)),
    ],
)
def test_a_changed_workload_that_policies_treat_as_before_has_no_effect(
    policies: str, old: tuple[str, int], new: tuple[str, int], tree: Tree
) -> None:
    for side, is_like in (("old", old), ("new", new)):
        tree.write(f"{side}/all.yaml", WORKLOAD % is_like + "---\n" + policies)
    done = tree.bulkhead("diff", "--manifests", "old", "new")
    assert (done.status, done.stdout.splitlines()[0][:9]) == (0, "NO EFFECT")


TO_EVERYTHING = POLICY % (
    "to-everything",
    "shop",
    "{podSelector: {matchLabels: {app: web}}, policyTypes: [Egress], "
    "egress: [{to: [{ipBlock: {cidr: 0.0.0.0/0}}, {namespaceSelector: {}}]}]}",
)


@pytest.mark.parametrize(
    ("new", "closes"),
    [
        (WORKLOAD % ("app: web2", 80), set()),
        ((WORKLOAD % ("app: web", 80)).replace("{containers", "{hostNetwork: true, containers"), {"within"}),
    ],
)
def test_what_a_workload_opens_over_ipv6_alone_has_its_grade(new: str, closes: set[str], tree: Tree) -> None:
    """As a pod on the host network it is no pod that ``namespaceSelector: {}`` matches for others like it."""
    for side, workload in (("old", WORKLOAD % ("app: web", 80)), ("new", new)):
        tree.write(f"{side}/all.yaml", workload + "---\n" + TO_EVERYTHING)
    found = json.loads(tree.bulkhead("diff", "--manifests", "old", "new", "--format", "json").stdout)
    assert (set(found["opens"]), set(found["closes"])) == ({"internet", "private"}, closes)
    (row,) = (each for each in found["findings"] if each["effect"] == "opens")
    assert row["to"]["cidrs"] == ["::/0"]


KINDS = {
    "Deployment": "apps/v1",
    "StatefulSet": "apps/v1",
    "DaemonSet": "apps/v1",
    "ReplicationController": "v1",
    "Job": "batch/v1",
    "Rollout": "argoproj.io/v1alpha1",
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_workload_that_becomes_another_kind_is_compared_with_what_it_was(kind: str, tree: Tree) -> None:
    policies = CLOSED + "---\n" + INTO_DB
    other = (WORKLOAD % ("app: db", 80)).replace("kind: Deployment", f"kind: {kind}").replace("apps/v1", KINDS[kind])
    tree.write("old/all.yaml", WORKLOAD % ("app: web", 80) + "---\n" + policies)
    tree.write("new/all.yaml", other + "---\n" + policies)
    headline = tree.bulkhead("diff", "--manifests", "old", "new").stdout.splitlines()[0]
    assert "A CHANGE OF LABELS OR PORTS of shop/web OPENS traffic" in headline
    headline = tree.bulkhead("diff", "--manifests", "new", "old").stdout.splitlines()[0]
    assert "A CHANGE OF LABELS OR PORTS of shop/web CLOSES traffic" in headline


def test_a_workload_that_is_new_or_has_a_new_name_is_one_that_could_exist_before(tree: Tree) -> None:
    policies = CLOSED + "---\n" + INTO_DB
    web, db = WORKLOAD % ("app: web", 80), WORKLOAD % ("app: db", 80)
    tree.write("old/all.yaml", web + "---\n" + policies)
    other = db.replace("kind: Deployment", "kind: StatefulSet")
    for number, more in enumerate((web + "---\n" + other, db.replace("name: web", "name: db"))):
        tree.write(f"new-{number}/all.yaml", more + "---\n" + policies)
        assert tree.bulkhead("diff", "--manifests", "old", f"new-{number}").status == 0


REPLICA = """\
apiVersion: v1
kind: Pod
metadata:
  name: %s
  namespace: shop
  labels: {app: %s}
  ownerReferences: [{apiVersion: apps/v1, kind: StatefulSet, name: set, uid: u, controller: true}]
spec: {containers: [{name: c}]}
"""


def replicas(tree: Tree, side: str, apps: dict[str, str]) -> None:
    """Write the pods of one StatefulSet, by name with what each is labelled, and policies for `app: db` alone."""
    tree.write(f"{side}/all.yaml", "---\n".join([CLOSED, INTO_DB, *(REPLICA % each for each in apps.items())]))


@pytest.mark.parametrize(
    ("old", "new", "effect"),
    [
        ({"set-0": "db", "set-1": "web"}, {"set-0": "db", "set-1": "db"}, "OPENS"),
        ({"set-0": "db", "set-1": "web"}, {"set-0": "web", "set-1": "web"}, "CLOSES"),
        ({"set-0": "web", "set-1": "db"}, {"set-0": "db", "set-1": "db"}, "OPENS"),
        ({"set-0": "db", "set-1": "web"}, {"set-0": "web", "set-1": "db"}, "OPENS"),
        ({"set-0": "db", "set-1": "web"}, {"set-0": "web", "set-1": "db"}, "CLOSES"),
        ({"set-0": "old", "set-1": "db"}, {"set-2": "web"}, "CLOSES"),
        ({"set-0": "db", "set-1": "old"}, {"set-2": "web"}, "CLOSES"),
    ],
)
def test_each_replica_is_compared_with_itself_and_a_new_one_with_all(
    old: dict[str, str], new: dict[str, str], effect: str, tree: Tree
) -> None:
    replicas(tree, "old", old)
    replicas(tree, "new", new)
    done = tree.bulkhead("diff", "--manifests", "old", "new")
    headline = done.stdout.splitlines()[0]
    assert (done.status, "A CHANGE OF LABELS OR PORTS of shop/set" in headline) == (1, True)
    assert effect in headline


def test_a_replica_that_is_added_or_goes_is_no_change_of_labels(tree: Tree) -> None:
    replicas(tree, "old", {"set-0": "db", "set-1": "web"})
    replicas(tree, "new", {"set-0": "db", "set-2": "web", "set-3": "db"})
    for sides in (("old", "new"), ("new", "old")):
        assert "A CHANGE OF LABELS" not in tree.bulkhead("diff", "--manifests", *sides).stdout


def test_a_workload_that_changes_its_kind_and_its_network_opens_between_its_own_pods(tree: Tree) -> None:
    """Its pods do not reach each other before; on the host network no policy isolates them."""
    policy = POLICY % ("own", "shop", "{podSelector: {matchLabels: {app: web}}, policyTypes: [Ingress]}")
    text = policy + "---\n" + WORKLOAD % ("app: web", 80)
    tree.write("old/shop.yaml", text)
    text = text.replace("kind: Deployment", "kind: DaemonSet").replace("{containers", "{hostNetwork: true, containers")
    tree.write("new/shop.yaml", text)
    done = tree.bulkhead("diff", "--manifests", "old", "new", "--format", "json")
    found = json.loads(done.stdout)
    assert (done.status, found["closes"]) == (1, [])
    web = [{"namespace": "shop", "name": "web"}]
    own = [each for each in found["findings"] if each["from"]["pods"] == each["to"]["pods"] == web]
    assert {(each["effect"], *each["grades"]) for each in own} == {("opens", "within")}

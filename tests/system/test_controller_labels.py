"""Policies that select by a label that a controller adds to the pods of a workload, and that its template has not."""

from typing import Any

import pytest
import yaml
from conftest import Tree

SPEC = {"containers": [{"name": "c", "image": "x"}]}
TEMPLATE = {"metadata": {"labels": {"app": "a"}}, "spec": SPEC}
SELECTOR = {"matchLabels": {"app": "a"}}
WORKLOADS = {
    "StatefulSet": ("apps/v1", {"selector": SELECTOR, "template": TEMPLATE}),
    "Deployment": ("apps/v1", {"selector": SELECTOR, "template": TEMPLATE}),
    "DaemonSet": ("apps/v1", {"selector": SELECTOR, "template": TEMPLATE}),
    "ReplicaSet": ("apps/v1", {"selector": SELECTOR, "template": TEMPLATE}),
    "Job": ("batch/v1", {"template": TEMPLATE}),
    "CronJob": ("batch/v1", {"schedule": "* * * * *", "jobTemplate": {"spec": {"template": TEMPLATE}}}),
    "Pod": ("v1", SPEC),
    "Installer": ("example.org/v1", {"template": TEMPLATE}),
    "DeploymentConfig": ("apps.openshift.io/v1", {"selector": {"app": "a"}, "template": TEMPLATE}),
    "Rollout": (
        "argoproj.io/v1alpha1",
        {
            "selector": SELECTOR,
            "template": TEMPLATE,
            "strategy": {
                "canary": {
                    "canaryMetadata": {"labels": {"role": "canary"}},
                    "stableMetadata": {"labels": {"role": "stable"}},
                },
            },
        },
    ),
}
NAME, INDEX = "statefulset.kubernetes.io/pod-name", "apps.kubernetes.io/pod-index"
JOB, UID = "batch.kubernetes.io/job-name", "batch.kubernetes.io/controller-uid"
COMPLETION = "batch.kubernetes.io/job-completion-index"


def has(key: str, *values: str, operator: str = "In") -> dict[str, Any]:
    return {"matchExpressions": [{"key": key, "operator": operator, **({"values": list(values)} if values else {})}]}


# Which labels the controllers of Kubernetes 1.34 add, and with which values: pkg/controller/statefulset, job, daemon,
# deployment. All: every pod of the workload is selected; some: it may be; none: it is not.
ALL = [
    ("StatefulSet", has(NAME, operator="Exists")),
    ("StatefulSet", has(NAME, "other-0", operator="NotIn")),
    ("StatefulSet", has(INDEX, operator="Exists")),
    ("StatefulSet", has("controller-revision-hash", operator="Exists")),
    ("DaemonSet", has("pod-template-generation", operator="Exists")),
    ("Deployment", has("pod-template-hash", operator="Exists")),
    ("Job", has(JOB, "w")),
    ("Job", has("job-name", "w")),
    ("Job", has("controller-uid", operator="Exists")),
    ("CronJob", has(JOB, operator="Exists")),
    ("CronJob", has("job-name", "w", operator="NotIn")),
]
SOME = [
    ("StatefulSet", has(NAME, "w-0")),
    ("StatefulSet", has(NAME, "w-0", operator="NotIn")),
    ("StatefulSet", has(NAME, "w-12", "other-1")),
    ("StatefulSet", has(INDEX, "0")),
    ("StatefulSet", has(INDEX, "0", operator="NotIn")),
    ("StatefulSet", {"matchLabels": {NAME: "w-3", INDEX: "3"}}),
    ("StatefulSet", has("controller-revision-hash", "w-7d4b9c8f5")),
    ("DaemonSet", has("controller-revision-hash", "7d4b9c8f5")),
    ("DaemonSet", has("pod-template-generation", "2", operator="NotIn")),
    ("Deployment", has("pod-template-hash", "7d4b9c8f5")),
    ("Deployment", has("pod-template-hash", "7d4b9c8f5", operator="NotIn")),
    ("Job", has("controller-uid", "u")),
    ("Job", has(UID, "u", operator="NotIn")),
    ("Job", has(COMPLETION, "0")),
    ("Job", has(COMPLETION, operator="DoesNotExist")),
    ("CronJob", has(JOB, "w-28931234")),
    ("CronJob", has("job-name", "w-28931234", operator="NotIn")),
    ("Installer", has(NAME, "w-0")),
    ("Installer", has("job-name", "w")),
    ("Installer", has("pod-template-hash", operator="DoesNotExist")),
]
# Labels of admission plugins, injectors and operators: PodTopologyLabels of Kubernetes, Istio, Linkerd, Knative;
# OpenShift's and Argo's controllers document theirs.
SOME += [
    *(
        (kind, has("topology.kubernetes.io/zone", "eu-1"))
        for kind in ("Deployment", "ReplicaSet", "CronJob", "Installer")
    ),
    ("StatefulSet", has("topology.kubernetes.io/region", operator="DoesNotExist")),
    ("Deployment", has("service.istio.io/canonical-name", "w")),
    ("DaemonSet", has("linkerd.io/proxy-deployment", operator="Exists")),
    ("Installer", has("serving.knative.dev/service", "w")),
    ("DeploymentConfig", has("deployment", "w-1")),
    ("Rollout", has("role", "canary")),
    ("Rollout", has("role", "stable")),
    ("Rollout", {"matchLabels": {"role": "canary", "topology.kubernetes.io/zone": "eu-1"}}),
]
# Labels that admission plugins, and deliveries, put on a pod that is applied by itself.
SOME += [
    ("Pod", has("topology.kubernetes.io/zone", "eu-1")),
    ("Pod", has("topology.kubernetes.io/zone", operator="DoesNotExist")),
    ("Pod", has("service.istio.io/canonical-name", "w")),
    ("Pod", has("security.istio.io/tlsMode", operator="Exists")),
    ("Pod", has("kustomize.toolkit.fluxcd.io/name", "apps")),
    ("Pod", has("argocd.argoproj.io/instance", "apps", operator="NotIn")),
    ("Pod", has("app.kubernetes.io/instance", "apps")),
    ("Pod", has("app.kubernetes.io/managed-by", "Helm")),
    ("Pod", has("kapp.k14s.io/app", operator="Exists")),
]
ALL += [("DeploymentConfig", has("deploymentconfig", "w"))]
NONE = [
    ("Deployment", has("app.kubernetes.io/name", "w")),
    ("Deployment", has("deploymentconfig", "w")),
    ("DeploymentConfig", has("deploymentconfig", "other")),
    ("Rollout", has("role", "preview")),
    ("StatefulSet", has(NAME, "other-0")),
    ("StatefulSet", has(NAME, "w-00")),
    ("StatefulSet", has(NAME, operator="DoesNotExist")),
    ("StatefulSet", {"matchLabels": {NAME: "w-3", INDEX: "4"}}),
    ("StatefulSet", has("job-name", "w")),
    ("Deployment", has(NAME, "w-0")),
    ("Deployment", has("pod-template-hash", operator="DoesNotExist")),
    ("ReplicaSet", has("pod-template-hash", "7d4b9c8f5")),
    ("Job", has(JOB, "other")),
    ("Job", {"matchLabels": {"job-name": "w", JOB: "other"}}),
    ("Job", has("job-name", "w", operator="NotIn")),
    ("CronJob", has(JOB, "other-28931234")),
    ("Pod", has("app.kubernetes.io/name", "w")),
    ("Pod", has("example.com/team", "red")),
    ("Pod", has("pod-template-hash", "7d4b9c8f5")),
    ("Pod", has("job-name", operator="Exists")),
    ("Deployment", has("app.kubernetes.io/instance", "apps")),
    ("Deployment", has("kustomize.toolkit.fluxcd.io/name", "apps")),
]
EFFECTS = [*((*each, "all") for each in ALL), *((*each, "some") for each in SOME), *((*each, "none") for each in NONE)]


def policy(name: str, selector: object, **rules: object) -> dict[str, object]:
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name, "namespace": "shop"},
        "spec": {"podSelector": selector, "policyTypes": ["Ingress"], **rules},
    }


def write(tree: Tree, kind: str, *policies: dict[str, object], file: str = "all.yaml") -> None:
    version, spec = WORKLOADS[kind]
    metadata = {"name": "w", "namespace": "shop", **({"labels": {"app": "a"}} if kind == "Pod" else {})}
    workload = {"apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec}
    web = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web", "namespace": "shop"}, "spec": SPEC}
    tree.write(file, yaml.safe_dump_all([workload, web, policy("deny", {}), *policies]))


def row(tree: Tree, source: str, destination: str, allowed: bool) -> int:
    """Return the exit status of a test with one row."""
    told = {"from": source, "to": destination, "port": 80, "allowed": allowed}
    made = {"apiVersion": "bulkhead.dev/v1alpha1", "kind": "ReachabilityTest", "metadata": {"name": "t"}}
    tree.write("rows.yaml", yaml.safe_dump({**made, "spec": {"tests": [told]}}))
    return tree.bulkhead("test", "--manifests", "all.yaml", "--file", "rows.yaml").status


@pytest.mark.parametrize("as_peer", [False, True])
@pytest.mark.parametrize(("kind", "selector", "effect"), EFFECTS)
def test_what_a_controllers_label_selects_is_neither_denied_nor_allowed_where_it_is_not_known(
    kind: str, selector: dict[str, Any], effect: str, as_peer: bool, tree: Tree
) -> None:
    selector = {**selector, "matchLabels": {"app": "a", **selector.get("matchLabels", {})}}  # not the other pod
    subject, peer = ({}, selector) if as_peer else (selector, {})
    ends = ("shop/w", "shop/web") if as_peer else ("shop/web", "shop/w")
    rules = policy("some", subject, ingress=[{"from": [{"podSelector": peer}]}])
    write(tree, kind, rules)
    assert row(tree, *ends, allowed=False) == int(effect != "none")
    assert row(tree, *ends, allowed=True) == int(effect != "all")
    explained = tree.bulkhead("explain", "--manifests", "all.yaml", ends[0], f"{ends[1]}:80")
    assert explained.status == int(effect != "all")
    assert ("allowed" in explained.stdout) is (effect != "none"), explained.stdout
    reached = tree.bulkhead("reach", "--manifests", "all.yaml", "--from", ends[0], "--to", ends[1], "--port", "80")
    assert (f"{ends[0]}" in reached.stdout.partition("evidence")[0]) is (effect != "none"), reached.stdout
    write(tree, kind, file="before.yaml")
    compared = tree.bulkhead("diff", "--manifests", "before.yaml", "all.yaml", "--endpoints", "existing")
    assert ("OPENS" in compared.stdout) is (effect != "none"), compared.stdout
    linted = tree.bulkhead("lint", "--manifests", "all.yaml")
    if not as_peer:
        assert ("selector-matches-nothing" in linted.stdout) is (effect == "none"), linted.stdout


def test_another_ordinal_opens_one_pod_and_closes_another(tree: Tree) -> None:
    sides = {"old.yaml": "w-0", "new.yaml": "w-1"}
    for file, name in sides.items():
        write(tree, "StatefulSet", policy("some", has(NAME, name), ingress=[{}]), file=file)
    done = tree.bulkhead("diff", "--manifests", *sides, "--endpoints", "existing")
    assert done.status == 1
    assert "OPENS within" in done.stdout and "CLOSES within" in done.stdout


@pytest.mark.parametrize("written", ["apps", "x"])
def test_a_delivery_overwrites_the_label_that_a_pod_has(tree: Tree, written: str) -> None:
    by_instance = {"matchLabels": {"app.kubernetes.io/instance": "apps"}}
    labels = {"app.kubernetes.io/instance": written}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "w", "namespace": "shop", "labels": labels}}
    other = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web", "namespace": "shop"}, "spec": SPEC}
    documents = [{**pod, "spec": SPEC}, other, policy("some", by_instance)]
    tree.write("all.yaml", yaml.safe_dump_all(documents))
    assert (row(tree, "shop/web", "shop/w", True), row(tree, "shop/web", "shop/w", False)) == (1, 1)
    items = {"apiVersion": "v1", "kind": "List", "items": documents}
    tree.write("all.yaml", yaml.safe_dump(items))  # a dump: the pod has the labels that it has
    is_selected = written == "apps"
    assert row(tree, "shop/web", "shop/w", True) == int(is_selected)


def test_pods_of_a_dump_have_the_labels_that_they_have(tree: Tree) -> None:
    owner = {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "w", "uid": "u", "controller": True}
    names = {"app": "a", NAME: "w-0", INDEX: "0"}
    metadata = {"name": "w-0", "namespace": "shop", "labels": names, "ownerReferences": [owner]}
    pod: dict[str, object] = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": SPEC}
    write(tree, "StatefulSet", policy("some", has(NAME, "w-0"), ingress=[{}]), pod)
    assert row(tree, "shop/web", "shop/w", allowed=True) == 0

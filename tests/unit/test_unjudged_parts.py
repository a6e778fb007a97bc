"""
What configures an enforcer or a delivery, and what changes policies, is named, and its change is no "no effect".

The options are those of the documentation of Cilium, Calico, the VPC CNI, kube-router, Antrea, OVN-Kubernetes, Argo CD
and Flux that switch policies off, or leave them out of what is applied.
"""

from pathlib import Path
from typing import Any

import pytest
import yaml
from bulkhead.analysis.changes.unjudged_changes import unjudged_changes
from bulkhead.io.manifests.manifest_files import ManifestCluster, load

Json = dict[str, Any]
NETWORKS = {"k8s.v1.cni.cncf.io/networks": "lan"}


def made(version: str, kind: str, name: str = "x", **fields: Any) -> Json:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name, "namespace": "shop"}, **fields}


def config(name: str, **data: str) -> Json:
    return made("v1", "ConfigMap", name, data=data)


def pods(*words: str, image: str = "x", env: str = "", annotations: Json | None = None) -> Json:
    container = {"name": "c", "image": image, "args": list(words), "env": [{"name": "E", "value": env}]}
    return {"metadata": {"labels": {"app": "x"}, "annotations": annotations}, "spec": {"containers": [container]}}


def workload(template: Json, name: str = "x", kind: str = "DaemonSet") -> Json:
    if kind == "CronJob":
        return made(
            "batch/v1", kind, name, spec={"schedule": "* * * * *", "jobTemplate": {"spec": {"template": template}}}
        )
    if kind == "Pod":
        return made("v1", kind, name, **{**template, "metadata": {"name": name, **template["metadata"]}})
    return made("apps/v1", kind, name, spec={"selector": {"matchLabels": {"app": "x"}}, "template": template})


def loaded(path: Path, *documents: Json) -> ManifestCluster:
    path.write_text(yaml.safe_dump_all(documents))
    return load(str(path))


MAPS = [
    config("cilium-config", **{"enable-policy": "never"}), config("calico-config", cni_network_config="{}"),
    config("canal-config", a="b"), config("antrea-config", **{"antrea-agent.conf": "featureGates: {}"}),
    config("amazon-vpc-cni", **{"enable-network-policy-controller": "false"}), config("ovnkube-config", a="b"),
    config("argocd-cm", **{"resource.exclusions": "[]"}), config("argocd-cmd-params-cm", a="b"),
]  # fmt: skip
AGENTS = [
    ("kube-router", "x"), ("cilium", "x"), ("calico-node", "x"), ("aws-node", "x"), ("antrea-agent", "x"),
    ("kustomize-controller", "x"), ("a-argocd-repo-server", "x"), ("mine", "docker.io/cloudnativelabs/kube-router:v2"),
    ("mine", "quay.io/cilium/cilium@sha256:0"), ("mine", "registry:5000/mirrored-calico-node:v3"),
    ("mine", "ghcr.io/fluxcd/kustomize-controller:v1"), ("mine", "x/amazon/aws-network-policy-agent:v1"),
]  # fmt: skip
"""The names of workloads, and their images."""

COMMANDS = [
    ("kubectl", "delete", "networkpolicy", "--all"), ("sh", "-c", "kubectl -n a apply -f http://x"),
    ("oc", "label", "namespace", "x", "team=red"), ("helm", "upgrade", "x", "y"), ("argocd", "app", "sync", "x"),
]  # fmt: skip
OTHER_KINDS = [
    made("operator.tigera.io/v1", "Installation", spec={"cni": {"type": "Calico"}}),
    made("operator.openshift.io/v1", "Network", spec={}),
    made("policy.karmada.io/v1alpha1", "OverridePolicy", spec={}),
    made("hnc.x-k8s.io/v1alpha2", "HierarchyConfiguration", spec={"parent": "open"}),
    made("example.org/v1", "Unknown", spec={"deep": [{"resource": "networkpolicies"}]}),
    made("example.org/v1", "Unknown", spec={"text": "{{ kubectl delete NetworkPolicy }}"}),
    made("example.org/v1", "Unknown", spec={"networkPolicy": {"enabled": True}}),
]
NAMED = [
    *MAPS, *OTHER_KINDS, *(workload(pods(image=image), name) for name, image in AGENTS),
    workload(pods("/usr/local/bin/kube-router", "--run-firewall=false")),
    *(workload(pods(*words), kind=kind) for words in COMMANDS for kind in ("CronJob", "Pod")),
    *(workload(pods(annotations=NETWORKS), kind=kind) for kind in ("Deployment", "CronJob", "Pod")),
    made("argoproj.io/v1alpha1", "Rollout", spec={"template": pods(annotations=NETWORKS)}),
    config("script", run="set -e\nkubectl -n shop \\\n  delete netpol --all\n"),
]  # fmt: skip
HARMLESS = [
    config("app"), config("dashboard", a='{"title": "NetworkPolicy drops"}'), config("readme", a="kubectl get netpol"),
    config("x-cilium-config"), workload(pods("--log=kube-router.log")), workload(pods(image="cilium/json-mock:v1")),
    workload(pods(image="quay.io/argoproj/argocd:v3"), "argocd-dex-server"), workload(pods("kubectl", "get", "pods")),
    workload(pods(annotations={"k8s.v1.cni.cncf.io/network-status": "[]"})),
    made("rbac.authorization.k8s.io/v1", "ClusterRole", rules=[{"resources": ["networkpolicies"]}]),
    made("apiextensions.k8s.io/v1", "CustomResourceDefinition", spec={"names": {"kind": "GlobalNetworkPolicy"}}),
    made("monitoring.coreos.com/v1", "PrometheusRule", spec={"groups": [{"name": "NetworkPolicy drops"}]}),
    made("example.org/v1", "Unknown", spec={"text": "policy of the network"}),
]  # fmt: skip


@pytest.mark.parametrize("document", NAMED, ids=lambda each: f"{each['kind']} {each['metadata']['name']}")
def test_it_is_named_and_it_appears_and_goes(tmp_path: Path, document: Json) -> None:
    found = loaded(tmp_path / "one.yaml", document)
    assert (found.faults, len(found.unjudged), sum(number for _, number in found.evidence.unjudged)) == ((), 1, 1)
    assert [each.event.value for each in unjudged_changes((), found.unjudged)] == ["appears"]


@pytest.mark.parametrize("document", HARMLESS, ids=lambda each: f"{each['kind']} {each['metadata']['name']}")
def test_what_is_harmless_is_not_named(tmp_path: Path, document: Json) -> None:
    found = loaded(tmp_path / "one.yaml", document)
    assert (found.faults, found.unjudged) == ((), ())


@pytest.mark.parametrize(
    ("before", "after", "changes"),
    [
        (config("cilium-config", a="b"), config("cilium-config", a="c"), True),
        (config("argocd-cm", a="b"), config("argocd-cm", a="b"), False),
        *(
            (workload(pods("a", image=image), name), workload(changed, name), differs)
            for name, image in AGENTS
            for changed, differs in (
                (pods("b", image=image), True),
                (pods("a", image=image, env="b"), True),
                (pods("a", image=f"{image}-1"), False),
            )
        ),
        (workload(pods(annotations=NETWORKS)), workload(pods(annotations={**NETWORKS, "a": "b"})), False),
        (workload(pods(annotations=NETWORKS)), workload(pods(annotations=dict.fromkeys(NETWORKS, "wan"))), True),
        (workload(pods("kubectl", "apply")), workload(pods("kubectl", "apply", image="y")), False),
        (workload(pods("kubectl", "apply")), workload(pods("kubectl", "delete")), True),
        *((each, {**each, "spec": {**each["spec"], "new": 1}}, True) for each in OTHER_KINDS),
    ],
)
def test_only_what_is_not_judged_of_it_changes_the_verdict(
    tmp_path: Path, before: Json, after: Json, changes: bool
) -> None:
    sides = [loaded(tmp_path / name, each).unjudged for name, each in (("a.yaml", before), ("b.yaml", after))]
    assert [each.event.value for each in unjudged_changes(*sides)] == (["changes"] if changes else [])


OF_SERVER = {"uid": "2", "resourceVersion": "7", "creationTimestamp": "2026-01-31T12:00:00Z"}


@pytest.mark.parametrize("is_stored", [False, True])
def test_a_pod_that_a_controller_made_in_a_cluster_counts_with_its_workload(tmp_path: Path, is_stored: bool) -> None:
    made_by = {"apiVersion": "apps/v1", "kind": "DaemonSet", "name": "x", "uid": "1", "controller": True}
    document = workload(pods(annotations=NETWORKS), kind="Pod")
    document["metadata"] |= {"ownerReferences": [made_by], **(OF_SERVER if is_stored else {"uid": "2"})}
    assert len(loaded(tmp_path / "one.yaml", document).unjudged) == (not is_stored)


@pytest.mark.parametrize("field", ["labels", "annotations"])
@pytest.mark.parametrize("mark", ["cleanup.kyverno.io/ttl", "janitor/ttl", "janitor/expires"])
def test_a_policy_that_is_deleted_later_is_refused(tmp_path: Path, mark: str, field: str) -> None:
    policy = made("networking.k8s.io/v1", "NetworkPolicy", spec={"podSelector": {}})
    policy["metadata"][field] = {mark: "1h"}
    (fault,) = loaded(tmp_path / "one.yaml", policy).faults
    assert mark in fault.message

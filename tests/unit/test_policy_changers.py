"""What changes, deletes, refuses or applies NetworkPolicies without being one is named, and a change of it is said."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from bulkhead.io.manifests.manifest_files import load
from conftest import Tree

KYVERNO, ADMISSION = "kyverno.io/v1", "admissionregistration.k8s.io/v1"
POLICY = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "spec": {"podSelector": {}}}
ENCODED = {"a.yaml": base64.b64encode(yaml.safe_dump(POLICY).encode()).decode()}
DEPLOYMENTS = {"apiGroups": ["apps"], "resources": ["deployments"]}


def made(version: str, kind: str, **fields: Any) -> dict[str, Any]:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": "x", "namespace": "shop"}, **fields}


def kyverno(does: dict[str, Any], *kinds: str, kind: str = "ClusterPolicy") -> dict[str, Any]:
    matched = {"match": {"any": [{"resources": {"kinds": list(kinds)}}]}, **does}
    return made(KYVERNO, kind, spec={"rules": [matched]})


def cleanup(kind: str, matched: str) -> dict[str, Any]:
    return made("kyverno.io/v2", kind, spec={"match": {"any": [{"resources": {"kinds": [matched]}}]}})


def admission(kind: str, *resources: str, group: str = "networking.k8s.io") -> dict[str, Any]:
    rule = {"apiGroups": [group], "apiVersions": ["*"], "operations": ["*"], "resources": list(resources)}
    if kind.endswith("WebhookConfiguration"):
        return made(ADMISSION, kind, webhooks=[{"name": "a.b.c", "rules": [DEPLOYMENTS, rule]}])
    return made(ADMISSION, kind, spec={"matchConstraints": {"resourceRules": [rule]}})


def kyverno_expressions(kind: str, *resources: str) -> dict[str, Any]:
    return {**admission("MutatingAdmissionPolicy", *resources), "apiVersion": "policies.kyverno.io/v1", "kind": kind}


MUTATE: dict[str, Any] = {"mutate": {"patchStrategicMerge": {}}}
VALIDATE: dict[str, Any] = {"validate": {"deny": {}}}
TARGETS = {"mutate": {"targets": [{"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy"}]}}
GATEKEEPER = "mutations.gatekeeper.sh/v1"
NAMED = [
    kyverno(MUTATE, "NetworkPolicy"),
    kyverno(MUTATE, "NetworkPolicy", kind="Policy"),
    kyverno(VALIDATE, "NetworkPolicy"),
    kyverno(MUTATE, "Pod", "networking.k8s.io/v1/NetworkPolicy"),
    kyverno(MUTATE, "networking.k8s.io/*/NetworkPolicy"),
    kyverno(MUTATE, "*"),
    kyverno(MUTATE, "*/*"),
    kyverno(MUTATE, "Network*"),
    kyverno(MUTATE, "*/Net?orkPolicy"),
    kyverno(TARGETS, "ConfigMap"),
    kyverno({"generate": {"kind": "{{ request.object.data.kind }}", "name": "x"}}, "ConfigMap"),
    cleanup("ClusterCleanupPolicy", "NetworkPolicy"),
    cleanup("CleanupPolicy", "*"),
    kyverno_expressions("MutatingPolicy", "networkpolicies"),
    kyverno_expressions("DeletingPolicy", "*"),
    kyverno_expressions("GeneratingPolicy", "configmaps"),
    admission("MutatingAdmissionPolicy", "networkpolicies"),
    admission("MutatingAdmissionPolicy", "*", group="*"),
    admission("ValidatingAdmissionPolicy", "network*"),
    made(ADMISSION, "MutatingAdmissionPolicyBinding", spec={"policyName": "x"}),
    made(ADMISSION, "ValidatingAdmissionPolicyBinding", spec={"policyName": "x"}),
    admission("MutatingWebhookConfiguration", "networkpolicies"),
    admission("MutatingWebhookConfiguration", "*/*", group="*"),
    admission("ValidatingWebhookConfiguration", "*"),
    made(GATEKEEPER, "Assign", spec={"applyTo": [{"groups": ["*"], "kinds": ["*"]}]}),
    made(GATEKEEPER, "ModifySet", spec={}),
    made("constraints.gatekeeper.sh/v1beta1", "K8sNo", spec={"match": {"kinds": [{"kinds": ["NetworkPolicy"]}]}}),
    made("constraints.gatekeeper.sh/v1beta1", "K8sNo", spec={"match": {"kinds": [{"kinds": ["*"]}]}}),
    made("v1", "Secret", data=ENCODED),
    made("v1", "Secret", stringData={"a.yaml": yaml.safe_dump(POLICY)}),
    made("v1", "Secret", type="addons.cluster.x-k8s.io/resource-set", data={"a": "e30="}),
    made("v1", "ConfigMap", binaryData=ENCODED),
    made("v1", "ConfigMap", data={"a.json": json.dumps(POLICY)}),
    made("addons.cluster.x-k8s.io/v1beta1", "ClusterResourceSet", spec={}),
    made("kustomize.toolkit.fluxcd.io/v1", "Kustomization", spec={"patches": [{"target": {"kind": "NetworkPolicy"}}]}),
    made("helm.toolkit.fluxcd.io/v2", "HelmRelease", spec={}),
    made("helm.cattle.io/v1", "HelmChart", spec={}),
    made("kubeovn.io/v1", "Subnet", spec={"private": True}),
    made("access.smi-spec.io/v1alpha3", "TrafficTarget", spec={}),
    made("networking.istio.io/v1", "Sidecar", spec={}),
    made("cilium.io/v2", "CiliumEgressGatewayPolicy", spec={}),
    made("k8s.cni.cncf.io/v1", "NetworkAttachmentDefinition", spec={}),
]
OTHERS = [
    kyverno(MUTATE, "Pod"),
    kyverno(VALIDATE, "*/Pod", "apps/*/Deployment", "Pod/*"),
    cleanup("CleanupPolicy", "Pod"),
    admission("MutatingAdmissionPolicy", "pods", group=""),
    admission("MutatingWebhookConfiguration", "*", group="apps"),
    admission("ValidatingWebhookConfiguration", "ingresses"),
    made("rbac.authorization.k8s.io/v1", "ClusterRole", rules=[{"apiGroups": ["*"], "resources": ["networkpolicies"]}]),
    made("v1", "Secret", data={"a": "no base64!", "b": 3, "c": "TmV0d29ya1BvbGljeQ=="}),
    made("v1", "Secret"),
]


def named(path: Path, *documents: dict[str, Any]) -> list[str]:
    (path / "all.yaml").write_text(yaml.safe_dump_all(documents))
    return [each.kind.partition(" ")[0] for each in load(str(path)).unjudged]


@pytest.mark.parametrize("document", NAMED, ids=lambda each: each["kind"])
def test_what_may_change_policies_is_named(tmp_path: Path, document: dict[str, Any]) -> None:
    assert named(tmp_path, document) == [document["kind"]]


@pytest.mark.parametrize("document", OTHERS, ids=lambda each: each["kind"])
def test_what_is_about_other_kinds_is_not(tmp_path: Path, document: dict[str, Any]) -> None:
    assert not named(tmp_path, document)


def test_where_one_appears_changes_or_goes_the_verdict_is_not_that_nothing_changes(tree: Tree) -> None:
    policy = {**POLICY, "metadata": {"name": "p", "namespace": "shop"}}
    for number, document in enumerate(NAMED):
        changed = json.loads(json.dumps(document))
        for key in document.keys() - {"apiVersion", "kind", "metadata", "type"}:
            value = changed[key]
            changed[key] = [*value, {}] if isinstance(value, list) else {**value, "new": "bmV3"}
        sides = {"none": [policy], "one": [policy, document], "other": [policy, changed]}
        for side, documents in sides.items():
            tree.write(f"{number}/{side}.yaml", yaml.safe_dump_all(documents))
        for before, after, event in (("none", "one", "appears"), ("one", "none", "goes"), ("one", "other", "changes")):
            done = tree.bulkhead("diff", "--manifests", f"{number}/{before}.yaml", f"{number}/{after}.yaml")
            assert (done.status, done.stderr) == (2, "")
            headline = done.stdout.splitlines()[0]
            assert "CHANGE" in headline and event in headline and "NO EFFECT" not in headline, (document, headline)

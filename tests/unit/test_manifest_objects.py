"""What objects of any kind are to the analysis: pods, policies that are not judged, or kinds that may create pods."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from bulkhead.io.manifests.manifest_files import ManifestCluster, load
from bulkhead.io.manifests.manifest_locations import Places

TEMPLATE = {
    "metadata": {"labels": {"app": "web"}},
    "spec": {"containers": [{"name": "main", "ports": [{"containerPort": 80}]}]},
}
META = {"name": "web", "namespace": "shop"}


def read(folder: Path, *objects: dict[str, Any]) -> ManifestCluster:
    """Return what a folder with one file of *objects* holds."""
    (folder / "all.yaml").write_text(yaml.safe_dump_all(objects))
    return load(str(folder))


def dump(folder: Path, *objects: dict[str, Any]) -> ManifestCluster:
    """Return what a dump of *objects*, as `kubectl get -o json` prints it, holds."""
    file = folder / "dump.json"
    file.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}))
    return load(str(file))


def custom(api_version: str, kind: str, **spec: Any) -> dict[str, Any]:
    return {"apiVersion": api_version, "kind": kind, "metadata": META, "spec": spec}


# --- Workloads by shape ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("document", "names"),
    [
        (custom("argoproj.io/v1alpha1", "Rollout", template=TEMPLATE), ["web"]),
        (custom("apps.kruise.io/v1alpha1", "CloneSet", template=TEMPLATE), ["web"]),
        (custom("apps.openshift.io/v1", "DeploymentConfig", template=TEMPLATE), ["web"]),
        (custom("serving.knative.dev/v1", "Service", template=TEMPLATE), ["web"]),
        (custom("batch.volcano.sh/v1alpha1", "Job", tasks=[{"name": "a", "template": TEMPLATE}]), ["web"]),
        (custom("keda.sh/v1alpha1", "ScaledJob", jobTargetRef={"template": TEMPLATE}), ["web"]),
        (custom("elasticsearch.k8s.elastic.co/v1", "Elasticsearch", nodeSets=[{"podTemplate": TEMPLATE}]), ["web"]),
        (custom("agones.dev/v1", "Fleet", template={"spec": {"template": TEMPLATE}}), ["web"]),
        (
            custom(
                "apps.kruise.io/v1alpha1", "AdvancedCronJob", template={"jobTemplate": {"spec": {"template": TEMPLATE}}}
            ),
            ["web"],
        ),
        (
            custom(
                "jobset.x-k8s.io/v1alpha2",
                "JobSet",
                replicatedJobs=[
                    {"name": n, "template": {"spec": {"template": TEMPLATE}}} for n in ("driver", "workers")
                ],
            ),
            ["web-driver", "web-workers"],
        ),
        (
            custom(
                "ray.io/v1",
                "RayCluster",
                headGroupSpec={"template": TEMPLATE},
                workerGroupSpecs=[{"groupName": "small", "template": TEMPLATE}],
            ),
            ["web-headGroupSpec", "web-small"],
        ),
    ],
    ids=lambda value: value["kind"] if isinstance(value, dict) else "",
)
def test_whatever_has_a_pod_template_is_a_workload(tmp_path: Path, document: dict[str, Any], names: list[str]) -> None:
    found = read(tmp_path, document)
    assert sorted(pod.name for pod in found.cluster.pods) == names
    assert {(pod.namespace, pod.labels, len(pod.ports)) for pod in found.cluster.pods} == {
        ("shop", (("app", "web"),), 1)
    }
    assert (found.evidence.workloads, found.evidence.creators) == (1, ())


@pytest.mark.parametrize(
    "document",
    [
        custom("monitoring.coreos.com/v1", "Prometheus", replicas=2),
        custom("postgresql.cnpg.io/v1", "Cluster", instances=3),
        custom("kafka.strimzi.io/v1beta2", "Kafka", kafka={"replicas": 3}),
        custom("argoproj.io/v1alpha1", "Rollout", workloadRef={"name": "web"}),
        custom("nobody.example/v1", "NeverHeardOf"),
        {"apiVersion": "v1", "kind": "Unknown", "metadata": META},
    ],
    ids=lambda value: value["kind"],
)
def test_a_kind_that_may_create_pods_is_named(tmp_path: Path, document: dict[str, Any]) -> None:
    found = read(tmp_path, document)
    ((kind, count),) = found.evidence.creators
    assert kind.startswith(document["kind"])
    assert count == 1
    assert found.cluster.pods == ()


@pytest.mark.parametrize(
    ("api_version", "kind"),
    [
        ("v1", "ConfigMap"),
        ("v1", "Service"),
        ("rbac.authorization.k8s.io/v1", "ClusterRole"),
        ("apiextensions.k8s.io/v1", "CustomResourceDefinition"),
        ("monitoring.coreos.com/v1", "ServiceMonitor"),
        ("gateway.networking.k8s.io/v1", "HTTPRoute"),
        ("networking.k8s.io/v1", "Ingress"),
        ("crd.projectcalico.org/v1", "IPAMBlock"),
        ("networking.k8s.aws/v1alpha1", "PolicyEndpoint"),
    ],
)
def test_a_kind_that_creates_no_pods_is_not_named(tmp_path: Path, api_version: str, kind: str) -> None:
    found = read(tmp_path, custom(api_version, kind, template=TEMPLATE))
    assert (found.cluster.pods, found.evidence.creators, found.evidence.unjudged) == ((), (), ())


@pytest.mark.parametrize(
    ("api_version", "kind"),
    [
        ("cilium.io/v2", "CiliumNetworkPolicy"),
        ("cilium.io/v2", "CiliumClusterwideNetworkPolicy"),
        ("policy.networking.k8s.io/v9", "AdminNetworkPolicy"),
        ("policy.networking.k8s.io/v9", "BaselineAdminNetworkPolicy"),
        ("policy.networking.k8s.io/v9", "ClusterNetworkPolicy"),
        ("projectcalico.org/v3", "NetworkPolicy"),
        ("crd.projectcalico.org/v1", "NetworkPolicy"),
        ("projectcalico.org/v3", "GlobalNetworkPolicy"),
        ("projectcalico.org/v3", "StagedNetworkPolicy"),
        ("projectcalico.org/v3", "NetworkSet"),
        ("security.istio.io/v1", "AuthorizationPolicy"),
        ("k8s.ovn.org/v1", "EgressFirewall"),
        ("vpcresources.k8s.aws/v1beta1", "SecurityGroupPolicy"),
        ("networking.k8s.aws/v1alpha1", "ApplicationNetworkPolicy"),
        ("networking.k8s.aws/v1alpha1", "ClusterNetworkPolicy"),
        ("networking.gke.io/v1alpha1", "FQDNNetworkPolicy"),
        ("crd.antrea.io/v1beta1", "ClusterNetworkPolicy"),
        ("nobody.example/v1", "SomethingNetworkPolicy"),
    ],
)
def test_a_policy_that_is_not_judged_is_counted(tmp_path: Path, api_version: str, kind: str) -> None:
    for found in (read(tmp_path, custom(api_version, kind)), dump(tmp_path, custom(api_version, kind))):
        assert found.faults == ()
        assert found.evidence.unjudged == ((f"{kind} ({api_version.split('/')[0]})", 1),)
        assert found.cluster.policies == ()


@pytest.mark.parametrize("kind", ["NetworkPolcy", "networkpolicy", "NetworkPolicies", "Networkpolicy"])
def test_a_kind_that_the_group_of_network_policy_does_not_have_is_an_error(tmp_path: Path, kind: str) -> None:
    for found in (
        read(tmp_path, custom("networking.k8s.io/v1", kind)),
        dump(tmp_path, custom("networking.k8s.io/v1", kind)),
    ):
        (fault,) = found.faults
        assert fault.message.endswith(f"`{kind}` is no kind of `networking.k8s.io`")
        assert fault.hint == "did you mean `NetworkPolicy`?"


def test_items_that_are_no_list_are_an_error(tmp_path: Path) -> None:
    (fault,) = read(tmp_path, {"apiVersion": "v1", "kind": "List", "items": {"a": 1}}).faults
    assert fault.message == "`items` must be a list"


# --- Owners ----------------------------------------------------------------------------------------------------------


def pod(name: str, owner: tuple[str, str] | None, labels: dict[str, str], phase: str = "Running") -> dict[str, Any]:
    reference = [{"kind": owner[0], "name": owner[1], "controller": True}] if owner else []
    metadata = {"name": name, "namespace": "media", "labels": labels, "ownerReferences": reference}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "status": {"phase": phase}}


def made(kind: str, name: str, owner: tuple[str, str] | None, **spec: Any) -> dict[str, Any]:
    reference = [{"kind": owner[0], "name": owner[1], "controller": True}] if owner else []
    group = "batch/v1" if "Job" in kind else "apps/v1"
    metadata = {"name": name, "namespace": "media", "ownerReferences": reference}
    return {"apiVersion": group, "kind": kind, "metadata": metadata, "spec": spec}


HASHED = pod("jellyfin-7d4b9c8f5-abcde", ("ReplicaSet", "jellyfin-7d4b9c8f5"), {"pod-template-hash": "7d4b9c8f5"})


@pytest.mark.parametrize(
    ("objects", "owner"),
    [
        ([HASHED], ("media", "jellyfin", "Deployment")),
        ([HASHED, made("ReplicaSet", "jellyfin-7d4b9c8f5", ("Rollout", "tv"))], ("media", "tv", "Rollout")),
        (
            [pod("a-5f-x", ("ReplicaSet", "a-5f"), {"rollouts-pod-template-hash": "5f"})],
            ("media", "a", "Rollout"),
        ),
        ([pod("a-5f-x", ("ReplicaSet", "a-5f"), {})], ("media", "a-5f", "ReplicaSet")),
        ([pod("b-29012345-x", ("Job", "b-29012345"), {})], ("media", "b", "CronJob")),
        ([pod("b-x", ("Job", "b"), {})], ("media", "b", "Job")),
        ([pod("b-20260101-x", ("Job", "b-20260101"), {})], ("media", "b-20260101", "Job")),
        ([pod("m-x", ("Job", "by-hand"), {}), made("Job", "by-hand", ("CronJob", "b"))], ("media", "b", "CronJob")),
        ([pod("s-0", ("StatefulSet", "s"), {})], ("media", "s", "StatefulSet")),
    ],
)
def test_a_pod_goes_by_its_deployment_or_cron_job(
    tmp_path: Path, objects: list[dict[str, Any]], owner: tuple[str, str, str]
) -> None:
    for order in (objects, objects[::-1]):
        running = [each for each in dump(tmp_path, *order).cluster.pods if each.workload]
        assert {each.owner for each in running} == {owner}


def test_a_template_whose_pods_run_is_no_further_endpoint(tmp_path: Path) -> None:
    template = {"metadata": {"labels": {"app": "tv"}}, "spec": {"containers": [{"name": "c"}]}}
    labels = {"app": "tv", "pod-template-hash": "7d4b9c8f5"}
    running = pod("jellyfin-7d4b9c8f5-abcde", ("ReplicaSet", "jellyfin-7d4b9c8f5"), labels)
    deployment = made("Deployment", "jellyfin", None, template=template)
    old = made("ReplicaSet", "jellyfin-aaaa", ("Deployment", "jellyfin"), replicas=0, template=TEMPLATE)
    assert [each.name for each in dump(tmp_path, deployment, old, running).cluster.pods] == ["jellyfin-7d4b9c8f5-abcde"]
    other = made("Deployment", "jellyfin", None, template=TEMPLATE)
    assert [each.name for each in dump(tmp_path, other, running).cluster.pods] == [
        "jellyfin-7d4b9c8f5-abcde",
        "jellyfin",
    ]


@pytest.mark.parametrize("phase", ["Succeeded", "Failed"])
def test_a_finished_pod_is_no_endpoint_and_is_counted(tmp_path: Path, phase: str) -> None:
    found = dump(tmp_path, pod("a", None, {}, phase), pod("b", None, {}, "Pending"))
    assert [each.name for each in found.cluster.pods] == ["b"]
    assert (found.evidence.pods, found.evidence.finished) == (1, 1)


def test_a_workload_without_replicas_is_said(tmp_path: Path) -> None:
    found = read(tmp_path, made("Deployment", "a", None, replicas=0, template=TEMPLATE))
    assert found.evidence.idle == ("media/a",)
    assert len(found.cluster.pods) == 1


@pytest.mark.parametrize("kind", ["Pod", "Job"])
def test_a_generated_name_is_accepted_and_is_no_duplicate(tmp_path: Path, kind: str) -> None:
    version = {"Pod": "v1", "Job": "batch/v1"}[kind]
    one = {
        "apiVersion": version,
        "kind": kind,
        "metadata": {"generateName": "migrate-"},
        "spec": {"template": TEMPLATE},
    }
    found = read(tmp_path, one, one)
    assert (found.faults, found.evidence.notes) == ((), ())
    assert {each.name for each in found.cluster.pods} == {"migrate-"}


# --- Twice -----------------------------------------------------------------------------------------------------------


def test_two_objects_of_one_name_are_an_error_in_a_dump(tmp_path: Path) -> None:
    (fault,) = dump(tmp_path, pod("a", None, {}), pod("b", None, {}), pod("a", None, {"x": "y"})).faults
    assert "`Pod media/a` is in this list twice" in fault.message


def test_in_a_folder_the_later_of_two_objects_counts_and_it_is_said(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(yaml.safe_dump(pod("a", None, {"from": "first"})))
    (tmp_path / "b.yaml").write_text(yaml.safe_dump(pod("a", None, {"from": "second"})))
    found = load(str(tmp_path))
    assert [each.labels for each in found.cluster.pods] == [(("from", "second"),)]
    (note,) = found.evidence.notes
    assert note.startswith("written more than once, and only the last one counts: Pod media/a (")
    assert "a.yaml:1" in note and "b.yaml:1" in note


# --- Objects that hold policies --------------------------------------------------------------------------------------

POLICY = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "spec": {"podSelector": {}}}
GENERATED = {"generate": {"kind": "NetworkPolicy", "data": {"spec": {}}}}
CLONED = {"generate": {"kind": "CiliumNetworkPolicy", "clone": {"name": "x"}}}
BARE = {"items": [{"podSelector": {}, "policyTypes": ["Ingress"]}]}


def config_map(text: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": META, "data": {"a": text}}


@pytest.mark.parametrize(
    ("document", "kind"),
    [
        (custom("kyverno.io/v1", "ClusterPolicy", rules=[GENERATED]), "ClusterPolicy (kyverno.io)"),
        (custom("kyverno.io/v1", "Policy", rules=[CLONED]), "Policy (kyverno.io)"),
        (custom("kubernetes.crossplane.io/v1", "Object", manifest=POLICY), "Object (kubernetes.crossplane.io)"),
        (custom("capsule.clastix.io/v1beta2", "Tenant", networkPolicies=BARE), "Tenant (capsule.clastix.io)"),
        (config_map(yaml.safe_dump(POLICY)), "ConfigMap"),
        (config_map(json.dumps(POLICY)), "ConfigMap"),
    ],
)
def test_an_object_that_holds_a_policy_is_one_that_is_not_judged(
    tmp_path: Path, document: dict[str, Any], kind: str
) -> None:
    assert [each.kind for each in read(tmp_path, document).unjudged] == [kind]


@pytest.mark.parametrize(
    "document",
    [
        custom("wgpolicyk8s.io/v1alpha2", "PolicyReport", subject={"kind": "NetworkPolicy", "name": "x"}),
        custom("apiextensions.k8s.io/v1", "CustomResourceDefinition", names={"kind": "MyNetworkPolicy"}),
        config_map("about every NetworkPolicy"),
    ],
)
def test_one_that_only_speaks_of_policies_is_none(tmp_path: Path, document: dict[str, Any]) -> None:
    assert not read(tmp_path, document).unjudged


# --- Where a policy is written ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["projectcalico.org/v3", "crd.projectcalico.org/v1", "crd.antrea.io/v1alpha1"])
@pytest.mark.parametrize("as_list", [False, True])
def test_a_policy_is_not_located_at_another_kind_of_policy_of_the_same_name(
    tmp_path: Path, version: str, as_list: bool
) -> None:
    """The file with the other policy is read first."""
    foreign, own = custom(version, "NetworkPolicy"), custom("networking.k8s.io/v1", "NetworkPolicy", ingress=[])
    if as_list:
        foreign, own = ({"apiVersion": "v1", "kind": "List", "items": [each]} for each in (foreign, own))
    files = [tmp_path / "a.yaml", tmp_path / "b.yaml"]
    for file, document in zip(files, (foreign, own), strict=True):
        file.write_text(yaml.safe_dump(document))
    found = Places(map(str, files)).locate("NetworkPolicy", "shop", "web", ("spec",))
    assert found is not None and found.file == str(files[1])


@pytest.mark.parametrize(
    ("document", "kind"),
    [
        (custom("example.org/v1", "Installer", template=TEMPLATE, policy=POLICY), "Installer (example.org)"),
        (custom("example.org/v1", "Installer", template=TEMPLATE, more=BARE), "Installer (example.org)"),
        (custom("batch/v1", "Job", template=TEMPLATE, applies=yaml.safe_dump(POLICY)), "Job (batch)"),
        (custom("apps/v1", "Deployment", template=TEMPLATE, applies=json.dumps(POLICY)), "Deployment (apps)"),
    ],
)
def test_an_object_with_a_pod_template_and_a_policy_is_a_workload_and_not_judged(
    tmp_path: Path, document: dict[str, Any], kind: str
) -> None:
    found = read(tmp_path, document)
    assert [each.kind for each in found.unjudged] == [kind]
    assert (found.evidence.workloads, len(found.cluster.pods)) == (1, 1)


@pytest.mark.parametrize(
    ("version", "kind", "may_create_pods"),
    [
        ("argoproj.io/v1alpha1", "Application", True),
        ("argoproj.io/v1alpha1", "ApplicationSet", True),
        ("argoproj.io/v1alpha1", "AppProject", False),
        ("kustomize.toolkit.fluxcd.io/v1", "Kustomization", True),
        ("helm.toolkit.fluxcd.io/v2", "HelmRelease", True),
        ("source.toolkit.fluxcd.io/v1", "GitRepository", False),
        ("source.toolkit.fluxcd.io/v1", "OCIRepository", False),
        ("source.toolkit.fluxcd.io/v1", "HelmRepository", False),
        ("source.toolkit.fluxcd.io/v1", "Bucket", False),
        ("helm.cattle.io/v1", "HelmChart", True),
        ("fleet.cattle.io/v1alpha1", "GitRepo", True),
        ("work.open-cluster-management.io/v1", "ManifestWork", True),
        ("policy.open-cluster-management.io/v1", "ConfigurationPolicy", True),
        ("gitops.kluctl.io/v1beta1", "KluctlDeployment", True),
    ],
)
def test_what_a_delivery_is_told_to_apply_is_not_judged(
    tmp_path: Path, version: str, kind: str, may_create_pods: bool
) -> None:
    found = read(tmp_path, custom(version, kind, path="elsewhere"))
    assert [(each.kind, each.delivers) for each in found.unjudged] == [(f"{kind} ({version.partition('/')[0]})", True)]
    assert bool(found.evidence.creators) is may_create_pods


NO_OBJECTS = [None, 1, "x", True, [], [META], {}, {"metadata": META}, {"apiVersion": "v1", "metadata": META}]


@pytest.mark.parametrize("name", ["dump.json", "dump.yaml"])
@pytest.mark.parametrize("kind", ["List", "PodList"])
@pytest.mark.parametrize("item", NO_OBJECTS)
def test_no_item_of_a_list_is_left_out(tmp_path: Path, name: str, kind: str, item: Any) -> None:
    """kubectl reads a list only where each item is an object; one of a PodList has its kind from the list."""
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": META, "spec": TEMPLATE["spec"]}
    found = {"apiVersion": "v1", "kind": kind, "items": [pod, item]}
    (tmp_path / name).write_text(json.dumps(found))
    read_all = load(str(tmp_path / name))
    messages = [fault.message for fault in read_all.faults]
    assert messages, item
    if not isinstance(item, dict):
        assert messages[0].endswith("an item of a list that is no Kubernetes object")
    elif kind == "List":
        assert messages[0].endswith("`kind` is missing")

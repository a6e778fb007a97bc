"""
Namespaces, pods and workloads are held to the rules of the API: what a server refuses or drops is never judged.

The expected values are those of the API conventions for names, labels and annotations, and of the types in
`k8s.io/api/core/v1`. `tests/validation` holds the same to Kubernetes' own code.
"""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from bulkhead.io.manifests.manifest_files import ManifestCluster, load

CONTAINERS = [{"name": "main", "image": "i", "ports": [{"name": "http", "containerPort": 80}]}]
TEMPLATE = {"metadata": {"labels": {"app": "web"}}, "spec": {"hostNetwork": False, "containers": CONTAINERS}}
META = {"name": "web", "namespace": "shop", "labels": {"app": "web"}, "annotations": {"x.y/z": "any text"}}
POLICY: dict[str, Any] = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "NetworkPolicy",
    "metadata": {"name": "p", "namespace": "shop"},
    "spec": {"podSelector": {}},
}
VERSIONS = {
    "Deployment": "apps/v1",
    "StatefulSet": "apps/v1",
    "DaemonSet": "apps/v1",
    "ReplicaSet": "apps/v1",
    "ReplicationController": "v1",
    "Job": "batch/v1",
}


def workload(kind: str) -> dict[str, Any]:
    return {
        "apiVersion": VERSIONS[kind],
        "kind": kind,
        "metadata": copy.deepcopy(META),
        "spec": {"replicas": 3, "template": copy.deepcopy(TEMPLATE)},
    }


def rows(field: str, *values: Any) -> list[tuple[str, Any]]:
    return [(field, each) for each in values]


OBJECTS: dict[str, dict[str, Any]] = {
    "Pod": {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": META,
        "spec": {
            "nodeName": "node-1",
            "hostNetwork": False,
            "containers": CONTAINERS,
            "initContainers": [{"name": "i"}],
        },
        "status": {"phase": "Running", "podIP": "10.0.0.1", "podIPs": [{"ip": "10.0.0.1"}], "hostIP": "10.9.0.1"},
    },
    **{kind: workload(kind) for kind in VERSIONS},
    "CronJob": {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": META,
        "spec": {"jobTemplate": {"spec": {"template": TEMPLATE}}},
    },
    "Rollout": {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Rollout",
        "metadata": META,
        "spec": {"template": TEMPLATE},
    },
    "Namespace": {"apiVersion": "v1", "kind": "Namespace", "metadata": {**META, "namespace": None}},
}
TEMPLATES = {
    "Pod": "",
    **dict.fromkeys((*VERSIONS, "Rollout"), "spec.template."),
    "CronJob": "spec.jobTemplate.spec.template.",
}
WORDS: tuple[Any, ...] = (1, 1.5, True, [], {"a": "b"})
"""What is no text."""
NOT_NAMES = ("", "Web", "a_b", "-a", "a-", "a b", "a" * 254, "ä", "{{ .x }}")
NOT_VALUES = ("a b", "-a", "a-", "a" * 64, "a/b", "ä", "{{ .x }}")
NOT_KEYS = ("", "a b", "-a", "/a", "a/", "A.b/c", "a" * 64, "x/y/z")
METADATA: tuple[tuple[str, Any], ...] = (
    *rows("name", *NOT_NAMES, *WORDS),
    *rows("labels.app", *NOT_VALUES, *WORDS, None),
    *(("labels", {each: "x"}) for each in NOT_KEYS),
    *rows("labels", "a", ["a"], 1),
    *(("annotations", {each: "x"}) for each in NOT_KEYS if each != "A.b/c"),
    *(("annotations.a", each) for each in WORDS),
    ("annotations.a", "x" * (256 * 1024)),
    ("lables", {"app": "web"}),
    ("Labels", {"app": "web"}),
)
POD_FIELDS: tuple[tuple[str, Any], ...] = (
    *rows("spec.hostNetwork", "true", "false", 1, 0, [], {}),
    ("spec.hostnetwork", True),
    ("spec.HostNetwork", True),
    *rows("spec.containers", "a", {"name": "x"}, 1, ["a"], [[]]),
    *rows("spec.containers.0.ports", "80", {"containerPort": 80}, [80], ["80"]),
    *rows("spec.containers.0.ports.0.containerPort", "80", 0, -1, 65536, 80.5, True, None, []),
    *rows("spec.containers.0.ports.0.protocol", "tcp", "ICMP", 6, True, []),
    *rows("spec.containers.0.ports.0.name", "HTTP", "80", "a--b", "sixteen-letters-", 80, True),
    *((f"spec.containers.0.ports.0.{each}", 80) for each in ("ContainerPort", "port", "containerport")),
    ("spec.containers.0.Ports", []),
    ("spec.containers.0.ports", [{"name": "http", "containerPort": number} for number in (80, 81)]),
)
RUNNING: tuple[tuple[str, Any], ...] = (
    *rows("status.phase", 1, True, []),
    *rows("status.podIPs", "10.0.0.1", ["10.0.0.1"], [{"ip": 1}], [{"ip": "web"}], {"ip": "10.0.0.1"}),
    *rows("status.podIP", 1, True, ["10.0.0.1"]),
    *rows("status.hostIP", 1, ["10.9.0.1"]),
    ("spec.nodeName", 1),
    ("status.Phase", "Failed"),
)
CASES: list[tuple[str, str, Any]] = [
    *((kind, f"metadata.{field}", value) for kind in OBJECTS for field, value in METADATA),
    *(
        (kind, f"{above}{field}", value)
        for kind, above in TEMPLATES.items()
        for field, value in POD_FIELDS
        if kind != "Rollout" or field != "spec.containers"  # a template of others is found by its containers
    ),
    *(
        (kind, f"{above}metadata.{field}", value)
        for kind, above in TEMPLATES.items()
        for field, value in METADATA
        if above and field != "name"
    ),
    *(("Pod", field, value) for field, value in RUNNING),
    *(
        (kind, "spec.replicas", value)
        for kind in VERSIONS
        for _, value in rows("", "3", 1.5, True, [])
        if kind != "Job"
    ),
    *((kind, "Spec", {}) for kind in TEMPLATES if kind != "Rollout"),
    *((kind, "Metadata", {}) for kind in OBJECTS if kind != "Rollout"),
]


def changed(kind: str, field: str, value: Any) -> dict[str, Any]:
    """Return the object of *kind* with *value* at the path *field*."""
    found: dict[str, Any] = copy.deepcopy(OBJECTS[kind])
    at: Any = found
    *above, last = field.split(".")
    for step in above:
        at = at[int(step)] if isinstance(at, list) else at.setdefault(step, {})
    at[last] = value
    return found


def read(folder: Path, name: str, *objects: dict[str, Any]) -> ManifestCluster:
    """Return what is in *objects*: as YAML in a folder, or as a dump."""
    file = folder / name / ("all.yaml" if name == "m" else "dump.json")
    file.parent.mkdir(exist_ok=True)
    listed = {"apiVersion": "v1", "kind": "List", "items": objects}
    file.write_text(yaml.safe_dump_all(objects) if name == "m" else json.dumps(listed))
    return load(str(folder / name if name == "m" else file))


@pytest.mark.parametrize("name", ["m", "dump"])
@pytest.mark.parametrize("kind", OBJECTS)
def test_what_the_api_takes_is_read(tmp_path: Path, kind: str, name: str) -> None:
    found = read(tmp_path, name, OBJECTS[kind])
    assert found.faults == ()
    assert found.cluster.pods or found.cluster.namespaces


@pytest.mark.parametrize("kind", OBJECTS)
def test_what_the_api_refuses_is_refused_with_its_place(tmp_path: Path, kind: str) -> None:
    accepted = []
    for of, field, value in CASES:
        for name in ("m", "dump") if of == kind else ():
            found = read(tmp_path, name, changed(kind, field, value), POLICY)
            if not found.faults or found.cluster.pods or found.cluster.namespaces:
                accepted.append((name, field, value))
            assert all(each.location.file and each.location.line for each in found.faults)
    assert not accepted


@pytest.mark.parametrize("name", ["m", "dump"])
def test_every_wrong_field_is_named_at_once(tmp_path: Path, name: str) -> None:
    pod = changed("Pod", "metadata.labels", {"a b": "c", "app": 1})
    pod["spec"]["hostNetwork"] = "true"
    assert len(read(tmp_path, name, pod).faults) == 3


@pytest.mark.parametrize("name", ["m", "dump"])
def test_a_value_that_equals_a_valid_one_and_has_another_type_is_refused(tmp_path: Path, name: str) -> None:
    valid = changed("Pod", "metadata.labels.app", "1")
    valid["spec"]["containers"][0]["ports"] = [{"name": "http", "containerPort": 1}, {"containerPort": 2.0}]
    assert read(tmp_path, name, valid).faults == ()
    for field, value in (
        ("metadata.labels.app", 1),
        ("metadata.labels", {"app": True}),
        ("spec.containers.0.ports", [{"name": "http", "containerPort": True}, {"containerPort": 2}]),
        ("spec.containers.0.ports", [{"name": "http", "containerPort": "1"}, {"containerPort": 2}]),
    ):
        assert read(tmp_path, name, changed("Pod", field, value)).faults, (field, value)


# --- Kinds and versions ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["m", "dump"])
@pytest.mark.parametrize("judged", ["NetworkPolicy", *(kind for kind in OBJECTS if kind != "Rollout")])
def test_a_kind_in_another_spelling_is_refused(tmp_path: Path, judged: str, name: str) -> None:
    document = {**OBJECTS, "NetworkPolicy": POLICY}[judged]
    plural = f"{judged}s" if judged != "NetworkPolicy" else "NetworkPolicies"
    for spelling in (judged.lower(), judged.upper(), judged.capitalize(), f"{judged} ", plural):
        if spelling == judged:
            continue
        for version in (document["apiVersion"], "v1", "apps/v1", None):
            wrong = {**document, "kind": spelling}
            wrong = (
                {**wrong, "apiVersion": version} if version else {k: v for k, v in wrong.items() if k != "apiVersion"}
            )
            found = read(tmp_path, name, wrong, OBJECTS["Rollout"], {**POLICY, "metadata": {"name": "other"}})
            assert any(judged in each.message + each.hint for each in found.faults), (spelling, version)


@pytest.mark.parametrize("name", ["m", "dump"])
@pytest.mark.parametrize("judged", ["NetworkPolicy", *(kind for kind in OBJECTS if kind != "Rollout")])
@pytest.mark.parametrize("version", [None, "", "v2", "v1beta1", "apps/v2", "app/v1", "networking/v1", "batch", 1])
def test_a_version_that_never_had_the_kind_is_refused(tmp_path: Path, judged: str, version: Any, name: str) -> None:
    document = {**OBJECTS, "NetworkPolicy": POLICY}[judged]
    wrong = {**document, "apiVersion": version}
    if version is None:
        del wrong["apiVersion"]
    is_left_out = not version and judged != "NetworkPolicy"  # then it is plain what is meant
    assert bool(read(tmp_path, name, wrong).faults) != is_left_out


@pytest.mark.parametrize("version", ["extensions/v1beta1", "networking.k8s.io/v1beta1", "netwroking.k8s.io/v1", "v1"])
def test_a_policy_of_another_version_is_refused(tmp_path: Path, version: str) -> None:
    assert read(tmp_path, "m", {**POLICY, "apiVersion": version}).faults


@pytest.mark.parametrize("key", ["Kind", "KIND", "kind "])
@pytest.mark.parametrize("judged", ["NetworkPolicy", "Pod", "NetworkPolicyList"])
def test_a_key_in_another_spelling_is_no_file_without_an_object(tmp_path: Path, key: str, judged: str) -> None:
    document = {key: judged, **{k: v for k, v in POLICY.items() if k != "kind"}}
    assert read(tmp_path, "m", document, OBJECTS["Pod"]).faults


@pytest.mark.parametrize("judged", [*OBJECTS, "NetworkPolicy"])
def test_a_document_without_a_kind_is_refused(tmp_path: Path, judged: str) -> None:
    document = {k: v for k, v in {**OBJECTS, "NetworkPolicy": POLICY}[judged].items() if k != "kind"}
    is_known = judged != "Rollout"
    assert bool(read(tmp_path, "m", document, POLICY).faults) == is_known


@pytest.mark.parametrize("name", ["a.yaml", "a.json"])
@pytest.mark.parametrize(
    ("kind", "key"), [("list", "items"), ("LIST", "items"), ("NetworkPolicylist", "items"), ("List", "Items")]
)
def test_a_list_in_another_spelling_is_refused(tmp_path: Path, kind: str, key: str, name: str) -> None:
    (tmp_path / name).write_text(json.dumps({"apiVersion": "v1", "kind": kind, key: [POLICY]}))
    (tmp_path / "pod.yaml").write_text(yaml.safe_dump(OBJECTS["Pod"]))
    assert load(str(tmp_path)).faults
    assert load([str(tmp_path / name), str(tmp_path / "pod.yaml")]).faults


# --- Objects that are being deleted ----------------------------------------------------------------------------------

GOING = {"deletionTimestamp": "2026-01-31T12:00:00Z", "finalizers": ["x.y/z"]}


@pytest.mark.parametrize("name", ["m", "dump"])
@pytest.mark.parametrize("kind", OBJECTS)
def test_what_is_being_deleted_still_counts_and_is_named(tmp_path: Path, kind: str, name: str) -> None:
    leaving = copy.deepcopy(OBJECTS[kind])
    leaving["metadata"] |= GOING
    found = read(tmp_path, name, leaving)
    title = (
        "Namespace web" if kind == "Namespace" else f"{kind}{' (argoproj.io)' if kind == 'Rollout' else ''} shop/web"
    )
    assert (found.faults, found.evidence.notes[-1:]) == ((), (f"being deleted, and still counted: {title}",))
    assert len(found.evidence.notes) == 1 + (kind == "Pod" and name == "m")  # its status is not used
    assert found.cluster.pods or found.cluster.namespaces


@pytest.mark.parametrize("name", ["m", "dump"])
def test_a_policy_that_is_being_deleted_is_refused(tmp_path: Path, name: str) -> None:
    found = read(tmp_path, name, {**POLICY, "metadata": {**POLICY["metadata"], **GOING}}, OBJECTS["Pod"])
    assert ["is being deleted" in each.message for each in found.faults] == [True]


# --- Places in a dump ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [0, 1, 2])
@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("order", ["kind first", "items first"])
def test_a_problem_in_a_dump_names_the_item_and_the_field(
    tmp_path: Path, order: str, indent: int | None, number: int
) -> None:
    """A dump may be one line, so that the line says nothing."""
    for kind, field, value in [
        ("Pod", "hostNetwork", "true"),
        ("Pod", "containers", {}),
        ("Deployment", "replicas", "3"),
    ]:
        wrong = copy.deepcopy(OBJECTS[kind])
        wrong["spec"][field] = value
        items = [copy.deepcopy(OBJECTS["Namespace"]), copy.deepcopy(POLICY)]
        items.insert(number, wrong)
        head = {"apiVersion": "v1", "kind": "List"}
        document = {**head, "items": items} if order == "kind first" else {"items": items, **head}
        (tmp_path / "dump.json").write_text(json.dumps(document, indent=indent))
        (fault,) = load(str(tmp_path / "dump.json")).faults
        assert fault.message.startswith(f"items[{number}].spec.{field}, `{kind} shop/web`: `{field}` must be ")


@pytest.mark.parametrize("order", ["kind first", "items first"])
def test_an_item_without_a_kind_is_named_by_its_list(tmp_path: Path, order: str) -> None:
    item = {k: v for k, v in OBJECTS["Pod"].items() if k not in ("kind", "apiVersion")} | {"spec": []}
    head = {"apiVersion": "v1", "kind": "PodList"}
    document = {**head, "items": [item]} if order == "kind first" else {"items": [item], **head}
    (tmp_path / "dump.json").write_text(json.dumps(document, indent=1))
    (fault,) = load(str(tmp_path / "dump.json")).faults
    assert fault.message == "items[0].spec, `Pod shop/web`: `spec` must be a mapping"
    assert fault.location.line == (5 if order == "kind first" else 3)

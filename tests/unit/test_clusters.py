"""What a folder of manifests holds, and the place of what cannot be read."""

import io
import json
import os
from pathlib import Path
from typing import Any

import pytest
from bulkhead.core.kubernetes.cluster import NamedPort
from bulkhead.io.manifests.manifest_files import Known, load
from bulkhead.io.yaml import json_stream

TEMPLATE = """
      template:
        metadata: {labels: {app: web}}
        spec:
          containers: [{name: main, ports: [{name: http, containerPort: 80}, {containerPort: 81}]}]
"""


def read(folder: Path, **files: str) -> Any:
    for name, text in files.items():
        (folder / name.replace("_", ".")).write_text(text)
    return load(str(folder))


def faults(folder: Path, text: str, name: str = "a_yaml") -> Any:
    found = read(folder, **{name: text}).faults
    return [str(one).replace(f"{folder}/", "").splitlines()[0] for one in found]


@pytest.mark.parametrize(
    "kind", ["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job"]
)
def test_a_workload_stands_for_its_pods(tmp_path: Path, kind: str) -> None:
    group = {"Job": "batch/", "ReplicationController": ""}.get(kind, "apps/")
    text = f"apiVersion: {group}v1\nkind: {kind}\nmetadata: {{name: web, namespace: shop}}\nspec:\n  replicas: 3\n"
    (pod,) = read(tmp_path, a_yaml=text + TEMPLATE.replace("\n      ", "\n  ")).cluster.pods
    assert pod.owner == ("shop", "web", kind)
    assert pod.labels == (("app", "web"),)
    assert pod.ports == (NamedPort("http", "TCP", 80), NamedPort("", "TCP", 81))


def test_a_cron_job_has_its_template_two_levels_down(tmp_path: Path) -> None:
    text = f"kind: CronJob\nmetadata: {{name: nightly}}\nspec:\n  jobTemplate:\n    spec:{TEMPLATE}"
    (pod,) = read(tmp_path, a_yaml=text).cluster.pods
    assert pod.owner == ("default", "nightly", "CronJob")
    assert pod.labels == (("app", "web"),)


def test_items_of_a_list_without_a_kind_have_the_list_s(tmp_path: Path) -> None:
    pods = {"kind": "PodList", "items": [{"metadata": {"name": "one"}}, {"metadata": {"name": "two"}}]}
    for name in ("a.yaml", "b.json"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / name).write_text(json.dumps(pods))
        assert [pod.name for pod in load(str(folder)).cluster.pods] == ["one", "two"]
        assert [pod.name for pod in load(str(folder / name)).cluster.pods] == ["one", "two"]


def test_a_pod_belongs_to_the_workload_that_controls_it(tmp_path: Path) -> None:
    text = """
kind: List
items:
- kind: Pod
  metadata:
    name: web-abc
    ownerReferences: [{kind: Other, name: x}, {kind: ReplicaSet, name: web, controller: true}]
    uid: '1'
    resourceVersion: '7'
    creationTimestamp: '2026-01-31T12:00:00Z'
  spec: {hostNetwork: true}
  status: {hostIP: 192.168.0.1, podIPs: [{ip: 10.0.0.1}, {ip: "fd00::1"}]}
"""
    (tmp_path / "a.yaml").write_text(text)
    (pod,) = load(str(tmp_path / "a.yaml")).cluster.pods
    assert pod.owner == ("default", "web", "ReplicaSet")
    assert pod.addresses == ("10.0.0.1", "fd00::1")
    assert pod.host_network and pod.node == "192.168.0.1"


def test_a_mirror_pod_is_not_grouped_by_its_node(tmp_path: Path) -> None:
    text = "kind: Pod\nmetadata: {name: etcd, ownerReferences: [{kind: Node, name: n1, controller: true}]}\n"
    assert read(tmp_path, a_yaml=text).cluster.pods[0].owner == ("default", "etcd", "Pod")


def test_other_kinds_comments_and_empty_documents_hold_nothing(tmp_path: Path) -> None:
    text = "# Source: chart/templates/x.yaml\n---\n---\nkind: Service\nmetadata: {name: x}\n---\n# nothing\n"
    found = read(tmp_path, a_yaml=text, b_txt="not: [yaml", c_json="")
    assert found.cluster.pods == () and found.faults == ()


def test_anchors_are_followed(tmp_path: Path) -> None:
    text = "kind: Pod\nmetadata: {name: a, labels: &l {app: x}}\nspec: {other: *l}\n"
    assert read(tmp_path, a_yaml=text).cluster.pods[0].labels == (("app", "x"),)


POLICY = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p, namespace: m}\nspec:\n"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        pytest.param(
            "kind: [1",
            "a.yaml:2:1: error: not valid YAML: ",
            marks=pytest.mark.native,
        ),
        ("kind: 1\nb: 2\nkind: 3\n", "a.yaml:3:1: error: duplicate key `kind`"),
        pytest.param(
            "---\nkind: 1\n\tb: 2\n",
            "a.yaml:3:1: error: not valid YAML: ",
            marks=pytest.mark.native,
        ),
        ('{"kind": 1, "kind": 2}', "a.yaml:1:13: error: duplicate key `kind`"),
        ("kind: *b\n", "a.yaml:1:7: error: not valid YAML: found undefined alias"),
        ("kind: &b {c: 1}\nd:\n  <<: *b\n", "a.yaml:3:3: error: merge keys (`<<`) are not read"),
        ("kind: !thing 1\n", "a.yaml:1:7: error: the tag `!thing` is not read"),
        (
            "kind: Pod\nmetadata:\n  name: x\n  labels: {a: yes}\n",
            "a.yaml:4:15: error: a label's value must be text, found `true`",
        ),
        ("kind: Pod\nmetadata: x\n", "a.yaml:2:11: error: `metadata` must be a mapping"),
        ("kind: Pod\nmetadata: {labels: {}}\n", "a.yaml:2:11: error: `name` is missing"),
        (POLICY + "  podselector: {}\n", "a.yaml:5:16: error: unknown field `podselector`"),
        (POLICY + "  ingress:\n  - fron: []\n", "a.yaml:6:11: error: unknown field `fron`"),
        (POLICY + "  ingress:\n  -\n", "a.yaml:6:4: error: a rule that is null would allow everything"),
        (POLICY + "  ingress: [{from: [{}]}]\n", "a.yaml:5:21: error: a peer must have "),
        (POLICY + "  policyTypes: [ingress]\n", "a.yaml:5:17: error: unknown policy type `ingress`"),
        (POLICY + "  ingress: [{ports: [{port: 0}]}]\n", "a.yaml:5:29: error: `0` is no port"),
        (POLICY + "  ingress: [{ports: [{port: '80'}]}]\n", "a.yaml:5:29: error: `80` is no name of a port"),
        (
            POLICY + "  ingress: [{ports: [{port: 9, endPort: 8}]}]\n",
            "a.yaml:5:41: error: `endPort` 8 is before `port` 9",
        ),
        (POLICY + "  ingress: [{ports: [{endPort: 8}]}]\n", "a.yaml:5:32: error: `endPort` needs a `port`"),
        (POLICY + "  ingress: [{ports: [{protocol: tcp}]}]\n", "a.yaml:5:33: error: unknown protocol `tcp`"),
        (
            POLICY + "  ingress: [{from: [{ipBlock: {cidr: 10.0.0.0}}]}]\n",
            "a.yaml:5:38: error: `10.0.0.0` has no prefix length",
        ),
        (
            POLICY + "  ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8, except: [11.0.0.0/8]}}]}]\n",
            "a.yaml:5:59: error: `11.0.0.0/8` is not a part of `10.0.0.0/8`",
        ),
        (
            POLICY + "  podSelector: {matchExpressions: [{key: a, operator: in, values: [b]}]}\n",
            "a.yaml:5:55: error: unknown operator `in`",
        ),
        (
            POLICY + "  podSelector: {matchExpressions: [{key: a, operator: In}]}\n",
            "a.yaml:5:36: error: `In` needs `values`",
        ),
        (
            POLICY.replace("networking.k8s.io/v1", "extensions/v1beta1"),
            "a.yaml:1:13: error: there is no NetworkPolicy of ",
        ),
    ],
)
def test_what_cannot_be_read_is_a_fault_with_its_place(tmp_path: Path, text: str, says: str) -> None:
    found = faults(tmp_path, text)
    assert found and found[0].startswith(says)


def test_a_file_that_is_not_text_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(b"\xff\xfe\x00")
    assert [str(fault) for fault in load(str(tmp_path)).faults] == [
        f"{tmp_path}/a.yaml:1:1: error: not UTF-8 text: byte 0xff\nhint: save the file as UTF-8"
    ]


@pytest.mark.parametrize("ending", ["yaml", "json"])
@pytest.mark.parametrize(
    "before", ["", "a", "a\n", "ä\n\näb", "x" * (1 << 20), "ä" * (1 << 19) + "b", "\n" + "ä" * 600_000]
)
def test_a_byte_that_is_not_utf_8_has_its_place(tmp_path: Path, before: str, ending: str) -> None:
    """Also in a file of JSON, which is read in pieces of a mebibyte."""
    file = tmp_path / f"a.{ending}"
    file.write_bytes(b'{"a": "' + before.encode() + b'\xe9"}')
    line, column = before.count("\n") + 1, len(before.rpartition("\n")[2].encode()) + (1 if "\n" in before else 8)
    assert [str(fault) for fault in load(str(file)).faults] == [
        f"{file}:{line}:{column}: error: not UTF-8 text: byte 0xe9\nhint: save the file as UTF-8"
    ]


def test_a_folder_that_does_not_exist_is_a_fault(tmp_path: Path) -> None:
    assert [str(fault) for fault in load(str(tmp_path / "x")).faults] == [
        f"{tmp_path}/x: error: no such file or folder"
    ]


def test_the_same_text_is_read_once(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("kind: Namespace\nmetadata: {name: a}\n")
    known: Known = {}
    assert load(str(tmp_path), known).cluster.namespaces[0] is load(str(tmp_path), known).cluster.namespaces[0]


class Dripping(io.StringIO):
    """Gives a few characters at a time, so that every token is cut somewhere."""

    def read(self, size: int | None = -1) -> str:
        return super().read(7 if size is None or size < 0 else min(size, 7))


def test_a_stream_gives_the_same_as_the_whole() -> None:
    document = {
        "apiVersion": "v1",
        "n": 1234567890123,
        "items": [{"kind": "Pod", "x": "a" * 50}, {}],
        "kind": "PodList",
    }
    found = list(json_stream.items(Dripping(json.dumps(document, indent=2))))
    assert [item.data for item in found[:2]] == document["items"]
    assert [item.kind for item in found] == ["", "Pod", ""]
    assert found[0].line == 4 and found[2].data == {
        "apiVersion": "v1",
        "n": 1234567890123,
        "items": [],
        "kind": "PodList",
    }


@pytest.mark.parametrize("text", ['{"items": [{"a": 1}', '{"items": [{"a" 1}]}', "{", "[1]", '{"a": 1} x', ""])
def test_a_stream_that_is_no_json_is_a_fault(tmp_path: Path, text: str) -> None:
    file = tmp_path / "a.json"
    file.write_text(text)
    (fault,) = load(str(file)).faults
    assert str(fault).startswith(f"{file}:1:") and "this is no JSON" in str(fault)


def test_a_file_with_nothing_in_it_is_no_empty_cluster(tmp_path: Path) -> None:
    (tmp_path / "dump.yaml").write_text("")
    found = load(str(tmp_path / "dump.yaml"))
    assert [one.message for one in found.faults] == ["there is nothing in it"]


@pytest.mark.native
def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (fault,) = load(str(tmp_path / "pipe")).faults
    assert str(fault).startswith(f"{tmp_path / 'pipe'}: error: this is a pipe: only regular files are read\n")

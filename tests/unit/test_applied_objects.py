"""What only a cluster knows of an object counts where a cluster printed it, and nowhere else."""

import json
from pathlib import Path
from typing import Any

import pytest
from bulkhead.io.manifests.manifest_files import load

Json = dict[str, Any]
SERVER = {"uid": "1", "resourceVersion": "7", "creationTimestamp": "2026-01-31T12:00:00Z"}
FACTS: list[Json] = [
    {"podIP": "10.9.9.9"},
    {"podIPs": [{"ip": "10.9.9.9"}, {"ip": "fd00::9"}]},
    {"hostIP": "192.168.0.9"},
    {"phase": "Succeeded"},
    {"phase": "Failed", "podIP": "10.9.9.9"},
]


def pod(metadata: Json, status: Json) -> Json:
    spec = {"nodeName": "worker", "hostNetwork": True, "containers": [{"name": "c", "image": "i"}]}
    named = {"name": "web", "namespace": "shop", **metadata}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": named, "spec": spec, "status": status}


def items(found: Json) -> Json:
    return {"apiVersion": "v1", "kind": "List", "items": [found]}


def facts(status: Json) -> tuple[list[str], str, bool]:
    """Return the addresses and the node that *status* gives a pod, and whether it has ended."""
    listed = [each["ip"] for each in status.get("podIPs", ())]
    first = [status["podIP"]] if "podIP" in status else []
    return listed or first, status.get("hostIP", "worker"), status.get("phase") in ("Succeeded", "Failed")


@pytest.mark.parametrize("status", FACTS)
@pytest.mark.parametrize("missing", [(), *((key,) for key in SERVER), tuple(SERVER)])
@pytest.mark.parametrize("is_listed", [False, True])
@pytest.mark.parametrize("is_named", [False, True])
@pytest.mark.parametrize("ending", ["json", "yaml"])
def test_a_status_counts_where_a_cluster_printed_it(
    tmp_path: Path, status: Json, missing: tuple[str, ...], is_listed: bool, is_named: bool, ending: str
) -> None:
    written = pod({key: value for key, value in SERVER.items() if key not in missing}, status)
    file = tmp_path / f"pods.{ending}"
    file.write_text(json.dumps(items(written) if is_listed else written))
    found = load(str(file if is_named else tmp_path))
    is_printed = not missing
    is_live = is_named and (is_listed or is_printed)
    addresses, node, ended = facts(status if is_live else {})
    assert found.evidence.finished == ended
    for each in found.cluster.pods:
        assert (list(each.addresses), each.node) == (addresses, node)
    assert len(found.cluster.pods) == (not ended)
    note = "`status` is not used, because it does not come from a dump of a cluster: Pod shop/web"
    hint = "; name the file of a dump itself" if is_printed else ""
    assert found.evidence.notes == (() if is_live else (note + hint,))


def test_a_status_of_which_nothing_is_used_has_no_note(tmp_path: Path) -> None:
    (tmp_path / "pod.json").write_text(json.dumps(pod({}, {"phase": "Running"})))
    assert load(str(tmp_path)).evidence.notes == ()


@pytest.mark.native
@pytest.mark.parametrize("metadata", [{}, SERVER])
def test_what_kustomize_builds_is_no_dump(tmp_path: Path, metadata: Json) -> None:
    (tmp_path / "kustomization.yaml").write_text("resources: [pod.yaml]\n")
    (tmp_path / "pod.yaml").write_text(json.dumps(pod(metadata, {"podIP": "10.9.9.9"})))
    (found,) = load(str(tmp_path)).cluster.pods
    assert (found.addresses, found.node) == ((), "worker")


OLD_POLICY = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "NetworkPolicy",
    "spec": {"podSelector": {}, "egress": [{"to": [{"ipBlock": {"cidr": "10.0.0.9/08"}}]}]},
    "status": {"conditions": []},
}


@pytest.mark.parametrize("metadata", [{}, {"uid": "1"}, SERVER])
@pytest.mark.parametrize("is_listed", [False, True])
@pytest.mark.parametrize("is_named", [False, True])
@pytest.mark.parametrize("ending", ["json", "yaml"])
def test_a_policy_that_servers_refuse_today_passes_where_a_cluster_printed_it(
    tmp_path: Path, metadata: Json, is_listed: bool, is_named: bool, ending: str
) -> None:
    written = {**OLD_POLICY, "metadata": {"name": "p", **metadata}}
    file = tmp_path / f"policies.{ending}"
    file.write_text(json.dumps(items(written) if is_listed else written))
    found = load(str(file if is_named else tmp_path))
    is_live = bool(metadata) and is_named and (is_listed or metadata == SERVER)
    assert bool(found.faults) is not is_live, found.faults
    assert all("10.0.0.9/08" in each.message or "status" in each.message for each in found.faults)
    assert {each.location.file for each in found.faults} <= {str(file)}


def test_who_wrote_a_field_is_not_known_of_what_is_applied(tmp_path: Path) -> None:
    fields = {"f:metadata": {"f:labels": {"f:team": {}}}, "f:spec": {"f:ingress": {}}}
    metadata = {"managedFields": [{"manager": "x", "operation": "Update", "fieldsV1": fields}], **SERVER}
    policy = {**OLD_POLICY, "metadata": {"name": "p", **metadata}, "spec": {"podSelector": {}}, "status": {}}
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop", **metadata}}
    listed = {"apiVersion": "v1", "kind": "List", "items": [policy, space]}
    (tmp_path / "all.json").write_text(json.dumps(listed))
    for path, is_live in ((tmp_path / "all.json", True), (tmp_path, False)):
        found = load(str(path))
        (known,) = found.cluster.namespaces
        assert (bool(found.live), known.applied is not None, known.stored) == (is_live,) * 3

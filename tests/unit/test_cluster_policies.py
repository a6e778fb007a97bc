"""
ClusterNetworkPolicy and its predecessors: what no API server takes is refused, and nothing else.

The expected values are those of the types in `sigs.k8s.io/network-policy-api`, `apis/v1alpha1` to `apis/v1beta1`.
"""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from bulkhead.io.manifests.manifest_files import ManifestCluster, load

GROUP = "policy.networking.k8s.io"
PODS = {"pods": {"namespaceSelector": {}, "podSelector": {"matchLabels": {"app": "db"}}}}
CLUSTER: dict[str, Any] = {
    "apiVersion": f"{GROUP}/v1beta1",
    "kind": "ClusterNetworkPolicy",
    "metadata": {"name": "guard"},
    "spec": {
        "tier": "Admin",
        "priority": 10,
        "subject": {"namespaces": {"matchLabels": {"team": "shop"}}},
        "ingress": [
            {
                "name": "databases",
                "action": "Deny",
                "from": [PODS, {"namespaces": {}}],
                "protocols": [
                    {"tcp": {"destinationPort": {"number": 5432}}},
                    {"udp": {"destinationPort": {"range": {"start": 1, "end": 65535}}}},
                    {"sctp": {"destinationPort": {"number": 1}}},
                    {"destinationNamedPort": "http"},
                ],
            }
        ],
        "egress": [
            {"action": "Pass", "to": [{"networks": ["10.0.0.0/8", "fd00::/8"]}, {"nodes": {}}]},
            {"action": "Accept", "to": [{"domainNames": ["*.example.org"]}]},
        ],
    },
}
ADMIN: dict[str, Any] = {
    "apiVersion": f"{GROUP}/v1alpha1",
    "kind": "AdminNetworkPolicy",
    "metadata": {"name": "guard"},
    "spec": {
        "priority": 1000,
        "subject": PODS,
        "ingress": [
            {
                "action": "Allow",
                "from": [{"namespaces": {}}],
                "ports": [
                    {"portNumber": {"protocol": "TCP", "port": 80}},
                    {"portRange": {"protocol": "UDP", "start": 1, "end": 9}},
                    {"namedPort": "http"},
                ],
            }
        ],
    },
}
BASELINE: dict[str, Any] = {
    "apiVersion": f"{GROUP}/v1alpha1",
    "kind": "BaselineAdminNetworkPolicy",
    "metadata": {"name": "default"},
    "spec": {"subject": {"namespaces": {}}, "egress": [{"action": "Deny", "to": [{"networks": ["10.0.0.1/8"]}]}]},
}


def read(folder: Path, document: dict[str, Any]) -> ManifestCluster:
    (folder / "all.yaml").write_text(yaml.safe_dump(document))
    return load(str(folder))


def changed(document: dict[str, Any], path: tuple[str | int, ...], value: object) -> dict[str, Any]:
    """Return *document* with *value* at *path*; ``None`` removes what is there."""
    found = copy.deepcopy(document)
    at: Any = found
    for key in path[:-1]:
        at = at[key]
    if value is None:
        del at[path[-1]]
    else:
        at[path[-1]] = value
    return found


@pytest.mark.parametrize("document", [CLUSTER, ADMIN, BASELINE], ids=lambda each: each["kind"])
def test_a_policy_that_the_api_takes_is_named_as_not_judged(tmp_path: Path, document: dict[str, Any]) -> None:
    found = read(tmp_path, document)
    assert found.faults == ()
    assert found.evidence.unjudged == ((f"{document['kind']} ({GROUP})", 1),)


def test_the_first_release_took_networks_with_host_bits(tmp_path: Path) -> None:
    old = changed(CLUSTER, ("apiVersion",), f"{GROUP}/v1alpha2")
    assert read(tmp_path, changed(old, ("spec", "egress", 0, "to", 0, "networks", 0), "10.0.0.1/8")).faults == ()


RULE = ("spec", "ingress", 0)
OUT = ("spec", "egress", 0)


@pytest.mark.parametrize(
    ("document", "path", "value", "message"),
    [
        (CLUSTER, ("spec", "tier"), "admin", "`tier` is not `admin`"),
        (CLUSTER, ("spec", "tier"), None, "`tier` is missing"),
        (CLUSTER, ("spec", "priority"), 1001, "`1001` is no priority"),
        (CLUSTER, ("spec", "priority"), -1, "`-1` is no priority"),
        (CLUSTER, ("spec", "priority"), "10", "`priority` must be a whole number, not `10`"),
        (CLUSTER, ("spec", "priority"), None, "`priority` is missing"),
        (CLUSTER, ("spec", "rules"), [], "unknown field `rules`"),
        (CLUSTER, ("spec", "subject"), None, "`subject` has 0 of `namespaces`, `pods`"),
        (CLUSTER, ("spec", "subject", "pods"), PODS["pods"], "`subject` has 2 of `namespaces`, `pods`"),
        (CLUSTER, (*RULE, "action"), "Allow", "`action` is not `Allow`"),
        (CLUSTER, (*RULE, "action"), None, "`action` is missing"),
        (CLUSTER, (*RULE, "from"), [], "`from` has no entry"),
        (CLUSTER, (*RULE, "from"), None, "`from` has no entry"),
        (CLUSTER, (*RULE, "from"), [{"namespaces": {}}] * 26, "`from` has 26 entries"),
        (CLUSTER, (*RULE, "from", 0), {"networks": ["10.0.0.0/8"]}, "unknown field `networks`"),
        (CLUSTER, (*RULE, "from", 0), {"pods": {"namespaceSelector": {}}}, "`pods` needs a `podSelector`"),
        (CLUSTER, (*RULE, "ports"), [], "unknown field `ports`"),
        (CLUSTER, (*RULE, "protocols"), [], "`protocols` has no entry"),
        (CLUSTER, (*RULE, "protocols", 0, "tcp", "destinationPort", "number"), 0, "`0` is no port"),
        (CLUSTER, (*RULE, "protocols", 1, "udp", "destinationPort", "range", "end"), 1, "`end` 1 is not after `start`"),
        (CLUSTER, (*RULE, "protocols", 0, "tcp"), {}, "`tcp` has 0 of `destinationPort`"),
        (CLUSTER, ("spec", "egress", 1, "to", 0, "domainNames", 0), "a*.org", "`a*.org` is no name of a host"),
        (CLUSTER, (*RULE, "name"), "x" * 101, "the name of a rule has at most 100 characters"),
        (CLUSTER, (*OUT, "to", 0, "networks", 0), "10.0.0.1/8", "10.0.0.1/8"),
        (CLUSTER, (*OUT, "to", 0), {"domainNames": ["example.org"]}, "`domainNames` needs the action `Accept`"),
        (CLUSTER, ("spec", "ingress"), CLUSTER["spec"]["ingress"] * 26, "`ingress` has 26 entries"),
        (CLUSTER, (*OUT, "protocols"), [{"destinationNamedPort": "http"}], "an address has no named ports"),
        (ADMIN, ("spec", "priority"), 1001, "`1001` is no priority"),
        (ADMIN, (*RULE, "action"), "Accept", "`action` is not `Accept`"),
        (BASELINE, (*OUT, "action"), "Pass", "`action` is not `Pass`"),
        (BASELINE, ("metadata", "name"), "other", "has no other name than `default`"),
    ],
)
def test_what_the_api_refuses_is_an_error_with_its_line(
    tmp_path: Path, document: dict[str, Any], path: tuple[str | int, ...], value: object, message: str
) -> None:
    found = read(tmp_path, changed(document, path, value))
    assert any(message in fault.message for fault in found.faults), found.faults
    assert all(fault.location.line for fault in found.faults)


@pytest.mark.parametrize(
    "change",
    [
        lambda each: changed(each, ("metadata", "uid"), "4f1c"),
        lambda each: changed(each, ("apiVersion",), f"{GROUP}/v9"),
    ],
    ids=["stored", "of a later version"],
)
def test_what_a_server_took_and_later_versions_are_not_checked(
    tmp_path: Path, change: Callable[[dict[str, Any]], dict[str, Any]]
) -> None:
    found = read(tmp_path, change(changed(CLUSTER, ("spec", "later"), {"a": 1})))
    assert found.faults == ()
    assert found.evidence.unjudged == ((f"ClusterNetworkPolicy ({GROUP})", 1),)


@pytest.mark.parametrize("value", ["text", 7, [1], {"a": None}, [None], True])
@pytest.mark.parametrize(
    "path",
    [("spec",), ("spec", "subject"), ("spec", "ingress"), RULE, (*RULE, "from"), (*RULE, "from", 0), (*RULE, "action"),
     (*RULE, "from", 0, "pods"), (*RULE, "protocols"), (*RULE, "protocols", 0), (*RULE, "protocols", 0, "tcp"),
     (*OUT, "to", 0, "networks")],
)  # fmt: skip
def test_any_value_of_another_type_is_an_error(tmp_path: Path, path: tuple[str | int, ...], value: object) -> None:
    assert read(tmp_path, changed(CLUSTER, path, value)).faults

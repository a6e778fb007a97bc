"""
Truth tables: tiny clusters with rows written by hand from the Kubernetes specification.

A file has a list of *tables*.  Each has ``namespaces``, ``pods``, ``policies`` (NetworkPolicy
specs as people write them) and ``rows`` of ``[from, to, port, allowed, because]``.  An end is
``namespace/pod`` or an address, a port ``80`` (TCP) or ``53/UDP``.  ``mode`` is the ipBlock
mode, ``pods`` unless given.

The tables in ``kube-router/`` say what that enforcer does, and the kernel has to as well
(``tests/enforcement/test_truth.py``).  Each has a row that is otherwise in the specification, unless it says
``same``.  A row that is left to chance has ``chance`` in place of its verdict.
"""

from pathlib import Path
from typing import Any

import pytest
import yaml
from bulkhead.core.kubernetes.cluster import Cluster, Endpoint, External, Flow, Labels, NamedPort, Namespace, Pod
from bulkhead.core.kubernetes.networkpolicy import NetworkPolicy
from bulkhead.io.manifests import read_networkpolicy

Table = dict[str, Any]

HERE = Path(__file__).parent


def tables(folder: Path) -> list[Any]:
    return [
        pytest.param(table, id=f"{file.stem}: {table['shows']}")
        for file in sorted(folder.glob("*.yaml"))
        for table in yaml.safe_load(file.read_text())
    ]


TABLES, KUBE_ROUTER = tables(HERE), tables(HERE / "kube-router")


def cluster_of(table: Table) -> Cluster:
    return Cluster(
        tuple(Namespace(name, items(labels)) for name, labels in table["namespaces"].items()),
        tuple(pod_of(name, pod or {}) for name, pod in table["pods"].items()),
        tuple(policy_of(name, spec) for name, spec in table.get("policies", {}).items()),
        tuple(table.get("networks", ())),
        tuple(table.get("nodes", ())),
        tuple(table.get("services", ())),
    )


def items(labels: dict[str, str] | None) -> Labels:
    return tuple(sorted((labels or {}).items()))


def pod_of(name: str, pod: dict[str, Any]) -> Pod:
    namespace, own = name.split("/")
    return Pod(
        namespace,
        own,
        labels=items(pod.get("labels")),
        ports=tuple(
            named_port(text, sidecar)
            for key, sidecar in (("ports", False), ("sidecar", True))
            for text in pod.get(key, ())
        ),
        addresses=tuple(pod.get("addresses", ())),
        host_network=pod.get("hostNetwork", False),
        node=pod.get("node", ""),
    )


def named_port(text: str, sidecar: bool) -> NamedPort:
    name, number, protocol = text.replace("=", "/").split("/")
    return NamedPort(name, protocol, int(number), sidecar)


def policy_of(name: str, spec: dict[str, Any]) -> NetworkPolicy:
    namespace, own = name.split("/")
    problems: list[Any] = []
    document = {
        "apiVersion": read_networkpolicy.API_VERSION,
        "metadata": {"namespace": namespace, "name": own},
        "spec": spec,
    }
    found = read_networkpolicy.read(document, problems)
    assert found and not problems
    return found[0]


def flow_of(cluster: Cluster, source: str, destination: str, port: int | str) -> Flow:
    number, _, protocol = str(port).partition("/")
    return Flow(end(cluster, source), end(cluster, destination), protocol or "TCP", int(number))


def end(cluster: Cluster, text: str) -> Endpoint:
    if "/" not in text:
        return External(text)
    return next(pod for pod in cluster.pods if f"{pod.namespace}/{pod.name}" == text)

"""
Kubernetes resources as plain data to the values of a cluster: namespaces, pods, policies.

A workload stands for its pods by its template.  A pod that belongs to a workload carries the
workload's name and kind.  A pod that has finished counts: its workload runs again, and then
the same policies hold.
"""

from collections.abc import Iterator
from typing import Any

from bulkhead.core.diagnostics import Diagnostic, DiagnosticError, Location, Path, in_resource
from bulkhead.core.kubernetes.cluster import Labels, NamedPort, Namespace, Pod
from bulkhead.core.kubernetes.networkpolicy import NetworkPolicy
from bulkhead.core.sets import addresses
from bulkhead.core.sets.ports import LAST, PROTOCOLS
from bulkhead.io.manifests import read_networkpolicy

Thing = Namespace | Pod | NetworkPolicy

_TEMPLATES = {
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
    **dict.fromkeys(
        ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job"), ("spec", "template")
    ),
}
_READ = {"Namespace", "Pod", "NetworkPolicy", *_TEMPLATES}


class _Wrong(DiagnosticError):
    """Data of another shape than the API has it; becomes a Diagnostic at once."""

    def __init__(self, path: Path, message: str, hint: str = "") -> None:
        super().__init__(message, hint, Location(path=path))


def read(document: Any, problems: list[Diagnostic], kind: str = "", path: Path = ()) -> Iterator[Thing]:
    """
    Yield what *document* holds of a cluster; kinds that NetworkPolicy knows nothing of hold nothing.

    A list is read item by item; an item without a kind has the list's (a PodList holds
    pods).  What is wrong is added to *problems*.
    """
    if not isinstance(document, dict):
        if document is not None:
            problems.append(Diagnostic(in_resource("document", path), "a resource must be a mapping"))
        return
    found = document.get("kind") or kind
    if not isinstance(found, str):
        problems.append(Diagnostic(in_resource("document", (*path, "kind")), f"`kind` must be text, not `{found}`"))
    elif found.endswith("List") and isinstance(document.get("items"), list):
        for number, item in enumerate(document["items"]):
            yield from read(item, problems, found.removesuffix("List"), (*path, "items", number))
    elif found in _READ:
        yield from _thing(found, document, problems, path)


def _thing(kind: str, document: dict[str, Any], problems: list[Diagnostic], path: Path) -> Iterator[Thing]:
    if kind == "NetworkPolicy":
        if kind not in document.values():  # an item of a NetworkPolicyList has its kind and version from the list
            document = {"apiVersion": read_networkpolicy.API_VERSION, **document}
        policy = read_networkpolicy.read(document, problems, path)
        if policy:
            yield policy
        return
    try:
        thing = _namespace(document) if kind == "Namespace" else _pod(kind, document)
    except _Wrong as wrong:
        problems.append(
            Diagnostic(
                in_resource(f"{kind} {_name(document)}", (*path, *wrong.location.path)), wrong.message, wrong.hint
            )
        )
        return
    yield thing


def _name(document: dict[str, Any]) -> str:
    metadata = document.get("metadata")
    return str(metadata.get("name", "")) if isinstance(metadata, dict) else ""


def _namespace(document: dict[str, Any]) -> Namespace:
    metadata = _mapping(document, "metadata")
    return Namespace(_text(metadata, "name", ("metadata",)), _labels(metadata, ("metadata",)))


def _pod(kind: str, document: dict[str, Any]) -> Pod:
    metadata = _mapping(document, "metadata")
    if kind == "Pod":
        return _running(document, metadata)
    below: dict[str, Any] = document
    path = _TEMPLATES[kind]
    for number, step in enumerate(path):
        below = _mapping(below, step, path[:number])
    spec = _mapping(below, "spec", path)
    return Pod(
        namespace=_space(metadata),
        name=_text(metadata, "name", ("metadata",)),
        kind=kind,
        labels=_labels(_mapping(below, "metadata", path), (*path, "metadata")),
        ports=_ports(spec, (*path, "spec")),
        host_network=spec.get("hostNetwork") is True,
    )


def _running(document: dict[str, Any], metadata: dict[str, Any]) -> Pod:
    spec, status = _mapping(document, "spec"), _mapping(document, "status")
    kind, workload = _owner(metadata)
    return Pod(
        namespace=_space(metadata),
        name=_text(
            metadata, "generateName" if "generateName" in metadata and "name" not in metadata else "name", ("metadata",)
        ),
        kind=kind,
        workload=workload,
        labels=_labels(metadata, ("metadata",)),
        ports=_ports(spec, ("spec",)),
        addresses=_addresses(status),
        host_network=spec.get("hostNetwork") is True,
        node=str(status.get("hostIP") or spec.get("nodeName") or ""),
    )


def _owner(metadata: dict[str, Any]) -> tuple[str, str]:
    """Return kind and name of the workload that controls a pod. A mirror pod's node is no workload."""
    for owner in _list(metadata, "ownerReferences", ("metadata",)):
        if isinstance(owner, dict) and owner.get("controller") is True and owner.get("kind") != "Node":
            return str(owner.get("kind")), str(owner.get("name"))
    return "Pod", ""


def _space(metadata: dict[str, Any]) -> str:
    space = metadata.get("namespace") or "default"
    if not isinstance(space, str):
        raise _Wrong(("metadata", "namespace"), f"`namespace` must be text, not `{space}`", f'write `"{space}"`')
    return space


def _addresses(status: dict[str, Any]) -> tuple[str, ...]:
    given = [item.get("ip") for item in _list(status, "podIPs", ("status",)) if isinstance(item, dict)]
    found = tuple(str(text) for text in (given or [status.get("podIP")]) if text)
    for text in found:
        try:
            addresses.address(text)
        except ValueError:
            raise _Wrong(("status", "podIPs" if given else "podIP"), f"`{text}` is no IP address") from None
    return found


def _ports(spec: dict[str, Any], path: Path) -> tuple[NamedPort, ...]:
    """Return the ports of containers, named or not, and of sidecars: init containers that stay."""
    sidecars = [
        item
        for item in _list(spec, "initContainers", path)
        if isinstance(item, dict) and item.get("restartPolicy") == "Always"
    ]
    found = []
    for containers, sidecar in ((_list(spec, "containers", path), False), (sidecars, True)):
        for container in containers:
            for port in _list(container, "ports", path) if isinstance(container, dict) else ():
                if isinstance(port, dict):
                    found.append(_port(port, path, sidecar))
    return tuple(found)


def _port(port: dict[str, Any], path: Path, sidecar: bool) -> NamedPort:
    number, protocol = port.get("containerPort"), port.get("protocol") or "TCP"
    if not isinstance(number, int) or not 1 <= number <= LAST:
        raise _Wrong((*path, "containers"), f"`{number}` is no port", f"a port is a number from 1 to {LAST}")
    if protocol not in PROTOCOLS:
        raise _Wrong((*path, "containers"), f"unknown protocol `{protocol}`", "write `TCP`, `UDP` or `SCTP`")
    return NamedPort(str(port.get("name") or ""), protocol, number, sidecar)


def _mapping(data: dict[str, Any], key: str, path: Path = ()) -> dict[str, Any]:
    found = data.get(key)
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise _Wrong((*path, key), f"`{key}` must be a mapping")
    return found


def _list(data: dict[str, Any], key: str, path: Path) -> list[Any]:
    found = data.get(key)
    if found is None:
        return []
    if not isinstance(found, list):
        raise _Wrong((*path, key), f"`{key}` must be a list")
    return found


def _text(data: dict[str, Any], key: str, path: Path) -> str:
    found = data.get(key)
    if not isinstance(found, str) or not found:
        raise _Wrong(
            (*path, key), f"`{key}` must be text, not `{found}`" if found is not None else f"`{key}` is missing"
        )
    return found


def _labels(metadata: dict[str, Any], path: Path) -> Labels:
    found = _mapping(metadata, "labels", path)
    for key, text in found.items():
        if type(text) is not str:
            message = f"label `{key}` must be text, not `{text}`"
            raise _Wrong((*path, "labels", key), message, f'write `"{text}"`')
    return tuple(sorted(found.items()))

"""Pods, and pod templates, as plain data to values."""

from typing import Any

from bulkhead.core.diagnostics import Path
from bulkhead.core.kubernetes.cluster import NamedPort, Pod
from bulkhead.core.sets import addresses
from bulkhead.core.sets.ports import LAST, PROTOCOLS
from bulkhead.io.manifests.object_fields import InvalidField, items, mapping
from bulkhead.io.manifests.object_metadata import controller_of, labels_of, name_of, namespace_of
from bulkhead.io.manifests.pod_templates import PodTemplate


def running_pod(document: dict[str, Any], metadata: dict[str, Any]) -> Pod:
    """
    Return the pod that *document* is. Its workload is what controls it directly.

    :raises InvalidField: where a field has another type than in the API.
    """
    spec, status = mapping(document, "spec"), mapping(document, "status")
    kind, workload = controller_of(metadata)
    return Pod(
        namespace=namespace_of(metadata),
        name=name_of(metadata),
        kind=kind or "Pod",
        workload=workload,
        labels=labels_of(metadata),
        ports=_ports(spec, ("spec",)),
        addresses=_addresses(status),
        host_network=spec.get("hostNetwork") is True,
        node=str(status.get("hostIP") or spec.get("nodeName") or ""),
    )


def has_finished(document: dict[str, Any]) -> bool:
    """Say whether the pod that *document* is has ended: nothing runs in it, and its address is free."""
    return mapping(document, "status").get("phase") in ("Succeeded", "Failed")


def pod_of_template(kind: str, document: dict[str, Any], metadata: dict[str, Any], template: PodTemplate) -> Pod:
    """
    Return the pod that represents all pods of *template* in *document*, an object of *kind*.

    :raises InvalidField: where a field has another type than in the API.
    """
    below: Any = document
    for number, step in enumerate(template.path):
        # A template that was found by its shape is there: only its own kinds can have something else in the way.
        is_found = isinstance(step, int) or any(isinstance(each, int) for each in template.path[number:])
        below = below[step] if is_found else mapping(below, str(step), template.path[:number])
    spec = mapping(below, "spec", template.path)
    name = name_of(metadata)
    return Pod(
        namespace=namespace_of(metadata),
        name=f"{name}-{template.part}" if template.part else name,
        kind=kind,
        labels=labels_of(mapping(below, "metadata", template.path), (*template.path, "metadata")),
        ports=_ports(spec, (*template.path, "spec")),
        host_network=spec.get("hostNetwork") is True,
    )


def _addresses(status: dict[str, Any]) -> tuple[str, ...]:
    given = [item.get("ip") for item in items(status, "podIPs", ("status",)) if isinstance(item, dict)]
    found = tuple(str(text) for text in (given or [status.get("podIP")]) if text)
    for text in found:
        try:
            addresses.address(text)
        except ValueError:
            raise InvalidField(("status", "podIPs" if given else "podIP"), f"`{text}` is no IP address") from None
    return found


def _ports(spec: dict[str, Any], path: Path) -> tuple[NamedPort, ...]:
    """Return the ports of containers, named or not, and of sidecars: init containers that stay."""
    sidecars = [
        item
        for item in items(spec, "initContainers", path)
        if isinstance(item, dict) and item.get("restartPolicy") == "Always"
    ]
    found = []
    for containers, sidecar in ((items(spec, "containers", path), False), (sidecars, True)):
        for container in containers:
            for port in items(container, "ports", path) if isinstance(container, dict) else ():
                if isinstance(port, dict):
                    found.append(_port(port, path, sidecar))
    return tuple(found)


def _port(port: dict[str, Any], path: Path, sidecar: bool) -> NamedPort:
    number, protocol = port.get("containerPort"), port.get("protocol") or "TCP"
    if not isinstance(number, int) or not 1 <= number <= LAST:
        raise InvalidField((*path, "containers"), f"`{number}` is no port", f"a port is a number from 1 to {LAST}")
    if protocol not in PROTOCOLS:
        raise InvalidField((*path, "containers"), f"unknown protocol `{protocol}`", "write `TCP`, `UDP` or `SCTP`")
    return NamedPort(str(port.get("name") or ""), protocol, number, sidecar)

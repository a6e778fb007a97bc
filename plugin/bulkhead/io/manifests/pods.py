"""
Pods, and pod templates, as plain data to values.

Every field that is read has the type that the API has for it. The other fields of a pod decide nothing about traffic
and are not looked at.
"""

from collections.abc import Sequence
from typing import Any

from bulkhead.core.diagnostics import Path
from bulkhead.core.kubernetes.cluster import NamedPort, Pod
from bulkhead.core.record import replaced
from bulkhead.core.sets import addresses
from bulkhead.core.sets.ports import LAST, PROTOCOLS
from bulkhead.io.manifests import strict_metadata
from bulkhead.io.manifests.content_key import content_key
from bulkhead.io.manifests.pod_templates import PodTemplate
from bulkhead.io.manifests.strict_metadata import Metadata
from bulkhead.io.manifests.strict_reader import StrictReader, is_port_name, whole_number
from bulkhead.io.yaml.paths import value_at

_POD = ("hostNetwork", "containers", "initContainers", "nodeName")
_STATUS = ("phase", "podIP", "podIPs", "hostIP")
_CONTAINER = ("ports", "restartPolicy")
_PORT = ("name", "hostPort", "containerPort", "protocol", "hostIP")


def running_pod(reader: StrictReader, document: dict[str, Any], metadata: Metadata) -> Pod:
    """Return the pod that *document* is. Its workload is what controls it directly."""
    spec = _spec(reader, document.get("spec"), ("spec",))
    status = reader.mapping(document.get("status"), ("status",))
    reader.known_case(status, ("status",), _STATUS)
    kind, workload = metadata.controller
    address = reader.text(status.get("hostIP"), ("status", "hostIP"))
    node = reader.text(spec.get("nodeName"), ("spec", "nodeName"))
    return Pod(
        namespace=metadata.namespace,
        name=metadata.name,
        kind=kind or "Pod",
        workload=workload,
        labels=metadata.labels,
        ports=_ports(reader, spec, ("spec",)),
        addresses=_addresses(reader, status),
        host_network=reader.flag(spec.get("hostNetwork"), ("spec", "hostNetwork")),
        node=address or node,
    )


def node_name(document: dict[str, Any]) -> str:
    """Return the name of the node that the pod *document* asks for; empty where it asks for none."""
    name = value_at(document, "spec", "nodeName")
    return name if isinstance(name, str) else ""


def has_finished(reader: StrictReader, document: dict[str, Any]) -> bool:
    """Say whether the pod that *document* is has ended: nothing runs in it, and its address is free."""
    status = document.get("status")
    phase = status.get("phase") if isinstance(status, dict) else None
    return reader.text(phase, ("status", "phase")) in ("Succeeded", "Failed")


def pod_of_template(
    reader: StrictReader, kind: str, document: dict[str, Any], metadata: Metadata, template: PodTemplate
) -> Pod:
    """Return the pod that represents all pods of *template* in *document*, an object of *kind*."""
    below: Any = document
    for number, step in enumerate(template.path):
        # A template that was found by its shape is there: only its own kinds can have something else in the way.
        is_found = isinstance(step, int) or any(isinstance(each, int) for each in template.path[number:])
        if not is_found:
            below = reader.mapping(below, template.path[:number])
            reader.known_case(below, template.path[:number], (str(step),))
        below = below[step] if is_found else below.get(step)
    found = reader.mapping(below, template.path)
    reader.known_case(found, template.path, ("metadata", "spec"))
    spec = _spec(reader, found.get("spec"), (*template.path, "spec"))
    return Pod(
        namespace=metadata.namespace,
        name=f"{metadata.name}-{template.part}" if template.part else metadata.name,
        kind=kind,
        labels=strict_metadata.labels_of_template(reader, found.get("metadata"), (*template.path, "metadata")),
        ports=_ports(reader, spec, (*template.path, "spec")),
        host_network=reader.flag(spec.get("hostNetwork"), (*template.path, "spec", "hostNetwork")),
    )


def with_labels(pod: Pod, labels: dict[str, str]) -> Pod:
    """Return *pod* with *labels* in addition to its own."""
    return replaced(pod, labels=tuple(sorted({**dict(pod.labels), **labels}.items())))


def _spec(reader: StrictReader, data: Any, path: Path) -> dict[str, Any]:
    spec = reader.mapping(data, path)
    reader.known_case(spec, path, _POD)
    return spec


def _addresses(reader: StrictReader, status: dict[str, Any]) -> tuple[str, ...]:
    given = []
    for place, item in reader.items(status.get("podIPs"), ("status", "podIPs")):
        found = reader.mapping(item, place, ("ip",))
        given.append(((*place, "ip"), reader.text(found.get("ip"), (*place, "ip"))))
    first = reader.text(status.get("podIP"), ("status", "podIP"))
    given = given or [(("status", "podIP"), first)]
    for place, text in given:
        if text and not _is_address(text):
            reader.refuse(place, f"`{text}` is no IP address")
    return tuple(text for _, text in given if text)


def _is_address(text: str) -> bool:
    try:
        addresses.address(text)
    except ValueError:
        return False
    return True


def _ports(reader: StrictReader, spec: dict[str, Any], path: Path) -> tuple[NamedPort, ...]:
    """Return the ports of containers, named or not, and of sidecars: init containers that stay."""
    found: list[NamedPort] = []
    for field in ("containers", "initContainers"):
        for place, item in reader.items(spec.get(field), (*path, field)):
            container = reader.mapping(item, place)
            reader.known_case(container, place, _CONTAINER)
            is_init = field == "initContainers"
            ports = _ports_of(reader, container.get("ports"), (*place, "ports"), is_init)
            stays = reader.text(container.get("restartPolicy"), (*place, "restartPolicy")) == "Always"
            found += ports if stays or not is_init else []
    return tuple(found)


_REMEMBERED = 1 << 12
"""Lists of ports that are remembered: containers of one image have the same one."""

_known_ports: dict[tuple[bytes, bool], tuple[NamedPort, ...]] = {}


def _ports_of(reader: StrictReader, data: Any, path: Path, sidecar: bool) -> Sequence[NamedPort]:
    """Return the ports of one container. Those of a valid list are remembered by its content."""
    if data is None:
        return ()
    key = content_key(data), sidecar
    known = _known_ports.get(key)
    if known is not None:
        return known
    before = len(reader.problems)
    ports = tuple(_port(reader, port, at, sidecar) for at, port in reader.items(data, path))
    _check_twice(reader, ports, path)
    if key[0] and len(reader.problems) == before and len(_known_ports) < _REMEMBERED:
        _known_ports[key] = ports
    return ports


def _check_twice(reader: StrictReader, ports: Sequence[NamedPort], path: Path) -> None:
    names = [port.name for port in ports if port.name]
    for name in {name for name in names if names.count(name) > 1} if len(names) > 1 else ():
        reader.refuse(path, f"two ports of a container are called `{name}`", "give each a name of its own")


def _port(reader: StrictReader, data: Any, path: Path, sidecar: bool) -> NamedPort:
    port = reader.mapping(data, path, _PORT)
    number, protocol = whole_number(port.get("containerPort")), reader.text(port.get("protocol"), (*path, "protocol"))
    if number is None or not 1 <= number <= LAST:
        at = (*path, "containerPort")
        reader.refuse(at, f"`{port.get('containerPort')}` is no port", f"a port is a number from 1 to {LAST}")
    if protocol and protocol not in PROTOCOLS:
        reader.refuse((*path, "protocol"), f"unknown protocol `{protocol}`", "write `TCP`, `UDP` or `SCTP`")
    name = reader.text(port.get("name"), (*path, "name"))
    if name and not is_port_name(name):
        hint = "use at most 15 small letters, digits and `-`, with a letter among them"
        reader.refuse((*path, "name"), f"`{name}` is no name of a port", hint)
    return NamedPort(name, protocol or "TCP", number or 0, sidecar)

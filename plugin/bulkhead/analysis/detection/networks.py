"""The networks of a cluster: from where they are configured, else what the addresses make probable."""

import ipaddress
import re
from collections.abc import Iterable, Iterator
from typing import TypeAlias

from bulkhead.analysis.detection.dump_objects import DumpObject, at, listed, texts
from bulkhead.analysis.detection.enforcers import version
from bulkhead.analysis.detection.fact import Fact, Missing

Network: TypeAlias = "ipaddress.IPv4Network | ipaddress.IPv6Network"

_DEFAULTS = {
    "+k3s": ("k3s", "10.42.0.0/16", "10.43.0.0/16"),
    "+rke2": ("RKE2", "10.42.0.0/16", "10.43.0.0/16"),
    "+k0s": ("k0s", "10.244.0.0/16", "10.96.0.0/12"),
}
"""Name, network of pods and of Services by default, by what is in the version of a node."""


def pod_network(objects: tuple[DumpObject, ...]) -> Fact | Missing:
    """Return the network of pods."""
    configured = _configured(objects, "podSubnet", "--cluster-cidr")
    if configured:
        return Fact("network of pods", *configured)
    pools = [each for each in objects if each.kind == "IPPool"]
    if found := _networks(text for each in pools for text in texts(each.at("spec", "cidr"))):
        return Fact("network of pods", _shown(found), "IPPool " + ", ".join(each.name for each in pools))
    nodes = _networks(text for each in _of(objects, "Node") for text in texts(each.at("spec", "podCIDRs")))
    if nodes:
        return _probable(
            "network of pods", nodes, f"podCIDRs of {len(_of(objects, 'Node'))} nodes", _default(objects, 1)
        )
    pods = _networks(
        text for each in _of(objects, "Pod") if not each.at("spec", "hostNetwork") for text in _pod_ips(each)
    )
    if pods:
        return _probable("network of pods", pods, f"addresses of {len(pods)} pods", _default(objects, 1))
    return Missing("the network of pods: no node says its podCIDRs, and no pod has an address")


def service_network(objects: tuple[DumpObject, ...]) -> Fact | Missing:
    """Return the network of Services."""
    ranges = _of(objects, "ServiceCIDR")
    if found := _networks(text for each in ranges for text in texts(each.at("spec", "cidrs"))):
        return Fact("network of Services", _shown(found), "ServiceCIDR " + ", ".join(each.name for each in ranges))
    configured = _configured(objects, "serviceSubnet", "--service-cluster-ip-range")
    if configured:
        return Fact("network of Services", *configured)
    found = _networks(
        text
        for each in _of(objects, "Service")
        for text in texts(each.at("spec", "clusterIPs")) or texts(each.at("spec", "clusterIP"))
    )
    if found:
        return _probable("network of Services", found, f"addresses of {len(found)} Services", _default(objects, 2))
    return Missing("the network of Services: no Service has an address")


def node_network(objects: tuple[DumpObject, ...]) -> Fact | Missing:
    """Return the networks of nodes: for each the /24, or /64, in which an address of a node is."""
    addresses = list(_networks(text for each in _of(objects, "Node") for text in internal_addresses(each)))
    found = sorted({each.supernet(new_prefix=24 if each.version == 4 else 64) for each in addresses}, key=str)
    if not found:
        return Missing("the network of nodes: no node has an InternalIP")
    return Fact("network of nodes", _shown(found), f"InternalIP of {len(addresses)} nodes, as /24", is_guess=True)


def load_balancers(objects: tuple[DumpObject, ...]) -> Fact | Missing:
    """Return the addresses that Services of type LoadBalancer have."""
    services = [each for each in _of(objects, "Service") if each.at("spec", "type") == "LoadBalancer"]
    found = _networks(
        text
        for each in services
        for one in listed(each.at("status", "loadBalancer", "ingress"))
        for text in texts(at(one, "ip"))
    )
    if not found:
        return Missing("")
    return Fact("addresses of load balancers", _shown(found), f"status of {len(services)} Services")


def internal_addresses(node: DumpObject) -> Iterator[str]:
    """Yield the InternalIPs of *node*."""
    for each in listed(node.at("status", "addresses")):
        if at(each, "type") == "InternalIP":
            yield from texts(at(each, "address"))


def _of(objects: tuple[DumpObject, ...], kind: str) -> list[DumpObject]:
    return [each for each in objects if each.kind == kind]


def _pod_ips(pod: DumpObject) -> list[str]:
    return [text for each in listed(pod.at("status", "podIPs")) for text in texts(at(each, "ip"))] or texts(
        pod.at("status", "podIP")
    )


def _configured(objects: tuple[DumpObject, ...], key: str, argument: str) -> tuple[tuple[str, ...], str] | None:
    """Return what kubeadm's configuration says under *key*, or the control plane's *argument*, with the source."""
    for each in objects:
        if each.kind == "ConfigMap" and each.name == "kubeadm-config":
            said = re.search(
                rf"^ *{key}: *\"?([^\s\"]+)", "".join(texts(each.at("data", "ClusterConfiguration"))), re.M
            )
            if said and (found := _networks(said[1].split(","))):
                return _shown(found), f"{each}, {key}"
        if each.kind == "Pod" and each.namespace == "kube-system" and each.name.startswith("kube-"):
            for word in _words(each):
                if word.startswith(f"{argument}=") and (found := _networks(word.partition("=")[2].split(","))):
                    return _shown(found), f"{each}, {argument}"
    return None


def _words(pod: DumpObject) -> Iterator[str]:
    for each in listed(pod.at("spec", "containers")):
        yield from (*texts(at(each, "command")), *texts(at(each, "args")))


def _networks(found: Iterable[str]) -> list[Network]:
    """Return the networks, or single addresses, that are written in *found*; other words (`None`) are left out."""
    networks: dict[Network, None] = {}
    for text in found:
        try:
            networks[ipaddress.ip_network(text.strip(), strict=False)] = None
        except ValueError:
            continue
    return list(networks)


def _default(objects: tuple[DumpObject, ...], which: int) -> tuple[str, str]:
    """Return name and network of the distribution's default, empty where it is not known."""
    for mark, names in _DEFAULTS.items():
        if any(mark in version(each) for each in _of(objects, "Node")):
            return names[0], names[which]
    return "", ""


def _probable(what: str, found: list[Network], source: str, default: tuple[str, str]) -> Fact:
    """Return the default where all of *found* is in it; else the smallest block, of at most /16 or /64, around it."""
    name, network = default
    shown: list[str] = []
    for family, longest in ((4, 16), (6, 64)):
        part = [each for each in found if each.version == family]
        if part and family == 4 and name and all(_inside(each, network) for each in part):
            shown.append(network)
            source += f", within the default of {name}"
        elif part:
            shown.append(str(_around(part, longest)))
    return Fact(what, tuple(shown), source, is_guess=True)


def _inside(found: Network, network: str) -> bool:
    outer = ipaddress.ip_network(network)
    return (
        isinstance(found, ipaddress.IPv4Network) and isinstance(outer, ipaddress.IPv4Network) and found.subnet_of(outer)
    )


def _around(found: list[Network], longest: int) -> Network:
    """Return the smallest network around all of *found*, of one family, with a prefix of at most *longest*."""
    low = min(int(each.network_address) for each in found)
    high = max(int(each.broadcast_address) for each in found)
    bits = found[0].max_prefixlen
    prefix = min(longest, bits - (low ^ high).bit_length())
    return ipaddress.ip_network((low, prefix) if bits == 32 else (ipaddress.IPv6Address(low), prefix), strict=False)


def _shown(found: Iterable[Network]) -> tuple[str, ...]:
    return tuple(str(each) for each in found)

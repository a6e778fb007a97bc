"""Which program enforces policies: by DaemonSets, and by the version of the nodes for k3s, which has it built in."""

from bulkhead.analysis.detection.dump_objects import DumpObject, at, listed, texts
from bulkhead.analysis.detection.fact import Fact

_BY_DAEMONSET = {
    "cilium": "cilium",
    "anetd": "cilium",
    "calico-node": "calico",
    "canal": "calico",
    "rke2-canal": "calico",
    "kube-router": "kube-router",
    "antrea-agent": "any",
    "ovnkube-node": "any",
    "kube-network-policies": "any",
    "kindnet": "any",
    "azure-npm": "any",
}
"""What the profile calls the enforcer, by the name of its DaemonSet; `any`: as the specification says."""


def enforcer(objects: tuple[DumpObject, ...]) -> Fact:
    """Return the enforcer as the profile names it; `any` where none is found, or two that differ."""
    sets = [each for each in objects if each.kind == "DaemonSet"]
    found = {str(each): _BY_DAEMONSET[each.name] for each in sets if each.name in _BY_DAEMONSET}
    found |= {str(each): "any" for each in sets if each.name == "aws-node" and _agent_is_on(each)}
    if not found:
        return _without_daemonset(objects, sets)
    source = " and ".join(found)
    if len(set(found.values())) > 1:
        return Fact("enforcer", ("any",), f"{source}: two at once, look which one enforces", is_guess=True)
    return Fact("enforcer", (next(iter(found.values())),), source)


def _agent_is_on(daemonset: DumpObject) -> bool:
    containers = listed(daemonset.at("spec", "template", "spec", "containers"))
    return any("--enable-network-policy=true" in texts(at(each, "args")) for each in containers)


def _without_daemonset(objects: tuple[DumpObject, ...], sets: list[DumpObject]) -> Fact:
    k3s = next((each for each in objects if each.kind == "Node" and "+k3s" in version(each)), None)
    if k3s:
        source = (
            f"{k3s} runs {version(k3s)}, whose kube-router is built in; unless it runs with --disable-network-policy"
        )
        return Fact("enforcer", ("kube-router",), source, is_guess=True)
    if any(each.name == "aws-node" for each in sets):
        source = "DaemonSet aws-node has no --enable-network-policy=true: policies have NO effect until it has"
        return Fact("enforcer", ("any",), source, is_guess=True)
    source = "none was recognised: look whether policies are enforced at all"
    return Fact("enforcer", ("any",), source, is_guess=True)


def version(node: DumpObject) -> str:
    """Return the version of the kubelet of *node*."""
    found = node.at("status", "nodeInfo", "kubeletVersion")
    return found if isinstance(found, str) else ""

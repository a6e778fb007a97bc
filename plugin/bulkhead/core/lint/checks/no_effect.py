"""Checks for rules that this cluster's enforcer can never apply."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from operator import itemgetter

from bulkhead.core.engine.endpoint_classes import NODE_PORT_RANGE
from bulkhead.core.engine.semantics import Deviation
from bulkhead.core.kubernetes.networkpolicy import (
    EVERY_POD,
    Direction,
    IpBlock,
    PodPeer,
    PolicyPort,
    PolicyRule,
    Selector,
)
from bulkhead.core.language.resources import Enforcer, NetworkName
from bulkhead.core.lint.context import (
    FieldReference,
    LintContext,
    RuleReference,
    blocks,
    end,
    heeds,
    network,
    of_policy,
    rules,
)
from bulkhead.core.lint.finding import Check, CheckResult, Severity
from bulkhead.core.sets import addresses, intervals
from bulkhead.core.sets.intervals import Spans

_API_PORTS = (443, 6443)


class JudgedNetworks:
    """Says which blocks are within some networks, *cidrs*, all of them together."""

    def __init__(self, cidrs: Iterable[str]) -> None:
        self.spans = intervals.merge(map(addresses.network, cidrs))

    def hold(self, block: IpBlock) -> bool:
        """Say whether all of *block*, its ``except`` included, is in the networks."""
        first, last = addresses.network(block.cidr)
        at = bisect_right(self.spans, (first, last)) - 1
        return any(one[0] <= first and last <= one[1] for one in self.spans[max(at, 0) : at + 2])


def _dead(scene: LintContext, cidrs: tuple[str, ...]) -> Iterator[tuple[RuleReference, FieldReference, str]]:
    """Yield each place at which a line names addresses that are all in *cidrs*."""
    networks = JudgedNetworks(cidrs)
    for line in scene.lines if cidrs else ():
        for at, block in blocks(scene, line):
            if networks.hold(block):
                yield line, at, block.cidr


def _numbers(scene: LintContext, line: RuleReference) -> set[int | str | None]:
    return {port.port for rule in rules(scene, line) for port in rule.ports or ()}


def _texts(scene: LintContext, name: NetworkName) -> tuple[str, ...]:
    return tuple(map(str, network(scene, name)))


def _replaces_addresses(scene: LintContext) -> bool:
    """Say whether the enforcer is known to apply policies after the address of a Service was replaced."""
    return all(Deviation.SERVICE_ADDRESS in each.deviations for each in scene.readings)


def _service(scene: LintContext) -> Iterator[CheckResult]:
    if not _replaces_addresses(scene):
        return
    others = [*_texts(scene, NetworkName.PODS), *_texts(scene, NetworkName.NODES)]
    real = intervals.merge(map(addresses.network, others))
    for line, at, cidr in _dead(scene, _texts(scene, NetworkName.SERVICES)):
        if intervals.intersect(real, (addresses.network(cidr),)):
            continue  # the profile's networks overlap, which is a finding: the address may be that of a pod or a node
        hint = "name the pods behind the Service, with the ports of their containers"
        if line.direction is Direction.EGRESS and _is_api_server(scene, cidr) and 443 in _numbers(scene, line):
            hint = "the API server is reached as NODE:6443 there: `to: {network: nodes}`, `ports: 6443`"
        yield CheckResult(
            at,
            f"`{cidr}` in {line.title} has no effect: a Service's address is replaced by a pod's or a node's before "
            "policies see the packet",
            hint,
            (line.namespace,),
        )


def _is_api_server(scene: LintContext, cidr: str) -> bool:
    """Say whether *cidr* is the Service `kubernetes`: the first address of the Services' network."""
    first = addresses.network(cidr)[0]
    return any(first == addresses.network(str(whole))[0] + 1 for whole in network(scene, NetworkName.SERVICES))


SERVICE_ADDRESS = Check(
    "service-address",
    Severity.WARNING,
    "A Service's address has no effect",
    "Policies are applied after kube-proxy has replaced the Service's address by that of a pod or a node and the "
    "Service's port by theirs. A rule for the Services' network never meets a packet; `kubernetes:443` becomes "
    "NODE:6443. It is reported only where an enforcer is named: the specification does not say which comes first.",
    "egress:\n  kubernetes-api: {to: {cidr: 10.43.0.1/32}, ports: 443}",
    "Name the pods behind the Service and their container port; for the API server `{to: {network: nodes}, ports: "
    "6443}`.",
    _service,
)


def _load_balancer(scene: LintContext) -> Iterator[CheckResult]:
    served = _texts(scene, NetworkName.LOAD_BALANCERS) if _replaces_addresses(scene) else ()
    others = _other_addresses(scene, JudgedNetworks(served)) if served else ()
    for line, at, cidr in _dead(scene, served):
        if intervals.intersect(others, (addresses.network(cidr),)):
            continue
        yield CheckResult(
            at,
            f"`{cidr}` in {line.title} has no effect where this cluster serves it: policies see the pod behind a "
            "LoadBalancer's address, and its container port",
            "name the pods behind it: `to: {namespace: NAME, pods: {…}}`, with the ports of their containers",
            (line.namespace,),
        )


def _other_addresses(scene: LintContext, served: JudgedNetworks) -> Spans:
    """
    Return the addresses that may be those of a pod or a node, also where LoadBalancers are *served*.

    LoadBalancers may have a part of the nodes' network; where they have all of it, their addresses are those of nodes.
    """
    nodes = [cidr for cidr in _texts(scene, NetworkName.NODES) if served.hold(IpBlock(cidr))]
    known = {pod.node for pod in scene.cluster.pods if pod.node and addresses.is_address(pod.node)}
    known |= {text for pod in scene.cluster.pods if pod.host_network for text in pod.addresses}
    return intervals.merge(map(addresses.network, (*_texts(scene, NetworkName.PODS), *nodes, *known)))


LOAD_BALANCER_ADDRESS = Check(
    "load-balancer-address",
    Severity.WARNING,
    "A LoadBalancer's address has no effect",
    "A LoadBalancer address that pods of this cluster serve is replaced inside the cluster before policies see the "
    "packet, as any Service's is. The rule has no effect, and the traffic needs a rule for the pods. It is reported "
    "only where an enforcer is named, and not for an address that a pod or a node may have: LoadBalancers whose "
    "network has all nodes in it have their addresses.",
    "egress:\n  authentik: {to: {cidr: 192.168.20.200/32}, ports: 443}",
    "Name the pods behind the address, and the port that their containers listen on.",
    _load_balancer,
)


def _multicast(scene: LintContext) -> Iterator[CheckResult]:
    for line, at, cidr in _dead(scene, ("224.0.0.0/4", "ff00::/8")):
        yield CheckResult(
            at,
            f"`{cidr}` in {line.title} has no effect: multicast is not routed between pods, nor out of them",
            "run what needs multicast (mDNS, SSDP) on the host network, or point it at the devices' own addresses",
            (line.namespace,),
        )


MULTICAST_ADDRESS = Check(
    "multicast-address",
    Severity.WARNING,
    "Multicast has no effect",
    "Pod networks do not carry multicast, so no packet ever meets the rule.",
    "egress:\n  discovery: {to: {cidr: 224.0.0.251/32}, ports: 5353/UDP}",
    "Remove the rule. What needs discovery runs on the host network, which policies do not govern.",
    _multicast,
)


def _kubelet(scene: LintContext) -> Iterator[CheckResult]:
    for line in scene.lines:
        found = list(blocks(scene, line)) if line.direction is Direction.EGRESS else []
        if found and all(_is_for_mounts(rule) for rule in rules(scene, line)):
            yield CheckResult(
                found[0][0],
                f"{line.title} has no effect on volumes: the kubelet mounts NFS from the node's own address, which no "
                "policy governs",
                "remove it, unless a process in the pod itself speaks NFS",
                (line.namespace,),
            )


def _is_for_mounts(rule: PolicyRule) -> bool:
    """Say whether *rule* is for ports of NFS, and for no other port."""
    opened = [(port.port, port.end or port.port) for port in rule.ports or ()]
    return bool(opened) and all(first == last and first in (111, 2049, 20048) for first, last in opened)


KUBELET_MOUNT = Check(
    "kubelet-mount",
    Severity.WARNING,
    "Volumes are mounted by the kubelet",
    "An NFS volume is mounted by the kubelet on the node. The traffic is the node's, not the pod's: a rule neither "
    "allows it nor, left out, prevents it. What it does open is NFS for anyone who gets into the pod.",
    "egress:\n  nas-nfs: {to: {cidr: 192.168.30.0/24}, ports: 2049}",
    "Remove the rule, unless a client inside the pod speaks NFS.",
    _kubelet,
)


def _named_to_addresses(scene: LintContext) -> Iterator[CheckResult]:
    of_pods = _addresses_of_pods(scene)
    for line in scene.lines:
        for entry, rule in enumerate(rules(scene, line) if line.direction is Direction.EGRESS else ()):
            names = [port.port for port in rule.ports or () if isinstance(port.port, str)]
            for number, peer in enumerate(rule.peers or ()):
                if names and isinstance(peer, IpBlock) and not _holds_some(peer, of_pods):
                    yield CheckResult(
                        end(line, entry, number),
                        f"named port `{names[0]}` in {line.title} has no effect for the addresses `{peer.cidr}`: "
                        "addresses have no named ports",
                        "write the port's number",
                        (line.namespace,),
                    )


def _holds_some(block: IpBlock, spans: Spans) -> bool:
    """Say whether the CIDR of *block* holds any of *spans*."""
    first, last = addresses.network(block.cidr)
    at = bisect_right(spans, last, key=itemgetter(0)) - 1
    return at >= 0 and spans[at][1] >= first


def _addresses_of_pods(scene: LintContext) -> Spans:
    """Return the addresses that may be those of pods, whose ports have names."""
    if heeds(scene, Enforcer.KUBE_ROUTER, Enforcer.CILIUM):
        return ()
    networks = [addresses.network(cidr) for cidr in _texts(scene, NetworkName.PODS)]
    known = {addresses.family(first) for first, _ in networks}
    own = [addresses.network(text) for pod in scene.cluster.pods for text in pod.addresses]
    unknown = [addresses.WHOLE[family] for family in addresses.FAMILIES if family not in known]
    return intervals.merge((*networks, *own, *unknown))


NAMED_PORT_TO_ADDRESSES = Check(
    "named-port-to-addresses",
    Severity.WARNING,
    "A named port means nothing to addresses",
    "A name is looked up on the destination's pod. In egress to an `ipBlock` there is none, and nothing is allowed. "
    "Where the enforcer is neither kube-router nor Cilium it is reported only for addresses outside the profile's "
    "network of pods.",
    "egress:\n- to: [{ipBlock: {cidr: 192.168.1.0/24}}]\n  ports: [{port: https, protocol: TCP}]",
    "Write the number.",
    _named_to_addresses,
)


def _on_cilium(scene: LintContext) -> Iterator[CheckResult]:
    if scene.enforcer is Enforcer.CILIUM:
        for line, at, cidr in _dead(scene, _texts(scene, NetworkName.PODS)):
            yield CheckResult(
                at,
                f"`{cidr}` in {line.title} has no effect: on Cilium an `ipBlock` never matches a pod",
                "name the pods",
                (line.namespace,),
            )


POD_ADDRESS_ON_CILIUM = Check(
    "pod-address-on-cilium",
    Severity.WARNING,
    "On Cilium no pod has an address",
    "Cilium knows pods by identity: an `ipBlock` matches only what is outside the cluster.",
    "egress:\n  intra-namespace: {to: {cidr: 10.42.0.0/16}}",
    "Name the pods: `{pods: {}}`, `{namespace: NAME}`.",
    _on_cilium,
)


def _host_network(scene: LintContext) -> Iterator[CheckResult]:
    hosts = scene.pods.hosts if scene.workloads else 0
    seen: set[tuple[str, Selector]] = set()
    for policy in scene.cluster.policies if hosts else ():
        key = policy.namespace, policy.pods
        chosen = scene.pods.selected(*key) & hosts
        if chosen and key not in seen:
            seen.add(key)
            at = of_policy(policy, "spec", "podSelector")
            says = _no_effect(f"policy `{policy.name}`", scene.pods.owners(chosen))
            yield CheckResult(at, says, _HOSTS, (policy.namespace,))
    for line in scene.lines if hosts else ():
        for entry, rule in enumerate(rules(scene, line)):
            for number, peer in enumerate(rule.peers or ()):
                if isinstance(peer, PodPeer) and peer.pods != EVERY_POD:
                    meant = scene.pods.peers(line.namespace, peer)
                    if meant and not meant & ~hosts:
                        says = _no_effect(f"a peer of {line.title}", scene.pods.owners(meant))
                        yield CheckResult(end(line, entry, number), says, _HOSTS, (line.namespace,))


_HOSTS = "name the node's addresses instead: `{network: nodes}`"


def _no_effect(subject: str, owners: list[str]) -> str:
    names = ", ".join(f"`{name}`" for name in owners)
    return f"{subject} has no effect on {names}: no selector matches a pod on the host network"


HOST_NETWORK_SELECTOR = Check(
    "host-network-selector",
    Severity.WARNING,
    "Selectors do not match pods on the host network",
    "A pod with `hostNetwork: true` sends and receives as its node. Policies that select it do nothing, and as a peer "
    "no selector matches it, not even `namespaceSelector: {}`.",
    "ingress:\n  node-exporter: {from: {namespace: monitoring, pods: {app: node-exporter}}}",
    "Name the nodes' addresses, or take the pod off the host network.",
    _host_network,
)


def _node_ports(scene: LintContext) -> Iterator[CheckResult]:
    nodes = _texts(scene, NetworkName.NODES)
    for line, at, cidr in _dead(scene, nodes) if heeds(scene, Enforcer.KUBE_ROUTER) else ():
        ports = [port for rule in rules(scene, line) for port in rule.ports or ()]
        if line.direction is Direction.EGRESS and ports and all(map(_is_node_port, ports)):
            yield CheckResult(
                at,
                f"{line.title} decides nothing: a pod always reaches the ports 30000-32767 of its own node, one in "
                f"`{cidr}`",
                "remove it where nothing but that node is meant; what is behind a NodePort is closed on the side of "
                "its pods",
                (line.namespace,),
            )


def _is_node_port(port: PolicyPort) -> bool:
    lowest, highest = NODE_PORT_RANGE
    first = port.port
    return (
        port.protocol in ("TCP", "UDP")
        and isinstance(first, int)
        and lowest <= first
        and (port.end or first) <= highest
    )


NODE_PORTS = Check(
    "node-ports-are-open",
    Severity.NOTE,
    "NodePorts are always open",
    "kube-router lets every pod reach the TCP and UDP ports 30000-32767 of the node that it runs on, whatever policies "
    "say. Those of other nodes are for its egress to decide.",
    "egress:\n  dashboard: {to: {network: nodes}, ports: 30443}",
    "Remove the rule where the pod's own node is meant: it only reads as if the others were closed.",
    _node_ports,
)

CHECKS = (
    SERVICE_ADDRESS,
    LOAD_BALANCER_ADDRESS,
    HOST_NETWORK_SELECTOR,
    MULTICAST_ADDRESS,
    KUBELET_MOUNT,
    NAMED_PORT_TO_ADDRESSES,
    NODE_PORTS,
    POD_ADDRESS_ON_CILIUM,
)

"""Checks on what is more open than its rule reads."""

from collections.abc import Iterator

from bulkhead.core.engine.endpoint_space import located
from bulkhead.core.engine.reachability import FamilyReachability, port_set
from bulkhead.core.engine.semantics import IpBlockMode
from bulkhead.core.kubernetes.networkpolicy import Direction, IpBlock
from bulkhead.core.language.resources import Enforcer, NetworkName, Peer
from bulkhead.core.language.scalars import Name
from bulkhead.core.lint.context import (
    FieldReference,
    Kind,
    LintContext,
    RuleReference,
    alone,
    blocks,
    grants,
    heeds,
    network,
)
from bulkhead.core.lint.finding import Check, CheckResult, Severity
from bulkhead.core.sets import addresses, ports
from bulkhead.core.sets.addresses import AddressSet, intersect
from bulkhead.core.sets.intervals import Spans
from bulkhead.core.sets.partition import indices
from bulkhead.core.sets.ports import PortSet
from bulkhead.core.sets.ranges import PRIVATE_CIDRS

ANY_OTHER = "any namespace not listed"

METADATA = ("169.254.169.254/32", "fd00:ec2::254/128")
"""Where clouds answer with a machine's credentials, in both families."""


def _of(block: IpBlock) -> Spans:
    return addresses.block(block.cidr, block.excluded)


def covers(block: IpBlock, cidr: str) -> bool:
    """Say whether *block* holds all of *cidr*."""
    whole = AddressSet((addresses.network(cidr),))
    return intersect(AddressSet(_of(block)), whole) == whole


def touches(block: IpBlock, cidr: str) -> bool:
    """Say whether *block* holds any of *cidr*."""
    return bool(intersect(AddressSet(_of(block)), AddressSet((addresses.network(cidr),))).spans)


def pod_networks(scene: LintContext) -> tuple[str, ...]:
    """Return the networks of pods, as far as they are known."""
    return tuple(map(str, network(scene, NetworkName.PODS))) or scene.cluster.networks


def _every_pod(scene: LintContext) -> Iterator[CheckResult]:
    flagged = dict(_letting_in(scene))
    comers = {line: _comers(scene, line) for line in flagged}
    for line, (at, block) in flagged.items():
        others = {name for other, names in comers.items() if other.namespace != line.namespace for name in names}
        # A namespace's own pods are told only if they come in elsewhere too: what is alike then reads alike.
        who = tuple(name for name in comers[line] if name in others or not _is_own(line, name))
        yield CheckResult(
            at,
            f"{line.title} lets in every pod of the cluster: `{block.cidr}` holds the addresses of all pods, "
            "not only of those of its own namespace",
            "in by CIDR, out by selector: `components: [hardened]` in base/kustomization.yaml (or "
            "`[../../base/hardened]` in an overlay) leaves only those whose egress is free or names all pods",
            (line.namespace,),
            (("from", who),) if who else (),
        )


def _letting_in(scene: LintContext) -> Iterator[tuple[RuleReference, tuple[FieldReference, IpBlock]]]:
    for line in scene.lines if scene.answer.mode is IpBlockMode.PODS else ():
        for at, block in blocks(scene, line) if line.direction is Direction.INGRESS else ():
            if _holds_every_pod(scene, block):
                yield line, (at, block)


def _is_own(line: RuleReference, name: str) -> bool:
    return name.partition(" ")[0].partition("/")[0] == line.namespace


def _holds_every_pod(scene: LintContext, block: IpBlock) -> bool:
    known = pod_networks(scene)
    if known:
        return any(covers(block, cidr) for cidr in known)
    for layer in scene.answer.layers:
        pods = layer.universe.present & ~layer.universe.outside & ~layer.universe.hosts
        if pods & (pods - 1) and not pods & ~located(layer.universe, _of(block)):
            return True
    return False


def _comers(scene: LintContext, line: RuleReference) -> tuple[str, ...]:
    """Return the namespaces whose pods really come in through *line*: their own egress lets them."""
    found: dict[str, PortSet] = {}
    for layer in scene.answer.layers:
        for name, opened in _named(layer, _coming(layer, line, alone(scene, layer))).items():
            found[name] = ports.union(found.get(name, ports.NONE), opened)
    return tuple(
        name if opened == ports.EVERY else f"{name} ({opened})" for name, opened in sorted(found.items(), key=_last)
    )


def _coming(layer: FamilyReachability, line: RuleReference, single: int) -> dict[int, int]:
    """Return the pods that come in through *line*, by member, each with the port atoms on which it does."""
    inside = layer.universe.present & ~layer.universe.outside & ~layer.universe.hosts
    found: dict[int, int] = {}
    for row in layer.rows:
        for grant in grants(layer, line) if row.sources & inside else ():
            opened, reached = 0, 0
            for atoms, destinations in row.parts:
                for granted, having in grant.ports:
                    there = having & destinations & layer.granted[line.policy].subjects
                    if there and granted & atoms:
                        opened, reached = opened | granted & atoms, reached | there
            for place in indices(row.sources & grant.peers & inside):
                if reached & ~(single & 1 << place):  # a pod alone that reaches nobody but itself does not come in
                    found[place] = found.get(place, 0) | opened
    return found


def _named(layer: FamilyReachability, coming: dict[int, int]) -> dict[str, PortSet]:
    """Return the same by namespace, and by pod where not all pods of a namespace are alike."""
    spaces: dict[str, dict[int, int]] = {}
    for place, opened in coming.items():
        spaces.setdefault(layer.universe.members[place].pods[0].namespace, {})[place] = opened
    found: dict[str, PortSet] = {}
    for name, some in spaces.items():
        alike = len(set(some.values())) == 1 and set(indices(layer.universe.homes.get(name, 0))) == set(some)
        for place, opened in some.items():
            for pod in layer.universe.members[place].pods:
                title = (ANY_OTHER if name == "*" else name) if alike else f"{name}/{pod.owner[1]}"
                found[title] = ports.union(found.get(title, ports.NONE), port_set(layer, opened))
    return found


def _last(item: tuple[str, PortSet]) -> tuple[bool, str]:
    return item[0] == ANY_OTHER, item[0]


EVERY_POD = Check(
    "every-pod-can-come-in",
    Severity.WARNING,
    "Every pod can come in",
    "Policies are additive, and on kube-router and Calico an `ipBlock` matches the addresses of pods. An ingress rule "
    "with the pod network's CIDR therefore lets in the pods of every namespace whose own egress allows it, whatever "
    "the rule is called. The finding lists exactly those namespaces.",
    "ingress:\n  intra-namespace: {from: pod-network}   # 10.42.0.0/16",
    "Keep the CIDR for ingress, where kube-router's lag makes it useful, and name the namespace in egress: that is "
    "what the component `base/hardened` does. Or write `from: {pods: {}}` and live with the lag.",
    _every_pod,
    exposed=True,
)


def _anywhere(scene: LintContext) -> Iterator[CheckResult]:
    for line in scene.lines:
        for at, block in blocks(scene, line) if line.direction is Direction.EGRESS else ():
            if block.cidr in ("0.0.0.0/0", "::/0"):
                held = tuple(_private(scene, block))
                if held:
                    yield CheckResult(
                        at,
                        f"{line.title} reaches more than the internet: `{block.cidr}` covers private addresses too",
                        "leave them out: `except: [10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16]`, as the peer `internet` "
                        "of base/cluster.yaml does"
                        if block.cidr == "0.0.0.0/0"
                        else "leave them out: `except: [fc00::/7]`",
                        (line.namespace,),
                        (("covers", held),),
                    )


def _private(scene: LintContext, block: IpBlock) -> Iterator[str]:
    """Yield what of the private world *block* holds; nothing where that is the metadata address alone."""
    for title, name in (("pods", NetworkName.PODS), ("nodes", NetworkName.NODES)):
        yield from (f"{title} {cidr}" for cidr in network(scene, name) if touches(block, str(cidr)))
    private = [f"private range {cidr}" for cidr in PRIVATE_CIDRS if touches(block, cidr)]
    yield from private
    if private:
        yield from (f"metadata address {cidr.partition('/')[0]}" for cidr in METADATA if touches(block, cidr))


ANYWHERE = Check(
    "anywhere-covers-private",
    Severity.WARNING,
    "Anywhere is more than the internet",
    "`0.0.0.0/0` and `::/0` hold every address: the pods of all namespaces, the nodes (kubelet, dashboards, SSH), the "
    "networks behind them, and on a cloud 169.254.169.254, which hands out the machine's credentials.",
    "egress:\n  external-https: {to: {cidr: 0.0.0.0/0}, ports: 443}",
    "Write the internet as `{cidr: 0.0.0.0/0, except: [10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16]}`, best as a named "
    "peer of the profile.",
    _anywhere,
    exposed=True,
)


def _metadata(scene: LintContext) -> Iterator[CheckResult]:
    for line in scene.lines:
        for at, block in blocks(scene, line) if line.direction is Direction.EGRESS else ():
            if block.excluded and not tuple(_private(scene, block)):
                for cidr in METADATA:
                    if touches(block, cidr):
                        yield CheckResult(
                            _named_peer(scene, line, block) or at,
                            f"`{block.cidr}` without the private ranges still covers the metadata address "
                            f"{cidr.partition('/')[0]}",
                            f"add `{'169.254.0.0/16' if ':' not in cidr else cidr}` to `except`",
                            (line.namespace,),
                        )


def _named_peer(scene: LintContext, line: RuleReference, block: IpBlock) -> FieldReference | None:
    """Return the profile's peer in which *block* is written, where *line* has it from there."""
    if scene.profile is None or line.rule is None:
        return None
    for name in line.rule.peers:
        for peer in scene.profile.spec.peers.get(name, ()) if isinstance(name, Name) else ():
            if isinstance(peer, Peer) and block.cidr in map(str, peer.cidr or ()):
                return FieldReference(Kind.PROFILE, scene.profile.name, ("spec", "peers", str(name)))
    return None


METADATA_ADDRESS = Check(
    "metadata-address",
    Severity.NOTE,
    "The metadata address is not left out",
    "169.254.169.254 is in none of the private ranges that are usually left out. On a cloud any pod that reaches it "
    "can ask for the credentials of the machine it runs on.",
    "internet: {cidr: 0.0.0.0/0, except: [10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16]}",
    "Add `169.254.0.0/16` to `except`. Where nothing answers there, accept the finding in the profile.",
    _metadata,
)


def _hosts(scene: LintContext) -> Iterator[CheckResult]:
    for line in scene.lines if heeds(scene, Enforcer.KUBE_ROUTER) else ():
        for at, block in blocks(scene, line) if line.direction is Direction.EGRESS else ():
            if block.cidr not in ("0.0.0.0/0", "::/0") and any(covers(block, cidr) for cidr in pod_networks(scene)):
                yield CheckResult(
                    at,
                    f"{line.title} reaches the node itself: `{block.cidr}` holds the address of the node's own bridge",
                    "name the pods that are meant: `to: {pods: {}}` for the own namespace",
                    (line.namespace,),
                )


HOST_IN_POD_NETWORK = Check(
    "host-in-pod-network",
    Severity.WARNING,
    "The pod network holds the node",
    "Each node has an address in the pod network, that of its bridge (10.42.0.1). Egress to the whole pod network "
    "therefore reaches whatever listens on the node, on the ports of the rule.",
    "egress:\n  intra-namespace: {to: pod-network}   # 10.42.0.0/16",
    "Name the pods: `to: {pods: {}}` for those of the namespace, `to: {namespace: NAME}` for others.",
    _hosts,
)

CHECKS = (EVERY_POD, ANYWHERE, METADATA_ADDRESS, HOST_IN_POD_NETWORK)

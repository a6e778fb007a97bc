"""Checks on what is more open than its rule reads."""

from collections.abc import Iterator

from bulkhead.core.engine.semantics import IpBlockMode
from bulkhead.core.kubernetes.cluster import Pod
from bulkhead.core.kubernetes.networkpolicy import Direction, IpBlock
from bulkhead.core.language.resources import Enforcer, NetworkName, Peer
from bulkhead.core.language.scalars import Name
from bulkhead.core.lint.context import (
    FieldReference,
    Kind,
    LintContext,
    RuleReference,
    blocks,
    end,
    heeds,
    network,
    rules,
)
from bulkhead.core.lint.finding import Check, CheckResult, Severity
from bulkhead.core.lint.pod_sources import Elsewhere, PodSources
from bulkhead.core.sets import addresses, intervals
from bulkhead.core.sets.addresses import AddressSet, intersect
from bulkhead.core.sets.intervals import Span, Spans
from bulkhead.core.sets.ranges import PRIVATE_CIDRS

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
    sources = PodSources(scene) if flagged else None
    comers = {line: sources.names(line) for line in flagged} if sources else {}
    elsewhere = Elsewhere(comers)
    for line, (at, block) in flagged.items():
        # The pods of the own namespace are listed only if they come in elsewhere too: what is alike then reads alike.
        only_here = {name for name in elsewhere.own(line) if not elsewhere.comes_in(line, name)}
        who = tuple(name for name in comers[line] if name not in only_here) if only_here else comers[line]
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
    holds_every_pod = _EveryPod(scene)
    for line in scene.lines if scene.mode is IpBlockMode.PODS else ():
        for at, block in blocks(scene, line) if line.direction is Direction.INGRESS else ():
            if holds_every_pod(block):
                yield line, (at, block)


class _EveryPod:
    """Says whether a block holds the addresses of all pods: of their networks, else of those that exist."""

    def __init__(self, scene: LintContext) -> None:
        self.networks = tuple(addresses.network(cidr) for cidr in pod_networks(scene))
        pods = [pod for pod in scene.cluster.pods if not pod.host_network]
        self.known = {
            family: intervals.merge(span for pod in pods for span in _spans(pod) if addresses.family(span[0]) == family)
            for family in addresses.FAMILIES
        }
        self.somewhere = any(not pod.addresses for pod in pods)
        self.several = len(pods) > 1
        self.found: dict[IpBlock, bool] = {}

    def __call__(self, block: IpBlock) -> bool:
        """Say whether *block* does."""
        if block not in self.found:
            self.found[block] = self._holds(block)
        return self.found[block]

    def _holds(self, block: IpBlock) -> bool:
        first, last = addresses.network(block.cidr)
        if self.networks:
            inside = [each for each in self.networks if first <= each[0] and each[1] <= last]
            return any(not intervals.subtract((each,), _of(block)) for each in inside)
        family = addresses.family(first)
        pods = self.known[family]
        if not self.several or (self.somewhere and _of(block) != (addresses.WHOLE[family],)):
            return False
        if not pods:
            return self.somewhere
        return first <= pods[0][0] and pods[-1][1] <= last and not intervals.subtract(pods, _of(block))


def _spans(pod: Pod) -> Iterator[Span]:
    for text in pod.addresses:
        yield addresses.network(text)


EVERY_POD = Check(
    "every-pod-can-come-in",
    Severity.WARNING,
    "Every pod can come in",
    "Policies are additive, and on kube-router and Calico an `ipBlock` matches the addresses of pods. An ingress rule "
    "with the pod network's CIDR therefore lets in the pods of every namespace whose own egress allows it, whatever "
    "the rule is called. The finding lists exactly those namespaces; `other pods` are pods that could exist and come "
    "in where none that is given, or that a policy selects, does.",
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
    """Return the peer of the profile that contains *block*, where *line* names that peer."""
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


def _everyone(scene: LintContext) -> Iterator[CheckResult]:
    for line in scene.lines:
        if any(rule.peers is None for rule in rules(scene, line)):
            whom = "lets in" if line.direction is Direction.INGRESS else "reaches"
            yield CheckResult(
                end(line, 0, 0) if line.rule else line.at,
                f"{line.title} {whom} everyone: every pod of every namespace, every node, every address outside",
                "name the peers that are meant; accept the finding where it is everyone",
                (line.namespace,),
            )


EVERYONE = Check(
    "everyone",
    Severity.WARNING,
    "A rule for everyone",
    "The peer `everyone`, and a NetworkPolicy's rule without `from` or `to`, match every pod and every address. That "
    "is right for what serves the public, and seldom for anything else.",
    "ingress:\n  web: {from: everyone, ports: 443}",
    "Name a namespace, pods or a `cidr`. Where everyone is meant, write `accept: {everyone: REASON}` on the rule.",
    _everyone,
    exposed=True,
)

CHECKS = (EVERY_POD, EVERYONE, ANYWHERE, METADATA_ADDRESS, HOST_IN_POD_NETWORK)

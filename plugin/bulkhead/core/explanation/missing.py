"""The narrowest policies that, added to a cluster, allow a connection that the cluster denies."""

from bulkhead.core.engine.semantics import IpBlockMode
from bulkhead.core.kubernetes.cluster import Endpoint, External, Flow, Pod
from bulkhead.core.kubernetes.controller_labels import CONTROLLER_LABELS
from bulkhead.core.kubernetes.networkpolicy import (
    NAMESPACE_NAME,
    Direction,
    IpBlock,
    NetworkPolicy,
    PodPeer,
    PolicyPort,
    PolicyRule,
    Selector,
)
from bulkhead.core.sets import addresses

_OF_A_ROLLOUT = CONTROLLER_LABELS | {"app.kubernetes.io/version", "chart", "helm.sh/chart", "version"}
"""Labels whose value is only valid for one pod, rollout or version. A policy must not select by them."""


def missing_policies(
    flow: Flow,
    family: int,
    mode: IpBlockMode,
    refusing: "set[Direction]",
    last: int = 0,
    outside: IpBlock | None = None,
) -> tuple[NetworkPolicy, ...]:
    """
    Return a policy for each direction in *refusing*; these directions deny *flow* over *family*.

    With *last* it allows the ports from the port of the flow to *last*. *outside* is written for an address outside the
    cluster instead of that address alone. The result is empty where one of the policies cannot be written: no peer of a
    policy can name the other end.
    """
    port = PolicyPort(flow.protocol, flow.port, last if last > flow.port else None)
    wanted = []
    if Direction.EGRESS in refusing:
        peer = _peer(flow.destination, family, mode, outside)
        wanted.append(_policy(port, flow.source, peer, Direction.EGRESS))
    if Direction.INGRESS in refusing:
        peer = _peer(flow.source, family, mode, outside)
        wanted.append(_policy(port, flow.destination, peer, Direction.INGRESS))
    found = tuple(policy for policy in wanted if policy)
    return found if len(found) == len(wanted) else ()


def stable_selector(pod: Pod) -> Selector:
    """Return the selector of the labels of *pod* that the next rollout keeps; of all of them, where it keeps none."""
    kept = tuple(label for label in pod.labels if label[0] not in _OF_A_ROLLOUT)
    return Selector(kept or pod.labels)


def _policy(
    port: PolicyPort, subject: Endpoint, peer: IpBlock | PodPeer | None, direction: Direction
) -> NetworkPolicy | None:
    if peer is None or not isinstance(subject, Pod):
        return None
    rules = (PolicyRule((peer,), (port,)),)
    return NetworkPolicy(
        subject.namespace,
        f"allow-{direction}",
        stable_selector(subject),
        ingress=rules if direction is Direction.INGRESS else None,
        egress=rules if direction is Direction.EGRESS else None,
    )


def _peer(endpoint: Endpoint, family: int, mode: IpBlockMode, outside: IpBlock | None) -> IpBlock | PodPeer | None:
    """Return the peer for *endpoint*; for a pod on the host network its address, if an ``ipBlock`` can match it."""
    if isinstance(endpoint, External):
        return outside or _block(endpoint.address)
    if not endpoint.host_network:
        return PodPeer(stable_selector(endpoint), Selector(((NAMESPACE_NAME, endpoint.namespace),)))
    own = [text for text in endpoint.addresses if "/" not in text and (":" in text) == (family == 6)]
    return _block(own[0]) if own and mode is IpBlockMode.PODS else None


def _block(address: str) -> IpBlock:
    return IpBlock(f"{address}/{32 if addresses.family(addresses.address(address)) == 4 else 128}")

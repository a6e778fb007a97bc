"""
``explain``: one flow, whether it is allowed, by which policies, and what would have to be added.
"""

from bulkhead.core.engine.endpoint_space import place_of
from bulkhead.core.engine.matching_rules import MatchingRule, egress_rules, ingress_rules
from bulkhead.core.engine.reachability import FamilyReachability, Reachability, exempt, isolating, open_anyway
from bulkhead.core.engine.rule_effects import NOBODY
from bulkhead.core.engine.semantics import IpBlockMode
from bulkhead.core.kubernetes.cluster import Endpoint, External, Flow, Pod
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
from bulkhead.core.record import record
from bulkhead.core.sets import addresses, partition, ports
from bulkhead.core.sets.intervals import holds


@record
class Allowing:
    """
    A *policy* and the place of the *rule*, among those of the direction, that allows the flow.

    *crossed*: it is a rule of the other direction.  Without a policy the enforcer allows the flow by itself.
    """

    policy: NetworkPolicy | None
    rule: int
    crossed: bool = False


@record
class Half:
    """One side of a flow: the policies that it is *isolated_by*, and the rules that it is *allowed_by* all the same."""

    isolated_by: tuple[NetworkPolicy, ...]
    allowed_by: tuple[Allowing, ...]

    @property
    def allows(self) -> bool:
        """Whether this side lets the flow pass: no policy isolates it, or a rule allows the flow."""
        return not self.isolated_by or bool(self.allowed_by)


@record
class Verdict:
    """
    What holds over one address *family*.

    *exempt* says why policies do not matter (``"itself"``, ``"its own node"``), else it is
    empty.  The sides are told in any case.
    """

    family: int
    exempt: str
    egress: Half
    ingress: Half

    @property
    def allowed(self) -> bool:
        """Whether the flow passes over this family."""
        return bool(self.exempt) or (self.egress.allows and self.ingress.allows)


@record
class Explanation:
    """
    A *flow*, a verdict for each address family that both ends have, and what is *missing*.

    *missing* are policies that, added to the cluster, allow the flow: the narrowest that can
    be written, one for each side that refuses.  Empty where it is allowed, and where no peer
    of a policy can stand for the other end.
    """

    flow: Flow
    verdicts: tuple[Verdict, ...]
    missing: tuple[NetworkPolicy, ...]

    @property
    def allowed(self) -> bool:
        """Whether the flow passes over any family."""
        return any(verdict.allowed for verdict in self.verdicts)


def explain_flow(answer: Reachability, flow: Flow) -> Explanation:
    """Return why *flow*, one end of which is a pod, is allowed or refused in *answer*."""
    found = tuple(verdict for layer in answer.layers if (verdict := _verdict(answer, layer, flow)))
    if not found or any(verdict.allowed for verdict in found):
        return Explanation(flow, found, ())
    first = found[0]
    refusing = (not first.egress.allows, not first.ingress.allows)
    return Explanation(flow, found, missing(flow, first.family, answer.mode, *refusing))


def _verdict(answer: Reachability, layer: FamilyReachability, flow: Flow) -> Verdict | None:
    source, destination = place_of(layer.universe, flow.source), place_of(layer.universe, flow.destination)
    if source is None or destination is None:
        return None
    policies = answer.cluster.policies
    atom = partition.locate(layer.universe.atoms, ports.point(flow.protocol, flow.port))
    out = [leave for leave, atoms in egress_rules(layer, source, destination) if atoms >> atom & 1]
    into = [leave for leave, atoms in ingress_rules(layer, source, destination) if atoms >> atom & 1]
    if holds(open_anyway(answer.semantics, flow.source, flow.destination).spans, ports.point(flow.protocol, flow.port)):
        out.append(MatchingRule(NOBODY, 0))
    return Verdict(
        layer.universe.family,
        exempt(flow.source, flow.destination),
        _half(policies, isolating(layer, source, Direction.EGRESS), out),
        _half(policies, isolating(layer, destination, Direction.INGRESS), into),
    )


def _half(policies: tuple[NetworkPolicy, ...], numbers: tuple[int, ...], leaves: list[MatchingRule]) -> Half:
    return Half(
        tuple(policies[number] for number in numbers),
        tuple(_allowing(policies, leave) for leave in leaves),
    )


def _allowing(policies: tuple[NetworkPolicy, ...], leave: MatchingRule) -> Allowing:
    return Allowing(None if leave.policy == NOBODY else policies[leave.policy], leave.rule, leave.crossed)


def missing(flow: Flow, family: int, mode: IpBlockMode, egress: bool, ingress: bool) -> tuple[NetworkPolicy, ...]:
    """
    Return a policy for each side that refuses *flow* over *family*, of *egress* and *ingress*.

    The narrowest that can be written; nothing where one of them cannot be.
    """
    wanted = []
    if egress:
        wanted.append(_policy(flow, flow.source, _peer(flow.destination, family, mode), Direction.EGRESS))
    if ingress:
        wanted.append(_policy(flow, flow.destination, _peer(flow.source, family, mode), Direction.INGRESS))
    found = tuple(policy for policy in wanted if policy)
    return found if len(found) == len(wanted) else ()


def _policy(
    flow: Flow, subject: Endpoint, peer: IpBlock | PodPeer | None, direction: Direction
) -> NetworkPolicy | None:
    if peer is None or not isinstance(subject, Pod):
        return None
    rules = (PolicyRule((peer,), (PolicyPort(flow.protocol, flow.port),)),)
    return NetworkPolicy(
        subject.namespace,
        f"allow-{direction}",
        _selector(subject),
        ingress=rules if direction is Direction.INGRESS else None,
        egress=rules if direction is Direction.EGRESS else None,
    )


def _peer(endpoint: Endpoint, family: int, mode: IpBlockMode) -> IpBlock | PodPeer | None:
    """Return the peer for *endpoint*: a pod on the host network is an address, if the mode lets that match."""
    if isinstance(endpoint, External):
        return _address(endpoint.address)
    if not endpoint.host_network:
        return PodPeer(_selector(endpoint), Selector(((NAMESPACE_NAME, endpoint.namespace),)))
    own = [text for text in endpoint.addresses if "/" not in text and (":" in text) == (family == 6)]
    return _address(own[0]) if own and mode is IpBlockMode.PODS else None


def _address(text: str) -> IpBlock:
    return IpBlock(f"{text}/{32 if addresses.family(addresses.address(text)) == 4 else 128}")


_STAMPED = {
    "pod-template-hash",
    "controller-revision-hash",
    "pod-template-generation",
    "statefulset.kubernetes.io/pod-name",
    "apps.kubernetes.io/pod-index",
    "batch.kubernetes.io/controller-uid",
    "batch.kubernetes.io/job-name",
    "controller-uid",
    "job-name",
}
"""Labels that controllers put on pods: a policy that selects by them is wrong after the next rollout."""


def _selector(pod: Pod) -> Selector:
    return Selector(tuple(label for label in pod.labels if label[0] not in _STAMPED))

"""
A NetworkPolicy (networking.k8s.io/v1) as values.

In the API an empty list has two meanings ("nobody" in ``ingress``, "everyone" in ``from``).
Here ``None`` means everyone, every port, or a direction that is not isolated, as each field
documents. A tuple contains exactly its members.
"""

from collections.abc import Collection
from enum import Enum

from bulkhead.core.record import record, replaced

NAMESPACE_NAME = "kubernetes.io/metadata.name"
"""The label that the API server puts on every namespace: its name."""

NETWORKPOLICY = "NetworkPolicy"
"""The kind."""

_GROUPS = ("networking.k8s.io/", "extensions/")
"""The API groups of the Kubernetes resource. Calico has another resource of the same kind."""


def is_networkpolicy(api_version: object, kind: object) -> bool:
    """Say whether a resource is a NetworkPolicy of Kubernetes."""
    return kind == NETWORKPOLICY and str(api_version).startswith(_GROUPS)


class Direction(str, Enum):
    """The direction of a rule, seen from the pods that its policy selects. A member is equal to its key in the spec."""

    INGRESS = "ingress"
    EGRESS = "egress"

    __str__ = str.__str__

    @property
    def opposite(self) -> "Direction":
        """The other direction."""
        return Direction.EGRESS if self is Direction.INGRESS else Direction.INGRESS


@record
class Requirement:
    """One entry of ``matchExpressions``: *operator* is In, NotIn, Exists or DoesNotExist."""

    key: str
    operator: str
    values: tuple[str, ...] = ()


@record
class Selector:
    """A label selector: all of its *labels* and *expressions* hold. With neither it selects everything."""

    labels: tuple[tuple[str, str], ...] = ()
    expressions: tuple[Requirement, ...] = ()


EVERY_POD = Selector()
"""The empty selector."""


@record
class IpBlock:
    """An ``ipBlock``: the addresses of *cidr* outside every CIDR of *excluded*."""

    cidr: str
    excluded: tuple[str, ...] = ()


@record
class PodPeer:
    """Pods that *pods* selects in namespaces that *namespaces* selects; ``None`` there: the policy's own namespace."""

    pods: Selector
    namespaces: Selector | None = None


@record
class PolicyPort:
    """
    A port of a rule, its *protocol* (TCP, UDP, SCTP) always given.

    *port* is a number, the name of a container port on the destination, or ``None``: all
    ports of the protocol.  *end*, with a number only, makes it a range, both ends included.
    """

    protocol: str
    port: int | str | None = None
    end: int | None = None


@record
class PolicyRule:
    """One entry of ``ingress`` or ``egress``. *peers* ``None``: everyone; *ports* ``None``: every port and protocol."""

    peers: tuple[IpBlock | PodPeer, ...] | None
    ports: tuple[PolicyPort, ...] | None = None


@record
class NetworkPolicy:
    """
    A policy on the pods of *namespace* that *pods* selects.

    *ingress* and *egress* are ``None`` where ``policyTypes`` leaves the direction out: the
    policy does not isolate it.  An empty tuple isolates it and allows nothing.  *has_types*: ``policyTypes`` is
    written. Where it is not, the API server sets it when the object is created, and an update leaves it as it is.
    """

    namespace: str
    name: str
    pods: Selector
    ingress: tuple[PolicyRule, ...] | None
    egress: tuple[PolicyRule, ...] | None
    labels: tuple[tuple[str, str], ...] = ()
    annotations: tuple[tuple[str, str], ...] = ()
    has_types: bool = True

    def of(self, direction: Direction) -> tuple[PolicyRule, ...] | None:
        """Return the rules of *direction*, ``None`` if the policy does not isolate it."""
        return self.ingress if direction is Direction.INGRESS else self.egress

    @property
    def types(self) -> tuple[Direction, ...]:
        """The directions that the policy isolates: its ``policyTypes``."""
        return tuple(direction for direction in Direction if self.of(direction) is not None)

    @property
    def rules(self) -> tuple[PolicyRule, ...]:
        """The rules of both directions."""
        return *(self.ingress or ()), *(self.egress or ())

    @property
    def as_written(self) -> tuple[object, ...]:
        """What decides about traffic, and the name, as it is written: without labels and annotations."""
        return self.namespace, self.name, self.pods, self.ingress, self.egress, self.has_types

    @property
    def meaning(self) -> tuple[object, ...]:
        """What decides about traffic, and the name: without labels and annotations, without the order of lists."""
        sides = (rules if rules is None else frozenset(map(_meaning, rules)) for rules in (self.ingress, self.egress))
        return self.namespace, self.name, _unordered(self.pods), *sides


def retyped(policy: NetworkPolicy, types: Collection[Direction]) -> NetworkPolicy:
    """Return *policy* as it is with the ``policyTypes`` *types*: rules of another direction do not count."""
    sides = {each.value: (policy.of(each) or ()) if each in types else None for each in Direction}
    return replaced(policy, **sides)


def _meaning(rule: PolicyRule) -> tuple[object, ...]:
    peers = rule.peers and frozenset(
        (peer.cidr, frozenset(peer.excluded))
        if isinstance(peer, IpBlock)
        else (_unordered(peer.pods), peer.namespaces and _unordered(peer.namespaces))
        for peer in rule.peers
    )
    return peers, rule.ports and frozenset(rule.ports)


def _unordered(selector: Selector) -> tuple[frozenset[object], ...]:
    wanted = frozenset((each.key, each.operator, frozenset(each.values)) for each in selector.expressions)
    return frozenset(selector.labels), wanted

"""
How policies are read: as the specification says, or as one enforcer does, with its deviations.

Each deviation is a member of ``Deviation``. ``kube_router.py`` and ``ip_blocks.py`` have a small function for each.
"""

from enum import Enum

from bulkhead.core.language.resources import Enforcer
from bulkhead.core.record import record


class SemanticsName(Enum):
    """By which semantics policies are read: the specification, or an enforcer with its deviations."""

    API = "api"
    ENFORCER = "enforcer"


class IpBlockMode(Enum):
    """Whether an ``ipBlock`` matches addresses of pods: *PODS* (kube-router, Calico), or *NEVER* (Cilium)."""

    PODS = "pods"
    NEVER = "never"


class Deviation(Enum):
    """One way in which an enforcer differs from the specification; reports print the value."""

    BOTH_DIRECTIONS = "both-directions"
    ONE_ADDRESS_SET = "one-address-set"
    SERVICE_ADDRESS = "service-address"
    WHOLE_IPV6 = "whole-ipv6"
    UNMATCHED_NAME = "unmatched-name"
    NAME_TO_ADDRESSES = "name-to-addresses"
    NAME_TO_EVERYONE = "name-to-everyone"
    SHARED_PORTS = "shared-ports"
    SIDECAR_NAMES = "sidecar-names"
    NODE_PORTS = "node-ports"
    NODE_ADDRESS = "node-address"


_KUBE_ROUTER = frozenset(Deviation) - {Deviation.NODE_ADDRESS}

_DEVIATIONS = {
    Enforcer.KUBE_ROUTER: _KUBE_ROUTER,
    Enforcer.CALICO: frozenset({Deviation.SERVICE_ADDRESS}),
    Enforcer.CILIUM: frozenset({Deviation.SERVICE_ADDRESS, Deviation.NODE_ADDRESS}),
    Enforcer.ANY: frozenset[Deviation](),
}

MEASURED = frozenset({Enforcer.KUBE_ROUTER})
"""The enforcers whose deviations were measured with the real code; of the others only what their documentation says."""


@record
class Semantics:
    """
    How policies are read: whether an ``ipBlock`` matches pods (*mode*), and the *deviations* of an *enforcer*.

    Without deviations it is the specification, which leaves the mode open.
    """

    mode: IpBlockMode = IpBlockMode.PODS
    enforcer: Enforcer = Enforcer.ANY
    deviations: frozenset[Deviation] = frozenset()

    @property
    def name(self) -> SemanticsName:
        """Whether policies are read as the specification says, or as an enforcer does."""
        return SemanticsName.API if self.enforcer is Enforcer.ANY else SemanticsName.ENFORCER

    @property
    def measured(self) -> bool:
        """Whether the deviations were measured with the real code; for the specification always true."""
        return self.enforcer is Enforcer.ANY or self.enforcer in MEASURED

    @property
    def description(self) -> str:
        """How policies are read, in words."""
        if self.enforcer is Enforcer.ANY:
            return "as the specification says"
        name = self.enforcer.value
        return f"as {name} enforces them" if self.measured else f"as {name} documents it, which was not measured"

    @property
    def specification(self) -> "Semantics":
        """The specification, with an ``ipBlock`` read in the same mode."""
        return Semantics(self.mode)

    def but(self, deviations: frozenset[Deviation]) -> "Semantics":
        """Return the same semantics with these *deviations* only."""
        return Semantics(self.mode, self.enforcer, deviations)


API = Semantics()
"""The specification, with pods' addresses matched by an ``ipBlock``."""


def mode_of(enforcer: Enforcer) -> IpBlockMode:
    """Return how *enforcer* reads an ``ipBlock``: only Cilium's never matches a pod."""
    return IpBlockMode.NEVER if enforcer is Enforcer.CILIUM else IpBlockMode.PODS


def enforced(enforcer: Enforcer) -> Semantics:
    """Return the semantics of *enforcer*; for ``any`` those of the specification."""
    return Semantics(mode_of(enforcer), enforcer, _DEVIATIONS[enforcer])

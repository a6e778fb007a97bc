"""Observed traffic as rows: which endpoint connected to which, on which port, how often and when."""

from enum import Enum

from bulkhead.core.flows.flow_evidence import FlowEvidence
from bulkhead.core.flows.fold import Seen
from bulkhead.core.flows.observation import ObservedVerdict
from bulkhead.core.kubernetes.cluster import Pod
from bulkhead.core.record import record


class EndKind(Enum):
    """What an end of an observed connection is."""

    WORKLOAD = "workload"
    NODE = "node"
    ADDRESS = "address"
    UNRESOLVED = "not resolved"


@record
class FlowEnd:
    """
    An end of an observed connection.

    A WORKLOAD has a *namespace*, a *workload* (its owner, or the pod itself), and *pod*: one of its pods, with the
    labels by which policies select it; ``None`` where its labels are not known. A NODE or an ADDRESS has an *address*;
    *peer* is the smallest named peer or network that contains it. UNRESOLVED has a *reason*, and what was written.
    """

    kind: EndKind
    namespace: str = ""
    workload: str = ""
    pod: Pod | None = None
    address: str = ""
    peer: str = ""
    reason: str = ""

    @property
    def name(self) -> str:
        """The end as people write it: ``shop/web``, an address."""
        return f"{self.namespace}/{self.workload}" if self.kind is EndKind.WORKLOAD else self.address


@record
class FlowRow:
    """Connections from *source* to *port* of *destination*; *verdict* is what the records say, not the overlays."""

    source: FlowEnd
    destination: FlowEnd
    protocol: str
    port: int
    verdict: ObservedVerdict
    seen: Seen

    @property
    def is_resolved(self) -> bool:
        """Whether both ends have a name or an address that policies can be asked about."""
        return EndKind.UNRESOLVED not in (self.source.kind, self.destination.kind)


@record
class FlowTable:
    """The rows, most often seen first, and what they are based on."""

    rows: tuple[FlowRow, ...]
    evidence: FlowEvidence

"""
What one record of observed traffic says, before its addresses become endpoints.

Records are many, so that these are named tuples: they are made and hashed faster than records are.
"""

from enum import Enum
from typing import NamedTuple


class ObservedVerdict(Enum):
    """What a record says happened to the connection; the overlays may decide otherwise."""

    ALLOWED = "allowed"
    DENIED = "denied"
    UNKNOWN = "unknown"


class ObservedEnd(NamedTuple):
    """
    One end of a connection as a record names it: an *address*, or a *pod* or a workload of a *namespace*, or both.

    *kind* is the kind of the *workload*. *labels* are those of the pod, ``None`` where the record has none.
    """

    address: str = ""
    namespace: str = ""
    pod: str = ""
    workload: str = ""
    kind: str = ""
    labels: tuple[tuple[str, str], ...] | None = None


class ObservationKey(NamedTuple):
    """What is equal in all records that are counted together. *protocol* is TCP, UDP or SCTP."""

    source: ObservedEnd
    destination: ObservedEnd
    protocol: str
    port: int
    verdict: ObservedVerdict


class Observation(NamedTuple):
    """A connection that was seen *times* times; *time* in seconds since 1970, ``None`` where the record has none."""

    key: ObservationKey
    time: float | None = None
    times: int = 1


class NotAConnection(NamedTuple):
    """A record that was read and is no connection that NetworkPolicies decide: *times* of them, and why."""

    reason: str
    times: int = 1


Reading = Observation | NotAConnection | None
"""What one line is; ``None``: it cannot be read."""

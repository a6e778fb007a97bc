"""
``conntrack -L`` and ``conntrack -E``, with or without ``-o extended,timestamp,id``, and /proc/net/nf_conntrack.

The first tuple is what the client sent, the second what the server answers: its source is the pod behind a Service.
An event NEW begins a connection; a DESTROY counts where no NEW of an equal connection was read. An entry exists only
for what a policy let through.
"""

import re

from bulkhead.core.flows.observation import NotAConnection, Observation, ObservationKey, ObservedVerdict, Reading
from bulkhead.io.flows.record_parts import OTHER_PROTOCOL, key

_ENTRY = re.compile(
    r"\s*(?:\[(\d+\.\d+)\]\s*)?(?:\[(NEW|UPDATE|DESTROY)\]\s+)?(?:ipv[46]\s+\d+\s+)?([a-z0-9-]+)\s+\d+ [^=]*?"
    r"src=([0-9a-fA-F.:]+) dst=[0-9a-fA-F.:]+(?: sport=\d+ dport=\d+)?.*?"
    r" src=([0-9a-fA-F.:]+) dst=[0-9a-fA-F.:]+(?: sport=(\d+) dport=\d+)?"
)
_WITH_PORTS = frozenset(("tcp", "udp", "sctp"))
_ANOTHER_EVENT = NotAConnection("another event of a connection that was counted")
_OTHER = NotAConnection(OTHER_PROTOCOL)
_REMEMBERED = 1 << 18

CAVEATS = (
    "conntrack has only what was allowed: a connection that a policy refused never has an entry",
    "conntrack does not see pods whose traffic bypasses netfilter (Cilium without kube-proxy, OVN)",
)


def fits(line: str) -> bool:
    """Say whether *line* looks like an entry."""
    return "src=" in line and "dst=" in line and _ENTRY.match(line) is not None


class ConntrackReader:
    """Reads one file."""

    def __init__(self) -> None:
        self._begun: set[ObservationKey] = set()

    def __call__(self, line: str) -> Reading:
        """Return what *line* is."""
        found = _ENTRY.match(line)
        if found is None:
            return None
        time, event, protocol, source, destination, port = found.groups()
        if protocol not in _WITH_PORTS:
            return _OTHER
        connection = key(source, destination, protocol, port or "", ObservedVerdict.ALLOWED)
        if connection is None:
            return None
        if event and event != "NEW" and (event == "UPDATE" or connection in self._begun):
            return _ANOTHER_EVENT
        if event == "NEW" and len(self._begun) < _REMEMBERED:
            self._begun.add(connection)
        return Observation(connection, float(time) if time else None, 1)

"""
Hubble's JSON: ``hubble observe -o json`` or ``jsonpb``, exported files, and the older form with the flow at the top.

Replies, traces of socket translation and packets that are dropped for another reason than a policy are no
connections. Where a record does not say whether it is a reply, the flags of TCP, the event of a policy verdict or a
drop by policy decide; else it is left out.
"""

import re
from typing import Any

from bulkhead.core.flows.observation import NotAConnection, Observation, ObservedEnd, ObservedVerdict, Reading
from bulkhead.io.flows.record_parts import (
    OTHER_PROTOCOL,
    REPLY,
    connection,
    count_of,
    json_record,
    labels_of,
    text_at,
    time_of,
)

CAVEATS = (
    "Hubble shows one connection several times: on both nodes, and once for each packet that was traced",
    "Hubble's buffers lose events under load; what was lost before the export is not in the records",
)
_DENIED = ("POLICY_DENIED", "POLICY_DENY")
_POLICY_VERDICT = 5
_VERDICTS = {
    "FORWARDED": ObservedVerdict.ALLOWED,
    "REDIRECTED": ObservedVerdict.ALLOWED,
    "AUDIT": ObservedVerdict.ALLOWED,
    "DROPPED": ObservedVerdict.DENIED,
}
_SYSTEM = "io.cilium.k8s.", "io.kubernetes.pod."


def fits(record: dict[str, Any]) -> bool:
    """Say whether *record* is one of Hubble's."""
    if "lost_events" in record or "node_status" in record:
        return True
    flow = record.get("flow", record)
    return isinstance(flow, dict) and "verdict" in flow and any(key in flow for key in ("l4", "IP", "Type"))


_TIME = '"time":"'
_ID = '"uuid":"'
_CLIENT = '"source_port":'
_PORT = re.compile(r"(?:0|[1-9][0-9]*)(?=[,}])")
_HEXADECIMAL = re.compile(r"[0-9a-f-]*")
_REMEMBERED = 1 << 14


class HubbleReader:
    """
    Reads one file. What a line means is remembered without its times, its id and the port of the client.

    A quotation mark inside a JSON string is escaped, so that no key is found inside a string.
    """

    def __init__(self) -> None:
        self._known: dict[str, Observation | NotAConnection] = {}

    def __call__(self, line: str) -> Reading:
        """Return what *line* is."""
        head, *parts = line.split(_TIME)
        times = {part.partition('"')[0] for part in parts}
        time = time_of(next(iter(times))) if len(times) == 1 else None
        if time is None:
            return read(line)
        size = len(next(iter(times)))
        shape = _without(
            _without(_TIME.join([head, *(part[size:] for part in parts)]), _CLIENT, _PORT), _ID, _HEXADECIMAL
        )
        known = self._known.get(shape)
        if known is None:
            return self._remembered(shape, line)
        return Observation(known.key, time, known.times) if isinstance(known, Observation) else known

    def _remembered(self, shape: str, line: str) -> Reading:
        found = read(line)
        if found is not None:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known[shape] = found
        return found


def _without(line: str, key: str, pattern: re.Pattern[str]) -> str:
    """Return *line* without the value behind the first *key*, if it is one of *pattern*."""
    at = line.find(key) + len(key)
    found = pattern.match(line, at) if at >= len(key) else None
    return line[:at] + line[found.end() :] if found else line


def read(line: str) -> Reading:
    """Return what *line* is."""
    record = json_record(line)
    if record is None or not fits(record):
        return None
    if "lost_events" in record:
        lost = count_of(text_at(record, "lost_events", "num_events_lost"))
        return NotAConnection("events that Hubble lost", lost or 1)
    if "node_status" in record:
        return NotAConnection("a message about a node")
    flow = record.get("flow", record)
    return _of_flow(flow, time_of(flow.get("time") or record.get("time")))


def _of_flow(flow: dict[str, Any], time: float | None) -> Reading:
    verdict = _VERDICTS.get(text_at(flow, "verdict"))
    if verdict is None or flow.get("Type") in ("L7", "SOCK"):
        return NotAConnection("an event that is no packet of a connection")
    layer = flow.get("l4")
    if not isinstance(layer, dict) or not layer:
        return NotAConnection("a record without a port")
    protocol, ports = next(iter(layer.items()))
    if protocol.startswith("ICMP"):
        return NotAConnection(OTHER_PROTOCOL)
    if verdict is ObservedVerdict.DENIED and text_at(flow, "drop_reason_desc") not in _DENIED:
        return NotAConnection("a packet that was dropped for another reason than a policy, or for none that is named")
    if reason := _no_request(flow, ports, verdict):
        return NotAConnection(reason)
    source, destination = _end(flow, "source"), _end(flow, "destination")
    port = ports.get("destination_port") if isinstance(ports, dict) else None
    return connection(source, destination, protocol, port, verdict, time)


def _no_request(flow: dict[str, Any], ports: Any, verdict: ObservedVerdict) -> str:
    """Return why *flow* is no packet of a client, ``""`` where it is one."""
    reply = flow.get("is_reply", flow.get("reply"))
    if reply is not None:
        return REPLY if reply else ""
    flags = ports.get("flags") if isinstance(ports, dict) else None
    if isinstance(flags, dict) and flags.get("SYN"):
        return REPLY if flags.get("ACK") else ""
    event = flow.get("event_type")
    if verdict is ObservedVerdict.DENIED or (isinstance(event, dict) and event.get("type") == _POLICY_VERDICT):
        return ""
    return "a record that does not say whether it is a reply"


def _end(flow: dict[str, Any], side: str) -> ObservedEnd:
    address, end = text_at(flow, "IP", side), flow.get(side)
    pod, namespace = text_at(end, "pod_name"), text_at(end, "namespace")
    if not isinstance(end, dict) or not namespace or not (pod or end.get("workloads")):
        return ObservedEnd(address)
    workloads = end.get("workloads")
    first = workloads[0] if isinstance(workloads, list) and workloads else {}
    found = labels_of(end.get("labels"), "k8s:")
    labels = None if found is None else tuple(each for each in found if not each[0].startswith(_SYSTEM))
    return ObservedEnd("", namespace, pod if not first else "", text_at(first, "name"), text_at(first, "kind"), labels)

"""
What kube-router logs by NFLOG group 100, as ulogd2 writes it: LOGEMU lines and JSON.

A record with the prefix ``DROP by policy`` means that this policy did not match; another one may still allow the
connection. A record without a prefix comes from the end of a pod's chain: the connection was refused. One packet has
several records, and is counted once: refused where one of them says so.
"""

import re
from typing import Any

from bulkhead.core.flows.observation import NotAConnection, Observation, ObservedVerdict, Reading
from bulkhead.io.flows.record_parts import OTHER_PROTOCOL, json_record, key, text_at, time_of

_PREFIX = "DROP by policy "
_LINE = re.compile(r"(?P<head>.*?)IN=\S* OUT=\S* .*?SRC=(?P<src>\S+) DST=(?P<dst>\S+) (?P<rest>.*)")
_PROTO = re.compile(r"PROTO=(\S+)(?: SPT=(\d+) DPT=(\d+))?")
_ID = re.compile(r"\bID=(\d+)")
_REMEMBERED = 1 << 16
_AGAIN = NotAConnection("another record of a packet that was counted")
_OTHER = NotAConnection(OTHER_PROTOCOL)
_Packet = tuple[str, str, str, str, str]

CAVEATS = (
    "kube-router logs no allowed connection, and at most 10 packets a minute for each policy and each pod",
    "a kube-router record `DROP by policy` says that this policy did not match, not that the connection was refused",
)


class _Packets:
    """The last packets; a packet with several records is counted once for each verdict."""

    def __init__(self) -> None:
        self._last: set[tuple[_Packet, bool]] = set()
        self._before: set[tuple[_Packet, bool]] = set()

    def is_new(self, packet: _Packet, refused: bool) -> bool:
        known = self._has((packet, refused)) or self._has((packet, True))
        self._last.add((packet, refused))
        if len(self._last) >= _REMEMBERED:
            self._last, self._before = set(), self._last
        return not known

    def _has(self, one: tuple[_Packet, bool]) -> bool:
        return one in self._last or one in self._before


def fits_lines(line: str) -> bool:
    """Say whether *line* looks like a line of LOGEMU."""
    return " OUT=" in line and _LINE.match(line) is not None and "calico-packet" not in line


class LogemuReader:
    """Reads one file of LOGEMU lines. Their times have neither a year nor a zone, and are not used."""

    def __init__(self) -> None:
        self._packets = _Packets()

    def __call__(self, line: str) -> Reading:
        """Return what *line* is."""
        found = _LINE.match(line)
        protocol = found and _PROTO.search(found["rest"])
        if not found or not protocol:
            return None
        if protocol[1] not in ("TCP", "UDP", "SCTP", "132"):
            return _OTHER
        packet_id = _ID.search(found["rest"])
        packet = (found["src"], found["dst"], protocol[2] or "", protocol[3] or "", packet_id[1] if packet_id else "")
        refused = _PREFIX not in found["head"]
        return _counted(self._packets, packet, protocol[1], refused, None)


def _counted(packets: _Packets, packet: _Packet, protocol: str, refused: bool, time: float | None) -> Reading:
    verdict = ObservedVerdict.DENIED if refused else ObservedVerdict.UNKNOWN
    connection = key(packet[0], packet[1], protocol, packet[3], verdict)
    if connection is None:
        return None
    if packet[4] and not packets.is_new(packet, refused):
        return _AGAIN
    return Observation(connection, time, 1)


def fits_json(record: dict[str, Any]) -> bool:
    """Say whether *record* is one of ulogd's NFLOG records."""
    return "oob.family" in record or "oob.prefix" in record or "oob.hook" in record


class UlogdReader:
    """Reads one file of ulogd's JSON."""

    def __init__(self) -> None:
        self._packets = _Packets()

    def __call__(self, line: str) -> Reading:
        """Return what *line* is."""
        found = json_record(line)
        if found is None or not fits_json(found):
            return None
        protocol = text_at(found, "ip.protocol")
        if protocol not in ("6", "17", "132"):
            return _OTHER if protocol else None
        ends = text_at(found, "src_ip"), text_at(found, "dest_ip")
        ports = text_at(found, "src_port"), text_at(found, "dest_port")
        refused = not text_at(found, "oob.prefix").startswith(_PREFIX)
        time = time_of(found.get("oob.time.sec"))
        return _counted(self._packets, (*ends, *ports, text_at(found, "ip.id")), protocol, refused, time)

"""
Logs of cloud enforcers: the AWS network policy agent in its three shapes, and GKE's ``policy-action``.

AWS logs addresses before a Service is replaced, so that a Service's address stays one. GKE logs names of pods.
"""

import re
from typing import Any

from bulkhead.core.flows.observation import NotAConnection, ObservedEnd, ObservedVerdict, Reading
from bulkhead.io.flows.record_parts import ADDRESS, connection, count_of, json_record, text_at, time_of

AWS_CAVEATS = (
    "the AWS agent logs what it denies; allowed connections only at log level debug",
    "the AWS agent sees the address of a Service, not that of the pod behind it",
)
GKE_CAVEATS = ("GKE counts equal denied connections of some seconds as one record with a count",)

_VERDICTS = {"ACCEPT": ObservedVerdict.ALLOWED, "DENY": ObservedVerdict.DENIED}
_AGENT = re.compile(
    r"Src IP:? ?(\S+) Src Port:? ?(\d+) Dest IP:? ?(\S+) Dest Port:? ?(\d+) Proto:? ?(.+?) Verdict:? ?(\w+)"
)
_CLOUDWATCH = re.compile(
    r"Node: [^;]*;SIP: ([^;]+);SPORT: (\d+);DIP: ([^;]+);DPORT: (\d+);PROTOCOL: ([^;]+);PolicyVerdict: (\w+)"
)
_OF_THE_AGENT = NotAConnection("a line of the AWS agent that is no flow")


def fits_aws(line: str) -> bool:
    """Say whether *line* looks like one of the agent's, in its file or in CloudWatch."""
    return "Flow Info:" in line or ";PolicyVerdict: " in line


def read_aws(line: str) -> Reading:
    """Return what *line* is; other lines of the agent's log are no flows."""
    found = json_record(line) if line.startswith("{") else None
    if found is not None and "Src IP" in found:
        parts = [text_at(found, name) for name in ("Src IP", "Src Port", "Dest IP", "Dest Port", "Proto", "Verdict")]
    else:
        match = _AGENT.search(line) or _CLOUDWATCH.search(line)
        if match is None:
            return _OF_THE_AGENT if found is not None and "msg" in found and not fits_aws(line) else None
        parts = list(match.groups())
    verdict = _VERDICTS.get(parts[5])
    if verdict is None:
        return NotAConnection("an entry of the AWS agent that expired or was deleted")
    if not parts[0] or not parts[2]:
        return None
    time = time_of(found.get("ts") or found.get("timestamp")) if found else None
    return connection(ADDRESS(parts[0]), ADDRESS(parts[2]), parts[4], parts[3], verdict, time)


def fits_gke(record: dict[str, Any]) -> bool:
    """Say whether *record* is a policy action, by itself or as an entry of Cloud Logging."""
    found = record.get("jsonPayload", record)
    return isinstance(found, dict) and isinstance(found.get("connection"), dict) and "disposition" in found


def read_gke(line: str) -> Reading:
    """Return what *line* is."""
    record = json_record(line)
    if record is None or not fits_gke(record):
        return None
    found = record.get("jsonPayload", record)
    verdicts = {"allow": ObservedVerdict.ALLOWED, "deny": ObservedVerdict.DENIED}
    verdict, count = verdicts.get(text_at(found, "disposition")), count_of(found.get("count"))
    if verdict is None or count is None:
        return None
    time = time_of(found.get("timestamp") or record.get("timestamp"))
    ends = _gke_end(found, "src"), _gke_end(found, "dest")
    protocol = text_at(found, "connection", "protocol")
    return connection(*ends, protocol, text_at(found, "connection", "dest_port"), verdict, time, count)


def _gke_end(found: dict[str, Any], side: str) -> ObservedEnd:
    end = found.get(side)
    namespace = text_at(end, "pod_namespace") or text_at(end, "namespace")
    pod, workload = text_at(end, "pod_name"), text_at(end, "workload_name")
    if namespace and pod:
        return ObservedEnd("", namespace, pod, workload, text_at(end, "workload_kind"))
    return ObservedEnd(text_at(found, "connection", f"{side}_ip"))

"""Logs that enforcers write on nodes: OVN-Kubernetes' ACL log and Antrea's ``np.log``."""

import re

from bulkhead.core.flows.observation import NotAConnection, ObservedVerdict, Reading
from bulkhead.io.flows.record_parts import ADDRESS, connection, time_of

OVN_CAVEATS = ("OVN logs at most as many packets a second as its rate limit allows",)
ANTREA_CAVEATS = ("Antrea logs the first packet of an allowed connection, and equal drops of a second once",)

_OVN = re.compile(
    r"(?P<time>\S+)\|\d+\|acl_log\([^)]*\)\|\w+\|name=\"[^\"]*\", verdict=(?P<verdict>\w+), [^:]*: "
    r"(?P<protocol>\w+),(?P<rest>.*)"
)
_OVN_ENDS = re.compile(r"(?:nw|ipv6)_src=([^,]+).*?(?:nw|ipv6)_dst=([^,]+)")
_OVN_PORT = re.compile(r"tp_dst=(\d+)")
_ANTREA = re.compile(
    r"(?P<date>\d{4})/(?P<month>\d\d)/(?P<day>\d\d) (?P<time>\d\d:\d\d:\d\d\.\d+) \S+ .*?"
    r" (?:Ingress|Egress) (?P<action>Allow|Drop|Reject) .*? "
    r"(?P<src>[0-9a-fA-F.:]+) (?:\d+|<nil>) (?P<dst>[0-9a-fA-F.:]+) (?P<port>\d+|<nil>) (?P<protocol>\w+) \d+\b"
    r".*?(?:\[(?P<count>\d+) packets in [^]]*\])?$"
)
_ACTIONS = {"allow": ObservedVerdict.ALLOWED, "drop": ObservedVerdict.DENIED, "reject": ObservedVerdict.DENIED}


def fits_ovn(line: str) -> bool:
    """Say whether *line* looks like one of the ACL log."""
    return "|acl_log(" in line


def read_ovn(line: str) -> Reading:
    """Return what *line* is."""
    found = _OVN.match(line)
    ends = found and _OVN_ENDS.search(found["rest"])
    if not found or not ends:
        return None
    verdict = _ACTIONS.get(found["verdict"])
    if verdict is None:
        return NotAConnection("a record of OVN that passes the decision on")
    port = _OVN_PORT.search(found["rest"])
    protocol = found["protocol"].removesuffix("6")
    return connection(ADDRESS(ends[1]), ADDRESS(ends[2]), protocol, port and port[1], verdict, time_of(found["time"]))


def fits_antrea(line: str) -> bool:
    """Say whether *line* looks like one of ``np.log``."""
    return _ANTREA.match(line) is not None


def read_antrea(line: str) -> Reading:
    """Return what *line* is. Its time has no zone, and is not used."""
    found = _ANTREA.match(line)
    if found is None:
        return None
    verdict = _ACTIONS[found["action"].lower()]
    ends = ADDRESS(found["src"]), ADDRESS(found["dst"])
    return connection(*ends, found["protocol"], found["port"], verdict, None, int(found["count"] or 1))

"""The parts of records that several formats have: protocols, ports, times, counts, labels."""

import json
import math
from datetime import datetime, timezone
from functools import lru_cache
from typing import Any

from bulkhead.core.flows.observation import (
    NotAConnection,
    Observation,
    ObservationKey,
    ObservedEnd,
    ObservedVerdict,
    Reading,
)
from bulkhead.core.sets.ports import LAST

_PROTOCOLS = {"TCP": "TCP", "6": "TCP", "UDP": "UDP", "17": "UDP", "SCTP": "SCTP", "132": "SCTP"}
_MOST_COUNTED = 10**15
ADDRESS = lru_cache(1 << 16)(ObservedEnd)
"""The end at an address: made once, since records name the same ones again and again."""

OTHER_PROTOCOL = "another protocol than TCP, UDP and SCTP: NetworkPolicies do not decide it"
REPLY = "a reply"


@lru_cache(1 << 16)
def key(source: str, destination: str, protocol: str, port: str, verdict: ObservedVerdict) -> ObservationKey | None:
    """Return the key of a connection between two addresses; ``None`` where the port or an address is none."""
    number = port_of(port)
    known = _PROTOCOLS.get(protocol.upper())
    if number is None or not source or not destination or known is None:
        return None
    return ObservationKey(ADDRESS(source), ADDRESS(destination), known, number, verdict)


def connection(
    source: ObservedEnd,
    destination: ObservedEnd,
    protocol: object,
    port: object,
    verdict: ObservedVerdict,
    time: float | None = None,
    count: int = 1,
) -> Reading:
    """Return the connection; one without ports is none; without a port or a protocol the line is unreadable."""
    name = str(protocol).upper()
    if name not in _PROTOCOLS:
        return NotAConnection(OTHER_PROTOCOL, count) if name and protocol is not None else None
    number = port_of(port)
    if number is None:
        return None
    return Observation(ObservationKey(source, destination, _PROTOCOLS[name], number, verdict), time, count)


def port_of(value: object) -> int | None:
    """Return the port that *value* is, ``None`` where it is none."""
    text = str(value)
    if isinstance(value, bool) or not (text.isascii() and text.isdigit() and len(text) <= 5):
        return None
    return int(text) if 1 <= int(text) <= LAST else None


def count_of(value: object) -> int | None:
    """Return the count that *value* is; 1 where there is none, ``None`` where it is something else."""
    if value in (None, ""):
        return 1
    text = str(value)
    if isinstance(value, bool) or not (text.isascii() and text.isdigit() and len(text) <= 15):
        return None
    return int(text) if 0 < int(text) < _MOST_COUNTED else None


def time_of(value: object) -> float | None:
    """
    Return the seconds since 1970 of a time in RFC 3339, with any zone, or in seconds or milliseconds.

    ``None`` where *value* is no time, and where it has no zone: which moment it means is not known.
    """
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        return _seconds(float(value))
    text = str(value)
    try:
        return _rfc3339(text) if "T" in text or "-" in text[1:] else _seconds(float(text))
    except (ValueError, OverflowError):
        return None


def _seconds(number: float) -> float | None:
    if not math.isfinite(number) or number < 0 or number > 1e14:
        return None
    return number / 1000 if number > 1e11 else number


def _rfc3339(text: str) -> float | None:
    second = _whole_second(text[:19])
    rest = text[19:]
    digits = ""
    if rest.startswith("."):
        digits = rest[1:].split("Z")[0].split("+")[0].split("-")[0]
        rest = rest[1 + len(digits) :]
    if digits and not digits.isdigit():
        return None
    if rest not in ("Z", "z", "+00:00"):
        if len(rest) != 6 or rest[0] not in "+-" or rest[3] != ":":
            return None
        offset = int(rest[1:3]) * 3600 + int(rest[4:]) * 60
        second += -offset if rest[0] == "+" else offset
    return second + (float(f"0.{digits}") if digits else 0.0)


@lru_cache(1 << 12)
def _whole_second(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc).timestamp()


def json_record(line: str) -> dict[str, Any] | None:
    """Return the JSON object in *line*, ``None`` where it is none."""
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def text_at(record: Any, *path: str) -> str:
    """Return the text, or the number as text, at *path* in *record*; ``""`` where there is none."""
    for step in path:
        record = record.get(step) if isinstance(record, dict) else None
    return str(record) if isinstance(record, str | int) and not isinstance(record, bool) else ""


def labels_of(texts: Any, prefix: str = "") -> tuple[tuple[str, str], ...] | None:
    """Return the labels ``key=value`` of a list that start with *prefix*, without it; ``None`` where it is no list."""
    if not isinstance(texts, list):
        return None
    found = {}
    for each in texts:
        if isinstance(each, str) and each.startswith(prefix):
            name, _, value = each[len(prefix) :].partition("=")
            found[name] = value
    return tuple(sorted(found.items()))

"""
The neutral formats: CSV with a first line of names, and JSON lines with the same names.

``source``, ``destination``, ``port`` and ``protocol`` are needed; ``verdict`` (allowed, denied), ``time`` and
``count`` are not. An end is an address or ``namespace/workload``.
"""

import csv
from typing import Any

from bulkhead.core.flows.observation import ObservedEnd, ObservedVerdict, Reading
from bulkhead.io.flows.record_parts import ADDRESS, connection, count_of, json_record, text_at, time_of

NEEDED = ("source", "destination", "port", "protocol")
COLUMNS = (*NEEDED, "verdict", "time", "count")
_VERDICTS = {
    **dict.fromkeys(("allowed", "allow", "accept", "forwarded"), ObservedVerdict.ALLOWED),
    **dict.fromkeys(("denied", "deny", "drop", "dropped", "reject"), ObservedVerdict.DENIED),
    **dict.fromkeys(("", "unknown"), ObservedVerdict.UNKNOWN),
}


def fits_csv(line: str) -> bool:
    """Say whether *line* has the names of the columns."""
    return set(NEEDED) <= set(_names(line))


def _names(line: str) -> list[str]:
    return [each.strip().lower() for each in _cells(line)]


def _cells(line: str) -> list[str]:
    try:
        return next(csv.reader([line], strict=True), [])
    except csv.Error:
        return []


class CsvReader:
    """Reads one CSV file."""

    def __init__(self) -> None:
        self._columns: list[str] = []

    def __call__(self, line: str) -> Reading:
        """Return what *line* is; the first one, with the names, is no record."""
        cells = _cells(line)
        if len(cells) != len(self._columns):
            return None
        return _reading(dict(zip(self._columns, cells, strict=True)))

    def begins(self, line: str) -> bool:
        """Take the names from *line*, if it has them."""
        if not fits_csv(line):
            return False
        self._columns = _names(line)
        return True


def fits_json(record: dict[str, Any]) -> bool:
    """Say whether *record* has the names that are needed."""
    return all(isinstance(record.get(name), str | int) for name in NEEDED)


def read_json(line: str) -> Reading:
    """Return what *line* is."""
    record = json_record(line)
    return _reading(record) if record is not None and fits_json(record) else None


def _reading(record: dict[str, Any]) -> Reading:
    verdict = _VERDICTS.get(text_at(record, "verdict").lower())
    count = count_of(record.get("count"))
    time = time_of(record.get("time"))
    source, destination = _end(text_at(record, "source")), _end(text_at(record, "destination"))
    is_timed = time is not None or record.get("time") in (None, "")
    if not (source and destination and verdict and count and is_timed):
        return None
    return connection(source, destination, text_at(record, "protocol"), record.get("port"), verdict, time, count)


def _end(text: str) -> ObservedEnd | None:
    namespace, slash, workload = text.strip().partition("/")
    if slash:
        return ObservedEnd("", namespace, "", workload) if namespace and workload else None
    return ADDRESS(namespace) if namespace else None

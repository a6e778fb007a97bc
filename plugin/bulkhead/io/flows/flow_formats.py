"""The formats of records. A new one is a module and one line here."""

from collections.abc import Callable
from typing import Any, TypeAlias

from bulkhead.core.flows.observation import Reading
from bulkhead.core.record import record
from bulkhead.io.flows import cloud_logs, conntrack, hubble, kube_router, neutral, node_logs
from bulkhead.io.flows.record_parts import json_record

LineReader: TypeAlias = Callable[[str], Reading]


@record
class FlowFormat:
    """
    A format with one record in a line.

    *fits* says whether a line looks like a record of it; *reader* makes what reads the lines of one file. *caveats*
    are what records of it cannot show.
    """

    name: str
    fits: Callable[[str], bool]
    reader: Callable[[], LineReader]
    caveats: tuple[str, ...] = ()


def _json(fits: Callable[[dict[str, Any]], bool]) -> Callable[[str], bool]:
    def fits_line(line: str) -> bool:
        found = json_record(line) if line.startswith("{") else None
        return found is not None and fits(found)

    return fits_line


FORMATS = {
    each.name: each
    for each in (
        FlowFormat("csv", neutral.fits_csv, neutral.CsvReader),
        FlowFormat("jsonl", _json(neutral.fits_json), lambda: neutral.read_json),
        FlowFormat("conntrack", conntrack.fits, conntrack.ConntrackReader, conntrack.CAVEATS),
        FlowFormat("logemu", kube_router.fits_lines, kube_router.LogemuReader, kube_router.CAVEATS),
        FlowFormat("ulogd-json", _json(kube_router.fits_json), kube_router.UlogdReader, kube_router.CAVEATS),
        FlowFormat("hubble", _json(hubble.fits), hubble.HubbleReader, hubble.CAVEATS),
        FlowFormat("aws", cloud_logs.fits_aws, lambda: cloud_logs.read_aws, cloud_logs.AWS_CAVEATS),
        FlowFormat("gke", _json(cloud_logs.fits_gke), lambda: cloud_logs.read_gke, cloud_logs.GKE_CAVEATS),
        FlowFormat("ovn", node_logs.fits_ovn, lambda: node_logs.read_ovn, node_logs.OVN_CAVEATS),
        FlowFormat("antrea", node_logs.fits_antrea, lambda: node_logs.read_antrea, node_logs.ANTREA_CAVEATS),
    )
}
"""The formats by the name that ``--input-format`` takes, in the order in which they are tried."""


def format_of(line: str) -> FlowFormat | None:
    """Return the format that *line* looks like."""
    return next((each for each in FORMATS.values() if each.fits(line)), None)

"""
Reads records of observed traffic and inventories into one table.

:func:`read_flows` is what a command calls: files, inventories and the analysis input in, a ``FlowTable`` out.
`judge_flows` adds the verdict of the policies to each row.
"""

import io
from collections.abc import Callable, Iterable, Sequence
from typing import BinaryIO

from bulkhead.analysis.analysis_input import AnalysisInput
from bulkhead.core.diagnostics import Diagnostic, Location
from bulkhead.core.engine.endpoint_terms import block_spans, named_peers
from bulkhead.core.flows.directory import Directory
from bulkhead.core.flows.flow_evidence import Counted, FlowEvidence
from bulkhead.core.flows.flow_table import EndKind, FlowEnd, FlowRow, FlowTable
from bulkhead.core.flows.fold import Fold, Seen
from bulkhead.core.flows.observation import ObservedVerdict
from bulkhead.core.kubernetes.cluster import Cluster, Pod
from bulkhead.core.language.resources import ClusterProfile
from bulkhead.core.record import replaced
from bulkhead.core.sets import addresses
from bulkhead.core.sets.intervals import Spans
from bulkhead.io.files import Unreadable
from bulkhead.io.flows import flow_files
from bulkhead.io.flows.flow_formats import FORMATS
from bulkhead.io.manifests import manifest_files

STDIN = "-"
INPUT_FORMATS = tuple(FORMATS)
"""What ``--input-format`` takes."""


class UnreadableFlows(Exception):
    """Files of records or inventories that cannot be read; *faults* say why."""

    def __init__(self, faults: Sequence[Diagnostic]) -> None:
        super().__init__(faults)
        self.faults = tuple(faults)


def read_inventories(paths: Sequence[str]) -> tuple[Cluster, ...]:
    """
    Return the pods and namespaces of each of *paths*: what ``kubectl get ns,pods -A -o json`` printed, or manifests.

    :raises UnreadableFlows: where one cannot be read, or has no pod.
    """
    found: list[Cluster] = []
    faults: list[Diagnostic] = []
    for path in paths:
        read = manifest_files.load(path)
        faults += read.faults
        if not read.faults and not read.cluster.pods:
            faults.append(
                Diagnostic(Location(path), "the inventory has no pod", "write `kubectl get ns,pods -A -o json`")
            )
        found.append(read.cluster)
    if faults:
        raise UnreadableFlows(faults)
    return tuple(found)


def read_flows(
    files: Sequence[str],
    inventories: Sequence[Cluster],
    given: AnalysisInput,
    input_format: str = "",
    stdin: BinaryIO | None = None,
    step: Callable[[int], None] = lambda _: None,
) -> FlowTable:
    """
    Return the rows of *files*, ``-`` is *stdin*, whose ends are named by *inventories* and the input *given*.

    Several inventories name an address only where they agree. *step* is called with the number of lines of a file.

    :raises UnreadableFlows: where a file cannot be read at all. Single lines that cannot are in the evidence.
    """
    fold = Fold()
    faults: list[Diagnostic] = []
    form = FORMATS[input_format] if input_format else None
    for path in dict.fromkeys(files):
        try:
            if path == STDIN:
                flow_files.read_stream(stdin or io.BytesIO(), "stdin", fold, form, step)
            else:
                flow_files.read_file(path, fold, form, step)
        except Unreadable as error:
            faults.append(error.diagnostic.in_file(path))
    if faults:
        raise UnreadableFlows(faults)
    return _table(fold, directory_of(inventories, given))


def directory_of(inventories: Sequence[Cluster], given: AnalysisInput) -> Directory:
    """Return the endpoints by address and name, of *inventories* and of the pods that exist in *given*."""
    profile = given.profile
    networks = profile.spec.networks if profile else None
    own = [] if given.loaded is not None else [given.cluster.pods]
    pods = networks.pods if networks else None
    services = networks.services if networks else None
    return Directory(
        [*(each.pods for each in inventories), *own],
        addresses.spans_of(map(str, pods or given.cluster.networks)),
        addresses.spans_of(map(str, services or given.cluster.services)),
        _peers(profile) if profile else {},
    )


def _peers(profile: ClusterProfile) -> dict[str, Spans]:
    found = {name: block_spans(peers) for name, peers in named_peers(profile).items()}
    return {name: spans for name, spans in found.items() if spans}


_RowKey = tuple[FlowEnd, FlowEnd, str, int, ObservedVerdict]


def _table(fold: Fold, directory: Directory) -> FlowTable:
    rows: dict[_RowKey, Seen] = {}
    first_pods: dict[object, Pod] = {}
    unresolved: dict[str, tuple[int, str]] = {}
    for key, seen in fold.rows().items():
        ends = directory.resolve(key.source), directory.resolve(key.destination)
        for end in ends:
            if end.kind is EndKind.UNRESOLVED:
                count, example = unresolved.get(end.reason, (0, end.address))
                unresolved[end.reason] = count + seen.count, example
        row = (*_folded(*ends, first_pods), *key[2:])
        rows[row] = rows[row].plus(seen) if row in rows else seen
    return FlowTable(
        tuple(sorted((FlowRow(*row, seen) for row, seen in rows.items()), key=_order)),
        _evidence(fold, rows.values(), unresolved),
    )


def _folded(source: FlowEnd, destination: FlowEnd, first_pods: dict[object, Pod]) -> tuple[FlowEnd, FlowEnd]:
    """Return both ends with one pod for all pods of a workload that policies cannot distinguish."""
    return _one_for_all(source, destination, first_pods), _one_for_all(destination, source, first_pods)


def _one_for_all(end: FlowEnd, other: FlowEnd, first_pods: dict[object, Pod]) -> FlowEnd:
    pod = end.pod
    if pod is None or pod.node == other.address or (other.pod and other.pod.host_network):
        return end  # a node always reaches its own pods: which node it is decides
    return replaced(end, pod=first_pods.setdefault((pod.owner, pod.labels, pod.ports, pod.host_network), pod))


def _order(row: FlowRow) -> tuple[object, ...]:
    names = row.source.name, row.destination.name
    return (-row.seen.count, *names, row.protocol, row.port, row.verdict.value, row.source.reason)


def _evidence(fold: Fold, seen: Iterable[Seen], unresolved: dict[str, tuple[int, str]]) -> FlowEvidence:
    times = list(seen)
    firsts = [each.first for each in times if each.first is not None]
    lasts = [each.last for each in times if each.last is not None]
    read = fold.read()
    return FlowEvidence(
        read,
        fold.left_out(),
        fold.unread(),
        tuple(Counted(reason, *each) for reason, each in sorted(unresolved.items())),
        min(firsts, default=None),
        max(lasts, default=None),
        fold.untimed(),
        flow_files.caveats_of(each.kind for each in read),
    )

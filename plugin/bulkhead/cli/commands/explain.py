"""``bulkhead explain``: why a connection is allowed, or who refuses it and what would have to be added."""

import os
import sys

from bulkhead.analysis.analysis_input import AnalysisInput
from bulkhead.analysis.semantics_options import SemanticsOptions
from bulkhead.cli.console import CommandFailed, analysis_input, complain, names_of, palette, peers_of, width
from bulkhead.core.engine.endpoint_terms import EndpointSelection, target
from bulkhead.core.engine.solve import reach
from bulkhead.core.explanation.deviations import deviations_between
from bulkhead.core.explanation.pair import PairExplanation, alike, explain_pairs
from bulkhead.core.language.scalars import InvalidValue, Port, quoted
from bulkhead.core.sets import ports
from bulkhead.core.sets.ports import PortSet
from bulkhead.report.caveats import caveats, replaced
from bulkhead.report.explain import Explained, as_json, text
from bulkhead.report.suggestion import Suggestion


def explain(
    source: str, destination: str, folder: str, manifests: str | None, reading: SemanticsOptions, as_text: bool = True
) -> int:
    """Print why *source* does or does not reach ``DST[:PORT[/PROTO]]``; 0 allowed, 1 refused, 2 error."""
    try:
        found = analysis_input(folder, manifests, reading)
        names = names_of(found)
        name, port = target(destination)
        asked = port_of(port) if port else None
        ends = names.choose(source), names.choose(name)
    except CommandFailed:
        return 2
    except InvalidValue as refused:
        return complain(refused.message, refused.hint)
    explained = _explained(found, ends, port, asked)
    if not explained.groups:
        return complain("no policy has a say in it: neither end is a pod, or they share no address family")
    here = os.getcwd()
    sys.stdout.write(text(explained, found, here, palette(), width()) if as_text else as_json(explained, found, here))
    return 0 if explained.allowed else 1


def port_of(text: str) -> Port:
    """
    Return the port that *text* names by number.

    :raises Refused: where it is no port, or a name.
    """
    port = Port.parse(text)
    if port.name:
        raise InvalidValue(f"port {quoted(text)} is a name", "write the container port's number")
    return port


def set_of(port: Port | None) -> PortSet:
    """Return *port* as a set; all ports where there is none."""
    return ports.between(port.protocol, port.first, port.last) if port else ports.EVERY


def _explained(
    found: AnalysisInput,
    ends: tuple[EndpointSelection, EndpointSelection],
    port: str,
    asked: Port | None,
) -> Explained:
    answer = reach(found.cluster, found.semantics)
    accounts = list(deviations_between(answer, explain_pairs(answer, *ends, set_of(asked), found.loaded is not None)))
    remedies: list[tuple[str, str]] = []
    unseen = replaced(found, ends[1])
    if asked and not unseen:  # no rule for such an address would ever meet a packet
        refused = [
            (each, not each.leaves(share), not each.enters(share))
            for each in accounts
            for share in each.shares
            if not each.open(share)
        ]
        remedies = Suggestion(found, peers_of(found), ends, asked).texts(refused)
    groups = tuple(tuple(group) for group in alike(iter(accounts)))
    notes = (*unseen, *caveats(found, *ends, set_of(asked)))
    return Explained(*ends, port, groups, tuple(remedies), _allowed(accounts, asked), found.semantics, notes)


def _allowed(accounts: list[PairExplanation], asked: Port | None) -> bool:
    """Say whether each pair has the port open over some family; without a port, any port."""
    opened: dict[tuple[object, object], PortSet] = {}
    for each in accounts:
        pair = each.source.names, each.destination.names
        opened[pair] = ports.union(opened.get(pair, ports.NONE), each.opened)
    wanted = set_of(asked)
    return all(found == wanted if asked else bool(found.spans) for found in opened.values())

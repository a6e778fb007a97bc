"""``bulkhead explain``: why a connection is allowed, or who refuses it and what would have to be added."""

import os
import sys

from bulkhead.commands.looking import Unusable, complain, names_of, paint, peers_of, situation, width
from bulkhead.core import ports
from bulkhead.core.account import Account, account, alike
from bulkhead.core.departure import departing
from bulkhead.core.endpoints import Chosen, target
from bulkhead.core.notation import Port, Refused, shown
from bulkhead.core.ports import PortSet
from bulkhead.core.reach import reach
from bulkhead.reading import Reading
from bulkhead.report.explain import Explained, as_json, text
from bulkhead.report.remedy import Remedy
from bulkhead.report.untold import replaced, untold
from bulkhead.situation import Situation
from bulkhead.written import Origins


def explain(
    source: str, destination: str, folder: str, manifests: str | None, reading: Reading, as_text: bool = True
) -> int:
    """Print why *source* does or does not reach ``DST[:PORT[/PROTO]]``; 0 allowed, 1 refused, 2 error."""
    try:
        found = situation(folder, manifests, reading)
        names = names_of(found)
        name, port = target(destination)
        asked = port_of(port) if port else None
        ends = names.choose(source), names.choose(name)
    except Unusable:
        return 2
    except Refused as refused:
        return complain(refused.says, refused.hint)
    origins = Origins(found)
    explained = _explained(found, origins, ends, port, asked)
    if not explained.groups:
        return complain("no policy has a say in it: neither end is a pod, or they share no address family")
    here = os.getcwd()
    sys.stdout.write(text(explained, origins, here, paint(), width()) if as_text else as_json(explained, origins, here))
    return 0 if explained.allowed else 1


def port_of(text: str) -> Port:
    """
    Return the port that *text* names by number.

    :raises Refused: where it is no port, or a name.
    """
    port = Port.parse(text)
    if port.name:
        raise Refused(f"port {shown(text)} is a name", "write the container port's number")
    return port


def set_of(port: Port | None) -> PortSet:
    """Return *port* as a set; all ports where there is none."""
    return ports.between(port.protocol, port.first, port.last) if port else ports.EVERY


def _explained(
    found: Situation, origins: Origins, ends: tuple[Chosen, Chosen], port: str, asked: Port | None
) -> Explained:
    answer = reach(found.cluster, found.semantics)
    accounts = list(departing(answer, account(answer, *ends, set_of(asked), found.loaded is not None)))
    remedies: list[tuple[str, str]] = []
    unseen = replaced(found, ends[1])
    if asked and not unseen:  # no rule for such an address would ever meet a packet
        refused = [
            (each, not each.leaves(share), not each.enters(share))
            for each in accounts
            for share in each.shares
            if not each.open(share)
        ]
        remedies = Remedy(found, origins, peers_of(found), ends, asked).texts(refused)
    groups = tuple(tuple(group) for group in alike(iter(accounts)))
    notes = (*unseen, *untold(found, *ends, set_of(asked)))
    return Explained(*ends, port, groups, tuple(remedies), _allowed(accounts, asked), found.semantics, notes)


def _allowed(accounts: list[Account], asked: Port | None) -> bool:
    """Say whether each pair has the port open over some family; without a port, any port."""
    opened: dict[tuple[object, object], PortSet] = {}
    for each in accounts:
        pair = each.source.names, each.destination.names
        opened[pair] = ports.union(opened.get(pair, ports.NONE), each.opened)
    wanted = set_of(asked)
    return all(found == wanted if asked else bool(found.spans) for found in opened.values())

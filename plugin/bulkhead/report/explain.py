"""An explanation: the verdict, the policies that isolate each side, and the rules that a person wrote."""

import json
import textwrap
from collections.abc import Iterator

from bulkhead.core.account import Account, End
from bulkhead.core.attribution import Share
from bulkhead.core.cluster import External
from bulkhead.core.endpoints import Chosen
from bulkhead.core.value import value
from bulkhead.report.paint import Paint
from bulkhead.report.ports import short
from bulkhead.report.text import shortened
from bulkhead.written import Origins, Written

SCHEMA = "bulkhead.dev/explain/v1"
_SHOWN = 4


@value
class Explained:
    """
    What was asked and found: *groups* of pairs for which the same policies and rules decide.

    *port* is as it was written, empty where all ports were asked for.  *remedies* are (where, YAML).
    """

    source: Chosen
    destination: Chosen
    port: str
    groups: tuple[tuple[Account, ...], ...]
    remedies: tuple[tuple[str, str], ...]
    allowed: bool


def text(found: Explained, origins: Origins, here: str, paint: Paint, columns: int) -> str:
    """Return what a person reads; files are named from *here*."""
    lines: list[str] = []
    several = len({each.family for group in found.groups for each in group}) > 1
    for group in found.groups:
        first = group[0]
        over = f" over IPv{first.family}" if several else ""
        for share in first.shares:
            lines += _share(group, share, found.port, over, origins, here, paint, columns)
    for where, yaml in found.remedies:
        target = shortened(where, here)
        lines.append(paint.bold(f"to allow it, add to {target}:" if where != "manifests" else "to allow it, add:"))
        lines += ["", textwrap.indent(yaml, "    ")]
    return "\n".join(lines).rstrip("\n") + "\n"


def _share(
    group: tuple[Account, ...],
    share: Share,
    port: str,
    over: str,
    origins: Origins,
    here: str,
    paint: Paint,
    columns: int,
) -> list[str]:
    first = group[0]
    passes = first.open(share)
    asked = f"port {port}" if port and len(first.shares) == 1 else _ports(share)
    verdict = paint.good("allowed") if passes else paint.bad("refused")
    lines = [f"{paint.bold(_pairs(group))}, {asked}{over}: {verdict}"]
    if first.exempt:
        reason = {"itself": "a pod always reaches itself", "its own node": "a node always reaches its own pods"}
        return [*lines, f"  {reason[first.exempt]}, whatever the policies say", ""]
    sides = [
        ("out of", "egress", first.source.names, first.egress, share.egress, first.leaves(share)),
        ("into", "ingress", first.destination.names, first.ingress, share.ingress, first.enters(share)),
    ]
    for way, direction, names, isolating, leaves, fine in sides:
        whose = _some(names if len(group) == 1 else _every(group, direction))
        end = first.source if direction == "egress" else first.destination
        state = _state(end, bool(isolating), fine, direction, paint)
        lines.append(f"  {way} {whose}: {state}")
        for written in (origins.rule(leave, direction) for leave in leaves):
            lines += _rule(written, here, paint, columns)
        if isolating and not fine:
            listed = ", ".join(origins.policy(number) for number in isolating)
            lines += textwrap.wrap(
                f"isolated by {listed}", columns, initial_indent="    ", subsequent_indent="      ", break_on_hyphens=False
            )
    return [*lines, ""]


def _state(end: End, isolated: bool, fine: bool, direction: str, paint: Paint) -> str:
    if isinstance(end.first, External):
        return "outside the cluster, no policy applies"
    if not isolated:
        return f"open, no policy isolates its {direction}"
    return "allowed by" if fine else f"{paint.bad('refused')}, no rule allows it"


def _rule(written: Written, here: str, paint: Paint, columns: int) -> list[str]:
    place = f"{shortened(written.file, here)}:{written.line}" if written.file else f"policy {written.policy}"
    lines = [f"    {written.rule}  {paint.faint(place)}"]
    if written.why:
        lines += textwrap.wrap(written.why, columns, initial_indent="      ", subsequent_indent="      ")
    return lines


def _ports(share: Share) -> str:
    spelt = short(share.ports)
    if spelt.startswith("all"):
        return spelt.replace("all", "all ports", 1) if spelt == "all" or spelt.startswith("all but") else spelt + " ports"
    return f"ports {spelt}" if "," in spelt or "-" in spelt else f"port {spelt}"


def _pairs(group: tuple[Account, ...]) -> str:
    return f"{_some(_every(group, 'egress'))} -> {_some(_every(group, 'ingress'))}"


def _every(group: tuple[Account, ...], direction: str) -> tuple[str, ...]:
    ends = [each.source if direction == "egress" else each.destination for each in group]
    return tuple(dict.fromkeys(name for end in ends for name in end.names))


def _some(names: tuple[str, ...]) -> str:
    rest = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {rest} more" if rest > 0 else "")


def as_json(found: Explained, origins: Origins, here: str) -> str:
    """Return the explanation as JSON, schema ``bulkhead.dev/explain/v1``."""
    answers = [_answer(group, share, origins, here) for group in found.groups for share in group[0].shares]
    whole = {
        "schema": SCHEMA,
        "from": found.source.text,
        "to": found.destination.text,
        "port": found.port or None,
        "allowed": found.allowed,
        "answers": answers,
        "remedies": [{"file": shortened(where, here), "add": yaml} for where, yaml in found.remedies],
    }
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"


def _answer(group: tuple[Account, ...], share: Share, origins: Origins, here: str) -> dict[str, object]:
    first = group[0]
    return {
        "pairs": [{"from": list(each.source.names), "to": list(each.destination.names)} for each in group],
        "family": first.family,
        "ports": str(share.ports),
        "allowed": first.open(share),
        "exempt": first.exempt or None,
        "egress": {
            "allowed": first.leaves(share),
            "isolatedBy": [origins.policy(number) for number in first.egress],
            "allowedBy": list(_written(share, "egress", origins, here)),
        },
        "ingress": {
            "allowed": first.enters(share),
            "isolatedBy": [origins.policy(number) for number in first.ingress],
            "allowedBy": list(_written(share, "ingress", origins, here)),
        },
    }


def _written(share: Share, direction: str, origins: Origins, here: str) -> Iterator[dict[str, object]]:
    for leave in share.egress if direction == "egress" else share.ingress:
        found = origins.rule(leave, direction)
        yield {
            "policy": found.policy,
            "rule": found.rule,
            "why": found.why or None,
            "file": shortened(found.file, here) if found.file else None,
            "line": found.line or None,
        }


def briefly(account: Account, share: Share, origins: Origins, here: str) -> str:
    """Return why *share* is open or refused, in one line."""
    if account.exempt:
        return f"open: {account.exempt}"
    if account.open(share):
        return f"open: {_side(share, 'egress', origins, here)}, {_side(share, 'ingress', origins, here)}"
    out = "" if account.leaves(share) else f"egress of {_some(account.source.names)}"
    into = "" if account.enters(share) else f"ingress of {_some(account.destination.names)}"
    return f"refused: no rule in {' nor in '.join(part for part in (out, into) if part)} allows it"


def _side(share: Share, direction: str, origins: Origins, here: str) -> str:
    leaves = share.egress if direction == "egress" else share.ingress
    way = "out" if direction == "egress" else "in"
    if not leaves:
        return f"{way} as no policy isolates the {direction}"
    first = origins.rule(leaves[0], direction)
    place = f"{shortened(first.file, here)}:{first.line}" if first.file else first.policy
    return f"{way} by `{first.rule}` ({place})"

"""An explanation: the verdict, the policies that isolate each side, and the rules that a person wrote."""

import textwrap
from collections.abc import Iterator

from bulkhead.analysis.analysis_input import AnalysisInput
from bulkhead.analysis.rule_sources import WrittenRule
from bulkhead.core.engine.endpoint_terms import EndpointSelection
from bulkhead.core.engine.matching_rules import MatchingRule, PortVerdict
from bulkhead.core.engine.semantics import API, Semantics
from bulkhead.core.explanation.pair import ExplainedEndpoint, PairExplanation
from bulkhead.core.kubernetes.cluster import External
from bulkhead.core.kubernetes.evidence import Evidence
from bulkhead.core.kubernetes.networkpolicy import Direction
from bulkhead.core.record import record
from bulkhead.core.sets import intervals
from bulkhead.core.sets.port_spelling import phrase
from bulkhead.core.sets.ports import PortSet
from bulkhead.report.layout.colour import Palette
from bulkhead.report.layout.cut import SHORT, Cut
from bulkhead.report.layout.json_document import json_document
from bulkhead.report.layout.text import shortened, spelt
from bulkhead.report.names.evidence import evidence_json, evidence_lines
from bulkhead.report.names.semantics import because

_SHOWN = 4
"""Names of endpoints in a row."""

_POLICIES = 12
"""Names of policies that isolate an endpoint."""


@record
class Explained:
    """
    What was asked and found: *groups* of pairs for which the same policies and rules decide.

    *port* is as it was written, empty where all ports were asked for.  *remedies* are (where, YAML).
    *notes* are what a reader must know in addition to it. *evidence* is what the answer is based on.  *depends*: no
    connection is refused, but some depend on the address of a pod, which is not known.
    """

    source: EndpointSelection
    destination: EndpointSelection
    port: str
    groups: tuple[tuple[PairExplanation, ...], ...]
    remedies: tuple[tuple[str, str], ...]
    allowed: bool
    semantics: Semantics = API
    notes: tuple[str, ...] = ()
    evidence: Evidence = Evidence()
    depends: bool = False


def text(found: Explained, given: AnalysisInput, here: str, paint: Palette, columns: int, cut: Cut = SHORT) -> str:
    """Return what a person reads; files are named from *here*."""
    lines: list[str] = []
    several = len({each.family for group in found.groups for each in group}) > 1
    for group in found.groups:
        first = group[0]
        over = f" over IPv{first.family}" if several else ""
        for share in first.shares:
            lines += _share(group, share, found.port, over, given, here, paint, columns, cut)[:-1]
            if share.departs and not first.exempt:
                message = because(found.semantics, share.departs, first.open(share))
                lines += textwrap.wrap(message, columns, initial_indent="  ", subsequent_indent="    ")
            lines.append("")
    for note in found.notes:
        lines += [*textwrap.wrap(note, columns, subsequent_indent="  "), ""]
    for where, yaml in found.remedies:
        target = shortened(where, here)
        lines.append(paint.bold(f"to allow it, add to {target}:" if where != "manifests" else "to allow it, add:"))
        lines += ["", textwrap.indent(yaml, "    ")]
    if not found.remedies and found.port and len(found.groups) > 1 and not found.allowed:
        lines.append("to see what would have to be added, name one end of each side")
    return "\n".join(lines).rstrip("\n") + "\n\n" + evidence_lines(found.evidence)


def _share(
    group: tuple[PairExplanation, ...],
    share: PortVerdict,
    port: str,
    over: str,
    given: AnalysisInput,
    here: str,
    paint: Palette,
    columns: int,
    cut: Cut,
) -> list[str]:
    first = group[0]
    passes = first.open(share)
    asked = f"port {port}" if port and len(first.shares) == 1 else phrase(share.ports)
    verdict = paint.good("allowed") if passes else paint.bad("refused")
    if first.is_uncertain(share):
        verdict = paint.odd("depends on the pod's address, which is not known")
    lines = [f"{paint.bold(_pairs(group, cut))}, {asked}{over}: {verdict}"]
    if first.exempt:
        reason = {"itself": "a pod always reaches itself", "its own node": "a node always reaches its own pods"}
        return [*lines, f"  {reason[first.exempt]}, whatever the policies say", ""]
    sides = [
        ("out of", Direction.EGRESS, first.source.names, first.egress, share.egress, first.leaves(share)),
        ("into", Direction.INGRESS, first.destination.names, first.ingress, share.ingress, first.enters(share)),
    ]
    for way, direction, names, isolating, leaves, fine in sides:
        whose = cut.row(names if len(group) == 1 else _every(group, direction), _SHOWN)
        end = first.source if direction is Direction.EGRESS else first.destination
        state = _state(end, bool(isolating), fine, direction, paint)
        lines.append(f"  {way} {whose}: {state}")
        for written in (given.written(leave, direction) for leave in leaves):
            lines += _rule(written, here, paint, columns)
        if isolating and not fine:
            listed = cut.row([_isolating(number, given, here) for number in isolating], _POLICIES)
            lines += textwrap.wrap(
                f"isolated by {listed}",
                columns,
                initial_indent="    ",
                subsequent_indent="      ",
                break_on_hyphens=False,
            )
    return [*lines, ""]


def _state(end: ExplainedEndpoint, isolated: bool, fine: bool, direction: Direction, paint: Palette) -> str:
    if isinstance(end.first, External):
        return "outside the cluster, no policy applies"
    if not isolated:
        return f"open, no policy isolates its {direction}"
    return "allowed by" if fine else f"{paint.bad('refused')}, no rule allows it"


def _isolating(number: int, given: AnalysisInput, here: str) -> str:
    """Return the name of a policy, of one in manifests with its place: a person wrote it there."""
    name, at = given.policy_name(number), given.policy_location(number)
    return f"{name} ({spelt(at, here)})" if given.loaded is None and at.file else name


def _rule(written: WrittenRule, here: str, paint: Palette, columns: int) -> list[str]:
    place = spelt(written.location, here) if written.location.file else f"policy {written.policy}"
    place = place if written.policy else "the enforcer, whatever the policies say"
    lines = [f"    {written.title}  {paint.faint(place)}"]
    if written.why:
        lines += textwrap.wrap(written.why, columns, initial_indent="      ", subsequent_indent="      ")
    return lines


def _pairs(group: tuple[PairExplanation, ...], cut: Cut) -> str:
    sources, destinations = (_every(group, direction) for direction in (Direction.EGRESS, Direction.INGRESS))
    return f"{cut.row(sources, _SHOWN)} -> {cut.row(destinations, _SHOWN)}"


def _every(group: tuple[PairExplanation, ...], direction: Direction) -> tuple[str, ...]:
    ends = [each.source if direction is Direction.EGRESS else each.destination for each in group]
    return tuple(dict.fromkeys(name for end in ends for name in end.names))


def as_json(found: Explained, given: AnalysisInput, here: str) -> str:
    """Return the explanation as JSON."""
    answers = [_answer(group, share, given, here) for group in found.groups for share in group[0].shares]
    whole = {
        "from": found.source.text,
        "to": found.destination.text,
        "port": found.port or None,
        "allowed": found.allowed,
        "answers": answers,
        "notes": list(found.notes),
        "evidence": evidence_json(found.evidence),
        "remedies": [{"file": shortened(where, here), "add": yaml} for where, yaml in found.remedies],
    }
    return json_document("explain", whole, found.semantics)


def _answer(
    group: tuple[PairExplanation, ...], share: PortVerdict, given: AnalysisInput, here: str
) -> dict[str, object]:
    first = group[0]
    return {
        "pairs": [{"from": list(each.source.names), "to": list(each.destination.names)} for each in group],
        "family": first.family,
        "ports": str(share.ports),
        "allowed": first.open(share),
        "dependsOnAddress": first.is_uncertain(share),
        "exempt": first.exempt or None,
        "specification": first.open(share) is not bool(share.departs),
        "deviations": [each.value for each in share.departs],
        "egress": {
            "allowed": first.leaves(share),
            "isolatedBy": [given.policy_name(number) for number in first.egress],
            "isolating": [_policy(number, given, here) for number in first.egress],
            "allowedBy": list(_written(share, Direction.EGRESS, given, here)),
        },
        "ingress": {
            "allowed": first.enters(share),
            "isolatedBy": [given.policy_name(number) for number in first.ingress],
            "isolating": [_policy(number, given, here) for number in first.ingress],
            "allowedBy": list(_written(share, Direction.INGRESS, given, here)),
        },
    }


def _policy(number: int, given: AnalysisInput, here: str) -> dict[str, object]:
    at = given.policy_location(number)
    return {
        "policy": given.policy_name(number),
        "file": shortened(at.file, here) if at.file else None,
        "line": at.line or None,
    }


def _written(share: PortVerdict, direction: Direction, given: AnalysisInput, here: str) -> Iterator[dict[str, object]]:
    for leave in share.egress if direction is Direction.EGRESS else share.ingress:
        found = given.written(leave, direction)
        yield {
            "policy": found.policy or None,
            "direction": direction.opposite if leave.crossed else direction,
            "rule": found.name,
            "why": found.why or None,
            "file": shortened(found.location.file, here) if found.location.file else None,
            "line": found.location.line or None,
        }


def briefly(account: PairExplanation, given: AnalysisInput, here: str, cut: Cut = SHORT) -> str:
    """Return what decides the ports of *account*, which are all open or all refused, in one line."""
    share = _common(account)
    asked = phrase(share.ports)
    if account.exempt:
        return f"{asked} open: {account.exempt}"
    if account.open(share):
        out = _side(account.source, share.egress, Direction.EGRESS, given, here)
        into = _side(account.destination, share.ingress, Direction.INGRESS, given, here)
        return f"{asked} open: {out}, {into}"
    sides = [] if account.leaves(share) else [f"the egress of {cut.row(account.source.names, _SHOWN)}"]
    sides += [] if account.enters(share) else [f"the ingress of {cut.row(account.destination.names, _SHOWN)}"]
    return f"{asked} refused: no rule for {' nor for '.join(sides)} allows it"


def _common(account: PairExplanation) -> PortVerdict:
    """Return all ports with the rules that decide all of them; the most ports with one reason where none does."""
    egress = tuple(each for each in account.shares[0].egress if all(each in share.egress for share in account.shares))
    ingress = tuple(
        each for each in account.shares[0].ingress if all(each in share.ingress for share in account.shares)
    )
    whole = PortSet(intervals.merge(span for share in account.shares for span in share.ports.spans))
    common = PortVerdict(whole, egress, ingress)
    if account.open(common) == account.open(account.shares[0]):
        return common
    return max(account.shares, key=lambda share: sum(last - first for first, last in share.ports.spans))


def _side(
    end: ExplainedEndpoint, leaves: tuple[MatchingRule, ...], direction: Direction, given: AnalysisInput, here: str
) -> str:
    way = "out" if direction is Direction.EGRESS else "in"
    if isinstance(end.first, External):
        return "from outside" if direction is Direction.EGRESS else "to outside"
    if not leaves:
        return f"{way} because no policy isolates the {direction}"
    first = given.written(leaves[0], direction)
    place = spelt(first.location, here) if first.location.file else first.policy or "the enforcer"
    return f"{way} by `{first.title}` ({place})"

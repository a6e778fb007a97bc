"""An explanation: the verdict, the policies that isolate each side, and the rules that a person wrote."""

import textwrap
from collections.abc import Iterable, Iterator

from bulkhead.analysis.analysis_input import AnalysisInput
from bulkhead.analysis.rule_sources import WrittenRule
from bulkhead.core.engine.endpoint_terms import EndpointSelection
from bulkhead.core.engine.matching_rules import MatchingRule, PortVerdict
from bulkhead.core.engine.semantics import API, Semantics
from bulkhead.core.explanation.pair import ExplainedEndpoint, PairExplanation, UnknownFact
from bulkhead.core.kubernetes.cluster import External, PolicyIndex
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
from bulkhead.report.names.semantics import deviation_message

_SHOWN = 4
"""Names of endpoints in a row."""

_POLICIES = 12
"""Names of policies that isolate an endpoint."""


@record
class OfPods:
    """
    The answer about addresses of the pod network: *verdict* is ``None`` where it depends on the pod that has one.

    *opened* and *refused* say which pods are reached, or not, a line each. *why* is why it is not decided.
    """

    verdict: bool | None
    opened: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    why: str = ""


@record
class Explained:
    """
    What was asked and found: *groups* of pairs that the same policies and rules decide.

    *port* is the port as it was written; it is empty where all ports were asked for. *remedies* are pairs of a file and
    the YAML to add to it. *notes* are sentences that a reader must know. *evidence* is what the answer is based on.
    *depends*: no connection is denied, but some depend on what is not known. *of_pods* is the
    answer about the addresses of the pod network; it is ``None`` where none is asked about.
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
    of_pods: OfPods | None = None


def text(found: Explained, given: AnalysisInput, folder: str, paint: Palette, columns: int, cut: Cut = SHORT) -> str:
    """Return the explanation for people; files are named relative to *folder*."""
    writer = _TextWriter(given, folder, paint, columns, cut)
    lines: list[str] = []
    several = len({each.family for group in found.groups for each in group}) > 1
    for group in found.groups:
        first = group[0]
        family = f" over IPv{first.family}" if several else ""
        for verdict in first.verdicts:
            lines += writer.verdict(group, verdict, found.port, family)
            if verdict.deviations and not first.exempt:
                message = deviation_message(found.semantics, verdict.deviations, first.allows(verdict))
                lines += textwrap.wrap(message, columns, initial_indent="  ", subsequent_indent="    ")
            lines.append("")
    lines += writer.of_pods(found) if found.of_pods else []
    for note in found.notes:
        lines += [*textwrap.wrap(note, columns, subsequent_indent="  "), ""]
    for file, yaml in found.remedies:
        target = shortened(file, folder)
        lines.append(paint.bold(f"to allow it, add to {target}:" if file != "manifests" else "to allow it, add:"))
        lines += ["", textwrap.indent(yaml, "    ")]
    if not found.remedies and found.port and len(found.groups) > 1 and not found.allowed:
        lines.append("to see what would have to be added, name one end of each side")
    return "\n".join(lines).rstrip("\n") + "\n\n" + evidence_lines(found.evidence)


class _TextWriter:
    """Writes verdicts as lines of at most *columns* characters; files are named relative to *folder*."""

    def __init__(self, given: AnalysisInput, folder: str, paint: Palette, columns: int, cut: Cut) -> None:
        self.given, self.folder, self.paint, self.columns, self.cut = given, folder, paint, columns, cut

    def verdict(
        self, group: tuple[PairExplanation, ...], verdict: PortVerdict, port: str, family: str
    ) -> Iterator[str]:
        """Yield the lines for *verdict* on all pairs of *group*; *port* is the port as it was asked for."""
        first = group[0]
        asked = f"port {port}" if port and len(first.verdicts) == 1 else phrase(verdict.ports)
        yield f"{self.paint.bold(_pairs(group, self.cut))}, {asked}{family}: {self.outcome(first, verdict)}"
        if first.exempt:
            yield f"  {_EXEMPT[first.exempt]}, whatever the policies say"
            return
        for direction in (Direction.EGRESS, Direction.INGRESS):
            yield from self.direction(group, verdict, direction)

    def of_pods(self, found: Explained) -> Iterator[str]:
        """Yield the lines about the addresses of the pod network."""
        answer = found.of_pods or OfPods(None)
        words = {
            True: f"{self.paint.good('allowed')}, whichever pod has the address",
            False: f"{self.paint.bad('refused')}, whichever pod has the address",
            None: self.paint.odd("depends on which pod has the address"),
        }
        asked = f"port {found.port}" if found.port else "all ports"
        ends = f"{found.source.text} -> {found.destination.text}"
        names = " and ".join(end.text for end in (found.source, found.destination) if end.of_pods)
        yield f"{self.paint.bold(ends)}, {asked}: {words[answer.verdict]}"
        about = f"{names} is of the pod network. Policies decide about the pod that has the address: name the pod."
        yield from textwrap.wrap(about, self.columns, initial_indent="  ", subsequent_indent="    ")
        for reasons in (answer.opened, answer.refused, (answer.why,) if answer.why else ()):
            shown, more = self.cut.first(list(reasons), _SHOWN)
            for each in shown:
                yield from textwrap.wrap(
                    each, self.columns, initial_indent="  ", subsequent_indent="    ", break_on_hyphens=False
                )
            if more:
                yield f"  and {more} more (--all)"
        yield ""

    def outcome(self, pair: PairExplanation, verdict: PortVerdict) -> str:
        """Return the verdict in words."""
        if pair.is_uncertain(verdict):
            may = "depends on" if pair.is_judged else "not judged, there are too many pairs: it may depend on"
            return self.paint.odd(f"{may} {unknown_facts(pair.unknown)}")
        return self.paint.good("allowed") if pair.allows(verdict) else self.paint.bad("refused")

    def direction(
        self, group: tuple[PairExplanation, ...], verdict: PortVerdict, direction: Direction
    ) -> Iterator[str]:
        """Yield the lines for the egress of the sources, or for the ingress of the destinations."""
        first = group[0]
        if direction is Direction.EGRESS:
            way, end, isolating, rules = "out of", first.source, first.egress, verdict.egress
            is_allowed = first.egress_allows(verdict)
        else:
            way, end, isolating, rules = "into", first.destination, first.ingress, verdict.ingress
            is_allowed = first.ingress_allows(verdict)
        names = end.names if len(group) == 1 else _every(group, direction)
        state = _state(end, bool(isolating), is_allowed, direction, self.paint)
        yield f"  {way} {self.cut.row(names, _SHOWN)}: {state}"
        for rule in rules:
            yield from self.rule(self.given.written(rule, direction))
        if isolating and not is_allowed:
            listed = self.cut.row([_isolating(number, self.given, self.folder) for number in isolating], _POLICIES)
            yield from textwrap.wrap(
                f"isolated by {listed}",
                self.columns,
                initial_indent="    ",
                subsequent_indent="      ",
                break_on_hyphens=False,
            )

    def rule(self, written: WrittenRule) -> Iterator[str]:
        """Yield the lines for one rule that allows it: its name, its place and its reason."""
        place = spelt(written.location, self.folder) if written.location.file else f"policy {written.policy}"
        place = place if written.policy else "the enforcer, whatever the policies say"
        yield f"    {written.title}  {self.paint.faint(place)}"
        if written.why:
            yield from textwrap.wrap(written.why, self.columns, initial_indent="      ", subsequent_indent="      ")


def depends_on_address(found: Iterable[UnknownFact]) -> bool:
    """Say whether an address is among the facts *found*."""
    return any(each in (UnknownFact.POD_ADDRESS, UnknownFact.NODE_ADDRESS) for each in found)


def unknown_facts(found: Iterable[UnknownFact]) -> str:
    """Return that the facts *found* are not known."""
    words = [each.value for each in found]
    is_one = len(words) == 1 and not words[0].endswith(("labels", "ports"))
    return f"{' and '.join(words)}, which {'is' if is_one else 'are'} not known"


_EXEMPT = {"itself": "a pod always reaches itself", "its own node": "a node always reaches its own pods"}


def _state(end: ExplainedEndpoint, isolated: bool, is_allowed: bool, direction: Direction, paint: Palette) -> str:
    if isinstance(end.first, External):
        return "no policy applies to this address"
    if not isolated:
        return f"open, no policy isolates its {direction}"
    return "allowed by" if is_allowed else f"{paint.bad('refused')}, no rule allows it"


def isolated_by(policies: Iterable[PolicyIndex], given: AnalysisInput, folder: str, cut: Cut = SHORT) -> str:
    """Return that *policies* isolate endpoints, each with its namespace, and its place, where it is in manifests."""
    names = [
        f"{given.cluster.policies[number].namespace}/{_isolating(number, given, folder)}"
        for number in dict.fromkeys(policies)
    ]
    return f"isolated by {cut.row(names, _POLICIES)}"


def _isolating(number: PolicyIndex, given: AnalysisInput, folder: str) -> str:
    """Return the name of a policy; with its place, where it is in manifests."""
    name, location = given.policy_name(number), given.policy_location(number)
    return f"{name} ({spelt(location, folder)})" if given.loaded is None and location.file else name


def _pairs(group: tuple[PairExplanation, ...], cut: Cut) -> str:
    sources, destinations = (_every(group, direction) for direction in (Direction.EGRESS, Direction.INGRESS))
    return f"{cut.row(sources, _SHOWN)} -> {cut.row(destinations, _SHOWN)}"


def _every(group: tuple[PairExplanation, ...], direction: Direction) -> tuple[str, ...]:
    ends = [each.source if direction is Direction.EGRESS else each.destination for each in group]
    return tuple(dict.fromkeys(name for end in ends for name in end.names))


def as_json(found: Explained, given: AnalysisInput, folder: str) -> str:
    """Return the explanation as JSON."""
    answers = [_answer(group, verdict, given, folder) for group in found.groups for verdict in group[0].verdicts]
    whole = {
        "from": found.source.text,
        "to": found.destination.text,
        "port": found.port or None,
        "allowed": found.allowed,
        "answers": answers,
        "podAddresses": _of_pods_json(found.of_pods),
        "notes": list(found.notes),
        "evidence": evidence_json(found.evidence),
        "remedies": [{"file": shortened(where, folder), "add": yaml} for where, yaml in found.remedies],
    }
    return json_document("explain", whole, found.semantics)


def _of_pods_json(answer: OfPods | None) -> dict[str, object] | None:
    if answer is None:
        return None
    word = {True: "allowed", False: "refused", None: "depends"}[answer.verdict]
    return {
        "verdict": word,
        "open": list(answer.opened),
        "refused": list(answer.refused),
        "notDecided": answer.why or None,
    }


def _answer(
    group: tuple[PairExplanation, ...], verdict: PortVerdict, given: AnalysisInput, folder: str
) -> dict[str, object]:
    first = group[0]
    return {
        "pairs": [{"from": list(each.source.names), "to": list(each.destination.names)} for each in group],
        "family": first.family,
        "ports": str(verdict.ports),
        "allowed": first.allows(verdict),
        "dependsOnAddress": first.is_uncertain(verdict) and depends_on_address(first.unknown),
        "dependsOn": [each.word for each in first.unknown] if first.is_uncertain(verdict) else [],
        "judged": first.is_judged or not first.is_uncertain(verdict),
        "exempt": first.exempt or None,
        "specification": first.allows(verdict) is not bool(verdict.deviations),
        "deviations": [each.value for each in verdict.deviations],
        "egress": {
            "allowed": first.egress_allows(verdict),
            "isolatedBy": [given.policy_name(number) for number in first.egress],
            "isolating": [_policy(number, given, folder) for number in first.egress],
            "allowedBy": list(_written(verdict, Direction.EGRESS, given, folder)),
        },
        "ingress": {
            "allowed": first.ingress_allows(verdict),
            "isolatedBy": [given.policy_name(number) for number in first.ingress],
            "isolating": [_policy(number, given, folder) for number in first.ingress],
            "allowedBy": list(_written(verdict, Direction.INGRESS, given, folder)),
        },
    }


def _policy(number: PolicyIndex, given: AnalysisInput, folder: str) -> dict[str, object]:
    at = given.policy_location(number)
    return {
        "policy": given.policy_name(number),
        "file": shortened(at.file, folder) if at.file else None,
        "line": at.line or None,
    }


def _written(
    verdict: PortVerdict, direction: Direction, given: AnalysisInput, folder: str
) -> Iterator[dict[str, object]]:
    for rule in verdict.egress if direction is Direction.EGRESS else verdict.ingress:
        found = given.written(rule, direction)
        yield {
            "policy": found.policy or None,
            "direction": direction.opposite if rule.crossed else direction,
            "rule": found.name,
            "why": found.why or None,
            "file": shortened(found.location.file, folder) if found.location.file else None,
            "line": found.location.line or None,
        }


def in_one_line(explanation: PairExplanation, given: AnalysisInput, folder: str, cut: Cut = SHORT) -> str:
    """Return in one line what decides the ports of *explanation*, which are all open or all denied."""
    verdict = _common(explanation)
    asked = phrase(verdict.ports)
    if explanation.exempt:
        return f"{asked} open: {explanation.exempt}"
    if explanation.allows(verdict):
        out = _side(explanation.source, verdict.egress, Direction.EGRESS, given, folder)
        into = _side(explanation.destination, verdict.ingress, Direction.INGRESS, given, folder)
        return f"{asked} open: {out}, {into}"
    return f"{asked} refused: {_refusal(explanation, verdict, given, folder, cut)}"


def _refusal(explanation: PairExplanation, verdict: PortVerdict, given: AnalysisInput, folder: str, cut: Cut) -> str:
    """Return which sides of *explanation* deny the ports of *verdict*, and the policies that isolate them."""
    sides: list[str] = []
    policies: list[PolicyIndex] = []
    if not explanation.egress_allows(verdict):
        sides.append(f"the egress of {cut.row(explanation.source.names, _SHOWN)}")
        policies += explanation.egress
    if not explanation.ingress_allows(verdict):
        sides.append(f"the ingress of {cut.row(explanation.destination.names, _SHOWN)}")
        policies += explanation.ingress
    return f"no rule for {' nor for '.join(sides)} allows it; {isolated_by(policies, given, folder, cut)}"


def _common(explanation: PairExplanation) -> PortVerdict:
    """Return all ports with the rules that decide each of them; where there are none, the verdict on the most ports."""
    egress = tuple(
        each
        for each in explanation.verdicts[0].egress
        if all(each in verdict.egress for verdict in explanation.verdicts)
    )
    ingress = tuple(
        each
        for each in explanation.verdicts[0].ingress
        if all(each in verdict.ingress for verdict in explanation.verdicts)
    )
    whole = PortSet(intervals.merge(span for verdict in explanation.verdicts for span in verdict.ports.spans))
    common = PortVerdict(whole, egress, ingress)
    if explanation.allows(common) == explanation.allows(explanation.verdicts[0]):
        return common
    return max(explanation.verdicts, key=lambda verdict: sum(last - first for first, last in verdict.ports.spans))


def _side(
    end: ExplainedEndpoint, leaves: tuple[MatchingRule, ...], direction: Direction, given: AnalysisInput, folder: str
) -> str:
    way = "out" if direction is Direction.EGRESS else "in"
    if isinstance(end.first, External):
        return "from outside" if direction is Direction.EGRESS else "to outside"
    if not leaves:
        return f"{way} because no policy isolates the {direction}"
    first = given.written(leaves[0], direction)
    place = spelt(first.location, folder) if first.location.file else first.policy or "the enforcer"
    return f"{way} by `{first.title}` ({place})"

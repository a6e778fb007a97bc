"""The edits that allow a connection: the rules that a suggestion names, with their reasons."""

from collections.abc import Mapping

from bulkhead.analysis.analysis_input import AnalysisInput
from bulkhead.analysis.editing.near_places import near
from bulkhead.analysis.suggestions.rule_snippet import NoSuggestion, restored_by
from bulkhead.analysis.suggestions.suggested_peers import SuggestedPeers
from bulkhead.analysis.suggestions.suggested_rules import RefusedPair, SuggestedRule, SuggestedRules
from bulkhead.analysis.suggestions.suggestion import MOST_RULES
from bulkhead.analysis.suggestions.unique_names import UniqueNames
from bulkhead.analysis.unknown_facts import UnknownFacts
from bulkhead.core.diagnostics import DiagnosticError, Path
from bulkhead.core.engine.endpoint_terms import EndpointSelection
from bulkhead.core.engine.rule_effects import NOBODY
from bulkhead.core.engine.solve import reach
from bulkhead.core.explanation.pair import PairExplanation, explain_pairs
from bulkhead.core.kubernetes.networkpolicy import Direction, IpBlock, PodPeer
from bulkhead.core.language.scalars import Port
from bulkhead.core.record import record
from bulkhead.core.sets import ports
from bulkhead.io.editing.field_edits import FieldEdit
from bulkhead.io.yaml.nodes import Raw, documents


class NotAllowed(DiagnosticError):
    """No rule is written: the connection is allowed already, or no rule would allow it."""


@record
class RuleRequest:
    """What is written into a new rule: its *reasons* by field, and its *name*, which is empty where any will do."""

    reasons: Mapping[str, Raw]
    name: str = ""


def denied_pairs(
    found: AnalysisInput, ends: tuple[EndpointSelection, EndpointSelection], asked: Port
) -> list[RefusedPair]:
    """
    Return the pairs of *ends* that deny *asked*, each with the directions that deny it.

    :raises NotAllowed: where all of them allow it, with the rules that do, or where unknown facts decide it.
    """
    answer = reach(found.cluster, found.semantics)
    wanted = ports.between(asked.protocol, asked.first, asked.last)
    pairs = list(explain_pairs(answer, *ends, wanted, True))
    explained = list(UnknownFacts(found, answer).with_uncertain_ports(pairs))
    if not explained:
        raise NotAllowed("no policy decides this: neither endpoint is a pod, or they share no address family")
    if all(each.open_ports == wanted for each in explained):
        raise NotAllowed(f"it is allowed already: {_allowing(found, explained)}", "`bulkhead explain` says more")
    if any(each.uncertain.spans for each in explained):
        raise NotAllowed("whether it is allowed depends on what is not known", "`bulkhead explain` says on what")
    return [
        RefusedPair(each, not each.egress_allows(verdict), not each.ingress_allows(verdict))
        for each in explained
        for verdict in each.denied
    ]


def _allowing(found: AnalysisInput, explained: list[PairExplanation]) -> str:
    """Return what allows the pairs of *explained*, in words."""
    names: dict[str, None] = {}
    for each in explained:
        for verdict in each.verdicts:
            for direction, rules in ((Direction.EGRESS, verdict.egress), (Direction.INGRESS, verdict.ingress)):
                for rule in rules:
                    if rule.policy != NOBODY:
                        written = found.rules.rule(found.cluster.policies[rule.policy], direction, rule.rule)
                        names[f"`{written.title}` ({near(written.location)}) allows the {direction.value}"] = None
    if names:
        return ", ".join(names)
    return "no policy isolates the pods"


def rule_edits(
    found: AnalysisInput,
    peers: Mapping[str, tuple[IpBlock | PodPeer, ...]],
    ends: tuple[EndpointSelection, EndpointSelection],
    asked: Port,
    refused: list[RefusedPair],
    request: RuleRequest,
) -> dict[str, tuple[FieldEdit, ...]]:
    """
    Return the edits of each namespace's overlay that allow *asked* between *ends*, which *refused* denies.

    :raises NotAllowed: where no rule of an overlay would allow it, or too many would be needed.
    """
    suggested = SuggestedRules(found, SuggestedPeers(found, peers), UniqueNames(), asked)
    needed = suggested.needed(refused, ends)
    count = sum(map(len, needed.values()))
    if not count:
        raise NotAllowed("no rule of an overlay can allow it", "`bulkhead explain` says which side denies it")
    if count > MOST_RULES:
        raise NotAllowed(f"it takes {count} rules, more than {MOST_RULES}", "name one workload or namespace at a time")
    return {namespace: tuple(edits_for(found, namespace, rules, request)) for namespace, rules in needed.items()}


def edits_for(
    found: AnalysisInput, namespace: str, rules: list[SuggestedRule], request: RuleRequest
) -> list[FieldEdit]:
    """
    Return the edits of the overlay of *namespace* that add *rules*, and remove what would come back with them.

    :raises NotAllowed: where a rule has the name already, or more than the rules would change.
    """
    named = [_named(rule, request) for rule in rules]
    if len({(each.workload, each.direction, each.name) for each in named}) < len(named):
        raise NotAllowed(
            f"{len(named)} rules are needed, which cannot all be called `{request.name}`", "leave --name out"
        )
    for rule in named:
        _check_free(found, namespace, rule)
    try:
        restored = restored_by(found, namespace, named)
    except NoSuggestion:
        raise NotAllowed(
            "a rule there would bring back what the overlay removes with `null`", "edit the overlay by hand"
        ) from None
    edits = [FieldEdit(("spec", *path), None) for path in restored]
    for rule in named:
        holder: Path = ("spec", "workloads", rule.workload) if rule.workload else ("spec",)
        if rule.pods:
            edits.append(FieldEdit((*holder, "pods"), _value(rule.pods)))
        edits.append(FieldEdit((*holder, rule.direction.value, rule.name), _rule(rule, request)))
    return edits


def _named(rule: SuggestedRule, request: RuleRequest) -> SuggestedRule:
    if not request.name:
        return rule
    return SuggestedRule(rule.namespace, rule.workload, rule.pods, rule.direction, request.name, rule.peer, rule.ports)


def _check_free(found: AnalysisInput, namespace: str, rule: SuggestedRule) -> None:
    """:raises NotAllowed: where there is a rule of that name, which would be overwritten."""
    holder: Path = ("spec", "workloads", rule.workload) if rule.workload else ("spec",)
    there = found.rules.declared(namespace, (*holder, rule.direction.value, rule.name))
    if there:
        raise NotAllowed(f"there is a rule `{there.name}` already: {near(there.location)}", "choose another --name")


def _rule(rule: SuggestedRule, request: RuleRequest) -> Raw:
    key = "from" if rule.direction is Direction.INGRESS else "to"
    return {key: _value(rule.peer), "ports": _value(rule.ports), **request.reasons}


def _value(text: str) -> Raw:
    (document,) = documents(text)
    return document.value

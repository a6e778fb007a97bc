"""Rules to named peers whose pods no overlay and no rule names yet: what they allow is known by the peer alone."""

from collections.abc import Iterator, Mapping

from bulkhead.analysis.analysis_input import AnalysisInput
from bulkhead.analysis.editing.near_places import near
from bulkhead.analysis.editing.rule_edits import NotAllowed, RuleRequest, edits_for
from bulkhead.analysis.suggestions.suggested_peers import SuggestedPeers
from bulkhead.analysis.suggestions.suggested_rules import SuggestedRule, SuggestedRules
from bulkhead.analysis.suggestions.unique_names import UniqueNames
from bulkhead.core.engine.endpoint_terms import EndpointSelection, EndpointVocabulary
from bulkhead.core.kubernetes.networkpolicy import Direction, IpBlock, PodPeer
from bulkhead.core.language.resources import rules_of
from bulkhead.core.language.scalars import Port, quoted
from bulkhead.core.sets.port_spelling import in_rule
from bulkhead.io.editing.field_edits import FieldEdit


def selects_nothing(names: EndpointVocabulary, peer: str) -> bool:
    """Say whether the named *peer* is pods, and none that is known: whether a rule for it matters cannot be asked."""
    terms = names.peers.get(peer, ())
    pods = [each for each in terms if isinstance(each, PodPeer)]
    if not terms or len(pods) < len(terms):
        return False
    return not any(names.selects(pods, pod) for found in names.pods.values() for pod in found)


def peer_rule_edits(
    found: AnalysisInput,
    peers: Mapping[str, tuple[IpBlock | PodPeer, ...]],
    source: EndpointSelection,
    peer: str,
    asked: Port,
    request: RuleRequest,
) -> dict[str, tuple[FieldEdit, ...]]:
    """
    Return the edits that let *source* connect to the named *peer* on *asked*, by namespace.

    :raises NotAllowed: where there is such a rule, or *source* is no pod of an overlay.
    """
    rules: dict[str, dict[SuggestedRule, None]] = {}
    for rule in _rules(found, SuggestedRules(found, SuggestedPeers(found, peers), UniqueNames(), asked), source, peer):
        _check_new(found, rule, asked)
        rules.setdefault(rule.namespace, {})[rule] = None
    if not rules:
        raise NotAllowed(f"{quoted(source.text)} is no pod of an overlay: no rule of one can be for it")
    return {namespace: tuple(edits_for(found, namespace, list(made), request)) for namespace, made in rules.items()}


def _rules(
    found: AnalysisInput, suggested: SuggestedRules, source: EndpointSelection, peer: str
) -> Iterator[SuggestedRule]:
    port = suggested.port
    ports = in_rule(port.protocol, port.first, port.last)
    for pod in source.pods:
        if pod.namespace not in found.rules.namespaces:
            continue
        workload, pods = ("", "") if pod.namespace in source.whole else suggested.workload(pod)
        yield SuggestedRule(pod.namespace, workload, pods, Direction.EGRESS, peer, peer, ports)


def _check_new(found: AnalysisInput, rule: SuggestedRule, asked: Port) -> None:
    """:raises NotAllowed: where a rule for the same pods has the peer and the port *asked*."""
    for path, known in rules_of(found.rules.namespaces[rule.namespace].spec):
        workload = str(path[2]) if path[1] == "workloads" else ""
        is_same = path[-2] == rule.direction.value and workload in ("", rule.workload)
        if is_same and rule.peer in map(str, known.peers) and (known.ports is None or asked in known.ports):
            place = near(found.rules.field(rule.namespace, path))
            raise NotAllowed(f"it is allowed already: `{path[-1]}` ({place}) allows the egress")

"""What a page needs to say why a cell of its matrix is open or not: endpoint classes, rules, and what is open."""

from bulkhead.analysis.analysis_input import AnalysisInput
from bulkhead.core.engine.endpoint_space import EndpointClass
from bulkhead.core.engine.matching_rules import MatchingRule
from bulkhead.core.engine.reachability import FamilyReachability, Reachability, port_set
from bulkhead.core.engine.replicas import Owner, treated_differently
from bulkhead.core.engine.rule_effects import NOBODY, PolicyEffect, RuleEffect
from bulkhead.core.explanation.pair import name_of, single_pods
from bulkhead.core.kubernetes.networkpolicy import Direction
from bulkhead.core.sets import addresses
from bulkhead.core.sets.addresses import AddressSet
from bulkhead.core.sets.intervals import Spans
from bulkhead.report.layout.text import count
from bulkhead.report.names.outside_names import Outside
from bulkhead.report.page.page_groups import PageGroups
from bulkhead.report.page.page_rules import PageRules
from bulkhead.report.page.page_tables import MemberSets, Tables

_NAMES = 12
"""Names of an endpoint class that are listed; the rest is counted."""


def reasons_json(
    found: AnalysisInput,
    answer: Reachability,
    outside: Outside,
    groups: PageGroups,
    rules: PageRules,
    tables: Tables,
) -> list[dict[str, object]]:
    """Return the endpoint classes of each address family, the rules that apply to each, and what each reaches."""
    apart = treated_differently((answer,))
    return [
        _Family(found, layer, members, rules, tables).as_json(outside, apart)
        for layer, members in zip(answer.layers, groups.members, strict=True)
    ]


class _Family:
    """Writes one address family: *layer*, of which each group has *members*."""

    def __init__(
        self,
        found: AnalysisInput,
        layer: FamilyReachability,
        members: tuple[int, ...],
        rules: PageRules,
        tables: Tables,
    ) -> None:
        self.layer, self.members, self.rules, self.tables = layer, members, rules, tables
        self.sets = MemberSets(len(layer.space.classes))
        self.alone = single_pods(layer, found.loaded is not None)

    def as_json(self, outside: Outside, apart: frozenset[Owner]) -> dict[str, object]:
        layer, number = self.layer, self.sets.number
        real = 0
        for each in self.members:
            real |= each
        return {
            "family": layer.space.family,
            "names": [
                self.names(each, outside, apart) if real >> at & 1 else []
                for at, each in enumerate(layer.space.classes)
            ],
            "groups": [number(each) for each in self.members],
            "alone": number(self.alone),
            "outside": number(layer.space.outside),
            "ingress": [list(each) for each in layer.ingress],
            "egress": [list(each) for each in layer.egress],
            "effects": [self.effect(each) for each in layer.effects],
            "open": [
                [number(row.sources), [[self.ports(cells), number(those)] for cells, those in row.parts]]
                for row in layer.rows
            ],
            "sets": self.sets.as_json(),
        }

    def names(self, member: EndpointClass, outside: Outside, apart: frozenset[Owner]) -> list[int]:
        """Return the names of the endpoints of *member*, the first ones of many."""
        if member.addresses.spans:
            return [self.tables.text(_addresses(member.addresses.spans, outside))]
        names = sorted({name_of(pod, apart) for pod in member.pods})
        more = [f"and {len(names) - _NAMES} more"] if len(names) > _NAMES else []
        return self.tables.every_text([*names[:_NAMES], *more])

    def effect(self, effect: PolicyEffect) -> list[object]:
        """Return the policy, or -1, and what its rules allow for each direction."""
        policy = -1 if effect.policy == NOBODY or effect.crossed else effect.policy
        return [policy, *(self.side(effect, direction) for direction in (Direction.INGRESS, Direction.EGRESS))]

    def side(self, effect: PolicyEffect, direction: Direction) -> list[object]:
        written = effect.ingress if direction is Direction.INGRESS else effect.egress
        return [self.rule(effect, each, direction) for each in written or ()]

    def rule(self, effect: PolicyEffect, rule: RuleEffect, direction: Direction) -> list[object]:
        """Return the rule, its peers, and each set of ports with the destinations that it is open to."""
        matching = MatchingRule(effect.policy, rule.rule, effect.crossed)
        opened = [[self.ports(cells), self.sets.number(having)] for cells, having in rule.ports]
        return [self.rules.number(matching, direction), self.sets.number(rule.peers), opened]

    def ports(self, cells: int) -> int:
        return self.tables.port_set(port_set(self.layer, cells))


def _addresses(spans: Spans, outside: Outside) -> str:
    """Return the name of the outside addresses *spans*, with their first range where the name is that of a peer."""
    name, first = outside.name(spans), addresses.spell(AddressSet(spans[:1]))
    if name.startswith(first):
        return name
    more = len(spans) - 1
    return f"{name} ({first} and {count(more, 'more range')})" if more else f"{name} ({first})"

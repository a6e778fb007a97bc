"""The rules of a page, each once: what a person wrote, and what it says."""

from bulkhead.analysis.analysis_input import AnalysisInput
from bulkhead.analysis.rule_sources import WrittenRule
from bulkhead.core.diagnostics import Location
from bulkhead.core.engine.matching_rules import MatchingRule
from bulkhead.core.engine.rule_effects import NOBODY
from bulkhead.core.kubernetes.networkpolicy import Direction
from bulkhead.io.folders import is_inside
from bulkhead.report.layout.text import shortened
from bulkhead.report.names.rule_words import EVERY_PORT, peers_text, pods_text, ports_text
from bulkhead.report.page.page_tables import Tables

_ENFORCER = "the enforcer, whatever the policies say"


class PageRules:
    """The rules of the policies of *found*, by number; files are named relative to *folder*."""

    def __init__(self, found: AnalysisInput, folder: str, tables: Tables) -> None:
        self.found, self.folder, self.tables = found, folder, tables
        self.known: dict[tuple[int, Direction, int], int] = {}
        self.listed: list[list[object]] = []

    def number(self, matching: MatchingRule, direction: Direction) -> int:
        """Return the number of the rule *matching*, which allows *direction* of a connection."""
        own = direction.opposite if matching.crossed else direction
        key = matching.policy, own, matching.rule
        if key not in self.known:
            self.known[key] = len(self.listed)
            self.listed.append(self._described(matching, own, self.found.written(matching, direction)))
        return self.known[key]

    def of_policy(self, policy: int) -> list[int]:
        """Return the rules of a policy, ingress first."""
        written = self.found.cluster.policies[policy]
        return [
            self.number(MatchingRule(policy, at), direction)
            for direction in Direction
            for at in range(len(written.of(direction) or ()))
        ]

    def policies_json(self) -> list[list[object]]:
        """Return a list for each policy: namespace and name, the file and line, and the pods that it selects."""
        listed: list[list[object]] = []
        for number, policy in enumerate(self.found.cluster.policies):
            place = self._place(self.found.policy_location(number))
            name = self.tables.text(f"{policy.namespace}/{policy.name}")
            listed.append([name, *place, self.tables.text(pods_text(policy.pods))])
        return listed

    def _described(self, matching: MatchingRule, own: Direction, written: WrittenRule) -> list[object]:
        text = self.tables.text
        if matching.policy == NOBODY:
            nothing = text("")
            head = [text(written.title), own.value[0], nothing, text(EVERY_PORT), -1, nothing, nothing, nothing]
            return [*head, text(_ENFORCER), 0, 0]
        policy = self.found.cluster.policies[matching.policy]
        rule = (policy.of(own) or ())[matching.rule]
        said = written.rule
        return [
            text(written.title),
            own.value[0],
            text(peers_text(rule, said)),
            text(ports_text(rule)),
            matching.policy,
            text(written.why),
            text(str(said.owner or "") if said else ""),
            text(str(said.until or "") if said else ""),
            *self._place(written.location),
            int(self._is_own(policy.namespace, written.location)),
        ]

    def _place(self, at: Location) -> tuple[int, int]:
        return self.tables.text(shortened(at.file, self.folder) if at.file else ""), at.line or 0

    def _is_own(self, namespace: str, at: Location) -> bool:
        """Say whether the namespace has the rule for itself: what is written outside of its overlay is for many."""
        folder = self.found.rules.folders.get(namespace)
        return folder is None or is_inside(at.file, folder)

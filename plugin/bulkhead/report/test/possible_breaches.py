"""Why a promise does not hold for endpoints that could exist, in words."""

from bulkhead.analysis.analysis_input import AnalysisInput
from bulkhead.core.engine.endpoint_terms import EndpointSelection
from bulkhead.core.engine.matching_rules import MatchingRule
from bulkhead.core.engine.replicas import treated_differently
from bulkhead.core.explanation.pair import name_of
from bulkhead.core.kubernetes.networkpolicy import Direction
from bulkhead.core.possible.described import facts_of, pods_at
from bulkhead.core.possible.flow_class import DESTINATION, OUTSIDES, PORT, SOURCE
from bulkhead.core.promises.check import Promise
from bulkhead.core.promises.possible import PossibleBreach, PossibleChecker
from bulkhead.core.sets import intervals
from bulkhead.core.sets.addresses import blocks
from bulkhead.core.sets.port_spelling import phrase
from bulkhead.core.sets.ports import EVERY, PortSet
from bulkhead.report.explain.explained import isolated_by
from bulkhead.report.layout.cut import SHORT, Cut
from bulkhead.report.layout.text import spelt
from bulkhead.report.names.outside_names import Outside
from bulkhead.report.names.possible_names import conditions_of, possible_pods, shortened_list, with_conditions


class BreachWriter:
    """Writes breaches that *checker* found in *given*; files are named relative to *folder*."""

    def __init__(
        self, given: AnalysisInput, checker: PossibleChecker, outside: Outside, folder: str, cut: Cut = SHORT
    ) -> None:
        self.given, self.checker, self.outside, self.folder, self.cut = given, checker, outside, folder, cut
        self.apart = treated_differently((checker.answer,))
        self.listed = frozenset(
            {policy.namespace for policy in given.cluster.policies}
            | {pod.namespace for pod in given.cluster.pods if "*" not in pod.namespace}
        )

    def reason(self, breach: PossibleBreach, promise: Promise) -> str:
        """Return how *breach* breaks *promise*, in one line."""
        found = PortSet(breach.flows.spans.get(PORT, EVERY.spans))
        asked = with_conditions(phrase(found), found, facts_of(breach.flows), breach.space.family == 6)
        source = self.end(breach, SOURCE, () if promise.others == "sources" else promise.sources)
        destination = self.end(breach, DESTINATION, () if promise.others == "destinations" else promise.destinations)
        ends = f"{source} -> {destination}: {asked}"
        if promise.allowed:
            sides = [f"{each.value} of the {_WHOSE[each]}" for each in breach.refused]
            refused = f"{ends} refused: no rule for the {' nor for the '.join(sides or ['connection'])} allows it"
            return f"{refused}; {isolated_by(breach.isolating, self.given, self.folder, self.cut)}"
        out = self.side(breach, Direction.EGRESS, breach.egress)
        return f"{ends} open: {out}, {self.side(breach, Direction.INGRESS, breach.ingress)}"

    def depending(self, breach: PossibleBreach, promise: Promise) -> str:
        """Return for which addresses and labels *breach* is open, where those of an end are not known."""
        conditions = [
            f"{way} has an address in {' and '.join(cidr for cidr, _ in blocks(breach.flows.spans[f'{end}.ip']))}"
            for way, end, named in (
                ("source", SOURCE, promise.sources),
                ("destination", DESTINATION, promise.destinations),
            )
            if f"{end}.ip" in breach.flows.spans and not any(each.addresses for each in named)
        ]
        conditions += [
            f"namespace of the {way} is {labels}"
            for way, end in (("source", SOURCE), ("destination", DESTINATION))
            if (labels := conditions_of(pods_at(breach.flows, end, None).namespace_labels))
        ]
        if not conditions:
            return self.reason(breach, promise)
        return f"if the {' and the '.join(conditions)}: {self.reason(breach, promise)}"

    def end(self, breach: PossibleBreach, end: str, named: tuple[EndpointSelection, ...]) -> str:
        """Return what is at *end* of *breach*: the pods that the row has *named* one by one, else what could exist."""
        if breach.flows.values.get(f"{end}.kind") == OUTSIDES:
            spans = breach.space.spans_of(breach.flows, f"{end}.ip")
            texts = (each.text for each in named if not intervals.subtract(spans, each.addresses))
            hosts = sorted({name_of(pod, self.apart) for each in named for pod in each.pods if pod.host_network})
            return next(texts, shortened_list(hosts) if hosts else self.outside.name(spans))
        if self.given.loaded is not None:
            return possible_pods(pods_at(breach.flows, end, None), self.listed)
        given = self.checker.given(breach, end)
        listed = {pod for each in named if not each.whole and not each.peer for pod in each.pods}
        names = sorted({name_of(pod, self.apart) for pod in given if pod in listed})
        return shortened_list(names) if names else possible_pods(pods_at(breach.flows, end, bool(given)), self.listed)

    def side(self, breach: PossibleBreach, direction: Direction, rule: MatchingRule | None) -> str:
        """Return why the flows of *breach* pass in *direction*."""
        way, end = ("out", SOURCE) if direction is Direction.EGRESS else ("in", DESTINATION)
        if breach.flows.values.get(f"{end}.kind") == OUTSIDES:
            return "from outside" if way == "out" else "to outside"
        if rule is None:
            return f"{way} because no policy isolates the {direction.value}"
        written = self.given.written(rule, direction)
        place = spelt(written.location, self.folder) if written.location.file else written.policy
        return f"{way} by `{written.title}` ({place})"

    def hard(self, policies: tuple[int, ...]) -> str:
        """Return that *policies* make it too hard to decide."""
        named = [self.given.cluster.policies[number] for number in policies]
        names = sorted({f"{each.namespace}/{each.name}" for each in named})
        return (
            "NOT DECIDED: it takes too many steps to say whether it holds for pods that could exist because of "
            f"{self.cut.row(names, _HARD)}"
        )


_WHOSE = {Direction.EGRESS: "source", Direction.INGRESS: "destination"}
_HARD = 5

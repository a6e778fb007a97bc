"""
Connections that depend on the address of a pod, where the pods' addresses and networks are not known.
"""

from collections.abc import Iterable, Iterator

from bulkhead.analysis.analysis_input import AnalysisInput, as_known
from bulkhead.core.engine.endpoint_terms import EndpointSelection
from bulkhead.core.engine.reachability import Reachability
from bulkhead.core.engine.semantics import IpBlockMode
from bulkhead.core.explanation.pair import ExplainedEndpoint, PairExplanation
from bulkhead.core.kubernetes.cluster import External
from bulkhead.core.possible.flow_class import OUTSIDES, PORT
from bulkhead.core.promises.check import Promise
from bulkhead.core.promises.possible import PossibleBreach, PossibleChecker
from bulkhead.core.sets import addresses, intervals, ports
from bulkhead.core.sets.ports import PortSet

_MOST = 50
"""The number of pairs that are judged for every address; any more are judged by what is known."""


class AddressQuestion:
    """Says which connections that *answer* refuses would be allowed for some address of a pod."""

    def __init__(self, found: AnalysisInput, answer: Reachability) -> None:
        self.checker = PossibleChecker(as_known(found), found.semantics, found.loaded is not None, (), answer)
        self.is_asked = not found.cluster.networks and found.semantics.mode is IpBlockMode.PODS and found.loaded is None
        self.breaches: list[tuple[PossibleBreach, Promise]] = []

    def with_uncertain_ports(self, explanations: Iterable[PairExplanation]) -> Iterator[PairExplanation]:
        """Yield *explanations*, each with the ports that depend on an address."""
        left = _MOST if self.is_asked else 0
        for each in explanations:
            if (
                left
                and not each.exempt
                and _is_unknown(each)
                and any(not each.allows(verdict) for verdict in each.verdicts)
            ):
                left -= 1
                yield each.with_uncertain(self.uncertain_ports(each))
            else:
                yield each

    def uncertain_ports(self, explanation: PairExplanation) -> PortSet:
        """Return the ports that *explanation* refuses and that are open for some address."""
        asked = PortSet(intervals.merge(span for verdict in explanation.verdicts for span in verdict.ports.spans))
        refused = ports.subtract(asked, explanation.open_ports)
        promise = Promise(_chosen(explanation.source), _chosen(explanation.destination), refused, False)
        found = ports.NONE
        for breach in self.checker.check(promise, ()).breaches:
            axes = {axis for axis in breach.flows.spans if breach.flows.values.get(f"{axis[0]}.kind") != OUTSIDES}
            if breach.space.family == explanation.family and axes - {PORT}:
                self.breaches.append((breach, promise))
                found = ports.union(found, PortSet(breach.flows.spans.get(PORT, refused.spans)))
        return ports.intersect(found, refused)


def _is_unknown(explanation: PairExplanation) -> bool:
    """Say whether the address of a pod of *explanation* is not known."""
    ends = explanation.source, explanation.destination
    return any(not pod.addresses and not pod.host_network for end in ends for pod in end.pods)


def _chosen(end: ExplainedEndpoint) -> tuple[EndpointSelection, ...]:
    if isinstance(end.first, External):
        point = addresses.address(end.first.address)
        return (EndpointSelection(end.names[0], addresses=((point, point),)),)
    return (EndpointSelection(end.names[0], end.pods),)

"""How a rule names the other end of a connection."""

from collections.abc import Iterator, Mapping

from bulkhead.analysis.analysis_input import AnalysisInput
from bulkhead.analysis.suggestions.flow_yaml import flow_yaml
from bulkhead.analysis.suggestions.unique_names import rule_name
from bulkhead.core.engine.endpoint_terms import ANY, INTERNET, EndpointSelection
from bulkhead.core.expansion.peers import selector
from bulkhead.core.explanation.missing import stable_selector
from bulkhead.core.explanation.pair import ExplainedEndpoint
from bulkhead.core.kubernetes.cluster import External, Pod, namespaces_of
from bulkhead.core.kubernetes.networkpolicy import NAMESPACE_NAME, IpBlock, PodPeer, Selector
from bulkhead.core.kubernetes.selectors import matches
from bulkhead.core.language.resources import Workload
from bulkhead.core.language.scalars import Name
from bulkhead.core.sets.ranges import RFC_1918
from bulkhead.io.resources.encode import encode

_PUBLIC = IpBlock("0.0.0.0/0", RFC_1918)
"""What `internet` is where the profile has no peer for it: all IPv4 addresses but the private ones of RFC 1918."""

NO_PEER = "", ""
"""The answer where no rule can name an end."""


class SuggestedPeers:
    """Names endpoints of *found* in rules; *peers* are the named peers of its profile."""

    def __init__(self, found: AnalysisInput, peers: Mapping[str, tuple[IpBlock | PodPeer, ...]]) -> None:
        self.found, self.peers = found, peers

    def peer(self, own: str, other: ExplainedEndpoint, chosen: EndpointSelection) -> tuple[str, str]:
        """
        Return the peer as YAML, and a name for the rule; ``NO_PEER`` where no rule can name it.

        *own* is the namespace of the rule; *chosen* is how the person named *other*.
        """
        if chosen.peer:
            return chosen.peer, chosen.peer
        if isinstance(other.first, External):
            return self._addresses(other.first, chosen)
        return self._pods(own, other.first)

    def block(self, chosen: EndpointSelection) -> IpBlock | None:
        """Return the block that *chosen* names, where it names one as a whole."""
        if chosen.peer:
            terms = self.peers[chosen.peer]
            return terms[0] if len(terms) == 1 and isinstance(terms[0], IpBlock) else None
        if chosen.text == INTERNET:
            return _PUBLIC
        return IpBlock(chosen.text) if "/" in chosen.text and chosen.addresses else None

    def workload_of(self, pod: Pod) -> tuple[str, Workload] | None:
        """Return the workload of an overlay that is for pods with exactly the labels that identify *pod*."""
        resource = self.found.rules.namespaces.get(pod.namespace)
        for name, workload in named_workloads(resource.spec.workloads if resource else {}):
            wanted = selector(workload.pods)
            keys = {key for key, _ in wanted.labels} | {each.key for each in wanted.expressions}
            if pod.labels and matches(wanted, dict(pod.labels)) and {key for key, _ in pod.labels} <= keys:
                return name, workload
        return None

    def _pods(self, own: str, pod: Pod) -> tuple[str, str]:
        labels = stable_selector(pod).labels
        known = self.workload_of(pod)
        pods = flow_yaml(encode(known[1].pods) if known else dict(labels))
        if pod.namespace == own:
            return f"{{pods: {pods}}}", "same-namespace" if pod.name == ANY else rule_name(pod.name)
        if not pod.namespace.startswith(ANY):
            named = self._named(PodPeer(Selector(labels), Selector(((NAMESPACE_NAME, pod.namespace),))))
            if named:
                return named, named
        where = self._namespace(pod)
        if not where:
            return NO_PEER
        if not pod.labels:
            return f"{{{where}}}", rule_name(pod.namespace)
        return f"{{{where}, pods: {pods}}}", rule_name(pod.name)

    def _namespace(self, pod: Pod) -> str:
        """Return the field that names the namespace of *pod*; empty where it is any one and has no label."""
        if not pod.namespace.startswith(ANY):
            return f"namespace: {pod.namespace}"
        labels = namespaces_of(self.found.cluster)[pod.namespace]
        rest = {key: value for key, value in labels.items() if key != NAMESPACE_NAME}
        return f"namespaces: {flow_yaml(dict(rest))}" if rest else ""

    def _addresses(self, first: External, chosen: EndpointSelection) -> tuple[str, str]:
        """Return the peer for addresses outside: a named one where it is the same, else the block itself."""
        block = self.block(chosen) or IpBlock(f"{first.address}/{128 if ':' in first.address else 32}")
        named = self._named(block)
        if named:
            return named, named
        cidr = f"'{block.cidr}'" if ":" in block.cidr else block.cidr
        excluded = f", except: [{', '.join(block.excluded)}]" if block.excluded else ""
        return f"{{cidr: {cidr}{excluded}}}", INTERNET if block == _PUBLIC else rule_name(block.cidr)

    def _named(self, term: IpBlock | PodPeer) -> str:
        """Return the peer of the profile that is *term* and nothing else; empty where there is none."""
        return next((name for name, terms in self.peers.items() if terms == (term,)), "")


def named_workloads(workloads: Mapping[Name, Workload]) -> Iterator[tuple[str, Workload]]:
    """Yield each workload with its name as text."""
    yield from ((str(name), workload) for name, workload in workloads.items())

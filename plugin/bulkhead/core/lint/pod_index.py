"""
Which pods of a cluster a selector selects, and which have a port: sets of pods that are looked up, not searched for.
"""

from collections.abc import Iterable, Mapping

from bulkhead.core.kubernetes import selectors
from bulkhead.core.kubernetes.cluster import Cluster, NamedPort, Pod
from bulkhead.core.kubernetes.controller_labels import pod_selectors
from bulkhead.core.kubernetes.networkpolicy import PodPeer, Selector
from bulkhead.core.kubernetes.selectors import matching
from bulkhead.core.sets.partition import indices

PodBits = int
"""A bit set of pods, by their index in the cluster."""


class PodIndex:
    """The pods of *cluster*; *labels* are those of its namespaces. What was asked for once is kept."""

    def __init__(self, cluster: Cluster, labels: Mapping[str, Mapping[str, str]]) -> None:
        self.pods, self.labels = cluster.pods, labels
        words = selectors.vocabulary(pod_selectors(cluster.policies))
        self.index = selectors.index(
            (1 << at, selectors.known_labels(pod.labels, words)) for at, pod in enumerate(self.pods)
        )
        self.hosts = _union(1 << at for at, pod in enumerate(self.pods) if pod.host_network)
        self.everyone: PodBits = (1 << len(self.pods)) - 1
        self.by_namespace: dict[str, PodBits] = {}
        self.having: dict[NamedPort, PodBits] = {}
        for at, pod in enumerate(self.pods):
            self.by_namespace[pod.namespace] = self.by_namespace.get(pod.namespace, 0) | 1 << at
            for port in pod.ports:
                self.having[port] = self.having.get(port, 0) | 1 << at
        self._names: dict[Selector, frozenset[str]] = {}
        self._selected_namespaces: dict[Selector, PodBits] = {}
        self._selected: dict[Selector, PodBits] = {}

    def namespaces(self, own: str, peer: PodPeer) -> frozenset[str]:
        """Return the namespaces that *peer* of a policy in the namespace *own* selects."""
        wanted = peer.namespaces
        if wanted is None:
            return frozenset((own,))
        if wanted not in self._names:
            self._names[wanted] = frozenset(matching(wanted, self.labels))
        return self._names[wanted]

    def selected(self, namespace: str, selector: Selector) -> PodBits:
        """Return the pods of *namespace* that *selector* selects."""
        return self.by_namespace.get(namespace, 0) & self._labelled(selector)

    def peers(self, own: str, peer: PodPeer) -> PodBits:
        """Return the pods that *peer* of a policy in the namespace *own* selects."""
        wanted = peer.namespaces
        if wanted is None:
            return self.selected(own, peer.pods)
        if wanted not in self._selected_namespaces:
            self._selected_namespaces[wanted] = _union(
                self.by_namespace.get(name, 0) for name in self.namespaces(own, peer)
            )
        return self._selected_namespaces[wanted] & self._labelled(peer.pods)

    def called(self, name: str, protocol: str, sidecar: bool) -> PodBits:
        """Return the pods with a port of that *name* and *protocol*, of a sidecar or of another container."""
        return _union(
            those
            for port, those in self.having.items()
            if (port.name, port.protocol, port.sidecar) == (name, protocol, sidecar)
        )

    def of(self, bits: PodBits) -> list[Pod]:
        """Return the pods of *bits*."""
        return [self.pods[at] for at in indices(bits)]

    def owners(self, bits: PodBits) -> list[str]:
        """Return the names of the workloads that the pods of *bits* belong to, sorted."""
        return sorted({pod.owner[1] for pod in self.of(bits)})

    def _labelled(self, selector: Selector) -> PodBits:
        if selector not in self._selected:
            self._selected[selector] = selectors.select(selector, self.index)
        return self._selected[selector]


def _union(those: Iterable[PodBits]) -> PodBits:
    found = 0
    for each in those:
        found |= each
    return found

"""Two revisions of a random small cluster."""

from bulkhead.core.kubernetes.cluster import Cluster, Pod
from hypothesis import strategies as st
from laws.strategies import clusters, few, known, labels, policies

Revisions = tuple[Cluster, Cluster]
"""The cluster before and after."""


@st.composite
def revisions(draw: st.DrawFn, owned: bool = True) -> Revisions:
    """Two clusters with most of their pods in common, under different policies."""
    before = draw(clusters(owned=owned))
    kept = [_changed(draw, pod) for pod in before.pods if draw(st.integers(0, 5))]
    added = [pod for pod in draw(clusters(2, owned)).pods if pod.name not in {known.name for known in before.pods}]
    return before, Cluster(before.namespaces, (*kept, *added), draw(few(policies, 4)), before.networks, before.nodes)


def _changed(draw: st.DrawFn, pod: Pod) -> Pod:
    """The same pod, now and then with other labels and addresses."""
    if draw(st.integers(0, 3)):
        return pod
    return Pod(
        *(pod.namespace, pod.name, pod.kind, pod.workload),
        labels=draw(labels),
        ports=pod.ports,
        addresses=pod.addresses if pod.host_network else draw(known),
        host_network=pod.host_network,
        node=pod.node,
    )

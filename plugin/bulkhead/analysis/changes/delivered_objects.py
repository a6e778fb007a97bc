"""
What a delivery of the overlays makes of the Namespaces and workloads of a running cluster.

Applying an object adds its labels to those that the cluster has. It removes a label only if a delivery wrote it.
"""

from collections.abc import Iterable, Iterator

from bulkhead.core.kubernetes.added_labels import may_be_added
from bulkhead.core.kubernetes.cluster import Cluster, Namespace, Pod
from bulkhead.core.kubernetes.controller_labels import CONTROLLER_LABELS, may_be_added_to_pods, pod_selectors
from bulkhead.core.kubernetes.evidence import UnjudgedPolicy
from bulkhead.core.kubernetes.networkpolicy import NAMESPACE_NAME, NetworkPolicy
from bulkhead.core.kubernetes.selectors import vocabulary
from bulkhead.core.record import record, replaced
from bulkhead.io.manifests.object_reader import Thing


def delivered_namespaces(
    known: Iterable[Namespace], rendered: Iterable[Thing], are_kept: bool = True
) -> tuple[Namespace, ...]:
    """
    Return the Namespaces *known* in a cluster with the labels of those that are *rendered*, and the rendered others.

    Labels that a rendered Namespace does not have stay. With *are_kept* false those go that a delivery wrote or may
    have written.
    """
    wanted = {each.name: each for each in rendered if isinstance(each, Namespace)}
    found = []
    for each in known:
        other = wanted.pop(each.name, None)
        labels = dict(each.labels)
        for key in _lost(each, other) if other and not are_kept else ():
            del labels[key]
        found.append(replaced(each, labels=tuple(sorted({**labels, **dict(other.labels)}.items()))) if other else each)
    return (*found, *wanted.values())


def _lost(live: Namespace, rendered: Namespace) -> Iterator[str]:
    """Yield the keys of the labels of *live* that the delivery of *rendered* removes, or may remove."""
    kept = {NAMESPACE_NAME, *(key for key, _ in rendered.labels)}
    for key, _ in live.labels:
        applied = not may_be_added(key, is_given=False) if live.applied is None else key in live.applied
        if applied and key not in kept:
            yield key


@record
class RenderedWorkloads:
    """The workloads that overlays render: those *changed* against the cluster, and those *absent* from it."""

    changed: tuple[Pod, ...]
    absent: tuple[Pod, ...]

    def as_unjudged(self, side: str) -> tuple[UnjudgedPolicy, ...]:
        """Return an entry for each changed workload on *side*, which is any text: they are not judged."""
        return tuple(UnjudgedPolicy(each.kind, each.namespace, each.name, side) for each in self.changed)

    @property
    def notes(self) -> Iterator[str]:
        """Sentences that a reader must know."""
        if self.changed:
            yield (
                "rendered with other labels, named ports or host network than in the cluster, and judged as in the "
                f"cluster: {_names(self.changed)}"
            )
        if self.absent:
            yield f"rendered by the overlays and not in the dump: {_names(self.absent)}"


def rendered_workloads(
    cluster: Cluster, rendered: Iterable[Thing], policies: tuple[NetworkPolicy, ...]
) -> RenderedWorkloads:
    """Compare the workloads and pods *rendered* with those of *cluster*, as far as *policies* distinguish them."""
    keys = frozenset(vocabulary(pod_selectors(policies))) - CONTROLLER_LABELS
    ports = frozenset(
        port.port
        for policy in policies
        for rule in policy.rules
        for port in rule.ports or ()
        if isinstance(port.port, str)
    )
    live: dict[tuple[str, str], list[Pod]] = {}
    for pod in cluster.pods:
        live.setdefault(pod.owner[:2], []).append(pod)
    changed, absent = [], []
    for each in rendered:
        if isinstance(each, Pod):
            others = live.get(each.owner[:2], [])
            if not others:
                absent.append(each)
            else:
                own = frozenset(key for key in keys if not may_be_added_to_pods(key) or key in dict(each.labels))
                if any(_looks(each, own, ports) != _looks(other, own, ports) for other in others):
                    changed.append(each)
    return RenderedWorkloads(tuple(changed), tuple(absent))


def _looks(pod: Pod, keys: frozenset[str], ports: frozenset[str]) -> tuple[object, ...]:
    """Return what policies with selectors by *keys* and ports called *ports* know of *pod*."""
    return (
        frozenset(label for label in pod.labels if label[0] in keys),
        frozenset(port for port in pod.ports if port.name in ports),
        pod.host_network,
    )


def _names(pods: Iterable[Pod]) -> str:
    return ", ".join(sorted(f"{each.kind} {each.namespace}/{each.name}" for each in pods))

"""
A cluster as values: the parts of it that NetworkPolicies refer to.
"""

from collections.abc import Iterable

from bulkhead.core.kubernetes.networkpolicy import NAMESPACE_NAME, NetworkPolicy
from bulkhead.core.record import record

Labels = tuple[tuple[str, str], ...]

PolicyIndex = int
"""The index of a policy in ``Cluster.policies``."""

RuleIndex = int
"""The index of a rule in ``ingress`` or ``egress`` of its policy."""


@record
class Namespace:
    """
    A namespace. The label with its name, which the API server puts on it, need not be in *labels*.

    *stored*: an API server has it, so that it has these labels and no others. *applied* are the keys of the labels
    that a delivery wrote, which it removes again; ``None`` where the cluster does not say it.
    """

    name: str
    labels: Labels = ()
    stored: bool = False
    applied: tuple[str, ...] | None = None


@record
class NamedPort:
    """A container port; *name* is empty where it has none. *sidecar*: of an init container that stays."""

    name: str
    protocol: str
    number: int
    sidecar: bool = False


POSSIBLE = "PossiblePod"
"""The kind of a pod that represents all pods that could exist with its labels. Kubernetes has no such kind."""


@record
class Pod:
    """
    A pod, or the pods that a workload's template represents.

    *workload* and *kind* name the owner; a pod without an owner is its own (kind Pod).  Each of
    *addresses* is one IP address, or a CIDR where only the network is known; without any, the pod can have any
    address of the cluster's networks.  *node* is the address of the node it runs on, else the node's
    name, ``""`` where unknown.  A pod on the host network has its node's addresses.  *applied*: it is a pod that is
    only written, so that tools and admission plugins may add labels to it.
    """

    namespace: str
    name: str
    kind: str = "Pod"
    workload: str = ""
    labels: Labels = ()
    ports: tuple[NamedPort, ...] = ()
    addresses: tuple[str, ...] = ()
    host_network: bool = False
    node: str = ""
    applied: bool = False

    @property
    def owner(self) -> tuple[str, str, str]:
        """Namespace, name and kind of the workload that the pod belongs to."""
        return self.namespace, self.workload or self.name, self.kind

    @property
    def is_possible(self) -> bool:
        """Whether it represents every pod that could exist with its labels, with whatever other labels and ports."""
        return self.kind == POSSIBLE

    @property
    def is_template(self) -> bool:
        """Whether it is the template of a workload, which represents any number of pods."""
        return self.kind != "Pod" and not self.workload


@record
class External:
    """One *address* that is no pod's."""

    address: str


Endpoint = Pod | External


@record
class Flow:
    """A connection that *source* opens to *port* of *destination*; *protocol* is TCP, UDP or SCTP."""

    source: Endpoint
    destination: Endpoint
    protocol: str
    port: int


@record
class Cluster:
    """
    Namespaces, pods and policies.

    A namespace that only pods or policies mention exists too.  *networks* and *nodes* are the CIDRs of pods and of
    nodes: a pod without a known address can have any of them.  *services* are the CIDRs of Services: the cluster
    replaces such a destination address before policies are applied.
    """

    namespaces: tuple[Namespace, ...] = ()
    pods: tuple[Pod, ...] = ()
    policies: tuple[NetworkPolicy, ...] = ()
    networks: tuple[str, ...] = ()
    nodes: tuple[str, ...] = ()
    services: tuple[str, ...] = ()


def policies_by_namespace(policies: Iterable[NetworkPolicy]) -> dict[str, list[NetworkPolicy]]:
    """Return *policies* by the name of their namespace, in their order."""
    found: dict[str, list[NetworkPolicy]] = {}
    for each in policies:
        found.setdefault(each.namespace, []).append(each)
    return found


def namespaces_of(cluster: Cluster) -> dict[str, dict[str, str]]:
    """Return the labels of every namespace of *cluster*, by name, with the label that the API server adds."""
    found: dict[str, dict[str, str]] = {}
    for namespace in cluster.namespaces:
        found.setdefault(namespace.name, {}).update(namespace.labels)
    mentioned = {pod.namespace for pod in cluster.pods}.union(policy.namespace for policy in cluster.policies)
    for name in sorted(mentioned):
        found.setdefault(name, {})
    for name, labels in found.items():
        labels[NAMESPACE_NAME] = name
    return found

"""Which endpoints of manifests are judged: pods that exist, pods that could exist, or both."""

from dataclasses import replace
from enum import Enum

from bulkhead.analysis.analysis_input import ANY, AnalysisInput, representatives
from bulkhead.core.kubernetes.cluster import POSSIBLE, Cluster, Namespace, Pod, namespaces_of
from bulkhead.core.language.scalars import InvalidValue


class Endpoints(Enum):
    """Which endpoints a command is about: pods that exist, pods that could exist, or all of them."""

    EXISTING = "existing"
    POSSIBLE = "possible"
    ALL = "all"


def judged(found: AnalysisInput, which: Endpoints | None) -> AnalysisInput:
    """
    Return *found* with the endpoints *which*; by default those that exist, and where there are none the possible ones.

    A pod that could exist is named ``*(label=value)`` after the labels that a policy selects, ``*`` without any.
    Overlays have no pods: their endpoints are possible ones anyway.

    :raises InvalidValue: where the existing pods of overlays are asked for.
    """
    if found.loaded is not None:
        if which is Endpoints.EXISTING:
            raise InvalidValue(
                "overlays say nothing of the pods that exist", "give --manifests, or leave --endpoints out"
            )
        return found
    cluster = found.cluster
    if which is None:
        which = Endpoints.EXISTING if cluster.pods else Endpoints.POSSIBLE
    if which is Endpoints.EXISTING:
        return found
    known = namespaces_of(cluster)
    made = representatives(known, cluster.policies)
    possible = {_possible(pod) for _, _, pod in made}
    labels = {name: given for name, given, _ in made if name not in known}
    return replace(
        found,
        cluster=Cluster(
            (*cluster.namespaces, *(Namespace(name, given) for name, given in sorted(labels.items()))),
            (
                *(cluster.pods if which is Endpoints.ALL else ()),
                *sorted(possible, key=lambda pod: (pod.namespace, pod.name)),
            ),
            cluster.policies,
            cluster.networks,
            cluster.nodes,
            cluster.services,
        ),
        known_namespaces=cluster.namespaces if found.known_namespaces is None else found.known_namespaces,
    )


def _possible(pod: Pod) -> Pod:
    words = ",".join(f"{key}={value}" for key, value in pod.labels)
    return Pod(pod.namespace, f"{ANY}({words})" if words else ANY, kind=POSSIBLE, labels=pod.labels)

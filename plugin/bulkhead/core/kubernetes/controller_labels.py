"""
The labels that controllers add to the pods of a workload, which its template does not have.

Where policies select by such a label, the template is replaced by a pod for each value that they distinguish, as far as
the workload's pods can have it. A value that follows from the workload is known; any other may be anything. Versions of
Kubernetes that do not add a label yet are not looked at. A pod that is applied by itself gets the labels of admission
plugins and injectors too, and those that a delivery puts on what it applies, which may take the place of its own.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import product
from math import prod

from bulkhead.core.diagnostics import DiagnosticError
from bulkhead.core.kubernetes.added_labels import is_of, may_be_added
from bulkhead.core.kubernetes.cluster import Cluster, Pod
from bulkhead.core.kubernetes.networkpolicy import NetworkPolicy, PodPeer, Selector
from bulkhead.core.kubernetes.selectors import Vocabulary, vocabulary
from bulkhead.core.record import replaced

POD_NAME, POD_INDEX = "statefulset.kubernetes.io/pod-name", "apps.kubernetes.io/pod-index"
JOB_NAMES = ("batch.kubernetes.io/job-name", "job-name")
JOB_IDS = ("batch.kubernetes.io/controller-uid", "controller-uid")
COMPLETION_INDEX = "batch.kubernetes.io/job-completion-index"
REVISION, GENERATION = "controller-revision-hash", "pod-template-generation"
TEMPLATE_HASH, ROLLOUT_HASH = "pod-template-hash", "rollouts-pod-template-hash"

CONFIG, DEPLOYMENT = "deploymentconfig", "deployment"
_OF_CONFIG = frozenset((CONFIG, DEPLOYMENT))

CONTROLLER_LABELS = frozenset(
    (POD_NAME, POD_INDEX, *JOB_NAMES, *JOB_IDS, COMPLETION_INDEX, REVISION, GENERATION, TEMPLATE_HASH, ROLLOUT_HASH)
)
"""Keys of the labels that controllers of Kubernetes, and of Argo's Rollout, add."""

_ADDING_DOMAINS = (
    "kubernetes.io", "k8s.io", "x-k8s.io", "istio.io", "linkerd.io", "knative.dev", "kruise.io", "openshift.io",
    "argoproj.io", "cilium.io", "volcano.sh", "kuma.io", "dapr.io", "hashicorp.com", "datadoghq.com", "tekton.dev",
    "cattle.io", "gke.io", "amazonaws.com", "azure.com", "karmada.io", "kubeflow.org", "ray.io", "keda.sh",
    "karpenter.sh", "kyverno.io", "solo.io", "traefik.io", "nginx.com", "nginx.org", "openservicemesh.io",
    "liqo.io", "loft.sh", "kubevirt.io", "nvidia.com", "run.ai", "projectcalico.org", "tigera.io", "vmware.com",
    "alibabacloud.com", "aliyun.com", "oraclecloud.com", "digitalocean.com", "newrelic.com", "dynatrace.com",
    "splunk.com", "opentelemetry.io", "aquasec.com", "sysdig.com", "apache.org", "cnpg.io", "strimzi.io",
    "zalan.do", "percona.com", "elastic.co",
)  # fmt: skip
"""Domains of controllers, injectors and admission plugins that label pods: topology, service meshes, operators."""

_WRITTEN_DOMAINS = ("app.kubernetes.io",)
"""Domains of labels that people write into templates, and nobody adds to pods."""

_MOST_COMBINATIONS = 256
"""Combinations of added labels for one workload; where there are more, nothing is decided."""

_FREE = {
    "StatefulSet": (REVISION,),
    "DaemonSet": (REVISION, GENERATION),
    "Deployment": (TEMPLATE_HASH,),
    "Rollout": (ROLLOUT_HASH,),
    "DeploymentConfig": (DEPLOYMENT,),
}
"""The labels with a value that does not follow from the workload, by kind."""

_NONE = frozenset(("ReplicaSet", "ReplicationController"))
"""Kinds whose controllers add no label."""

_OTHER = "other"
"""How a value that no selector mentions begins."""

_NUMBER = re.compile("0|[1-9][0-9]{0,9}")


class TooManyLabels(DiagnosticError):
    """The pods of a workload may have too many combinations of labels that are added to them."""


_Added = dict[str, str]
_PLAIN: tuple[_Added, ...] = ({},)


def with_controller_labels(cluster: Cluster, policies: Iterable[NetworkPolicy] | None = None) -> Cluster:
    """
    Return *cluster* with a pod for each combination of controllers' labels that *policies* distinguish.

    Without *policies* those of the cluster. A cluster that has such pods already is returned with those missing.
    Raises :class:`TooManyLabels`.
    """
    known = _mentioned(cluster.policies if policies is None else policies)
    return replaced(cluster, pods=_with_labels(cluster.pods, known)) if known else cluster


def pods_with_controller_labels(pods: Iterable[Pod], policies: Iterable[NetworkPolicy]) -> tuple[Pod, ...]:
    """
    Return *pods*, with a pod for each combination of controllers' labels that *policies* distinguish.

    Raises :class:`TooManyLabels`.
    """
    known = _mentioned(policies)
    return _with_labels(pods, known) if known else tuple(pods)


def _with_labels(pods: Iterable[Pod], known: Vocabulary) -> tuple[Pod, ...]:
    return tuple(dict.fromkeys(each for pod in pods for each in _variants(pod, known)))


def _mentioned(policies: Iterable[NetworkPolicy]) -> Vocabulary:
    """Return the keys of controllers' labels that *policies* select by, with the values."""
    selectors = frozenset(pod_selectors(policies))
    found = vocabulary(selectors)
    keys = [key for key in sorted(found) if may_be_added_to_pods(key) or _of_delivery(key) or key in _OF_CONFIG]
    # A value of the others is never compared with the name of a workload.
    free = frozenset(keys) - CONTROLLER_LABELS - {CONFIG}
    return {key: _distinguished(key, selectors) if key in free else found[key] for key in keys}


def _distinguished(key: str, selectors: frozenset[Selector]) -> frozenset[str]:
    """
    Return one of all values of *key* that the same requirements of *selectors* mention.

    All of them where one looks like a value that is made for what no selector mentions.
    """
    mentions = {frozenset((text,)) for each in selectors for name, text in each.labels if name == key}
    mentions |= {frozenset(one.values) for each in selectors for one in each.expressions if one.key == key}
    every: frozenset[str] = frozenset().union(*mentions)
    if any(text.startswith(_OTHER) for text in every):
        return every
    alike: dict[frozenset[frozenset[str]], str] = {}
    for text in sorted(every):
        alike.setdefault(frozenset(values for values in mentions if text in values), text)
    return frozenset(alike.values())


def may_be_added_to_pods(key: str) -> bool:
    """Say whether a controller, an injector or an admission plugin may add the label *key* to pods of any workload."""
    return key in CONTROLLER_LABELS or _is_injected(key)


def _is_injected(key: str) -> bool:
    is_added = is_of(key, _ADDING_DOMAINS) and not is_of(key, _WRITTEN_DOMAINS)
    return is_added and key not in CONTROLLER_LABELS


def _of_delivery(key: str) -> bool:
    """Say whether a delivery puts the label *key* on what it applies, whatever value is written."""
    return may_be_added(key, is_given=True)


def pod_selectors(policies: Iterable[NetworkPolicy]) -> Iterator[Selector]:
    """Yield every selector of pods in *policies*, of their own pods and of peers."""
    for policy in policies:
        yield policy.pods
        for rule in policy.rules:
            yield from (peer.pods for peer in rule.peers or () if isinstance(peer, PodPeer))


def _variants(pod: Pod, known: Vocabulary) -> Iterator[Pod]:
    """Yield the pods that represent *pod*: itself, unless it is a template whose pods get labels that are *known*."""
    if pod.applied:
        yield from _pods_with_added(pod, known)
        return
    if not pod.is_template:
        yield pod
        return
    rest = f"{pod.name}-{_ordinals(pod.name, known)[-1]}"
    for chosen in _combinations(pod, list(_axes(pod, known))):
        added = {key: text for each in chosen for key, text in each.items()}
        labels = {**dict(pod.labels), **{key: text for key, text in added.items() if key in known}}
        made = replaced(pod, labels=tuple(sorted(labels.items()))) if added else pod
        # The pod of an ordinal is one pod. All the others have a template.
        name = added.get(POD_NAME, rest) if pod.kind == "StatefulSet" else rest
        yield made if name == rest else replaced(made, name=name, workload=pod.name)


def _pods_with_added(pod: Pod, known: Vocabulary) -> Iterator[Pod]:
    """Yield *pod*, which is applied by itself, with and without the *known* labels that may be added to it."""
    own = dict(pod.labels)
    keys = [key for key in sorted(known) if _of_delivery(key) or (_is_injected(key) and key not in own)]
    axes = [(*_PLAIN, *({key: text} for text in _any(_values(known, key)) if text != own.get(key))) for key in keys]
    for chosen in _combinations(pod, axes):
        added = {key: text for each in chosen for key, text in each.items()}
        yield replaced(pod, labels=tuple(sorted({**own, **added}.items()))) if added else pod


def _combinations(pod: Pod, axes: list[tuple[_Added, ...]]) -> Iterable[tuple[_Added, ...]]:
    """Return one of each of *axes*, those of *pod*, in every combination: policies together tell all of them apart."""
    if (count := prod(map(len, axes))) > _MOST_COMBINATIONS:
        keys = ", ".join(sorted({f"`{key}`" for axis in axes for each in axis for key in each}))
        raise TooManyLabels(
            f"NOT DECIDED: the pods of `{pod.namespace}/{pod.name}` may have {count} combinations of the labels "
            f"{keys} that policies distinguish; at most {_MOST_COMBINATIONS} are judged",
            "write those of these labels that the pods have into the template of the workload",
        )
    return product(*axes)


def _axes(pod: Pod, known: Vocabulary) -> Iterator[tuple[_Added, ...]]:
    """Yield for each group of labels that depend on each other the values that pods of *pod* can have."""
    if pod.kind not in _NONE:
        yield from _own_axes(pod, known)
    for key in sorted(filter(_is_injected, known.keys() - dict(pod.labels).keys())):
        yield (*_PLAIN, *({key: text} for text in _any(_values(known, key))))


def _own_axes(pod: Pod, known: Vocabulary) -> Iterator[tuple[_Added, ...]]:
    """Yield the same for the labels that the controller of *pod* adds."""
    if pod.kind == "DeploymentConfig" and CONFIG in known:
        yield ({CONFIG: pod.name},)
    if pod.kind == "StatefulSet" and known.keys() & {POD_NAME, POD_INDEX}:
        yield tuple({POD_NAME: f"{pod.name}-{n}", POD_INDEX: str(n)} for n in _ordinals(pod.name, known))
    if pod.kind in ("Job", "CronJob"):
        yield from _job_axes(pod, known)
        return
    for key in (key for key in _FREE.get(pod.kind, sorted(CONTROLLER_LABELS & known.keys())) if key in known):
        is_kept = pod.kind not in _FREE or key in dict(pod.labels)
        yield (*({key: text} for text in _any(_values(known, key))), *(_PLAIN if is_kept else ()))


def _job_axes(pod: Pod, known: Vocabulary) -> Iterator[tuple[_Added, ...]]:
    if known.keys() & {*JOB_NAMES}:
        yield tuple(dict.fromkeys(JOB_NAMES, name) for name in _job_names(pod, known))
    if known.keys() & {*JOB_IDS}:
        yield tuple(dict.fromkeys(JOB_IDS, uid) for uid in _any(_values(known, *JOB_IDS)))
    if COMPLETION_INDEX in known:  # only the pods of an indexed Job have one
        yield (*_PLAIN, *({COMPLETION_INDEX: text} for text in _any(_values(known, COMPLETION_INDEX))))


def _values(known: Vocabulary, *keys: str) -> frozenset[str]:
    return frozenset(text for key in keys for text in known.get(key, ()))


def _any(mentioned: frozenset[str]) -> tuple[str, ...]:
    """Return *mentioned* and a value that is not."""
    other = _OTHER
    while other in mentioned:
        other += "-1"
    return (*sorted(mentioned), other)


def _ordinals(name: str, known: Vocabulary) -> tuple[int, ...]:
    """Return the ordinals of a StatefulSet that are mentioned, and one that is not: it can be scaled to any number."""
    names = {text.removeprefix(f"{name}-") for text in _values(known, POD_NAME) if text.startswith(f"{name}-")}
    found = {int(text) for text in names | _values(known, POD_INDEX) if _NUMBER.fullmatch(text)}
    return (*sorted(found), next(n for n in range(len(found) + 1) if n not in found))


def _job_names(pod: Pod, known: Vocabulary) -> tuple[str, ...]:
    """Return the names of the Jobs that the pods of *pod* can belong to."""
    if pod.kind == "Job" and not pod.name.endswith("-"):
        return (pod.name,)
    begins = pod.name if pod.kind == "Job" else f"{pod.name}-"  # a name that is generated, or one of a CronJob
    return _any(frozenset(text for text in _values(known, *JOB_NAMES) if text.startswith(begins)))

"""
The policies of a running cluster that the overlays do not render: which of them a delivery deletes, and which stay.

Policies are additive, so each one that stays still isolates its pods and allows what it allows. A delivery that prunes
deletes what it applied before. Its policies are known by the label that every rendered policy has, and by the mark
that Argo CD, Flux or ``kubectl apply --applyset`` puts on what it applies.
"""

from collections.abc import Iterable, Iterator

from bulkhead.core.expansion.expand import MANAGED_BY
from bulkhead.core.kubernetes.networkpolicy import NetworkPolicy
from bulkhead.core.record import record

_ARGO_CD = "argocd.argoproj.io/tracking-id"
_ARGO_CD_OPTIONS = "argocd.argoproj.io/sync-options"
_FLUX = ("kustomize.toolkit.fluxcd.io/namespace", "kustomize.toolkit.fluxcd.io/name")
_FLUX_PRUNE = "kustomize.toolkit.fluxcd.io/prune"
_APPLYSET = "applyset.kubernetes.io/part-of"
_KEEPS = {
    "helm.sh/resource-policy": "keep",
    "kluctl.io/skip-delete": "true",
    "kluctl.io/skip-delete-if-tags": "true",
    "werf.io/ownership": "anyone",
    "kapp.k14s.io/delete-strategy": "orphan",
    "cli-utils.sigs.k8s.io/on-remove": "keep",
    "client.lifecycle.config.k8s.io/deletion": "detach",
    "apps.open-cluster-management.io/do-not-delete": "true",
}
"""Annotations, with the value by which a delivery does not prune an object (sources: ``delivery_marks``)."""

KEEPING = (_ARGO_CD_OPTIONS, _FLUX_PRUNE, *_KEEPS)
"""Annotations, and labels, that can keep a policy from being pruned."""


@record
class LivePolicy:
    """
    A *policy* of the cluster that the overlays do not render.

    *ours*: a delivery of overlays applied it. *listed*: the overlays list its namespace. *stays*: it is still there
    after the delivery. *kept_by* is the annotation or label that keeps a delivery from pruning it, else empty.
    """

    policy: NetworkPolicy
    ours: bool
    listed: bool
    stays: bool
    kept_by: str = ""


def live_policies(
    dump: Iterable[NetworkPolicy], wanted: Iterable[NetworkPolicy], listed: Iterable[str], prune: bool
) -> tuple[LivePolicy, ...]:
    """
    Return the policies of *dump* that are not among those *wanted*, which the overlays render, by namespace and name.

    *listed* are the namespaces of the overlays. With *prune* the delivery deletes its own policies.
    """
    dump = tuple(dump)
    rendered = {(each.namespace, each.name) for each in wanted}
    spaces = frozenset(listed)
    marks = {mark for each in dump if (each.namespace, each.name) in rendered for mark in _marks(each)}
    found = []
    for policy in sorted(dump, key=lambda each: (each.namespace, each.name)):
        if (policy.namespace, policy.name) in rendered:
            continue
        ours = MANAGED_BY in policy.labels or not marks.isdisjoint(_marks(policy))
        setting = (kept_by(policy) or _other_owner(policy, marks)) if ours else ""
        stays = not (ours and prune) or bool(setting)
        found.append(LivePolicy(policy, ours, policy.namespace in spaces, stays, setting))
    return tuple(found)


def _other_owner(policy: NetworkPolicy, marks: set[tuple[str, ...]]) -> str:
    """Return the mark of *policy* by which another delivery owns it than that with *marks*, else ``""``."""
    own = list(_marks(policy))
    return f"it belongs to {' '.join(own[0])}" if own and marks and marks.isdisjoint(own) else ""


def kept_by(policy: NetworkPolicy) -> str:
    """Return the setting of *policy* that keeps a delivery from pruning it, else ``""``."""
    options = dict(policy.annotations).get(_ARGO_CD_OPTIONS, "")
    for option in map(str.strip, options.split(",")):
        if option in ("Prune=false", "Prune=confirm"):
            return f"{_ARGO_CD_OPTIONS}: {option}"
    for fields in (policy.annotations, policy.labels):
        if dict(fields).get(_FLUX_PRUNE, "").lower() == "disabled":
            return f"{_FLUX_PRUNE}: disabled"
    for key, value in policy.annotations:
        if key in _KEEPS and value.strip().lower() == _KEEPS[key]:
            return f"{key}: {_KEEPS[key]}"
    return ""


def _marks(policy: NetworkPolicy) -> Iterator[tuple[str, ...]]:
    """Yield what says which application, Kustomization or apply set *policy* belongs to."""
    labels, annotations = dict(policy.labels), dict(policy.annotations)
    if _ARGO_CD in annotations:
        yield "Argo CD", annotations[_ARGO_CD].partition(":")[0]
    if all(key in labels for key in _FLUX):
        yield "Flux", *(labels[key] for key in _FLUX)
    if _APPLYSET in labels:
        yield "apply set", labels[_APPLYSET]

"""
Labels that tools put on the namespaces of a cluster, in addition to those that the Namespace object was written with.

A namespace that an API server has stored has its labels. Of one that is only written, these labels can have any value.
"""

from bulkhead.core.kubernetes.networkpolicy import Selector

DELIVERY_DOMAINS = (
    "fluxcd.io", "argoproj.io", "kapp.k14s.io", "configmanagement.gke.io", "configsync.gke.io",
    "lifecycle.config.k8s.io", "addonmanager.kubernetes.io", "helm.sh", "fleet.cattle.io",
    "kluctl.io", "werf.io", "spinnaker.io", "cli-utils.sigs.k8s.io", "apps.open-cluster-management.io",
    "work.open-cluster-management.io", "policy.open-cluster-management.io",
)  # fmt: skip
"""Domains of deliveries: annotations and labels of them have one of these, or a domain below it, before the slash."""

_OTHER_DOMAINS = (
    "cattle.io", "openshift.io", "pod-security.kubernetes.io", "olm.operatorgroup.uid", "operators.coreos.com",
    "capsule.clastix.io", "hnc.x-k8s.io", "kubesphere.io", "velero.io", "skaffold.dev",
)  # fmt: skip
"""Domains of others that label namespaces: Rancher, OpenShift, admission controllers, controllers of tenants."""

_OVERWRITTEN = frozenset(
    ("app.kubernetes.io/instance", "app.kubernetes.io/managed-by", "applyset.kubernetes.io/part-of")
)
"""Labels by which Argo CD, Helm, Config Sync and ``kubectl apply`` know what they applied."""


def is_of(key: str, domains: tuple[str, ...]) -> bool:
    """Say whether the label or annotation *key* has one of *domains*, or a domain below it, before the slash."""
    domain, slash, _ = key.partition("/")
    return bool(slash) and any(domain == each or domain.endswith(f".{each}") for each in domains)


def may_be_added(key: str, is_given: bool) -> bool:
    """
    Say whether a tool may put the label *key* on a namespace.

    A delivery overwrites its own labels where they are given (*is_given*), other tools do not.
    """
    if key in _OVERWRITTEN or is_of(key, DELIVERY_DOMAINS):
        return True
    return not is_given and is_of(key, _OTHER_DOMAINS)


def keys_of(selector: Selector) -> frozenset[str]:
    """Return the keys of the labels that *selector* asks for."""
    return frozenset((*(key for key, _ in selector.labels), *(each.key for each in selector.expressions)))


def split(selector: Selector, given: frozenset[str]) -> tuple[Selector, Selector]:
    """Return what *selector* asks of known labels and of those that may be added, where the keys *given* are."""
    added = {key for key in keys_of(selector) if may_be_added(key, key in given)}
    known, unknown = (
        Selector(
            tuple(label for label in selector.labels if (label[0] in added) is wanted),
            tuple(each for each in selector.expressions if (each.key in added) is wanted),
        )
        for wanted in (False, True)
    )
    return known, unknown

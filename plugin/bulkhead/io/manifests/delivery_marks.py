"""
What in an object's metadata keeps a delivery from simply applying it, or makes the cluster delete it.

The marks are those of the tools' own references: Argo CD "Sync options" and "Resource hooks"; Flux Kustomization
"Controlling the apply behavior"; Helm "Chart hooks"; kapp "Apply stage" (carvel.dev/kapp/docs); kluctl
docs/kluctl/deployments/annotations; werf "Deploy annotations" and "Conditional resource deployment" (werf.io/docs);
kubernetes-sigs/cli-utils ("kpt live apply", Config Sync); Spinnaker "Kubernetes provider overview", reserved
annotations; Open Cluster Management "Subscription". A mark of their domains that is not here is named as not judged.
"""

from typing import Any

from bulkhead.core.kubernetes.added_labels import DELIVERY_DOMAINS, is_of

KEEPS_BACK = (
    "argocd.argoproj.io/hook",
    "helm.sh/hook",
    "kustomize.toolkit.fluxcd.io/reconcile",
    "kustomize.toolkit.fluxcd.io/ssa",
    "fluxcd.io/ignore",
    "configmanagement.gke.io/managed",
    "configmanagement.gke.io/cluster-selector",
    "configmanagement.gke.io/namespace-selector",
    "configsync.gke.io/cluster-name-selector",
    "config.kubernetes.io/local-config",
    "client.lifecycle.config.k8s.io/mutation",
    "kapp.k14s.io/exists",
    "kapp.k14s.io/noop",
    "kapp.k14s.io/create-strategy",
    "kapp.k14s.io/update-strategy",
    "kapp.k14s.io/versioned",
    "kapp.k14s.io/versioned-keep-original",
    "fluxcd.controlplane.io/reconcile",
    "kluctl.io/ignore",
    "kluctl.io/delete",
    "kluctl.io/hook",
    "werf.io/deploy-on",
    "werf.io/delete-policy",
    "werf.io/resource-policy",
    "strategy.spinnaker.io/versioned",
    "addonmanager.kubernetes.io/mode",
    "cleanup.kyverno.io/ttl",
    "janitor/ttl",
    "janitor/expires",
)
"""Annotations, and labels, by which a delivery leaves an object out or applies it in another way, or it is deleted."""

_SIMPLY_APPLIED = frozenset(
    (
        ("configmanagement.gke.io/managed", "enabled"),
        ("config.kubernetes.io/local-config", "false"),
        ("kustomize.toolkit.fluxcd.io/reconcile", "enabled"),
        ("kustomize.toolkit.fluxcd.io/ssa", "Override"),
        ("fluxcd.io/ignore", "false"),
        ("addonmanager.kubernetes.io/mode", "Reconcile"),
        ("kapp.k14s.io/create-strategy", ""),
        ("kapp.k14s.io/create-strategy", "fallback-on-update"),
        ("kapp.k14s.io/update-strategy", ""),
        ("kapp.k14s.io/update-strategy", "fallback-on-replace"),
        ("kapp.k14s.io/update-strategy", "always-replace"),
        ("fluxcd.controlplane.io/reconcile", "enabled"),
        ("kluctl.io/ignore", "false"),
        ("kluctl.io/delete", "false"),
        ("werf.io/delete-policy", "before-creation"),
        ("werf.io/delete-policy", "before-creation-if-immutable"),
        ("strategy.spinnaker.io/versioned", "false"),
    )
)
"""Marks, with the value by which a delivery applies an object as it is written."""

_HARMLESS = frozenset(
    f"{domain}/{name}"
    for domain, names in (
        ("argocd.argoproj.io", "instance tracking-id sync-wave sync-options compare-options hook-delete-policy "
         "installation-id manifest-generate-paths refresh managed-by"),
        ("kustomize.toolkit.fluxcd.io", "name namespace checksum prune force"),
        ("helm.toolkit.fluxcd.io", "name namespace driftDetection"),
        ("reconcile.fluxcd.io", "requestedAt forceAt resetAt"),
        ("fluxcd.io", "sync-checksum sync-gc-mark"),
        ("helm.sh", "chart hook-weight hook-delete-policy resource-policy"),
        ("meta.helm.sh", "release-name release-namespace"),
        ("kapp.k14s.io", "app association identity original original-diff original-diff-md5 change-group change-rule "
         "nonce num-versions delete-strategy owned-for-deletion disable-original disable-wait deploy-logs "
         "disable-associated-resources-wait disable-default-label-scoping-rules "
         "disable-default-ownership-label-rules"),
        ("fleet.cattle.io", "managed bundle-id bundle-name bundle-namespace cluster cluster-namespace"),
        ("kluctl.io", "skip-delete skip-delete-if-tags force-managed force-apply wait-readiness is-ready diff-name "
         "ignore-diff hook-weight hook-delete-policy hook-wait discriminator deployment-item-dir"),
        ("werf.io", "weight ownership delete-propagation replicas-on-creation track-termination-mode fail-mode "
         "failures-allowed-per-replica log-regex skip-logs no-activity-timeout show-service-messages sensitive "
         "sensitive-paths version release-channel"),
        ("project.werf.io", "name env git"),
        ("ci.werf.io", "commit tag"),
        ("strategy.spinnaker.io", "recreate replace max-version-history use-source-capacity"),
        ("caching.spinnaker.io", "ignore"),
        ("traffic.spinnaker.io", "load-balancers"),
        ("moniker.spinnaker.io", "application cluster stack detail sequence"),
        ("artifact.spinnaker.io", "location name type version"),
        ("cli-utils.sigs.k8s.io", "on-remove inventory-hash inventory-id"),
        ("client.lifecycle.config.k8s.io", "deletion"),
        ("apps.open-cluster-management.io", "do-not-delete hosting-subscription hosting-deployable sync-source "
         "reconcile-rate cluster-admin"),
        ("configmanagement.gke.io", "token source-path"),
        ("configsync.gke.io", "resource-id declared-fields declared-version manager git-context"),
    )
    for name in names.split()
)  # fmt: skip
"""Marks that say who applied an object, when, or whether it is pruned (see ``live_policies``)."""

_CONDITIONAL = ("config.kubernetes.io/depends-on",)
"""Marks by which an object is applied only when others are there and ready."""

OWNED = "ownerReferences"
UNNAMED = "generateName"
OF_MANIFESTS = (OWNED, UNNAMED)
"""What keeps back an object that is applied, and says nothing about one that a cluster has."""

KEPT_BACK_WORDS = (*KEEPS_BACK, *OF_MANIFESTS)
"""A text without any of these words has no object that is kept back."""


def delivery_marks(metadata: Any) -> tuple[str, ...]:
    """
    Return the words in *metadata*, as it was read, for which an object is not there as it was written.

    What is an object of a cluster is for the caller to say: anybody can write a `uid`.
    """
    if not isinstance(metadata, dict):
        return ()
    words = {word for word, value in _marks(metadata) if word in KEEPS_BACK and (word, value) not in _SIMPLY_APPLIED}
    words |= {OWNED} if metadata.get(OWNED) else set()
    words |= {UNNAMED} if metadata.get(UNNAMED) and not metadata.get("name") else set()
    return tuple(sorted(words))


def unknown_marks(metadata: Any) -> tuple[str, ...]:
    """Return the marks of deliveries in *metadata*, as it was read, as ``key=value``, that are not known here."""
    if not isinstance(metadata, dict):
        return ()
    return tuple(sorted({f"{word}={value}" for word, value in _marks(metadata) if is_unknown(word)}))


def is_unknown(word: str) -> bool:
    """Say whether *word* is a mark of a delivery that is not known here, or depends on what is not: other objects."""
    is_mark = word in _CONDITIONAL or is_of(word, DELIVERY_DOMAINS)
    return is_mark and word not in KEEPS_BACK and word not in _HARMLESS


def may_have_unknown_marks(text: str) -> bool:
    """Say whether a word in *text* can be a mark of a delivery."""
    return any(word in text for word in (*_CONDITIONAL, *(f"{each}/" for each in DELIVERY_DOMAINS)))


def _marks(metadata: dict[str, Any]) -> list[tuple[str, object]]:
    """Return the annotations and labels."""
    found = [metadata.get(key) for key in ("annotations", "labels")]
    return [(str(key), value) for each in found if isinstance(each, dict) for key, value in each.items()]


def kept_back_message(kind: str, name: str, word: str) -> str:
    """Say what happens to the object of this *kind* and *name* because of *word*."""
    if word == OWNED:
        return f"a cluster deletes the {kind} `{name}` where its owner is not there, because of `{word}`"
    if word == UNNAMED:
        return f"no delivery applies the {kind} `{name}`: it has `{word}` and no `name`"
    return f"a delivery keeps the {kind} `{name}` back, or deletes it, for `{word}`"


def kept_back_hint(word: str) -> str:
    """Say what to write instead of *word*."""
    return "write a `name`" if word == UNNAMED else f"remove `{word}`, or leave the object out"

"""What in an object's metadata keeps a delivery from simply applying it, or makes the cluster delete it."""

from typing import Any

KEEPS_BACK = (
    "argocd.argoproj.io/hook",
    "helm.sh/hook",
    "kustomize.toolkit.fluxcd.io/reconcile",
    "kustomize.toolkit.fluxcd.io/ssa",
    "fluxcd.io/ignore",
    "configmanagement.gke.io/managed",
    "client.lifecycle.config.k8s.io/mutation",
    "kapp.k14s.io/exists",
    "kapp.k14s.io/noop",
)
"""Annotations, and labels, by which a delivery leaves an object out, or applies it in another way."""

_SIMPLY_APPLIED = ("configmanagement.gke.io/managed", "enabled")
"""What Config Sync writes at each object that it applies."""

OWNED = "ownerReferences"


def delivery_marks(metadata: Any) -> tuple[str, ...]:
    """
    Return the words in *metadata*, as it was read, for which an object is not there as it was written.

    An object that a cluster has given a `uid` is there: its owner is too.
    """
    if not isinstance(metadata, dict):
        return ()
    found = [metadata.get(key) for key in ("annotations", "labels")]
    items = [item for each in found if isinstance(each, dict) for item in each.items() if item != _SIMPLY_APPLIED]
    words = {str(word) for word, _ in items if word in KEEPS_BACK}
    owned = {OWNED} if metadata.get(OWNED) and "uid" not in metadata else set()
    return tuple(sorted(words | owned))


def kept_back_message(kind: str, name: str, word: str) -> str:
    """Say what happens to the object of this *kind* and *name* because of *word*."""
    if word == OWNED:
        return f"a cluster deletes the {kind} `{name}` where its owner is not there, because of `{word}`"
    return f"a delivery keeps the {kind} `{name}` back, or deletes it, for `{word}`"

"""
The kinds that are judged: how they are written, and the API versions that have them.

An API server knows no ``Networkpolicy`` and no Deployment of ``v1``. What is written so is never applied, and who
wrote it believes that it is.
"""

from functools import lru_cache
from typing import Any

from bulkhead.core.diagnostics import edits, nearest
from bulkhead.core.kubernetes.networkpolicy import NETWORKPOLICY
from bulkhead.core.language.scalars import quoted
from bulkhead.io.manifests.kinds import NETWORKING, NETWORKING_KINDS, group_of, is_core

_APPS = ("apps/v1", "apps/v1beta2", "apps/v1beta1", "extensions/v1beta1")
_VERSIONS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("Namespace", "Pod", "ReplicationController"), ("v1",)),
    **dict.fromkeys(("Deployment", "DaemonSet", "ReplicaSet"), _APPS),
    "StatefulSet": _APPS[:3],
    "Job": ("batch/v1",),
    "CronJob": ("batch/v1", "batch/v1beta1", "batch/v2alpha1"),
    NETWORKPOLICY: (f"{NETWORKING}/v1",),
}
"""Every version that there ever was of what is read, the current one first."""

_SPELLINGS = {
    **{kind.casefold(): kind for kind in (*NETWORKING_KINDS, *_VERSIONS)},
    **{f"{kind}s".casefold(): kind for kind in _VERSIONS},
    "networkpolicies": NETWORKPOLICY,
}
_GROUPS = tuple(sorted({group_of(version) for versions in _VERSIONS.values() for version in versions} - {""}))
_SLIPS = 2
"""Edits from which on a group is another one: `networking.gke.io` has 3 to `networking.k8s.io`."""


def wrong_kind(kind: str, api_version: Any) -> tuple[str, str]:
    """
    Return what is wrong with *kind* and *api_version*, where a kind that is judged is meant, and a hint.

    Two empty texts where nothing is wrong. *api_version* is ``None`` where none is written, also not for the list that
    the object is an item of.
    """
    if not isinstance(api_version, str | None):
        return f"`apiVersion` must be text, not {quoted(api_version)}", ""
    return _wrong_kind(kind, api_version)


@lru_cache
def _wrong_kind(kind: str, api_version: str | None) -> tuple[str, str]:
    group, meant = group_of(api_version), _SPELLINGS.get(kind.strip().casefold(), "")
    if group == NETWORKING and kind not in NETWORKING_KINDS:
        near = meant or nearest(kind, NETWORKING_KINDS) or ""
        return f"`{kind}` is no kind of `{NETWORKING}`", _did_you_mean(near)
    if not meant:
        return "", ""
    is_own = is_core(group) or group == NETWORKING or "." not in group  # other groups have a domain
    if kind != meant:
        return (f"`{kind}` is no kind of Kubernetes", _did_you_mean(meant)) if is_own else ("", "")
    return _wrong_version(kind, api_version, is_own)


def _wrong_version(kind: str, api_version: str | None, is_own: bool) -> tuple[str, str]:
    versions = _VERSIONS.get(kind, ())
    if not versions or api_version in versions:
        return "", ""
    hint = f"write `{versions[0]}`"
    if not api_version:  # what else is meant is plain, and it can only be more that is judged
        return ("`apiVersion` is missing", hint) if kind == NETWORKPOLICY else ("", "")
    if is_own:
        return f"there is no {kind} of `{api_version}`", hint
    written = group_of(api_version)
    near = [group for group in _GROUPS if abs(len(group) - len(written)) <= _SLIPS]
    if any(edits(written, group) <= _SLIPS for group in near):
        return f"there is no {kind} of `{api_version}`", hint
    return "", ""


def is_meant(kind: str) -> bool:
    """Say whether *kind*, which is empty for objects of any kind, is one that is judged, or another spelling of it."""
    return not kind or kind.strip().casefold() in _SPELLINGS


def misspelt_key(document: dict[str, Any]) -> str:
    """Return the key of *document*, which has no ``kind``, that holds a judged kind; ``""`` where none does."""
    for key, value in document.items():
        is_kind = isinstance(key, str) and key.strip().casefold() == "kind" and isinstance(value, str)
        if is_kind and is_meant(value.removesuffix("List")):
            return key
    return ""


def has_own_version(document: dict[str, Any]) -> bool:
    """Say whether *document*, which has no ``kind``, has content and a version of the kinds that are judged."""
    version = document.get("apiVersion")
    known = group_of(version) == NETWORKING or any(version in versions for versions in _VERSIONS.values())
    return known and ("metadata" in document or "spec" in document or "items" in document)


def _did_you_mean(kind: str) -> str:
    return f"did you mean `{kind}`?" if kind else ""

"""
Objects that change, delete or refuse NetworkPolicies when these are applied, or later.

Policies of Kyverno and Gatekeeper, and the admission policies and webhooks of Kubernetes. They name the kinds that they
match, with wildcards. Of kinds that are not known, it is any object that speaks of NetworkPolicies.
"""

import re
from fnmatch import fnmatchcase
from typing import Any

from bulkhead.core.kubernetes.networkpolicy import NETWORKPOLICY
from bulkhead.io.delivery_commands import NAMES_POLICIES
from bulkhead.io.manifests.kinds import NETWORKING, creates_no_pods, is_core

_ADMISSION = "admissionregistration.k8s.io"
_GROUPS = frozenset(
    (_ADMISSION, "kyverno.io", "policies.kyverno.io", "constraints.gatekeeper.sh", "templates.gatekeeper.sh")
)
_RESOURCE = "networkpolicies"
_KIND = re.compile("[A-Z][A-Za-z0-9]*")
_ANY_KIND = frozenset(("GeneratingPolicy", "NamespacedGeneratingPolicy"))
"""Kinds whose expressions make objects of any kind."""

_KINDS_KEYS = ("kind", "kinds")
_GROUP_KEYS = ("apiGroups", "groups")


def may_change_policies(group: str, kind: str, document: dict[str, Any]) -> bool:
    """Say whether *document*, of *kind* in *group*, may change, delete or refuse NetworkPolicies."""
    if group not in _GROUPS:
        is_unknown = not is_core(group) and not creates_no_pods(group, kind)
        return is_unknown and _speaks_of_policies(document)
    # A binding says where a policy applies, and names it only.
    if kind in _ANY_KIND or (group == _ADMISSION and kind.endswith("Binding")):
        return True
    waiting: list[Any] = [each for key, each in document.items() if key not in ("kind", "metadata", "status")]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            if _matches(each):
                return True
            waiting += each.values()
        elif isinstance(each, list):
            waiting += each
        elif isinstance(each, str) and NAMES_POLICIES.search(each):
            return True
    return False


def _speaks_of_policies(document: dict[str, Any]) -> bool:
    """Say whether a key or a value of *document*, outside of its metadata and status, is or has a word for policies."""
    waiting: list[Any] = [each for key, each in document.items() if key not in ("apiVersion", "metadata", "status")]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            waiting += (*each.keys(), *each.values())
        elif isinstance(each, list):
            waiting += each
        elif isinstance(each, str) and NAMES_POLICIES.search(each):
            return True
    return False


def _matches(rule: dict[str, Any]) -> bool:
    """Say whether the kinds or resources that *rule* lists are those of NetworkPolicies too, by a wildcard."""
    groups = [each for key in _GROUP_KEYS for each in _texts(rule.get(key))]
    if groups and not any(fnmatchcase(NETWORKING, each) for each in groups):
        return False
    kinds = [each for key in _KINDS_KEYS for each in _texts(rule.get(key))]
    return any(map(_is_kind, kinds)) or any(
        fnmatchcase(_RESOURCE, each.partition("/")[0]) for each in _texts(rule.get("resources"))
    )


def _texts(value: Any) -> list[str]:
    return [each for each in (value if isinstance(value, list) else [value]) if isinstance(each, str)]


def _is_kind(pattern: str) -> bool:
    """Say whether *pattern*, as Kyverno writes it (``GROUP/VERSION/KIND/SUBRESOURCE``), may match NetworkPolicy."""
    if "{{" in pattern:
        return True
    parts = pattern.split("/")
    if any(_KIND.fullmatch(part) and part != NETWORKPOLICY for part in parts):
        return False
    return any(fnmatchcase(NETWORKPOLICY, part) for part in parts)

"""
Objects that hold a policy and are none themselves: what generates policies, or applies them from a text.

A ClusterPolicy of Kyverno that generates a NetworkPolicy, an Object of Crossplane, a Tenant of Capsule, a ConfigMap
that a ClusterResourceSet applies.
"""

import re
from typing import Any

from bulkhead.core.kubernetes.networkpolicy import NETWORKPOLICY

_POLICY = NETWORKPOLICY
_HOLDS = frozenset(("spec", "data", "clone", "cloneList"))
"""A reference to a policy has none of these."""

_FIELDS = frozenset(("podSelector", "policyTypes"))
"""Fields of a policy that is written without its kind."""

_IN_TEXT = re.compile(rf"\bkind[\"']?\s*:\s*[\"']?\w*{_POLICY}\b")


def holds_policy(kind: str, document: dict[str, Any]) -> bool:
    """Say whether *document*, of a *kind* that is no policy, has the content of a policy in one of its fields."""
    if kind == "CustomResourceDefinition":
        return False
    waiting: list[Any] = [each for key, each in document.items() if key not in ("metadata", "status")]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            if each.keys() >= _FIELDS or (str(each.get("kind")).endswith(_POLICY) and each.keys() & _HOLDS):
                return True
            waiting += each.values()
        elif isinstance(each, list):
            waiting += each
        elif isinstance(each, str) and _POLICY in each and _IN_TEXT.search(each):
            return True
    return False

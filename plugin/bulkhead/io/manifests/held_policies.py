"""
Objects that hold a policy and are none themselves: what generates policies, or applies them from a text.

A ClusterPolicy of Kyverno that generates a NetworkPolicy, an Object of Crossplane, a Tenant of Capsule, a ConfigMap or
Secret that a ClusterResourceSet applies.
"""

import base64
import binascii
import re
from collections.abc import Iterator
from typing import Any

from bulkhead.core.kubernetes.networkpolicy import NETWORKPOLICY
from bulkhead.io.manifests.content_key import content_key

_POLICY = NETWORKPOLICY
_HOLDS = frozenset(("spec", "data", "clone", "cloneList"))
"""A reference to a policy has none of these."""

_FIELDS = frozenset(("podSelector", "policyTypes"))
"""Fields of a policy that is written without its kind."""

_WORDS = (_POLICY.encode(), b"podSelector")
"""What has none of these words in it holds no policy."""

_IN_TEXT = re.compile(rf"\bkind[\"']?\s*:\s*[\"']?\w*{_POLICY}\b")


_IN_BASE64 = {"Secret": "data", "ConfigMap": "binaryData"}
"""The field of a kind that has texts in base64."""

_RESOURCE_SET = "addons.cluster.x-k8s.io/resource-set"
"""The type of a Secret that a ClusterResourceSet applies."""


def holds_policy(kind: str, document: dict[str, Any]) -> bool:
    """Say whether *document*, of a *kind* that is no policy, has the content of a policy in one of its fields."""
    if kind == "CustomResourceDefinition":
        return False
    if kind == "Secret" and document.get("type") == _RESOURCE_SET:
        return True
    if kind not in _IN_BASE64:
        content = content_key(document)
        if content and not any(word in content for word in _WORDS):
            return False
    waiting: list[Any] = [each for key, each in document.items() if key not in ("metadata", "status")]
    waiting += decoded_texts(kind, document)
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


def decoded_texts(kind: str, document: dict[str, Any]) -> Iterator[str]:
    """Yield what a Secret or ConfigMap has in base64, as text."""
    found = document.get(_IN_BASE64.get(kind, ""))
    for text in found.values() if isinstance(found, dict) else ():
        try:
            yield base64.b64decode(text if isinstance(text, str) else "").decode("utf-8", "replace")
        except (ValueError, binascii.Error):  # other characters than of base64: the API server refuses it
            continue

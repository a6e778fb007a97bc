"""
Which fields of a policy in a cluster a delivery wrote, as far as the cluster says it.

``metadata.managedFields`` says who wrote a field, and the annotation of ``kubectl apply`` what it applied. A
delivery removes only what it wrote.
"""

import json
from collections.abc import Iterator
from enum import Enum
from typing import Any

from bulkhead.core.kubernetes.networkpolicy import Direction, NetworkPolicy
from bulkhead.core.record import record
from bulkhead.io.manifests import read_networkpolicy
from bulkhead.io.yaml.paths import value_at

_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_CLIENT_SIDE = "kubectl-client-side-apply"
_RULES = ("ingress", "egress")

TYPES = "policyTypes"
"""The field with the directions of a policy."""

_FIELDS = (*_RULES, TYPES)

EXPRESSIONS = "matchExpressions"
"""The field of a selector."""


class Writer(Enum):
    """Who wrote a field: the delivery alone, somebody else too, or nobody says it."""

    DELIVERY = "delivery"
    OTHER = "other"
    UNKNOWN = "unknown"


@record
class LiveFields:
    """
    What a policy of a cluster says of its fields.

    *written* is the policy with the rules of both directions as they are written, also of one that ``policyTypes``
    leaves out. *managed* has for each field the kinds of those who wrote it: ``True`` for who applied it; ``None``
    where the cluster does not say it. *applied* are the fields that ``kubectl apply`` wrote: ``ingress``, ``egress``,
    ``policyTypes``, and of the pod selector the keys of labels and ``matchExpressions``; ``None`` where it did not.
    """

    written: NetworkPolicy
    managed: tuple[tuple[str, tuple[bool, ...]], ...] | None = None
    applied: frozenset[str] | None = None

    def writer(self, field: str) -> Writer:
        """Return who wrote *field*, ``ingress``, ``egress`` or ``policyTypes``."""
        said = set()
        if self.managed is not None:
            said.add(Writer.DELIVERY if dict(self.managed).get(field) == (True,) else Writer.OTHER)
        if self.applied is not None:
            said.add(Writer.DELIVERY if field in self.applied else Writer.OTHER)
        return said.pop() if len(said) == 1 else Writer.UNKNOWN


def live_fields(document: dict[str, Any], policy: NetworkPolicy) -> LiveFields | None:
    """Return what *document*, from which *policy* was read, says of its fields; ``None`` where it says nothing more."""
    spec, metadata = document.get("spec"), document.get("metadata")
    if not isinstance(spec, dict) or not isinstance(metadata, dict):
        return None
    written = policy
    if any(spec.get(field) and policy.of(Direction(field)) is None for field in _RULES):
        whole = {**document, "spec": {**spec, "policyTypes": ["Ingress", "Egress"]}}
        found = read_networkpolicy.read(whole, [])
        written = found[0] if found else policy
    managed, applied = _managed(metadata.get("managedFields")), _applied(dict(policy.annotations))
    says_nothing = written is policy and managed is None and applied is None
    return None if says_nothing else LiveFields(written, managed, applied)


def applied_labels(metadata: Any) -> tuple[str, ...] | None:
    """Return the keys of the labels that a delivery wrote, as *metadata* says it; ``None`` where it does not."""
    if not isinstance(metadata, dict):
        return None
    annotations, entries = metadata.get("annotations"), metadata.get("managedFields")
    found = [_labels(each.get("fieldsV1"), "f:") for each in _list(entries) if _applies(each)] if entries else []
    last = _last_applied(annotations) if isinstance(annotations, dict) else None
    if isinstance(last, dict):
        found.append(_labels(last, ""))
    return tuple(sorted({key for keys in found for key in keys})) if found or entries else None


def _labels(written: Any, prefix: str) -> Iterator[str]:
    """Yield the keys of the labels in *written*, an object or the fields of one, whose keys begin with *prefix*."""
    labels = value_at(written, f"{prefix}metadata", f"{prefix}labels")
    for key in labels if isinstance(labels, dict) else ():
        yield str(key).removeprefix(prefix)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _applies(entry: Any) -> bool:
    """Say whether *entry* of ``managedFields`` is that of who applied the object."""
    return isinstance(entry, dict) and (entry.get("operation") == "Apply" or entry.get("manager") == _CLIENT_SIDE)


def _managed(entries: Any) -> tuple[tuple[str, tuple[bool, ...]], ...] | None:
    if not isinstance(entries, list) or not entries:
        return None
    owners: dict[str, list[bool]] = {field: [] for field in _FIELDS}
    for entry in entries:
        spec = value_at(entry, "fieldsV1", "f:spec")
        for field in _FIELDS:
            if isinstance(spec, dict) and f"f:{field}" in spec:
                owners[field].append(_applies(entry))
    return tuple((field, tuple(found)) for field, found in owners.items())


def _applied(annotations: dict[str, str]) -> frozenset[str] | None:
    spec = value_at(_last_applied(annotations), "spec")
    return frozenset(_fields(spec)) if isinstance(spec, dict) else None


def _last_applied(annotations: dict[str, Any]) -> Any:
    """Return the object that ``kubectl apply`` applied last; ``None`` where the annotation is missing or no JSON."""
    try:
        return json.loads(str(annotations.get(_LAST_APPLIED, "")))
    except (ValueError, RecursionError):
        return None


def _fields(spec: dict[str, Any]) -> Iterator[str]:
    yield from (field for field in _FIELDS if field in spec)
    selector = spec.get("podSelector")
    if isinstance(selector, dict):
        labels = selector.get("matchLabels")
        yield from (str(key) for key in labels) if isinstance(labels, dict) else ()
        yield from (EXPRESSIONS,) if EXPRESSIONS in selector else ()

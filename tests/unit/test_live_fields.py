"""Who wrote a field of a policy in a cluster: a delivery removes a field that only it wrote, and no other."""

import json
from typing import Any

import pytest
from bulkhead.io.manifests import read_networkpolicy
from bulkhead.io.manifests.live_fields import LiveFields, Writer, live_fields

Json = dict[str, Any]


def entry(operation: str, manager: str, *fields: str) -> Json:
    """Return an entry of ``managedFields``."""
    return {"operation": operation, "manager": manager, "fieldsV1": {"f:spec": {f"f:{field}": {} for field in fields}}}


APPLIED, EDITED = (
    entry("Apply", "argocd-controller", "egress", "podSelector"),
    entry("Update", "kubectl-edit", "egress"),
)
CLIENT = entry("Update", "kubectl-client-side-apply", "egress")
OTHERS = [entry("Apply", "argocd-controller", "podSelector"), EDITED]
WITH: Json = {"spec": {"egress": [{}]}}
WITHOUT: Json = {"spec": {"podSelector": {}}}
DELIVERY, OTHER, UNKNOWN = Writer.DELIVERY, Writer.OTHER, Writer.UNKNOWN

CASES: list[Any] = [
    (None, None, UNKNOWN), ([], None, UNKNOWN), (None, "{", UNKNOWN), (None, [], UNKNOWN),
    pytest.param(None, "[" * 100_000, UNKNOWN, marks=pytest.mark.native),
    ([APPLIED], None, DELIVERY), ([CLIENT], None, DELIVERY),
    ([EDITED], None, OTHER), (OTHERS, None, OTHER), ([APPLIED, EDITED], None, OTHER), ([APPLIED, CLIENT], None, OTHER),
    ([entry("Apply", "x")], None, OTHER), ([{}, None, {"fieldsV1": []}, {"fieldsV1": {"f:spec": 1}}], None, OTHER),
    (None, WITH, DELIVERY), (None, WITHOUT, OTHER), ([APPLIED], WITH, DELIVERY), (OTHERS, WITHOUT, OTHER),
    (OTHERS, WITH, UNKNOWN), ([APPLIED], WITHOUT, UNKNOWN),
]  # fmt: skip
"""What ``managedFields`` say, what ``kubectl apply`` wrote, and who wrote the egress rules, as far as both agree."""


@pytest.mark.parametrize(("managed", "applied", "writer"), CASES)
def test_who_wrote_a_field(managed: Any, applied: Any, writer: Writer) -> None:
    metadata: Json = {"name": "x", "managedFields": managed}
    if applied is not None:
        text = applied if isinstance(applied, str) else json.dumps(applied)
        metadata["annotations"] = {"kubectl.kubernetes.io/last-applied-configuration": text}
    spec = {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{}]}
    document = {
        "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": metadata, "spec": spec,
    }  # fmt: skip
    found = read_networkpolicy.read(document, [])
    assert found
    fields = live_fields(document, found[0]) or LiveFields(found[0])
    assert (fields.writer("egress"), fields.written) == (writer, found[0])

"""
The order in which ``kustomize build`` prints resources when nothing else is asked for.

It calls it the legacy order: by kind (what others need first), then by group, version and
kind, then by namespace and name.  The lists are those of kustomize's SortOrderTransformer.
"""

from bulkhead.io.yaml.nodes import Raw

_FIRST = (
    "Namespace", "ResourceQuota", "StorageClass", "CustomResourceDefinition", "ServiceAccount", "PodSecurityPolicy",
    "Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding", "ConfigMap", "Secret", "Endpoints", "Service",
    "LimitRange", "PriorityClass", "PersistentVolume", "PersistentVolumeClaim", "Deployment", "StatefulSet", "CronJob",
    "PodDisruptionBudget",
)  # fmt: skip
_LAST = ("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration")
_RANK = {kind: i - len(_FIRST) for i, kind in enumerate(_FIRST)} | {kind: i + 1 for i, kind in enumerate(_LAST)}


def legacy(head: dict[str, Raw]) -> tuple[int, str, str]:
    """Return the sort key of a resource from its ``apiVersion``, ``kind``, ``namespace`` and ``name``."""
    group, _, version = str(head.get("apiVersion") or "").rpartition("/")
    kind = str(head.get("kind") or "~K")
    name = f"{head.get('namespace') or '~X'}|{head.get('name') or '~N'}"
    return _RANK.get(kind, 0), f"{group or '~G'}_{version or '~V'}_{kind}", name

"""
Policies that are rendered and that a delivery does not simply apply, because of a label or an annotation.

Argo CD applies a hook at another time, or never, and deletes it; Flux leaves out what is not to be reconciled. What a
cluster then has is not what was rendered, so no verdict about it is given.
"""

from collections.abc import Iterator

from bulkhead.core.diagnostics import Diagnostic, Location
from bulkhead.core.kubernetes.networkpolicy import NETWORKPOLICY
from bulkhead.io.kustomize.refusals import refusal
from bulkhead.io.manifests.delivery_marks import KEPT_BACK_WORDS, delivery_marks, kept_back_hint, kept_back_message
from bulkhead.io.manifests.kinds import group_of, is_unjudged
from bulkhead.io.yaml.resource_stream import of_build


def kept_back(text: str, file: str) -> Iterator[Diagnostic]:
    """Yield a refusal, at *file*, for each policy or namespace in *text*, what kustomize prints, that is kept back."""
    if not any(word in text for word in KEPT_BACK_WORDS):
        return
    for each in of_build(text):
        if decides(str(each.head.get("apiVersion")), str(each.head.get("kind"))):
            for word in delivery_marks(each.value().get("metadata")):
                name = "/".join(str(each.head[key]) for key in ("namespace", "name") if each.head.get(key))
                message = kept_back_message(str(each.head.get("kind")), name, word)
                yield refusal(Location(file), message, kept_back_hint(word))


def decides(api_version: str, kind: str) -> bool:
    """Say whether objects of *kind* decide about traffic."""
    return kind in (NETWORKPOLICY, "Namespace") or is_unjudged(group_of(api_version), kind)

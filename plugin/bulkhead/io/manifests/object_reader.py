"""
Kubernetes objects as plain data to what they hold: namespaces, pods, policies, and what is not judged.

A workload represents its pods by its template. A document that is no Kubernetes object is only counted.
"""

import hashlib
import json
from collections.abc import Iterator
from typing import Any

from bulkhead.core.diagnostics import Diagnostic, Path, in_resource, nearest
from bulkhead.core.kubernetes.cluster import Namespace, Pod
from bulkhead.core.kubernetes.evidence import UnjudgedPolicy
from bulkhead.core.kubernetes.networkpolicy import NETWORKPOLICY, NetworkPolicy
from bulkhead.core.record import record
from bulkhead.io.manifests import read_networkpolicy
from bulkhead.io.manifests.held_policies import holds_policy
from bulkhead.io.manifests.kinds import (
    NETWORKING,
    NETWORKING_KINDS,
    creates_no_pods,
    delivers,
    group_of,
    is_core,
    is_unjudged,
    kind_title,
    render_first,
)
from bulkhead.io.manifests.object_fields import InvalidField, mapping, text
from bulkhead.io.manifests.object_metadata import controller_of, labels_of, name_of, namespace_of
from bulkhead.io.manifests.pod_templates import is_workload, template_of, templates_in
from bulkhead.io.manifests.pods import has_finished, pod_of_template, running_pod

Thing = Namespace | Pod | NetworkPolicy

_OTHERS_ANNOTATIONS = (
    "kubectl.kubernetes.io/", "argocd.argoproj.io/", "meta.helm.sh/", "config.kubernetes.io/",
    "internal.config.kubernetes.io/", "kustomize.toolkit.fluxcd.io/", "helm.toolkit.fluxcd.io/",
)  # fmt: skip
"""Begin the annotations that delivery tools write. They mean nothing to who enforces a policy."""


@record
class ReadObject:
    """
    One object: its *kind* as it is written in reports, its *namespace* and *name*, and the *things* that it holds.

    *owner* is kind and name of what controls it. *replicas* is ``None`` where it is not written. *creates*: it
    has no template and may create pods. *finished*: a pod that has ended, which is no endpoint. *generated*: the
    API server completes its name, so that two of one name are two objects.
    *path* leads to it in its document; it is empty where the object is the document.
    """

    kind: str
    namespace: str
    name: str
    things: tuple[Thing, ...] = ()
    unjudged: UnjudgedPolicy | None = None
    owner: tuple[str, str] = ("", "")
    replicas: int | None = None
    creates: bool = False
    finished: bool = False
    generated: bool = False
    path: Path = ()


def read(
    document: Any, problems: list[Diagnostic], kind: str = "", version: str = "", path: Path = ()
) -> Iterator[ReadObject | None]:
    """
    Yield what *document* holds; ``None`` for what is no Kubernetes object.

    A list is read item by item; an item without a kind has the list's (a PodList holds pods). *kind* and *version* are
    those of the list that *document* is an item of. What is wrong is added to *problems*. An object about which nothing
    has to be known is not yielded.
    """
    if document is None:
        return
    found = (document.get("kind") or kind) if isinstance(document, dict) else None
    if not isinstance(document, dict) or found is None or found == "":
        if isinstance(document, dict) and group_of(document.get("apiVersion")) == NETWORKING:
            problems.append(Diagnostic(in_resource("document", path), "`kind` is missing", "write what kind this is"))
        yield None
    elif not isinstance(found, str):
        problems.append(Diagnostic(in_resource("document", (*path, "kind")), f"`kind` must be text, not `{found}`"))
    elif found.endswith("List") and isinstance(document.get("items"), list):
        of_items = found.removesuffix("List"), str(document.get("apiVersion") or "")
        for number, item in enumerate(document["items"]):
            yield from read(item, problems, *of_items, (*path, "items", number))
    elif found.endswith("List") and document.get("items") is not None:
        problems.append(Diagnostic(in_resource("document", (*path, "items")), "`items` must be a list"))
    elif not (found.endswith("List") and "spec" not in document):  # the rest of a list whose items were read before
        yield from _object(found, version, document, problems, path)


def _object(
    kind: str, version: str, document: dict[str, Any], problems: list[Diagnostic], path: Path
) -> Iterator[ReadObject | None]:
    group = group_of(document.get("apiVersion") or version)
    command = render_first(group, kind) if "apiVersion" in document else ""
    try:
        if command:
            raise InvalidField((), f"a {kind} is not what is applied", f"render it first: `{command}`")
        if group == NETWORKING and kind not in NETWORKING_KINDS:
            raise InvalidField(("kind",), f"`{kind}` is no kind of `{NETWORKING}`", _did_you_mean(kind))
        if is_unjudged(group, kind):
            yield _unjudged(group, kind, document, path)
        elif kind == NETWORKPOLICY:
            yield from _policy(document, problems, path)
        elif is_core(group) and (kind in ("Namespace", "Pod") or is_workload(kind)):
            yield _and_held(_judged(kind, document, path), group, kind, document)
        elif "apiVersion" not in document and not version:
            yield None
        else:
            yield from _other(group, kind, document, path)
    except InvalidField as wrong:
        at = in_resource(f"{kind} {_written_name(document)}", (*path, *wrong.location.path))
        problems.append(Diagnostic(at, wrong.message, wrong.hint))


def _did_you_mean(kind: str) -> str:
    known = {each.lower(): each for each in NETWORKING_KINDS}
    near = nearest(kind.lower(), list(known))
    return f"did you mean `{known[near]}`?" if near else ""


def _written_name(document: dict[str, Any]) -> str:
    metadata = document.get("metadata")
    return str(metadata.get("name", "")) if isinstance(metadata, dict) else ""


def _policy(document: dict[str, Any], problems: list[Diagnostic], path: Path) -> Iterator[ReadObject | None]:
    if NETWORKPOLICY not in document.values():  # an item of a NetworkPolicyList has its kind and version from the list
        document = {"apiVersion": read_networkpolicy.API_VERSION, **document}
    policy = read_networkpolicy.read(document, problems, path)
    if policy:
        generated = not document["metadata"].get("name")
        yield ReadObject(NETWORKPOLICY, policy.namespace, policy.name, (policy,), generated=generated, path=path)


def _judged(kind: str, document: dict[str, Any], path: Path) -> ReadObject:
    metadata = mapping(document, "metadata")
    if kind == "Namespace":
        name = text(metadata, "name", ("metadata",))
        return ReadObject(kind, "", name, (Namespace(name, labels_of(metadata)),), path=path)
    if kind == "Pod":
        pod, finished = running_pod(document, metadata), has_finished(document)
    else:
        pod, finished = pod_of_template(kind, document, metadata, template_of(kind)), False
    return _with_pods(kind, document, metadata, (pod,), path, finished)


def _other(group: str, kind: str, document: dict[str, Any], path: Path) -> Iterator[ReadObject]:
    """Yield an object of another kind than Kubernetes' own; nothing where it has nothing to do with traffic."""
    holds = holds_policy(kind, document)
    if creates_no_pods(group, kind):
        if holds or delivers(group, kind):
            yield _unjudged(group, kind, document, path)
    elif holds and not delivers(group, kind) and not templates_in(document):
        yield _unjudged(group, kind, document, path)
    else:
        yield _and_held(_custom(group, kind, document, path), group, kind, document)


def _and_held(found: ReadObject, group: str, kind: str, document: dict[str, Any]) -> ReadObject:
    """Return *found*, read from *document*, with the policy that the object holds or delivers in addition."""
    if not (holds_policy(kind, document) or delivers(group, kind)):
        return found
    return ReadObject(
        found.kind,
        found.namespace,
        found.name,
        found.things,
        _unjudged(group, kind, document, found.path).unjudged,
        found.owner,
        found.replicas,
        found.creates,
        found.finished,
        found.generated,
        found.path,
    )


def _custom(group: str, kind: str, document: dict[str, Any], path: Path) -> ReadObject:
    """Return an object of a kind that may create pods: with a template they are known, else they are possible."""
    metadata = document.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    templates = templates_in(document)
    if not templates:
        title, name = kind_title(group, kind), str(metadata.get("name") or metadata.get("generateName") or "")
        space = str(metadata.get("namespace") or "")
        return ReadObject(title, space, name, creates=True, generated="name" not in metadata, path=path)
    pods = tuple(pod_of_template(kind, document, metadata, each) for each in templates)
    return _with_pods(kind_title(group, kind), document, metadata, pods, path)


def _with_pods(
    kind: str,
    document: dict[str, Any],
    metadata: dict[str, Any],
    pods: tuple[Pod, ...],
    path: Path,
    finished: bool = False,
) -> ReadObject:
    replicas = None if kind == "Pod" else mapping(document, "spec").get("replicas")
    return ReadObject(
        kind,
        namespace_of(metadata),
        name_of(metadata),
        pods,
        owner=controller_of(metadata),
        replicas=replicas if isinstance(replicas, int) else None,
        finished=finished,
        generated="name" not in metadata,
        path=path,
    )


def _unjudged(group: str, kind: str, document: dict[str, Any], path: Path) -> ReadObject:
    metadata = document.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    annotations = metadata.get("annotations")
    kept = {
        str(key): value
        for key, value in (annotations.items() if isinstance(annotations, dict) else ())
        if not str(key).startswith(_OTHERS_ANNOTATIONS)
    }
    said = {str(key): value for key, value in document.items() if key not in ("metadata", "status")}
    content = json.dumps([said, kept], sort_keys=True, default=str)
    title, space, name = kind_title(group, kind), str(metadata.get("namespace") or ""), str(metadata.get("name") or "")
    digest = hashlib.sha256(content.encode("utf-8", "replace")).hexdigest()
    policy = UnjudgedPolicy(title, space, name, digest, delivers(group, kind))
    return ReadObject(title, space, name, unjudged=policy, generated=not name, path=path)

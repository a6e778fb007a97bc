"""
Kubernetes objects as plain data to what they hold: namespaces, pods, policies, and what is not judged.

A workload represents its pods by its template. A document that is no Kubernetes object is only counted.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from typing import Any

from bulkhead.core.diagnostics import Diagnostic, Key, Path, in_resource
from bulkhead.core.kubernetes.cluster import Namespace, Pod
from bulkhead.core.kubernetes.evidence import UnjudgedPolicy
from bulkhead.core.kubernetes.networkpolicy import NETWORKPOLICY, NetworkPolicy
from bulkhead.core.language.scalars import Name, Subdomain
from bulkhead.core.record import record, replaced
from bulkhead.io.manifests import cluster_policies, read_networkpolicy, strict_metadata
from bulkhead.io.manifests.delivery_marks import KEEPS_BACK, delivery_marks, is_unknown, unknown_marks
from bulkhead.io.manifests.held_policies import holds_policy
from bulkhead.io.manifests.judged_kinds import has_own_version, is_meant, misspelt_key, wrong_kind
from bulkhead.io.manifests.kinds import (
    creates_no_pods,
    delivers,
    group_of,
    is_core,
    is_unjudged,
    kind_title,
    render_first,
)
from bulkhead.io.manifests.live_fields import LiveFields, applied_labels, live_fields
from bulkhead.io.manifests.pod_templates import is_workload, labels_by_role, template_of, templates_in
from bulkhead.io.manifests.pods import has_finished, node_name, pod_of_template, running_pod, with_labels
from bulkhead.io.manifests.policy_changers import may_change_policies
from bulkhead.io.manifests.strict_metadata import Metadata
from bulkhead.io.manifests.strict_reader import StrictReader
from bulkhead.io.manifests.unjudged_parts import unjudged_part

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
    API server completes its name, so that two of one name are two objects. *leaving*: it is being deleted.
    *kept_back* are the marks of a policy or namespace that is not applied as it is written.
    *live* is what a policy says of who wrote its fields. *printed*: it has all that an API server gives an object.
    *node* is the node that a pod asks for.
    *path* leads to it in its document; it is empty where the object is the document.
    *if_applied* is what is wrong with it unless a cluster has it, which its `uid` says and anybody can write.
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
    leaving: bool = False
    kept_back: tuple[str, ...] = ()
    live: LiveFields | None = None
    path: Path = ()
    printed: bool = False
    node: str = ""
    if_applied: tuple[Diagnostic, ...] = ()


def read(
    document: Any,
    problems: list[Diagnostic],
    kind: str = "",
    version: str = "",
    path: Path = (),
    is_item: bool = False,
) -> Iterator[ReadObject | None]:
    """
    Yield what *document* holds; ``None`` for what is no Kubernetes object.

    A list is read item by item; an item without a kind has the list's (a PodList holds pods). *kind* and *version* are
    those of the list that *document* is an item of; with *is_item* or a *path* it is one. What is wrong is added to
    *problems*. An object about which nothing has to be known is not yielded.
    """
    listed = bool(path or is_item)
    if document is None and not listed:
        return
    found = (document.get("kind") or kind) if isinstance(document, dict) else None
    if not isinstance(document, dict) or found is None or found == "":
        _check_no_kind(document, problems, path, listed)
        yield None
    elif not isinstance(found, str):
        problems.append(Diagnostic(in_resource("document", (*path, "kind")), f"`kind` must be text, not `{found}`"))
    elif not _refused_shape(found, document, problems, path):
        yield from _list_or_object(found, version, document, problems, path, listed)


_TOP_LEVEL = ("apiVersion", "kind", "metadata", "spec", "status", "items")
"""The keys of a list or of an object that decide what is read of it."""
_FOLDED = frozenset(key.casefold() for key in _TOP_LEVEL)


def may_be_misread(keys: Iterable[str]) -> bool:
    """Say whether an object with these *keys* could be read in two ways: it has `items`, or a key in another case."""
    return any(key == "items" or (key not in _TOP_LEVEL and key.casefold() in _FOLDED) for key in keys)


def _refused_shape(kind: str, document: dict[str, Any], problems: list[Diagnostic], path: Path) -> bool:
    """
    Say whether *document* could be read in two ways; *problems* then has why.

    Some versions of Go's JSON reader take ``Items`` for ``items``. To kubectl whatever has ``items`` is a list.
    """
    reader = StrictReader(f"{kind} {_written_name(document)}".strip())
    reader.known_case(document, path, _TOP_LEVEL)
    is_list = kind.casefold().endswith("list")
    if not reader.problems and not kind.endswith("List"):
        if is_list and ("items" in document or is_meant(kind[:-4])):
            meant = f"{kind[:-4]}List" if kind[:-4] else "List"
            reader.refuse((*path, "kind"), f"`{kind}` is no list of objects", f"did you mean `{meant}`?")
        elif "items" in document:
            hint = "remove `items`: kubectl reads nothing else of an object that has them"
            reader.refuse((*path, Key("items")), f"`{kind}` is no list of objects", hint)
    problems.extend(reader.problems)
    return bool(reader.problems)


def _list_or_object(
    kind: str, version: str, document: dict[str, Any], problems: list[Diagnostic], path: Path, is_item: bool
) -> Iterator[ReadObject | None]:
    if not (kind.endswith("List") and ("items" in document or "spec" not in document)):
        yield from _marked(document, _object(kind, version, document, problems, path))
        return
    items = document.get("items")  # kubectl reads a list without items as an empty one
    if not isinstance(items, list | None):
        problems.append(Diagnostic(in_resource("document", (*path, "items")), "`items` must be a list"))
        return
    if is_item and items is not None:
        hint = "put its items into the outer list"
        problems.append(
            Diagnostic(in_resource("document", path), "a list in a list, which kubectl does not read", hint)
        )
        return
    of_items = kind.removesuffix("List"), str(document.get("apiVersion") or "")
    for number, item in enumerate(items or ()):
        yield from read(item, problems, *of_items, (*path, "items", number))


def _marked(document: dict[str, Any], found: Iterator[ReadObject | None]) -> Iterator[ReadObject | None]:
    marks = delivery_marks(document.get("metadata"))
    unknown = unknown_marks(document.get("metadata"))
    for each in found:
        decides = each and (each.unjudged or any(not isinstance(thing, Pod) for thing in each.things))
        if each and decides and (marks or unknown):
            yield replaced(each, kept_back=marks, unjudged=each.unjudged or marked(each, unknown))
        else:
            yield each


def marked(found: ReadObject, unknown: tuple[str, ...]) -> UnjudgedPolicy | None:
    """Return an entry for the *unknown* marks of deliveries on *found*, which is judged; ``None``: it has none."""
    if not unknown:
        return None
    words = ", ".join(f"`{word.partition('=')[0]}`" for word in unknown)
    return UnjudgedPolicy(f"{found.kind} with {words}", found.namespace, found.name, " ".join(unknown))


def _check_no_kind(document: Any, problems: list[Diagnostic], path: Path, listed: bool) -> None:
    """Add a problem where *document*, which has no kind, was meant as an object; an item of a list always is."""
    if not isinstance(document, dict):
        if listed:
            problems.append(Diagnostic(in_resource("document", path), "an item of a list that is no Kubernetes object"))
        return
    key = misspelt_key(document)
    if key:
        problems.append(Diagnostic(in_resource("document", (*path, key)), f"unknown field `{key}`", "write `kind`"))
    elif listed or has_own_version(document):
        problems.append(Diagnostic(in_resource("document", path), "`kind` is missing", "write what kind this is"))


def _object(
    kind: str, version: str, document: dict[str, Any], problems: list[Diagnostic], path: Path
) -> Iterator[ReadObject | None]:
    written = document.get("apiVersion")
    group = group_of(written or version)
    reader = StrictReader(f"{kind} {_written_name(document)}")
    _check_kind(reader, kind, version, document, path)
    if reader.problems:
        problems.extend(reader.problems)
    elif is_unjudged(group, kind):
        problems.extend(cluster_policies.problems_of(str(written or version), kind, document, path))
        yield _unjudged(group, kind, document, path)
    elif kind == NETWORKPOLICY:
        yield from _policy(document, problems, path)
    elif is_core(group) and (kind in ("Namespace", "Pod") or is_workload(kind)):
        for each in _kept(reader, _judged(reader, kind, document, path), problems):
            yield _and_held(each, group, kind, document)
    elif "apiVersion" not in document and not version:
        yield None
    else:
        yield from _other(reader, group, kind, document, problems, path)


def _check_kind(reader: StrictReader, kind: str, version: str, document: dict[str, Any], path: Path) -> None:
    command = render_first(group_of(document.get("apiVersion") or version), kind) if "apiVersion" in document else ""
    if command:
        reader.refuse(path, f"a {kind} is not what is applied", f"render it first: `{command}`")
        return
    of_list = version if kind == NETWORKPOLICY and "kind" not in document else None
    wrong, hint = wrong_kind(kind, document.get("apiVersion") or of_list or None)
    if wrong:
        reader.refuse((*path, "kind" if f"`{kind}`" in wrong else "apiVersion"), wrong, hint)


def _kept(reader: StrictReader, found: ReadObject, problems: list[Diagnostic]) -> Iterator[ReadObject]:
    """Yield *found*, unless *reader* has a problem with it: its paths begin in the object."""
    for each in reader.problems:
        at = in_resource(reader.resource, (*found.path, *each.location.path))
        problems.append(Diagnostic(at, each.message, each.hint))
    if not reader.problems:
        yield found


def _written_name(document: dict[str, Any]) -> str:
    return _written(document)[1]


def _policy(document: dict[str, Any], problems: list[Diagnostic], path: Path) -> Iterator[ReadObject | None]:
    if "kind" not in document:  # an item of a NetworkPolicyList has its kind and version from the list
        document = {"apiVersion": read_networkpolicy.API_VERSION, **document}
    found = read_networkpolicy.read(document, problems, path)
    if found:
        policy, metadata, if_applied = found
        yield ReadObject(
            NETWORKPOLICY,
            policy.namespace,
            policy.name,
            (policy,),
            generated=metadata.generated,
            leaving=metadata.leaving,
            live=live_fields(document, policy),
            path=path,
            printed=metadata.printed,
            if_applied=if_applied,
        )


_OWNER = "kind", "name"
"""What is read of an owner. Who trims a dump may leave out the rest, which decides nothing."""


def _judged(reader: StrictReader, kind: str, document: dict[str, Any], path: Path) -> ReadObject:
    parse_name = Name.parse if kind in ("Namespace", "StatefulSet") else Subdomain.parse
    metadata = strict_metadata.read(reader, document.get("metadata"), ("metadata",), parse_name, _OWNER)
    if kind == "Namespace":
        found = Namespace(metadata.name, metadata.labels, metadata.stored, applied_labels(document.get("metadata")))
        return ReadObject(
            kind, "", metadata.name, (found,), leaving=metadata.leaving, path=path, printed=metadata.printed
        )
    if kind == "Pod":
        pod, finished = running_pod(reader, document, metadata), has_finished(reader, document)
        return _with_pods(kind, metadata, (pod,), None, path, finished, node_name(document))
    pod = pod_of_template(reader, kind, document, metadata, template_of(kind))
    spec = document.get("spec")
    spec = spec if isinstance(spec, dict) else {}
    reader.known_case(spec, ("spec",), ("replicas",))
    replicas = reader.whole(spec.get("replicas"), ("spec", "replicas"))
    if replicas is not None and not 0 <= replicas < 1 << 31:
        reader.refuse(("spec", "replicas"), f"`{replicas}` is no number of replicas")
    return _with_pods(kind, metadata, (pod,), replicas, path)


def _other(
    reader: StrictReader, group: str, kind: str, document: dict[str, Any], problems: list[Diagnostic], path: Path
) -> Iterator[ReadObject]:
    """Yield an object of another kind than Kubernetes' own; nothing where it has nothing to do with traffic."""
    holds = _concerns_policies(group, kind, document)
    if creates_no_pods(group, kind):
        if holds or delivers(group, kind):
            yield _unjudged(group, kind, document, path)
        elif unjudged_part(group, kind, document):
            title, space, name = kind_title(group, kind), *_written(document)
            yield _and_held(ReadObject(title, space, name, generated=not name, path=path), group, kind, document)
    elif holds and not delivers(group, kind) and not templates_in(document):
        yield _unjudged(group, kind, document, path)
    else:
        for each in _kept(reader, _custom(reader, group, kind, document, path), problems):
            yield _and_held(each, group, kind, document)


def _concerns_policies(group: str, kind: str, document: dict[str, Any]) -> bool:
    """Say whether *document* holds a policy, or may change policies."""
    return holds_policy(kind, document) or may_change_policies(group, kind, document)


def _and_held(found: ReadObject, group: str, kind: str, document: dict[str, Any]) -> ReadObject:
    """Return *found*, read from *document*, with the policy that the object holds or delivers in addition."""
    if _concerns_policies(group, kind, document) or delivers(group, kind):
        return replaced(found, unjudged=_unjudged(group, kind, document, found.path).unjudged)
    part = unjudged_part(group, kind, document)
    if not part:
        return found
    policy = UnjudgedPolicy(part.title, found.namespace, found.name, _digest(part.content), part.delivers)
    return replaced(found, unjudged=policy)


def _custom(reader: StrictReader, group: str, kind: str, document: dict[str, Any], path: Path) -> ReadObject:
    """Return an object of a kind that may create pods: with a template they are known, else they are possible."""
    title, templates = kind_title(group, kind), templates_in(document)
    if not templates:
        metadata = document.get("metadata")
        metadata = metadata if isinstance(metadata, dict) else {}
        name, space = str(metadata.get("name") or metadata.get("generateName") or ""), metadata.get("namespace")
        return ReadObject(title, str(space or ""), name, creates=True, generated="name" not in metadata, path=path)
    found = strict_metadata.read(reader, document.get("metadata"), ("metadata",), owner_fields=_OWNER)
    pods = tuple(pod_of_template(reader, kind, document, found, each) for each in templates)
    pods += tuple(with_labels(pod, labels) for labels in labels_by_role(document) for pod in pods)
    replicas = document["spec"].get("replicas")  # in a kind of others it can be anything
    return _with_pods(title, found, pods, replicas if isinstance(replicas, int) else None, path)


def _with_pods(
    kind: str,
    metadata: Metadata,
    pods: tuple[Pod, ...],
    replicas: int | None,
    path: Path,
    finished: bool = False,
    node: str = "",
) -> ReadObject:
    return ReadObject(
        kind,
        metadata.namespace,
        metadata.name,
        pods,
        owner=metadata.controller,
        replicas=replicas,
        finished=finished,
        generated=metadata.generated,
        leaving=metadata.leaving,
        path=path,
        printed=metadata.printed,
        node=node,
    )


def _unjudged(group: str, kind: str, document: dict[str, Any], path: Path) -> ReadObject:
    metadata = document.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    annotations = metadata.get("annotations")
    kept = {
        str(key): value
        for key, value in (annotations.items() if isinstance(annotations, dict) else ())
        if not str(key).startswith(_OTHERS_ANNOTATIONS) or key in KEEPS_BACK or is_unknown(str(key))
    }
    said = {str(key): value for key, value in document.items() if key not in ("metadata", "status")}
    title, space, name = kind_title(group, kind), *_written(document)
    digest = _digest([said, kept, metadata.get("labels")])
    policy = UnjudgedPolicy(title, space, name, digest, delivers(group, kind))
    printed = strict_metadata.is_printed(metadata)
    return ReadObject(title, space, name, unjudged=policy, generated=not name, path=path, printed=printed)


def _written(document: dict[str, Any]) -> tuple[str, str]:
    """Return the namespace and the name of *document*, each empty where it is not written."""
    metadata = document.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    return str(metadata.get("namespace") or ""), str(metadata.get("name") or "")


def _digest(content: object) -> str:
    """Return a text that is equal for equal *content*."""
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode("utf-8", "replace")).hexdigest()

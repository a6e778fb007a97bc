"""
Puts the objects of all files together: one cluster, and the evidence of it.

An object that comes twice counts once. In one list, which is what a cluster was dumped to, that is an error; in
files the later one counts, as it does for who applies them in order, and the evidence says so.
"""

from collections.abc import Container, Iterable

from bulkhead.core.diagnostics import Diagnostic, Location
from bulkhead.core.kubernetes.cluster import Cluster, Labels, Namespace, Pod
from bulkhead.core.kubernetes.controller_labels import CONFIG, CONTROLLER_LABELS, DEPLOYMENT
from bulkhead.core.kubernetes.evidence import Evidence, UnjudgedPolicy, counted
from bulkhead.core.kubernetes.networkpolicy import NETWORKPOLICY, NetworkPolicy
from bulkhead.core.record import record, replaced
from bulkhead.io.manifests.applied_objects import as_applied, has_status
from bulkhead.io.manifests.live_fields import LiveFields
from bulkhead.io.manifests.object_reader import ReadObject, Thing
from bulkhead.io.manifests.owners import HASHES, Owners

_SHOWN = 5


@record
class PlacedObject:
    """
    An *object* and its *location*. *of_list* is the list that it is an item of, empty where it is of none.

    *is_live*: it comes from a dump of a cluster, so that what only a cluster knows of it is true.
    """

    object: ReadObject
    location: Location = Location()
    of_list: str = ""
    is_live: bool = False


@record
class AssembledObjects:
    """
    The *cluster* of all objects, the policies that are not judged, the *evidence*, and what is wrong.

    *separate* are the pods that each object represents by itself: under what controls them directly, templates beside
    their pods, and pods that have ended. *live* is what policies say of who wrote their fields.
    """

    cluster: Cluster
    unjudged: tuple[UnjudgedPolicy, ...]
    evidence: Evidence
    faults: tuple[Diagnostic, ...]
    separate: tuple[Pod, ...]
    live: tuple[LiveFields, ...] = ()


def assemble(found: Iterable[PlacedObject]) -> AssembledObjects:
    """Return what *found*, in the order in which it would be applied, is together."""
    placed, notes, faults = _each_once(found)
    kept = [each.object if each.is_live else as_applied(each.object) for each in placed]
    notes += _status_not_used([each for each in placed if not each.is_live])
    faults += [_leaving_policy(each) for each in placed if each.object.leaving and each.object.kind == NETWORKPOLICY]
    notes += _leaving(kept)
    finished = sum(each.finished for each in kept)
    objects = [each for each in kept if not each.finished]
    pods = _pods(objects)
    things = [thing for each in objects for thing in each.things]
    policies = tuple(thing for thing in things if isinstance(thing, NetworkPolicy))
    unjudged = tuple(each.unjudged for each in objects if each.unjudged)
    evidence = Evidence(
        policies=len(policies),
        pods=sum(each.kind == "Pod" for each in objects),
        workloads=sum(each.kind != "Pod" and bool(_pods_in(each)) and not _is_made(each) for each in objects),
        finished=finished,
        idle=tuple(f"{each.namespace}/{each.name}" for each in objects if each.replicas == 0 and not _is_made(each)),
        unjudged=counted(each.kind for each in unjudged),
        creators=counted(each.kind for each in objects if each.creates),
        notes=tuple(notes),
        creator_namespaces=tuple(sorted({each.namespace for each in objects if each.creates})),
    )
    namespaces = tuple(thing for thing in things if isinstance(thing, Namespace))
    separate = tuple(pod for each in kept for pod in _pods_in(each))
    cluster, live = Cluster(namespaces, pods, policies), tuple(each.live for each in kept if each.live)
    return AssembledObjects(cluster, unjudged, evidence, tuple(faults), separate, live)


def things_of(found: Iterable[ReadObject | None]) -> tuple[Thing, ...]:
    """Return what the objects *found* hold, as :func:`assemble` would."""
    objects = [each for each in found if each and not each.finished]
    others = tuple(thing for each in objects for thing in each.things if not isinstance(thing, Pod))
    return others + _pods(objects)


def _each_once(found: Iterable[PlacedObject]) -> tuple[list[PlacedObject], list[str], list[Diagnostic]]:
    kept: dict[object, PlacedObject] = {}
    twice: list[tuple[PlacedObject, PlacedObject]] = []
    for number, each in enumerate(found):
        read = each.object
        key: object = number if read.generated else (read.kind, read.namespace, read.name)
        other = kept.pop(key, None)
        if other is not None:
            twice.append((other, each))
        kept[key] = each
    faults = [_twice_in_list(*pair) for pair in twice if _in_one_list(*pair)]
    return list(kept.values()), _notes([pair for pair in twice if not _in_one_list(*pair)]), faults


def _in_one_list(other: PlacedObject, each: PlacedObject) -> bool:
    return bool(each.of_list) and each.of_list == other.of_list


def _twice_in_list(other: PlacedObject, each: PlacedObject) -> Diagnostic:
    first = f", first in line {other.location.line}" if other.location.line else ""
    message = f"`{_title(each.object)}` is in this list twice{first}"
    return Diagnostic(each.location, message, "dump the cluster again: it has only one object of a name")


def _notes(replaced: list[tuple[PlacedObject, PlacedObject]]) -> list[str]:
    """Return a sentence about the objects that a later one of the same name replaces."""
    if not replaced:
        return []
    said = [f"{_title(each.object)} ({_short(other.location)}, {_short(each.location)})" for other, each in replaced]
    return [f"written more than once, and only the last one counts: {_row(said)}"]


def _leaving(objects: list[ReadObject]) -> list[str]:
    """Return a sentence about the objects that are being deleted: as long as they are there, they count."""
    said = [_title(each) for each in objects if each.leaving and not each.finished and each.kind != NETWORKPOLICY]
    return [f"being deleted, and still counted: {_row(said)}"] if said else []


def _status_not_used(written: list[PlacedObject]) -> list[str]:
    """Return a sentence about the pods among *written*, which are not of a dump, that have a status."""
    said = [_title(each.object) for each in written if has_status(each.object)]
    may_be_dump = any(each.object.printed and each.location.line for each in written)
    hint = "; name the file of a dump itself" if may_be_dump else ""
    said_of = "`status` is not used, because it does not come from a dump of a cluster"
    return [f"{said_of}: {_row(said)}{hint}"] if said else []


def _leaving_policy(each: PlacedObject) -> Diagnostic:
    message = f"the {_title(each.object)} is being deleted: what is allowed changes when it is gone"
    return Diagnostic(each.location, message, "dump the cluster again when it is gone, or leave the policy out")


def _row(said: list[str]) -> str:
    return ", ".join(said[:_SHOWN]) + (f" and {len(said) - _SHOWN} more" if len(said) > _SHOWN else "")


def _title(each: ReadObject) -> str:
    return f"{each.kind} {each.namespace}/{each.name}" if each.namespace else f"{each.kind} {each.name}"


def _short(at: Location) -> str:
    return f"{at.file}:{at.line}" if at.line else at.file


def _pods(objects: list[ReadObject]) -> tuple[Pod, ...]:
    """
    Return the pods of *objects* under the names of their workloads, and the templates that no pod of theirs shows.

    A template adds nothing to running pods that have its labels and ports and no others. Where they do not, a roll-out
    is under way, somebody labelled them, or no pod runs, and it represents the pods to come.
    """
    owners = Owners(objects)
    running = [_owned(pod, owners) for each in objects if each.kind == "Pod" for pod in _pods_in(each)]
    shown: dict[_Workload, list[Pod]] = {}
    for pod in running:
        if pod.workload:
            shown.setdefault((pod.namespace, pod.workload), []).append(pod)
    templates = [(each, pod) for each in objects if each.kind != "Pod" for pod in _pods_in(each)]
    first = {(pod.namespace, pod.name): pod for each, pod in templates if not _is_made(each)}
    found: dict[Pod, None] = {}
    for each, template in templates:
        made = _made(each, template, owners) if _is_made(each) else template
        others = list(shown.get((made.namespace, made.name), ()))
        if made is not template:
            above = first.get((made.namespace, made.name))
            others += [above] if above else []
            if each.replicas == 0 and others:
                continue  # an older revision of the workload, without pods
        if not any(_shows(other, made) for other in others):
            found[made] = None
    return (*running, *found)


_Workload = tuple[str, str]
"""Namespace and name."""


def _pods_in(each: ReadObject) -> tuple[Pod, ...]:
    return tuple(thing for thing in each.things if isinstance(thing, Pod))


def _is_made(each: ReadObject) -> bool:
    """Say whether *each* is a ReplicaSet or a Job that another object made, and whose pods go by that one's name."""
    return each.kind in ("ReplicaSet", "Job") and bool(each.owner[0])


def _owned(pod: Pod, owners: Owners) -> Pod:
    found = owners.of(pod) if pod.workload else (pod.kind, pod.workload)
    return pod if found == (pod.kind, pod.workload) else _named(pod, pod.name, *found)


def _made(each: ReadObject, pod: Pod, owners: Owners) -> Pod:
    """Return the template *pod* of *each*, which another object made, under the name of that."""
    kind, name = owners.above(each.namespace, (each.kind, each.name), pod.labels)
    return _named(pod, name, kind, "")


def _named(pod: Pod, name: str, kind: str, workload: str) -> Pod:
    return replaced(pod, name=name, kind=kind, workload=workload)


def _shows(pod: Pod, template: Pod) -> bool:
    """
    Say whether *pod* looks to every policy as the next pod of *template* does.

    Labels that a person or an injector put on *pod*, and ports of a container that was added to it, need not be there
    after a restart. Those that controllers add are not in a template.
    """
    written = _without(template.labels, HASHES)
    added = CONTROLLER_LABELS - dict(written).keys()
    if template.kind == "DeploymentConfig":
        added |= {CONFIG, DEPLOYMENT} - dict(written).keys()
    return (
        _without(pod.labels, added | HASHES.keys()) == written
        and set(template.ports) == set(pod.ports)
        and template.host_network == pod.host_network
    )


def _without(labels: Labels, keys: Container[str]) -> Labels:
    return tuple(sorted(label for label in labels if label[0] not in keys))

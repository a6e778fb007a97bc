"""
Mutated namespaces, pods and workloads as text: most are wrong in one or two places of what is read of them.

What else an API server checks of a pod (its volumes, its probes, who may run it) decides nothing about traffic and is
not read.
"""

import json
import random
from typing import Any

from validation import mutations

_VERSIONS = {
    "Deployment": "apps/v1",
    "StatefulSet": "apps/v1",
    "DaemonSet": "apps/v1",
    "ReplicaSet": "apps/v1",
    "ReplicationController": "v1",
    "Job": "batch/v1",
    "CronJob": "batch/v1",
}
_EVERY_POD = {"matchExpressions": [{"key": "nobody.example/has-it", "operator": "DoesNotExist"}]}
"""A selector that any labels match: a workload has to select its own pods."""

_SCALED = ("Deployment", "StatefulSet", "ReplicaSet")
_WHOLE = ("metadata", "ports")
"""Every field below these is read."""
_VALUES = ("replicas", "hostNetwork")
"""Fields that are read beside others that are not: their values are changed, their names are not."""


def documents() -> list[dict[str, Any]]:
    """Return a namespace, a pod and a workload of each kind, with every field that is read."""
    metadata = {
        "name": "web",
        "namespace": "shop",
        "labels": {"app": "web", "x.y/z": ""},
        "annotations": {"X.y/z": "any text"},
        "finalizers": ["x.y/z"],
    }
    space = {key: value for key, value in metadata.items() if key != "namespace"}
    return [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": space},
        {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": _pod("Always")},
        *({"apiVersion": v, "kind": kind, "metadata": metadata, "spec": _spec(kind)} for kind, v in _VERSIONS.items()),
    ]


def _pod(restart: str) -> dict[str, Any]:
    ports = [{"name": "http", "containerPort": 80, "protocol": "TCP"}, {"containerPort": 53, "protocol": "UDP"}]
    container = {
        "name": "main",
        "image": "i",
        "ports": ports,
        "imagePullPolicy": "Always",
        "terminationMessagePolicy": "File",
    }
    return {
        "hostNetwork": False,
        "restartPolicy": restart,
        "containers": [container, {**container, "name": "other", "ports": []}],
    }


def _spec(kind: str) -> dict[str, Any]:
    restart = "OnFailure" if kind in ("Job", "CronJob") else "Always"
    template = {"metadata": {"labels": {"app": "web"}, "annotations": {"a": "b"}}, "spec": _pod(restart)}
    if kind == "CronJob":
        return {"schedule": "* * * * *", "jobTemplate": {"spec": {"template": template}}}
    if kind == "Job":
        return {"template": template}
    if kind == "ReplicationController":
        return {"replicas": 3, "selector": {"app": "web"}, "template": template}
    more = {"serviceName": "web"} if kind == "StatefulSet" else {}
    return {**more, **({"replicas": 3} if kind in _SCALED else {}), "selector": _EVERY_POD, "template": template}


def mutated(random_numbers: random.Random) -> str:
    """Return the text of an object with one or two changes."""
    document = json.loads(json.dumps(random_numbers.choice(documents())))
    for _ in range(random_numbers.choice((1, 1, 2))):
        found = list(mutations.paths(document))
        *above, last = path = random_numbers.choice(
            [each for each in found if each[-1] in _VALUES or ({*_WHOLE} & {*each[:-1]} and each[-1] != "finalizers")]
        )
        if last in _VALUES:
            at = document
            for step in above:
                at = at[step]
            at[last] = random_numbers.choice(
                (*mutations.JUNK, *mutations.NUMBERS, *map(mutations.Plain, mutations.SCALARS))
            )
        else:
            mutations.change_at(document, path, random_numbers)
    return mutations.text_of(document)

"""
Which workload a pod belongs to: its Deployment or CronJob, not the ReplicaSet or Job between them.

These carry a hash or a time in their names, which no test can name. Where they are not in a dump themselves,
their names say whose they are.
"""

import re
from collections.abc import Iterable, Mapping

from bulkhead.core.kubernetes.cluster import Labels, Pod
from bulkhead.io.manifests.object_reader import ReadObject

HASHES = {"pod-template-hash": "Deployment", "rollouts-pod-template-hash": "Rollout"}
"""The labels with the hash at the end of a ReplicaSet's name, and the kind that puts it there."""

_SCHEDULED = re.compile(r"(?P<name>.+)-(?P<time>[0-9]{8,10})\Z")
_MINUTES = range(24_000_000, 60_000_000)
"""Minutes since 1970, from 2015 to 2084: what the CronJob controller puts at the end of a Job's name."""

_SECONDS = range(_MINUTES.start * 60, _MINUTES.stop * 60)
"""The same time in seconds, as old controllers wrote it."""

_Owner = tuple[str, str]


class Owners:
    """The controllers of ReplicaSets and Jobs, as far as these are among *objects*."""

    def __init__(self, objects: Iterable[ReadObject]) -> None:
        self.known: Mapping[tuple[str, str, str], _Owner] = {
            (each.namespace, each.kind, each.name): each.owner
            for each in objects
            if each.kind in ("ReplicaSet", "Job") and each.owner[0]
        }

    def of(self, pod: Pod) -> _Owner:
        """Return kind and name of the workload of *pod*, which something controls."""
        return self.above(pod.namespace, (pod.kind, pod.workload), pod.labels)

    def above(self, namespace: str, owner: _Owner, labels: Labels) -> _Owner:
        """Return *owner*, which controls pods labelled *labels*, or what made it in turn."""
        kind, name = owner
        if kind == "ReplicaSet":
            return self.known.get((namespace, kind, name)) or _by_hash(name, labels) or owner
        if kind == "Job":
            found = self.known.get((namespace, kind, name))
            if found:
                return found if found[0] == "CronJob" else owner
            return _by_time(name) or owner
        return owner


def _by_hash(name: str, labels: Labels) -> _Owner | None:
    for key, value in labels:
        if key in HASHES and value and name.endswith(f"-{value}"):
            return HASHES[key], name.removesuffix(f"-{value}")
    return None


def _by_time(name: str) -> _Owner | None:
    found = _SCHEDULED.match(name)
    if not found or (int(found["time"]) not in _MINUTES and int(found["time"]) not in _SECONDS):
        return None
    return "CronJob", found["name"]

"""The facts of the cluster whose policies are imported, as far as a dump says them."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from io import StringIO

from bulkhead.analysis.detection.dump_objects import DumpObject, NoDump, read_dump
from bulkhead.analysis.detection.facts import cluster_facts
from bulkhead.core.language.resources import Enforcer
from bulkhead.core.safe_text import printable

_ABOUT_THE_CLUSTER = {"Node", "DaemonSet", "Deployment", "StatefulSet", "Service"}


@dataclass(frozen=True)
class ImportedFacts:
    """
    The *enforcer*, and the *networks* by the names that the profile has for them.

    *sources* say where each is from, and what is not known, a line each.
    """

    enforcer: Enforcer = Enforcer.ANY
    networks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    sources: tuple[str, ...] = ()


def imported_facts(paths: Sequence[str], enforcer: Enforcer | None) -> ImportedFacts:
    """
    Return the facts that the dumps among *paths* give; *enforcer* is the one that was asked for.

    Other manifests say nothing about a cluster, and neither does stdin, which is read only once.
    """
    objects = tuple(each for path in paths if os.path.isfile(path) for each in _objects(path))
    if not any(each.kind in _ABOUT_THE_CLUSTER for each in objects):
        return ImportedFacts(enforcer or Enforcer.ANY)
    found = cluster_facts(objects)
    known = [*([] if enforcer else [found.enforcer]), *found.networks.values()]
    unknown = [f"not detected: {each}" for each in found.unknown if "network" in each or "enforcer" in each]
    return ImportedFacts(
        enforcer or found.semantics(),
        {name: each.values for name, each in found.networks.items()},
        tuple(printable(each) for each in (*map(str, known), *unknown)),
    )


def _objects(path: str) -> tuple[DumpObject, ...]:
    """Return the objects of a dump that say something about a cluster; none where *path* is no dump."""
    try:
        return read_dump(path, StringIO())
    except NoDump:
        return ()
